/* SPDX-License-Identifier: MIT */
/*
 * The spin: is a wait likely to be so short that it is better spent asking
 * again and again than sleeping? It only looks at how long waits were, and is
 * told the time.
 *
 * A wait is the time from when there is nothing to do to the next report.
 * Spinning begins after some short waits in a row, and ends with the first one
 * that is longer than the budget: so much is what silence costs, once. Short
 * is up to the budget; of a wait that slept, up to twice that, for to sleep and
 * to be woken takes time that a spin would save.
 *
 * Where that guess is wrong, the spin ends soon. So if it found little, twice
 * as many short waits are asked for the next time, up to SPIN_WAITS_MAX: at
 * worst one wait in so many costs a budget.
 */
#ifndef BERTH_SPIN_H
#define BERTH_SPIN_H

#include <stdbool.h>
#include <stdint.h>

/* Short waits in a row before it begins, at first; and what it has to find to
   have been worth while. */
#define SPIN_WAITS 8
#define SPIN_WAITS_MAX 64

struct spin {
    uint64_t budget_ns; /* 0: never */
    uint64_t since_ns;  /* when the wait began; 0: there is none */
    bool is_on;
    uint32_t count;  /* short waits in a row, since it was turned on or off */
    uint32_t needed; /* of them, to be turned on */
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
