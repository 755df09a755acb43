/* SPDX-License-Identifier: MIT */
/*
 * The event loop: waits for file descriptors and timers, and calls whoever
 * watches them. It knows nothing of connections.
 *
 * A turn: wait; what is ready; timers that expired; the turn's end, where its
 * owner does what was put off (flush, close, free). Nothing that a report
 * could still point to may be freed before the turn's end.
 */
#ifndef BERTH_LOOP_H
#define BERTH_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "selector.h"
#include "spin.h"
#include "timer.h"

struct loop;
struct source;

/* What a source does; constant, shared by all sources of a kind. */
struct source_ops {
    /* The descriptor is ready: events as in selector.h. NULL if never
       registered. */
    void (*ready)(struct source *source, uint32_t events);
    /* The source's timer expired. NULL if never set. */
    void (*expired)(struct source *source);
};

/* Whatever can wake the loop: embedded in its owner. */
struct source {
    const struct source_ops *ops;
    struct timer timer;
};

/* Milliseconds since some fixed moment; never goes back. */
typedef uint64_t loop_clock_fn(void *arg);

/* The turn's end. Returns whether there is more to do at once: then the next
   turn does not wait. */
typedef bool loop_end_fn(void *arg);

/* How many reports one wait takes: bounds how late timers can be. */
#define LOOP_REPORTS 256

struct loop {
    struct selector selector;
    struct timer_wheel wheel;
    uint64_t turn;    /* the number of this one; 0 before the first */
    int ready;        /* reports of this turn; negative: the wait failed */
    uint64_t now_ms;  /* of this turn */
    uint64_t real_ms; /* of this turn; 0: not asked for yet */
    bool is_busy;     /* the turn's end left something to do */
    loop_clock_fn *clock;
    loop_clock_fn *wall; /* loop_wall_ms(), unless a test sets another; is given
                            clock_arg, too */
    void *clock_arg;
    struct spin spin;     /* is it worth while to wait without sleeping? */
    loop_clock_fn *brief; /* in nanoseconds: loop_monotonic_ns(), as with wall;
                             asked only by who spins */
    loop_end_fn *end;
    void *end_arg;
    struct epoll_event reports[LOOP_REPORTS];
};

/* The clock that servers use: CLOCK_MONOTONIC; arg is ignored. */
uint64_t loop_monotonic_ms(void *arg);

/* The same in nanoseconds. */
uint64_t loop_monotonic_ns(void *arg);

/* The wall clock: milliseconds since 1970-01-01 UTC; arg is ignored. */
uint64_t loop_wall_ms(void *arg);

/* Milliseconds since 1970-01-01 UTC at this turn: the wall clock is read when
   it is first asked for in a turn. */
uint64_t loop_real_ms(struct loop *loop);

/* end may be NULL. Returns 0 or -errno. */
int loop_open(struct loop *loop,
              loop_clock_fn *clock,
              void *clock_arg,
              loop_end_fn *end,
              void *end_arg);
void loop_close(struct loop *loop);

/*
 * From now on, a wait that is likely to be short is spent asking again and
 * again, for up to so long: to sleep and to be woken takes longer than that.
 * spin.h says when. us: up to a second; 0: each wait sleeps, as at first.
 */
void loop_busy_poll(struct loop *loop, uint64_t us);

static inline void source_init(struct source *source,
                               const struct source_ops *ops)
{
    source->ops = ops;
    timer_init(&source->timer);
}

/* The source's timer: one, in ms from this turn's time. */
void loop_set_timer(struct loop *loop, struct source *source, uint64_t ms);

/* The same at a moment of the loop's clock. */
static inline void
loop_set_due(struct loop *loop, struct source *source, uint64_t due_ms)
{
    timer_set(&loop->wheel, &source->timer, due_ms);
}

static inline void loop_cancel_timer(struct source *source)
{
    timer_cancel(&source->timer);
}

/*
 * One turn; waits at most until the first timer, counted from the last turn's
 * time: what callbacks took since then is added. A turn in which the loop asked
 * in vain (busy_poll) has no reports, and the next one sleeps. Returns 0 or
 * -errno of the wait, which leaves the loop usable.
 */
int loop_turn(struct loop *loop);

/* One turn that asks nobody what is ready: timers, and the turn's end. */
void loop_turn_blind(struct loop *loop);

#endif
