/* SPDX-License-Identifier: MIT */
/*
 * The spin: is a wait likely to be so short that it is better spent asking
 * again and again than sleeping? It only looks at how long waits were, and is
 * told the time.
 *
 * A wait is the time from when there is nothing to do to the next report. It is
 * spun for up to the budget if enough of the last waits were short. So silence
 * costs the budget once, and then nothing.
 *
 * Short is up to the budget. For a wait that was slept from its beginning it is
 * SPIN_SLEPT times that: to sleep and to be woken takes long itself, on both
 * sides, and how long it would have been otherwise is only found out by trying.
 */
#ifndef BERTH_SPIN_H
#define BERTH_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* The waits that are remembered, and how many of them must be short. */
#define SPIN_WAITS 16
#define SPIN_ENOUGH 8

#define SPIN_SLEPT UINT64_C(4)

struct spin {
    uint64_t budget_ns; /* 0: never */
    uint64_t since_ns;  /* when the wait began; 0: there is none */
    uint32_t history;   /* a bit for each wait, the last is bit 0: was short? */
};

/* budget_ns: for how long a wait may be spun; 0: never. */
void spin_init(struct spin *spin, uint64_t budget_ns);

static inline bool spin_is_used(const struct spin *spin)
{
    return spin->budget_ns != 0;
}

/*
 * A wait begins, or goes on after an end without a report. now_ns: of some
 * clock that does not go back, not 0. Returns for how many ns more to spin; 0:
 * not at all, sleep.
 */
uint64_t spin_begin(struct spin *spin, uint64_t now_ns);

/* It ended, with a report or without. Where no wait had begun, a report was
   there at once. */
void spin_end(struct spin *spin, uint64_t now_ns, bool is_report);

#endif
