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
#define BYTES_ATTACHED 512
#define BUCKETS_MIN 16
#define BUCKETS_MAX 65536

/* A copy and its place in the cache. The path and the bytes stand behind. */
struct slot {
    struct copy copy;  /* first: a copy is its slot */
    struct slot *next; /* in the bucket */
    TAILQ_ENTRY(slot) by_use;
    struct stat status;
    uint64_t checked_ms;
    unsigned references; /* the cache's own is one */
    bool is_settled;
    bool is_directory; /* of the path */
    uint32_t hash;
    uint32_t path_size;
    size_t bytes; /* of all this */
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

/* FNV-1a: who can choose the paths that are cached has files to choose from. */
static uint32_t hash_path(const struct path *path)
{
    uint32_t hash = path->is_directory ? 2166136261u : 84696351u;

    for (size_t i = 0; i < path->size; i++) {
        hash = (hash ^ (unsigned char)path->text[i]) * 16777619u;
    }
    return hash;
}

static bool
is_for(const struct slot *slot, const struct path *path, uint32_t hash)
{
    return slot->hash == hash && slot->path_size == path->size &&
           slot->is_directory == path->is_directory &&
           memcmp(slot->text, path->text, path->size) == 0;
}

/* The link in the bucket that leads to the slot for a path, or to NULL. */
static struct slot **
find(struct cache *cache, const struct path *path, uint32_t hash)
{
    struct slot **link = &cache->buckets[hash & cache->mask].first;

    while (*link != NULL && !is_for(*link, path, hash)) {
        link = &(*link)->next;
    }
    return link;
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
    struct slot **link = find(cache, path, hash_path(path));

    if (*link != NULL) {
        unlink_slot(cache, link);
    }
}

static void note_use(struct cache *cache, struct slot *slot)
{
    if (slot != TAILQ_FIRST(&cache->by_use)) {
        TAILQ_REMOVE(&cache->by_use, slot, by_use);
        TAILQ_INSERT_HEAD(&cache->by_use, slot, by_use);
    }
}

struct copy *cache_find(struct cache *cache,
                        const struct path *path,
                        const struct cache_time *now)
{
    struct slot *slot = *find(cache, path, hash_path(path));

    if (slot == NULL || now->monotonic_ms - slot->checked_ms >= TRUST_MS) {
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
                              const struct cache_time *now)
{
    const size_t bytes =
        sizeof(struct slot) + path->size + (size_t)file->status.st_size;
    struct slot *slot = malloc(bytes);

    if (slot == NULL) {
        return NULL;
    }
    *slot = (struct slot){
        .copy = {.bytes = slot->text + path->size},
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
    if (!read_file(file, slot->text + path->size)) {
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
                 const struct file *file)
{
    const uint64_t size = (uint64_t)file->status.st_size;

    return size <= cache->file_limit && size <= cache->limit &&
           size + sizeof(struct slot) + path->size + BYTES_ATTACHED <=
               cache->limit;
}

struct copy *cache_take(struct cache *cache,
                        const struct path *path,
                        const struct file *file,
                        const char *type,
                        const struct cache_time *now)
{
    struct slot **link = find(cache, path, hash_path(path));
    struct slot *slot = *link;

    if (slot != NULL) {
        if (slot->is_settled && facts_is_same(&slot->status, &file->status)) {
            slot->checked_ms = now->monotonic_ms;
            note_use(cache, slot);
            return &slot->copy;
        }
        unlink_slot(cache, link);
    }
    if (!fits(cache, path, file)) {
        return NULL;
    }
    slot = make_slot(path, file, type, now);
    if (slot == NULL) {
        return NULL;
    }
    make_room(cache, slot->bytes);
    insert(cache, slot);
    return &slot->copy;
}
