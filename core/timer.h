/* SPDX-License-Identifier: MIT */
/*
 * A hierarchical timing wheel: timers are set, moved and cancelled in constant
 * time, however many there are, and nothing is allocated.
 *
 * Time is in milliseconds and only what it is told: timer_wheel_advance().
 *
 * A slot of level n is 64^n ms wide. A timer lies in the level of the highest
 * six-bit digit in which its due time differs from now; when now reaches the
 * slot's beginning, its timers move down, and from level 0 they expire: no
 * timer expires early, and none more than the caller is late.
 */
#ifndef BERTH_TIMER_H
#define BERTH_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "list.h"

#define TIMER_SLOTS 64
/* 64^7 ms are 139 years. */
#define TIMER_LEVELS 7
/* The latest that now may become, and the farthest from now that a timer can
   be set: half of that. */
#define TIMER_MAX_MS ((UINT64_C(1) << 41) - 1)

struct timer {
    struct list link;
    uint64_t due_ms; /* 0: not set */
};

struct timer_wheel {
    uint64_t now_ms;
    uint64_t next_ms; /* no slot opens before; UINT64_MAX: none is filled */
    uint64_t filled[TIMER_LEVELS]; /* bit i: slot i may hold timers */
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

/* Called once for each timer that expired; the timer is no longer set. */
typedef void timer_expire_fn(struct timer *timer, void *arg);

/* now_ms: as CLOCK_MONOTONIC counts, since boot; up to TIMER_MAX_MS. */
void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

/* To be called once on a new timer, before anything else. */
void timer_init(struct timer *timer);

static inline bool timer_is_set(const struct timer *timer)
{
    return timer->due_ms != 0;
}

/*
 * Sets the timer, or moves it if it is set. A due time that is not later than
 * now becomes the next millisecond; one beyond TIMER_MAX_MS is brought nearer.
 */
void timer_set(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms);

/* Cancels it; one that is not set is fine. */
void timer_cancel(struct timer *timer);

/*
 * When timer_wheel_advance() should be called next, in ms from now: never later
 * than the first timer is due, but perhaps earlier. -1: no timers.
 */
int64_t timer_wheel_next(const struct timer_wheel *wheel);

/*
 * Moves now to now_ms (a time in the past does nothing) and calls expire for
 * all timers due by then, in order of their due times. expire may set and
 * cancel any timer; what it sets expires in a later call.
 */
void timer_wheel_advance(struct timer_wheel *wheel,
                         uint64_t now_ms,
                         timer_expire_fn *expire,
                         void *arg);

#endif
