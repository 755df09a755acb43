/* SPDX-License-Identifier: MIT */
#include "cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#define TRUST_MS 1000
/* A copy is rarely smaller than this with its facts: so many buckets. */
#define BYTES_PER_BUCKET 1024
/* What is attached to it, about. */
#define BYTES_ATTACHED 128
#define BUCKETS_MIN 16
#define BUCKETS_MAX 65536

/* A copy and its place in the cache. The path, the user's room and the bytes
   stand behind. */
struct slot {
    struct copy copy;  /* first: a copy is its slot */
    struct slot *next; /* in the bucket */
    TAILQ_ENTRY(slot) by_use;
    uint64_t checked_ms;
    unsigned references; /* the cache's own is one */
    bool is_settled;
    bool is_directory; /* of the path */
    uint32_t hash;
    uint32_t path_size;
    size_t bytes; /* of all this */
    struct stat status;
    char text[];
};

TAILQ_HEAD(slots, slot);

struct cache {
    uint64_t limit, file_limit, used;
    struct slots by_use; /* the last one used first */
    size_t mask;
    struct bucket {
        struct slot *first;
    } buckets[];
};

static size_t count_buckets(uint64_t limit)
{
    size_t count = BUCKETS_MIN;

    while (count < BUCKETS_MAX && count < limit / BYTES_PER_BUCKET) {
        count *= 2;
    }
    return count;
}

int cache_new(uint64_t limit, uint64_t file_limit, struct cache **cache)
{
    const size_t count = count_buckets(limit);
    struct cache *made =
        calloc(1, sizeof(*made) + (count * sizeof(made->buckets[0])));

    if (made == NULL) {
        return -ENOMEM;
    }
    made->limit = limit;
    made->file_limit = file_limit;
    made->mask = count - 1;
    TAILQ_INIT(&made->by_use);
    *cache = made;
    return 0;
}

void cache_free(struct cache *cache)
{
    if (cache != NULL) {
        cache_clear(cache);
        free(cache);
    }
}

uint64_t cache_bytes(const struct cache *cache)
{
    return cache->used;
}

void copy_hold(struct copy *copy)
{
    ((struct slot *)copy)->references++;
}

void copy_release(void *copy)
{
    struct slot *slot = copy;

    if (--slot->references == 0) {
        if (slot->copy.attached != NULL) {
            slot->copy.detach(slot->copy.attached);
        }
        free(slot);
    }
}

/* By the golden ratio: the high bits of the product depend on all of the word. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 32);
}

static uint64_t read_word(const char *text)
{
    uint64_t word;

    memcpy(&word, text, sizeof(word));
    return word;
}

/*
 * Of eight bytes at a time, the last of which may have been taken in part
 * before. Not keyed: who can choose the paths that are cached has files to
 * choose from.
 */
static uint32_t hash_path(const struct path *path)
{
    const char *text = path->text;
    const size_t size = path->size;
    uint64_t hash = path->is_directory ? 1 : 2;
    uint64_t word = 0;

    if (size >= sizeof(word)) {
        const char *last = text + size - sizeof(word);

        for (; text < last; text += sizeof(word)) {
            hash = mix(hash, read_word(text));
        }
        return (uint32_t)mix(hash, read_word(last));
    }
    for (size_t i = 0; i < size; i++) {
        word = (word << 8) | (unsigned char)text[i];
    }
    return (uint32_t)mix(hash, word);
}

static bool
is_for(const struct slot *slot, const struct path *path, uint32_t hash)
{
    return slot->hash == hash && slot->path_size == path->size &&
           slot->is_directory == path->is_directory &&
           memcmp(slot->text, path->text, path->size) == 0;
}

static struct slot *find(const struct cache *cache, const struct path *path)
{
    const uint32_t hash = hash_path(path);
    struct slot *slot = cache->buckets[hash & cache->mask].first;

    while (slot != NULL && !is_for(slot, path, hash)) {
        slot = slot->next;
    }
    return slot;
}

static void unlink_slot(struct cache *cache, struct slot **link)
{
    struct slot *slot = *link;

    *link = slot->next;
    TAILQ_REMOVE(&cache->by_use, slot, by_use);
    cache->used -= slot->bytes;
    copy_release(slot);
}

static void drop_slot(struct cache *cache, struct slot *slot)
{
    struct slot **link = &cache->buckets[slot->hash & cache->mask].first;

    while (*link != slot) {
        link = &(*link)->next;
    }
    unlink_slot(cache, link);
}

