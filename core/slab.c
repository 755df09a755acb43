/* SPDX-License-Identifier: MIT */
#include "slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define SLAB_POISONS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLAB_POISONS 1
#endif
#endif

#ifdef SLAB_POISONS
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size)                             \
    ((void)(address), (void)(size))
#endif

#define ALIGNMENT 16u
#define BLOCK_SIZE ((size_t)64 * 1024)
/* A block grows until it holds this many, so that its head weighs little. */
#define BLOCK_OBJECTS_MIN 8u
#define WORD_BITS 64u

struct slab_object {
    struct slab_object *next;
};

/*
 * Aligned to its size, a power of two, so that an object's block is found by
 * masking the object's address. Objects are handed out in order the first
 * time, so that pages which were never needed are never touched.
 */
struct slab_block {
    struct list link;
    size_t fresh;    /* objects from here on were never handed out */
    uint64_t used[]; /* bit i: object i is in use */
};

static size_t round_up(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

static size_t head_size(size_t objects)
{
    size_t words = (objects + WORD_BITS - 1) / WORD_BITS;

    return round_up(sizeof(struct slab_block) + (words * sizeof(uint64_t)),
                    ALIGNMENT);
}

void slab_init(struct slab *slab, size_t object_size)
{
    size_t size = BLOCK_SIZE;

    object_size = round_up(object_size, ALIGNMENT);
    while (size < (object_size + ALIGNMENT) * BLOCK_OBJECTS_MIN) {
        size *= 2;
    }
    list_init(&slab->blocks);
    slab->free = NULL;
    slab->object_size = object_size;
    slab->block_size = size;
    slab->head_size = head_size(size / object_size);
    slab->block_objects = (size - slab->head_size) / object_size;
    slab->used = 0;
    slab->store = NULL;
}

/* In a store a block remembers by `fresh` how large it is. */
static void free_block(const struct slab *slab, struct slab_block *block)
{
    ASAN_UNPOISON_MEMORY_REGION(block, slab->block_size);
    if (slab->store == NULL) {
        (void)munmap(block, slab->block_size);
        return;
    }
    block->fresh = slab->block_size;
    list_append(&slab->store->blocks, &block->link);
}

void slab_fini(struct slab *slab)
{
    while (!list_is_empty(&slab->blocks)) {
        struct slab_block *block =
            CONTAINER_OF(slab->blocks.next, struct slab_block, link);

        list_remove(&block->link);
        free_block(slab, block);
    }
    slab->free = NULL;
    slab->used = 0;
}

static char *map(size_t size)
{
    char *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return start == MAP_FAILED ? NULL : start;
}

/* Bytes from start to the next place that is aligned. */
static size_t to_alignment(const char *start, size_t size)
{
    return (size - ((uintptr_t)start & (size - 1))) & (size - 1);
}

/* Asks for twice as much and gives back what is not aligned. */
static char *map_and_cut(size_t size)
{
    char *start = map(2 * size);
    size_t before;

    if (start == NULL) {
        return NULL;
    }
    before = to_alignment(start, size);
    if (before > 0) {
        (void)munmap(start, before);
    }
    (void)munmap(start + before + size, size - before);
    return start + before;
}

/* Linux maps next to what was mapped before: beside an aligned block there is
   room for an aligned one. */
static char *map_aligned(size_t size)
{
    char *start = map(size);

    if (start == NULL || to_alignment(start, size) == 0) {
        return start;
    }
    (void)munmap(start, size);
    return map_and_cut(size);
}

static struct slab_block *new_block(const struct slab *slab)
{
    const struct slab_store *store = slab->store;
    struct list *link = store == NULL ? NULL : store->blocks.next;

    while (link != NULL && link != &store->blocks) {
        struct slab_block *block = CONTAINER_OF(link, struct slab_block, link);

        if (block->fresh == slab->block_size) {
            list_remove(link);
            memset(block, 0, slab->head_size);
            return block;
        }
        link = link->next;
    }
    return (struct slab_block *)(void *)map_aligned(slab->block_size);
}

static char *
object_at(const struct slab *slab, struct slab_block *block, size_t index)
{
    return (char *)block + slab->head_size + (index * slab->object_size);
}

/* The object's bit among those of its block. */
static uint64_t *
find_bit(const struct slab *slab, const void *object, uint64_t *mask)
{
    uintptr_t offset = (uintptr_t)object & (slab->block_size - 1);
    char *start = (char *)(uintptr_t)object - offset;
    size_t index = (offset - slab->head_size) / slab->object_size;

    *mask = UINT64_C(1) << (index % WORD_BITS);
    return &((struct slab_block *)(void *)start)->used[index / WORD_BITS];
}

static void mark_object(const struct slab *slab, const void *object)
{
    uint64_t mask;
    uint64_t *word = find_bit(slab, object, &mask);

    *word ^= mask;
}

bool slab_is_used(const struct slab *slab, const void *object)
{
    uint64_t mask;
    const uint64_t *word = find_bit(slab, object, &mask);

    return (*word & mask) != 0;
}

/* The newest block is the last one; only it can hold fresh objects. */
static void *take_fresh(struct slab *slab)
{
    struct slab_block *block;

    if (!list_is_empty(&slab->blocks)) {
        block = CONTAINER_OF(slab->blocks.prev, struct slab_block, link);
        if (block->fresh < slab->block_objects) {
            return object_at(slab, block, block->fresh++);
        }
    }
    block = new_block(slab);
    if (block == NULL) {
        return NULL;
    }
    list_append(&slab->blocks, &block->link);
    ASAN_POISON_MEMORY_REGION(object_at(slab, block, 0),
                              slab->block_size - slab->head_size);
    block->fresh = 1;
    return object_at(slab, block, 0);
}

void *slab_take(struct slab *slab)
{
    void *object = slab->free;

    if (object == NULL) {
        object = take_fresh(slab);
        if (object == NULL) {
            return NULL;
        }
        ASAN_UNPOISON_MEMORY_REGION(object, slab->object_size);
    } else {
        ASAN_UNPOISON_MEMORY_REGION(object, slab->object_size);
        slab->free = slab->free->next;
    }
    mark_object(slab, object);
    slab->used++;
    return memset(object, 0, slab->object_size);
}

void slab_give(struct slab *slab, void *object)
{
    struct slab_object *free_object = object;

    if (object == NULL) {
        return;
    }
    mark_object(slab, object);
    free_object->next = slab->free;
    slab->free = free_object;
    slab->used--;
    ASAN_POISON_MEMORY_REGION(object, slab->object_size);
}

static void visit_block(struct slab *slab,
                        struct slab_block *block,
                        void (*visit)(void *object, void *arg),
                        void *arg)
{
    for (size_t i = 0; i < block->fresh; i++) {
        if ((block->used[i / WORD_BITS] >> (i % WORD_BITS)) & 1u) {
            visit(object_at(slab, block, i), arg);
        }
    }
}

void slab_visit(struct slab *slab,
                void (*visit)(void *object, void *arg),
                void *arg)
{
    struct list *link;

    for (link = slab->blocks.next; link != &slab->blocks; link = link->next) {
        visit_block(slab, CONTAINER_OF(link, struct slab_block, link), visit,
                    arg);
    }
}
