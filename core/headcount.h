/* SPDX-License-Identifier: MIT */
/*
 * A headcount: how many there are of each tag, in memory that other processes
 * see. One thread writes, anybody reads; there is no lock, and nobody but the
 * writer can spoil it. Who reads trusts nothing that is in it. What is set is
 * seen by whoever reads afterwards (all is sequentially consistent).
 */
#ifndef BERTH_HEADCOUNT_H
#define BERTH_HEADCOUNT_H

#include <stdatomic.h>
#include <stdint.h>

#define HEADCOUNT_CELLS 65536u
/* So many tags at once; what is beyond them is not counted. */
#define HEADCOUNT_TAGS ((uint64_t)HEADCOUNT_CELLS / 4 * 3)

struct headcount_cell {
    _Atomic uint64_t tag; /* 0: a free cell */
    _Atomic uint64_t count;
};

/* Zeroed memory is an empty one. Pages that no tag falls on take no memory. */
struct headcount {
    _Atomic uint32_t version;                     /* odd: cells are moved */
    uint32_t used;                                /* the writer's */
    struct headcount_cell cells[HEADCOUNT_CELLS]; /* from where the tag's low
                                                     bits say on */
};

/* tag: evenly spread (a hash), never 0. count 0: the tag is dropped. */
void headcount_set(struct headcount *headcount, uint64_t tag, uint64_t count);

/* 0 if there are none, or they are not counted. */
uint64_t headcount_get(const struct headcount *headcount, uint64_t tag);

#endif
