/* SPDX-License-Identifier: MIT */
/*
 * An arena: memory that is taken piece by piece and given back all at once.
 */
#ifndef BERTH_ARENA_H
#define BERTH_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* the newest first */
};

void arena_init(struct arena *arena);

/* Gives everything back; the arena is then empty and may be used again. */
void arena_fini(struct arena *arena);

/*
 * size bytes, zeroed, aligned for any type, valid until arena_fini(). A size
 * of 0 gives a pointer that may not be read. NULL: out of memory.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* The same for count elements; NULL also if their size overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of text[0..length) with a NUL behind it. */
char *arena_text(struct arena *arena, const char *text, size_t length);

#endif