void cache_clear(struct cache *cache)
{
    while (!TAILQ_EMPTY(&cache->by_use)) {
        drop_slot(cache, TAILQ_FIRST(&cache->by_use));
    }
}

void cache_drop(struct cache *cache, const struct path *path)
{
    struct slot *slot = find(cache, path);

    if (slot != NULL) {
        drop_slot(cache, slot);
    }
}

static void note_use(struct cache *cache, struct slot *slot)
{
    if (slot != TAILQ_FIRST(&cache->by_use)) {
        TAILQ_REMOVE(&cache->by_use, slot, by_use);
        TAILQ_INSERT_HEAD(&cache->by_use, slot, by_use);
    }
}

struct copy *
cache_find(struct cache *cache, const struct path *path, uint64_t now_ms)
{
    struct slot *slot = find(cache, path);

    if (slot == NULL || now_ms - slot->checked_ms >= TRUST_MS) {
        return NULL;
    }
    note_use(cache, slot);
    return &slot->copy;
}

/* All of the file as it is now; false: it is not what it was when it was
   opened. */
static bool read_file(const struct file *file, char *bytes)
{
    const size_t size = (size_t)file->status.st_size;
    struct stat after;
    size_t used = 0;

    while (used < size) {
        const ssize_t got =
            pread(file->fd, bytes + used, size - used, (off_t)used);

        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        used += got > 0 ? (size_t)got : 0;
    }
    return fstat(file->fd, &after) == 0 && facts_is_same(&file->status, &after);
}

static struct slot *make_slot(const struct path *path,
                              const struct file *file,
                              const char *type,
                              size_t room,
                              const struct cache_time *now)
{
    const size_t size = (size_t)file->status.st_size;
    const size_t bytes = sizeof(struct slot) + path->size + room + size;
    struct slot *slot = malloc(bytes);

    if (slot == NULL) {
        return NULL;
    }
    *slot = (struct slot){
        .copy = {.bytes = slot->text + path->size + room},
        .status = file->status,
        .checked_ms = now->monotonic_ms,
        .references = 1,
        .is_settled = facts_is_settled(&file->status, now->real_ms),
        .is_directory = path->is_directory,
        .hash = hash_path(path),
        .path_size = (uint32_t)path->size,
        .bytes = bytes + BYTES_ATTACHED,
    };
    memcpy(slot->text, path->text, path->size);
    if (!read_file(file, slot->copy.bytes)) {
        free(slot);
        return NULL;
    }
    facts_read(&slot->copy.facts, &file->status, type, now->real_ms / 1000);
    return slot;
}

/* Drops what was not used the longest until so many bytes more fit. */
static void make_room(struct cache *cache, size_t bytes)
{
    while (cache->used + bytes > cache->limit) {
        drop_slot(cache, TAILQ_LAST(&cache->by_use, slots));
    }
}

static void insert(struct cache *cache, struct slot *slot)
{
    struct bucket *bucket = &cache->buckets[slot->hash & cache->mask];

    slot->next = bucket->first;
    bucket->first = slot;
    TAILQ_INSERT_HEAD(&cache->by_use, slot, by_use);
    cache->used += slot->bytes;
}

/* Would a copy of the file be allowed? */
static bool fits(const struct cache *cache,
                 const struct path *path,
                 const struct file *file,
                 size_t room)
{
    const uint64_t size = (uint64_t)file->status.st_size;

    return size <= cache->file_limit && size <= cache->limit &&
           size + sizeof(struct slot) + path->size + room + BYTES_ATTACHED <=
               cache->limit;
}

struct copy *cache_take(struct cache *cache,
                        const struct path *path,
                        const struct file *file,
                        const char *type,
                        size_t room,
                        const struct cache_time *now)
{
    struct slot *slot = find(cache, path);

    if (slot != NULL) {
        if (slot->is_settled && facts_is_same(&slot->status, &file->status)) {
            slot->checked_ms = now->monotonic_ms;
            note_use(cache, slot);
            return &slot->copy;
        }
        drop_slot(cache, slot);
    }
    if (!fits(cache, path, file, room)) {
        return NULL;
    }
    slot = make_slot(path, file, type, room, now);
    if (slot == NULL) {
        return NULL;
    }
    make_room(cache, slot->bytes);
    insert(cache, slot);
    return &slot->copy;
}
