/* SPDX-License-Identifier: MIT */
/*
 * A set of small numbers: which addresses, or which entries, of a
 * configuration.
 */
#ifndef BERTH_INDEX_SET_H
#define BERTH_INDEX_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are below it; no configuration has more of anything. */
#define INDEX_SET_MAX 1024

/* A zeroed one is empty. */
struct index_set {
    uint64_t bits[INDEX_SET_MAX / 64];
};

static inline bool index_set_has(const struct index_set *set, size_t i)
{
    return (set->bits[i / 64] >> (i % 64) & 1) != 0;
}

static inline void index_set_add(struct index_set *set, size_t i)
{
    set->bits[i / 64] |= UINT64_C(1) << (i % 64);
}

static inline void index_set_remove(struct index_set *set, size_t i)
{
    set->bits[i / 64] &= ~(UINT64_C(1) << (i % 64));
}

static inline void index_set_join(struct index_set *set,
                                  const struct index_set *other)
{
    for (size_t i = 0; i < INDEX_SET_MAX / 64; i++) {
        set->bits[i] |= other->bits[i];
    }
}

/* Is all of one set in the other? */
static inline bool index_set_is_within(const struct index_set *one,
                                       const struct index_set *other)
{
    for (size_t i = 0; i < INDEX_SET_MAX / 64; i++) {
        if ((one->bits[i] & ~other->bits[i]) != 0) {
            return false;
        }
    }
    return true;
}

static inline bool index_set_is_empty(const struct index_set *set)
{
    static const struct index_set empty;

    return index_set_is_within(set, &empty);
}

#endif
