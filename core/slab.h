/* SPDX-License-Identifier: MIT */
/*
 * Objects of one size, taken and given back in constant time, packed into
 * blocks. Built for many small objects that live long: an object costs its
 * size and a bit, and memory is asked for a block at a time.
 *
 * With AddressSanitizer a free object is poisoned, as malloc(3)'s would be.
 */
#ifndef BERTH_SLAB_H
#define BERTH_SLAB_H

#include <stdbool.h>
#include <stddef.h>

#include "list.h"

struct slab_object;

/* Blocks of slabs that ended, for those that begin: for who has many slabs, one
   after the other, as a simulator has. Never given back to the system. */
struct slab_store {
    struct list blocks;
};

struct slab {
    struct list blocks;
    struct slab_object *free; /* most recently given back first: it is warm */
    size_t object_size;
    size_t block_size;
    size_t head_size; /* from a block's start to its first object */
    size_t block_objects;
    size_t used;
    struct slab_store *store; /* NULL: blocks are the system's */
};

static inline void slab_store_init(struct slab_store *store)
{
    list_init(&store->blocks);
}

/* object_size: 1 byte to 16 MiB; objects are aligned to 16 bytes. */
void slab_init(struct slab *slab, size_t object_size);

/* Before the first object is taken. The store outlives the slab. */
static inline void slab_use_store(struct slab *slab, struct slab_store *store)
{
    slab->store = store;
}

/* Frees all blocks; objects still in use become invalid. */
void slab_fini(struct slab *slab);

/* A zeroed object, or NULL when there is no memory. */
void *slab_take(struct slab *slab);

/* NULL is fine. */
void slab_give(struct slab *slab, void *object);

/* Is it in use? For an object that was taken once, even if it was given back
   since: blocks stay until slab_fini(). */
bool slab_is_used(const struct slab *slab, const void *object);

/* Calls visit for each object in use, in no particular order; visit may give
   back the object that it is called for, and no other. */
void slab_visit(struct slab *slab,
                void (*visit)(void *object, void *arg),
                void *arg);

#endif
