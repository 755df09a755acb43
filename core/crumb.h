/* SPDX-License-Identifier: MIT */
/*
 * A breadcrumb: what a worker is doing, left where other processes can see it
 * when it hangs or has died. A few plain stores for each callback.
 */
#ifndef BERTH_CRUMB_H
#define BERTH_CRUMB_H

#include <stdatomic.h>
#include <stdint.h>

/* What the plugin was called for. */
enum crumb_callback {
    CRUMB_NONE = 0,
    CRUMB_INIT,
    CRUMB_FINI,
    CRUMB_ON_TICK,
    CRUMB_ON_REOPEN,
    CRUMB_ON_OPEN,
    CRUMB_ON_DATA,
    CRUMB_ON_END,
    CRUMB_ON_DRAIN,
    CRUMB_ON_TIMER,
    CRUMB_ON_STOP,
    CRUMB_ON_CLOSE,
    CRUMB_POSTED,
    CRUMB_DONE,
    CRUMB_RELEASE,
    CRUMB_SNIFF,
};

/* Written by one thread alone. Whoever reads it while that thread goes on may
   find the place of the callback before or after; of one that hangs or is dead
   all of it belongs together. */
struct crumb {
    _Atomic uint64_t sequence;   /* odd while a callback runs, so that each has
                                    a number */
    _Atomic uint64_t connection; /* its number in the log; 0: none */
    _Atomic uint32_t entry;      /* the owner's number of it; 0: not known */
    _Atomic uint32_t callback;   /* enum crumb_callback */
};

/* "on_data", "a posted function"; "nothing" for numbers that are none. */
const char *crumb_callback_name(uint32_t callback);

/* Where a callback is made. */
struct crumb_place {
    uint64_t connection;
    uint32_t entry;
    enum crumb_callback callback;
};

/* A callback begins. Returns its number, which is odd. */
static inline uint64_t crumb_enter(struct crumb *crumb,
                                   struct crumb_place place)
{
    uint64_t sequence =
        atomic_load_explicit(&crumb->sequence, memory_order_relaxed) + 1;

    atomic_store_explicit(&crumb->connection, place.connection,
                          memory_order_relaxed);
    atomic_store_explicit(&crumb->entry, place.entry, memory_order_relaxed);
    atomic_store_explicit(&crumb->callback, place.callback,
                          memory_order_relaxed);
    atomic_store_explicit(&crumb->sequence, sequence, memory_order_relaxed);
    return sequence;
}

/* For a while the callback that runs is another plugin's affair: of the same
   connection. What it was is returned, to be put back by the same function. */
static inline struct crumb_place crumb_relabel(struct crumb *crumb,
                                               struct crumb_place place)
{
    const struct crumb_place before = {
        .entry = atomic_load_explicit(&crumb->entry, memory_order_relaxed),
        .callback = (enum crumb_callback)atomic_load_explicit(
            &crumb->callback, memory_order_relaxed),
    };

    atomic_store_explicit(&crumb->entry, place.entry, memory_order_relaxed);
    atomic_store_explicit(&crumb->callback, place.callback,
                          memory_order_relaxed);
    return before;
}

/* It has ended. Returns its number. */
static inline uint64_t crumb_leave(struct crumb *crumb)
{
    uint64_t sequence =
        atomic_load_explicit(&crumb->sequence, memory_order_relaxed);

    atomic_store_explicit(&crumb->sequence, sequence + 1, memory_order_relaxed);
    return sequence;
}

#endif
