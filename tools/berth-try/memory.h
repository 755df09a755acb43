/* SPDX-License-Identifier: MIT */
/*
 * Whose memory it is: this program's malloc(3) and its like, which stand before
 * libc's also for plugins and libraries. They count what the plugin has, make
 * the n-th allocation fail, and spoil what is freed.
 *
 * The side is the calling thread's: who runs says it, whoever calls malloc in
 * the end. With a sanitizer, which has a malloc of its own, nothing is known.
 */
#ifndef BERTH_TRY_MEMORY_H
#define BERTH_TRY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum memory_side {
    MEMORY_OTHERS = 0, /* this tool: not counted, never fails */
    MEMORY_CORE,       /* the server: may fail */
    MEMORY_PLUGIN,     /* the plugin, and libraries that it calls */
};

/* Whether any of the following works. */
bool memory_is_known(void);

/* This thread is on that side now. Returns on which it was. */
enum memory_side memory_enter(enum memory_side next);

/* The plugin's calls are made within this callback (enum crumb_callback). */
void memory_set_callback(uint32_t callback);

/* A run begins: from here on everything is counted anew, and what was allocated
   before counts no more, also when it is freed. */
void memory_begin(void);

/* From now on the n-th allocation of the core or the plugin fails; 0: none.
   Returns how many there were since the last call. */
size_t memory_fail_at(size_t n);

struct memory_count {
    size_t blocks; /* the plugin's, at present */
    size_t bytes;
    size_t allocations; /* of the plugin, in all */
};

struct memory_count memory_count(void);

/* Of the blocks that are there, how many were allocated within that callback,
   and their bytes. */
struct memory_count memory_count_of(uint32_t callback);

/* realloc(3) that never fails for being the n-th. */
void *memory_reallocate(void *block, size_t size);

#endif
