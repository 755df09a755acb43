/* SPDX-License-Identifier: MIT */
/*
 * An account: what an entry counts in one worker, under which name. Accounts
 * lie one behind the other in a book, memory that other processes may see: one
 * thread writes, with plain stores, anybody reads.
 *
 * Who reads trusts nothing that is in a book: a plugin may have written over
 * it. The labels are in it, so that a reader needs no configuration.
 */
#ifndef BERTH_ACCOUNT_H
#define BERTH_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "histogram.h"

/* With their NULs; longer texts are cut. */
#define ACCOUNT_NAME_SIZE 72
#define ACCOUNT_HELP_SIZE 112

/* Why a connection of an entry ended. */
enum account_reason {
    ACCOUNT_ENDED = 0,  /* by the plugin's wish, or after the peer finished */
    ACCOUNT_PEER,       /* the peer reset it, or is out of reach */
    ACCOUNT_IDLE,       /* limits.idle */
    ACCOUNT_FIRST_BYTE, /* limits.first_byte */
    ACCOUNT_STALL,      /* limits.stall */
    ACCOUNT_DEADLINE,   /* berth_deadline() of a plugin without on_timer */
    ACCOUNT_LIMIT,      /* limits.input, limits.output */
    ACCOUNT_ERROR,      /* a callback's -errno, a plugin's bug, no memory */
    ACCOUNT_ABORTED,    /* berth_abort() */
    ACCOUNT_STOPPED,    /* drain_timeout, or the server ended at once */
    ACCOUNT_SWITCHED,   /* another entry has it now */
    ACCOUNT_CRASHED,    /* its worker died */
    ACCOUNT_REASONS,
};

#define ACCOUNT_LIMITS (ACCOUNT_DEADLINE - ACCOUNT_IDLE + 1)

/* Why a newcomer was not served. */
enum account_refusal {
    ACCOUNT_PER_IP = 0, /* limits.connections_per_ip */
    ACCOUNT_SHORTAGE,   /* no memory, or the selector refused it */
    ACCOUNT_REFUSALS,
};

/* What is counted; none of it ever goes down. */
enum account_value {
    ACCOUNT_RECEIVED = 0, /* bytes given to the plugin */
    ACCOUNT_SENT,         /* bytes that the kernel took */
    ACCOUNT_CALLBACKS,    /* calls of the plugin about a connection */
    ACCOUNT_ACCEPTED,     /* connections, also those switched to the entry */
    ACCOUNT_PAUSES,       /* how often a peer was not read any more */
    ACCOUNT_CRASHES, /* the supervisor's: workers that died in a callback */
    ACCOUNT_REFUSED, /* by enum account_refusal */
    ACCOUNT_CLOSED = ACCOUNT_REFUSED + ACCOUNT_REFUSALS, /* by reason */
    ACCOUNT_TIMEOUTS = ACCOUNT_CLOSED + ACCOUNT_REASONS, /* by reason, from
                                                             ACCOUNT_IDLE on */
    ACCOUNT_VALUES = ACCOUNT_TIMEOUTS + ACCOUNT_LIMITS,
};

/* A counter of the plugin's. */
struct account_counter {
    _Atomic uint64_t value;
    char name[ACCOUNT_NAME_SIZE];
    char help[ACCOUNT_HELP_SIZE];
};

struct account {
    uint64_t values[ACCOUNT_VALUES]; /* by enum account_value; not _Atomic: so
                                        raising one is one instruction, which
                                        stores all of it at once */
    _Atomic uint64_t open;           /* connections that there are */
    _Atomic uint64_t queued;         /* bytes that the last flushes left over */
    _Atomic uint64_t claims;         /* places for newcomers, see quota.h */
    struct histogram times;          /* of callbacks, one in 64 */
    _Atomic uint32_t size;           /* of the account; 0: the book ends here */
    _Atomic uint32_t counter_count;
    uint32_t worker; /* whose it is */
    char name[ACCOUNT_NAME_SIZE];
    char protocol[ACCOUNT_NAME_SIZE];
    struct account_counter counters[];
};

/* What an account is about. */
struct account_label {
    const char *name;
    const char *protocol;
    uint32_t worker;
    const berth_counter *counters; /* NULL: their names are not known */
    size_t counter_count;
};

/* Zeroed memory, aligned to a cache line. */
struct account_book {
    char *base;
    size_t size;
};

/* ----------------------------------------------------------------- writing */

/*
 * An account at the end of the book, with nothing counted; it stays where it
 * is. NULL: the book is full.
 */
struct account *account_add(const struct account_book *book,
                            const struct account_label *label);

/* The same in memory of its own, for free(3). NULL: there is none. */
struct account *account_new(const struct account_label *label);

/* The writer's alone. */
static inline void account_count(_Atomic uint64_t *number, uint64_t n)
{
    uint64_t before = atomic_load_explicit(number, memory_order_relaxed);

    atomic_store_explicit(number, before + n, memory_order_relaxed);
}

static inline void
account_raise(struct account *account, unsigned value, uint64_t n)
{
    account->values[value] += n;
}

/* ----------------------------------------------------------------- reading */

/* What was read of an account: bounded, and its texts are terminated. */
struct account_view {
    uint64_t values[ACCOUNT_VALUES];
    uint64_t open;
    uint64_t queued;
    struct histogram_sum times;
    uint32_t worker;
    char name[ACCOUNT_NAME_SIZE];
    char protocol[ACCOUNT_NAME_SIZE];
    size_t counter_count;
    struct account *source;
};

/*
 * The account of that name; it may be gone at any time, so only its numbers may
 * be read. hint: where another book has it, which is where it is in books of
 * the same entries. NULL: there is none.
 */
const struct account *
account_find(const struct account_book *book, const char *name, size_t hint);

/* What was read of a counter. */
struct account_reading {
    uint64_t value;
    char name[ACCOUNT_NAME_SIZE];
    char help[ACCOUNT_HELP_SIZE];
};

/*
 * Reads the account at *offset, 0 at first, and moves *offset to the next one.
 * Returns false at the book's end, or where what follows cannot be one.
 */
bool account_read(const struct account_book *book,
                  size_t *offset,
                  struct account_view *view);

/* index is below view->counter_count; the book is still there. */
void account_read_counter(const struct account_view *view,
                          size_t index,
                          struct account_reading *reading);

/* How many connections there are whose end was not counted. It was of those
   that linger, which are among `open`. */
uint64_t account_unended(const struct account_view *view);

/* Adds all that was read to another one: values, gauges, times. */
void account_view_add(struct account_view *sum,
                      const struct account_view *view);

/*
 * Adds what was read to the account of the same name, worker and counters in a
 * book of totals, which is made if there is none. What is in that book is
 * trusted. Returns 0, or -ENOSPC: the book is full.
 */
int account_total(const struct account_book *totals,
                  const struct account_view *view);

/* "ended", "first_byte" and so on, as in metrics. */
const char *account_reason_name(enum account_reason reason);

#endif
