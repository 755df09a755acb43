/* SPDX-License-Identifier: MIT */
/*
 * The watch: notices callbacks that take long, without a clock call for each.
 * A thread looks now and then whether the worker is in a callback, and since
 * when; the worker asks only when it left one that was seen.
 */
#ifndef BERTH_WATCH_H
#define BERTH_WATCH_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crumb.h"
#include "histogram.h"

/* Looks in the time that counts as slow: a callback is taken for shorter than
   it is by up to one of them. */
#define WATCH_LOOKS 8

struct watch {
    /* The worker's: whose sequence is odd while a callback runs, so that each
       has a number. */
    struct crumb *crumb;
    uint64_t sampled_ns; /* when the callback began that is timed */
    struct crumb own;    /* where no one else looks */
    /* The thread's: the callback that it saw last, and when it first did. */
    _Atomic uint64_t seen;
    _Atomic uint64_t seen_ms;
    atomic_bool is_asleep; /* the thread: nothing was going on */
    atomic_bool is_stopped;
    bool is_started;
    uint64_t slow_ms; /* 0: nothing is watched */
    pthread_t thread;
    sem_t bell;
};

/* slow_ms: what counts as slow; 0: nothing does. crumb: the breadcrumb that is
   left; NULL: one of its own. No thread is started yet. */
void watch_init(struct watch *watch, uint64_t slow_ms, struct crumb *crumb);

/* Starts the thread, if anything is to be watched. Returns 0 or -errno. */
int watch_start(struct watch *watch);

/* Ends it. One that was not started is fine. */
void watch_stop(struct watch *watch);

/* The long way of the function below. */
void watch_ring(struct watch *watch);

/* The worker begins a turn, after it may have waited for long. */
static inline void watch_wake(struct watch *watch)
{
    if (atomic_load_explicit(&watch->is_asleep, memory_order_relaxed)) {
        watch_ring(watch);
    }
}

/* One callback in so many is timed: a clock call for each would cost more than
   all that is counted. The first one is. */
#define WATCH_SAMPLE 64

/* Of a callback's number, which is odd. */
static inline bool watch_is_sampled(uint64_t sequence)
{
    return (sequence & ((uint64_t)2 * WATCH_SAMPLE - 2)) == 0;
}

/* The long way of the function below. */
void watch_begin_sample(struct watch *watch);

/* The worker begins a callback. */
static inline void watch_enter(struct watch *watch, struct crumb_place place)
{
    if (watch_is_sampled(crumb_enter(watch->crumb, place))) {
        watch_begin_sample(watch);
    }
}

/* It has ended. Returns its number if it was timed or seen, and is to be
   measured; else 0. */
static inline uint64_t watch_leave(const struct watch *watch)
{
    const uint64_t sequence = crumb_leave(watch->crumb);

    return watch_is_sampled(sequence) ||
                   atomic_load_explicit(&watch->seen, memory_order_relaxed) ==
                       sequence
               ? sequence
               : 0;
}

/* The one of that number, which has just ended; times: where it is counted if
   it was timed. Returns for how many ms it ran, if that is slow, else 0. */
uint64_t watch_measure(const struct watch *watch,
                       uint64_t sequence,
                       struct histogram *times);

#endif
