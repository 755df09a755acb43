/* SPDX-License-Identifier: MIT */
/*
 * Strikes: how often something has happened lately, as in "five times within a
 * minute".
 */
#ifndef BERTH_STRIKES_H
#define BERTH_STRIKES_H

#include <stdbool.h>
#include <stdint.h>

struct strikes {
    uint64_t *times_ms; /* the last ones, in a ring; NULL: there was none */
    uint32_t limit;     /* 0: none */
    uint64_t within_ms;
    uint64_t count; /* in all */
};

static inline void
strikes_init(struct strikes *strikes, uint32_t limit, uint64_t within_ms)
{
    *strikes = (struct strikes){.limit = limit, .within_ms = within_ms};
}

void strikes_fini(struct strikes *strikes);

/*
 * It has happened. Returns whether the limit is reached: that many times within
 * that time, this one counted. Without memory to remember: no.
 */
bool strikes_add(struct strikes *strikes, uint64_t now_ms);

#endif
