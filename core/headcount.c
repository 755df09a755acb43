/* SPDX-License-Identifier: MIT */
#include "headcount.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

#define MASK (HEADCOUNT_CELLS - 1)
/* A writer that died while it moved cells leaves them so. */
#define READS_MAX 64

static size_t after(size_t index)
{
    return (index + 1) & MASK;
}

static uint64_t tag_at(const struct headcount *headcount, size_t index)
{
    return atomic_load(&headcount->cells[index].tag);
}

static uint64_t count_at(const struct headcount *headcount, size_t index)
{
    return atomic_load(&headcount->cells[index].count);
}

/* Nobody takes the count of one tag for another's. */
static void
put(struct headcount *headcount, size_t index, uint64_t tag, uint64_t count)
{
    struct headcount_cell *cell = &headcount->cells[index];

    if (tag_at(headcount, index) != tag) {
        atomic_store(&cell->tag, 0);
    }
    atomic_store(&cell->count, count);
    atomic_store(&cell->tag, tag);
}

/* The tag's cell, or the free one where it would be. Where there is neither,
   somebody has written over it: any cell does. */
static size_t find(const struct headcount *headcount, uint64_t tag)
{
    size_t index = tag & MASK;

    for (size_t i = 0; i < HEADCOUNT_CELLS; i++) {
        const uint64_t there = tag_at(headcount, index);

        if (there == tag || there == 0) {
            break;
        }
        index = after(index);
    }
    return index;
}

/* ------------------------------------------------------------------ writing */

/* May the tag of one cell be in another one before it? Not before its own. */
static bool may_move(uint64_t tag, size_t from, size_t to)
{
    return ((from - tag) & MASK) >= ((from - to) & MASK);
}

/* Those behind it that only its cell keeps from their own places move up, so
   that a search need not go on beyond a free cell. */
static void remove_at(struct headcount *headcount, size_t hole)
{
    const uint32_t version = atomic_load(&headcount->version);
    size_t index = after(hole);

    atomic_store(&headcount->version, version + 1);
    for (size_t i = 0; i < HEADCOUNT_CELLS; i++) {
        const uint64_t tag = tag_at(headcount, index);

        if (tag == 0) {
            break;
        }
        if (may_move(tag, index, hole)) {
            put(headcount, hole, tag, count_at(headcount, index));
            hole = index;
        }
        index = after(index);
    }
    put(headcount, hole, 0, 0);
    atomic_store(&headcount->version, version + 2);
    headcount->used--;
}

void headcount_set(struct headcount *headcount, uint64_t tag, uint64_t count)
{
    const size_t index = find(headcount, tag);

    if (tag_at(headcount, index) == tag) {
        if (count == 0) {
            remove_at(headcount, index);
        } else {
            put(headcount, index, tag, count);
        }
    } else if (count != 0 && headcount->used < HEADCOUNT_TAGS) {
        put(headcount, index, tag, count);
        headcount->used++;
    }
}

/* ------------------------------------------------------------------ reading */

/* 0 also if the cell becomes another's meanwhile. */
static uint64_t
read_at(const struct headcount *headcount, size_t index, uint64_t tag)
{
    const uint64_t count = count_at(headcount, index);

    return tag_at(headcount, index) == tag ? count : 0;
}

uint64_t headcount_get(const struct headcount *headcount, uint64_t tag)
{
    uint64_t count = 0;

    for (int i = 0; i < READS_MAX; i++) {
        const uint32_t version = atomic_load(&headcount->version);

        count = read_at(headcount, find(headcount, tag), tag);
        if (version % 2 == 0 && atomic_load(&headcount->version) == version) {
            break;
        }
        (void)sched_yield();
    }
    return count;
}
