/* SPDX-License-Identifier: MIT */
/*
 * A connection: what it is, and the steps that any part of the core may take
 * with it. Nothing here calls the plugin. Who does: delivery (bytes that came
 * in) and driver (everything else).
 */
#ifndef BERTH_CONNECTION_H
#define BERTH_CONNECTION_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "attribute.h"
#include "connections.h"
#include "entry.h"
#include "loop.h"
#include "output.h"
#include "stream.h"

/* A connection's way: each phase is followed by a later one, but that a switch
   leads from on_close to another on_open. */
enum connection_phase {
    CONNECTION_OPEN = 0,
    CONNECTION_CLOSING,   /* sends what is queued, then on_close */
    CONNECTION_LINGERING, /* on_close is or was called; then what still comes
                             in is discarded until the peer finishes too */
    CONNECTION_DEAD,      /* the stream is closed; freed at the turn's end */
};

enum connection_flag {
    CONNECTION_PENDING = 1u << 0,   /* in the list for the turn's end */
    CONNECTION_PAUSED = 1u << 1,    /* by the plugin */
    CONNECTION_THROTTLED = 1u << 2, /* by us: output above the high mark */
    CONNECTION_BLOCKED = 1u << 3,   /* the kernel took less than it was given */
    CONNECTION_OFFERED = 1u << 4,   /* the plugin left its input for later */
    CONNECTION_STARTED = 1u << 5,   /* the first byte came */
    CONNECTION_READABLE = 1u << 6,  /* a read may find something */
    CONNECTION_EXHAUST = 1u << 7,   /* a short read does not prove that nothing
                                       is left: read until EAGAIN */
    CONNECTION_PEER_ENDED = 1u << 8,
    CONNECTION_END_TOLD = 1u << 9,  /* on_end's time has come and gone */
    CONNECTION_SHUTDOWN = 1u << 10, /* the plugin will write no more */
    CONNECTION_SHUT = 1u << 11,     /* and the peer was told */
    CONNECTION_DRAIN_OWED = 1u << 12,
    CONNECTION_STOP_RELOAD = 1u << 13, /* on_stop is owed */
    CONNECTION_STOP_EXIT = 1u << 14,
    CONNECTION_EMPTYING = 1u << 15, /* closes when the kernel holds no more */
    CONNECTION_RESET = 1u << 16,    /* ends with RST, unsent output dropped */
    CONNECTION_BROKEN = 1u << 17,   /* the stream failed: nothing can be sent */
    CONNECTION_HUNG_UP = 1u << 18,  /* the kernel reports a hang-up for ever */
    CONNECTION_SWITCH = 1u << 19,   /* another protocol takes over at the turn's
                                       end: extra->next */
    CONNECTION_FAILED = 1u << 20,   /* it reported an error; what came before
                                       is read first */
    CONNECTION_FINISHED = 1u << 21, /* the peer has said that it sends no more;
                                       nothing has shown the contrary */
    CONNECTION_HAS_INPUT = 1u << 22, /* input is not NULL; and the next one,
                                        output: so one look at the flags tells
                                        all there is to do */
    CONNECTION_HAS_OUTPUT = 1u << 23,
};

/* Nothing can be sent now. */
#define CONNECTION_CANNOT_SEND                                                 \
    ((uint32_t)CONNECTION_BLOCKED | (uint32_t)CONNECTION_BROKEN |              \
     (uint32_t)CONNECTION_RESET)

/* Bytes not yet used by the plugin. */
struct input {
    size_t size;
    size_t capacity; /* bytes has one more, for the NUL */
    char bytes[];
};

/* A switch that was asked for. */
struct switch_order {
    struct entry *entry;
    struct entry_service *service;
    void *arg; /* owned */
    size_t arg_size;
};

/* What the access line tells of a connection. */
struct tally {
    uint64_t opened_ms;
    uint64_t bytes_in;
    uint64_t bytes_out;
    char peer[]; /* taken down while the peer is there */
};

/* What few connections have. */
struct extra {
    struct entry_service *service; /* who serves it: never NULL */
    void *arg;                     /* of the last switch; owned */
    size_t arg_size;
    struct switch_order next; /* with CONNECTION_SWITCH */
    struct tally *tally;      /* owned; NULL: nobody wants to know */
};

struct connection {
    berth_conn head; /* what the plugin sees; must be first */
    struct stream stream;
    struct input *input;   /* NULL: all was used */
    struct output *output; /* NULL: nothing is queued */
    struct extra *extra;   /* NULL: served by the entry's own protocol */
    struct source source;
    uint64_t id;          /* what refs know it by; a switch changes it */
    uint32_t flags;       /* enum connection_flag; it and the next two lie
                             together, as they are asked together */
    uint16_t watched;     /* selector events, or STREAM_NONE */
    uint8_t phase;        /* enum connection_phase */
    uint8_t cause;        /* enum account_reason, and one; 0: as why says */
    uint32_t deadline_ms; /* the plugin's; 0: none. Lingering: the end. The low
                             half of a time, like the next */
    uint32_t active_ms;   /* last byte in either direction */
    uint32_t peer_slot;   /* in peers; PEER_NONE: not counted */
    uint16_t listener;    /* index into the worker's */
    int16_t why;          /* for on_close */
};

static_assert(sizeof(struct connection) <= 128,
              "an idle connection is two cache lines");

/* Edge-triggered each change is reported once, so that all is watched from
   first to last, without another epoll_ctl(2). */
#define CONNECTION_EDGE_EVENTS                                                 \
    ((uint32_t)SELECTOR_READ | (uint32_t)SELECTOR_WRITE |                      \
     (uint32_t)SELECTOR_URGENT | (uint32_t)SELECTOR_PEER_END)

/* An id is a number that no other connection of the worker has, and how often
   this one was switched. */
#define CONNECTION_SWITCH_BITS 16

/* A connection that was closed goes on discarding what comes in for so long
   after the last byte, and for so long in all. */
#define CONNECTION_LINGER_QUIET_MS 5000
#define CONNECTION_LINGER_EXIT_MS 1000 /* the first, while the server ends */
#define CONNECTION_LINGER_TOTAL_MS 30000

static inline struct connection *connection_of(const berth_conn *c)
{
    return (struct connection *)(uintptr_t)c;
}

static inline struct entry *connection_entry(const struct connection *c)
{
    return entry_of(&c->head);
}

static inline struct connections *connection_all(const struct connection *c)
{
    return entry_of(&c->head)->connections;
}

static inline const berth_protocol *
connection_protocol(const struct connection *c)
{
    return RARELY(c->extra != NULL) ? c->extra->service->protocol
                                    : connection_entry(c)->service.protocol;
}

/* Around each call of the plugin about a connection, in this order; with its
   entry, which no callback changes. */
static inline void connection_begin_call(const struct connection *c,
                                         const struct entry *entry,
                                         enum crumb_callback callback)
{
    account_raise(entry->account, ACCOUNT_CALLBACKS, 1);
    watch_enter(entry->watch, (struct crumb_place){
                                  .connection = c->id >> CONNECTION_SWITCH_BITS,
                                  .entry = entry->number,
                                  .callback = callback,
                              });
}

/* The long way of the function below: a call that is to be measured. */
void connection_measure_call(const struct connection *c, uint64_t sequence);

static inline void connection_end_call(const struct connection *c,
                                       const struct entry *entry)
{
    const uint64_t sequence = watch_leave(entry->watch);

    if (sequence != 0) {
        connection_measure_call(c, sequence);
    }
}

/* Its number in the log, and for BERTH_GET_ID. */
static inline uint64_t connection_serial(const struct connection *c)
{
    return c->id >> CONNECTION_SWITCH_BITS;
}

/* May the plugin still write? */
static inline bool connection_is_writable(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_SHUTDOWN) == 0;
}

/* Can something be written, and is nothing queued that it has to wait for? */
static inline bool connection_may_cork(const struct connection *c)
{
    return connection_is_writable(c) && c->output == NULL;
}

/* Its event is handled now. may_cork: what it writes is corked. */
static inline void connection_enter(struct connection *c, bool may_cork)
{
    struct connections *all = connection_all(c);

    all->current = c;
    all->cork_room = may_cork ? CONNECTIONS_CORK_SIZE : 0;
    all->cork_reserved = 0;
}

/*
 * It was handled, and is content: what it has corked is sent. That answers
 * bytes that came just now, so that connection_touch() was called for them.
 * Returns whether that was all; if not, connection_flush() is to be called.
 */
bool connection_leave(struct connection *c, const struct entry *entry);

/* It has something to do at the turn's end. */
void connection_schedule(struct connection *c);

/* What it writes from now on is not corked: it must wait for a queue, or is
   refused. Returns whether it is the one whose event is handled now. */
static inline bool connection_stop_corking(struct connection *c)
{
    struct connections *all = connection_all(c);

    if (all->current != c) {
        return false;
    }
    all->cork_room = 0;
    return true;
}

/* The same as connection_schedule(), unless it is the one whose event is
   handled now: that one is looked after as soon as this is done. */
static inline void connection_attend(struct connection *c)
{
    if (!connection_stop_corking(c)) {
        connection_schedule(c);
    }
}

/* Does it want nothing but the peer's next bytes? */
static inline bool connection_is_content(const struct connection *c)
{
    return (c->flags & ~(uint32_t)(CONNECTION_STARTED | CONNECTION_READABLE)) ==
               0 &&
           c->phase == CONNECTION_OPEN;
}

/*
 * Is there nothing to do but wait for the peer's next bytes, as the selector
 * knows already? Then no more needs to be looked at. Edge-triggered, a report
 * of bytes says that output has room, too: there it is never asked.
 */
static inline bool connection_is_at_rest(const struct connection *c)
{
    return c->watched == SELECTOR_READ && connection_is_content(c);
}

/* May the plugin be called? Not once a switch or a close has begun: then only
   on_close is left for it. */
static inline bool connection_is_served(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_SWITCH) == 0;
}

/* May the plugin be given bytes, or the end of them? */
static inline bool connection_is_receptive(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN &&
           (c->flags & (CONNECTION_PAUSED | CONNECTION_THROTTLED |
                        CONNECTION_END_TOLD | CONNECTION_SWITCH)) == 0;
}

/* Is the stream to be read? Not while bytes wait that were not offered. */
static inline bool connection_wants_read(const struct connection *c)
{
    return connection_is_receptive(c) &&
           (c->flags & CONNECTION_PEER_ENDED) == 0 &&
           (c->input == NULL || (c->flags & CONNECTION_OFFERED) != 0);
}

/* Does limits.first_byte go on? Not when it has done what it can. */
static inline bool connection_awaits_first_byte(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_STARTED) == 0;
}

/* Bytes came in or went out. */
static inline void connection_touch(struct connection *c)
{
    c->active_ms = (uint32_t)connection_entry(c)->loop->now_ms;
}

static inline struct tally *connection_tally(const struct connection *c)
{
    return RARELY(c->extra != NULL) ? c->extra->tally : NULL;
}

/* Begins to count its bytes. Without memory for it they are not counted. */
void connection_start_tally(struct connection *c);

/* How many bytes of the connection are corked. */
static inline size_t connection_corked(const struct connection *c)
{
    const struct connections *all = connection_all(c);

    return all->current == c ? (size_t)(all->cork_next - all->cork) : 0;
}

/* Begins a close: what is queued is sent first. Does nothing if it has begun.
   why: 0 or -errno. */
void connection_close(struct connection *c, int why);

/* The same, of a peer that has said that it sends no more. */
void connection_finish(struct connection *c);

/* Why it is about to end, for what is counted; the first cause stays. */
void connection_blame(struct connection *c, enum account_reason reason);

/* That, or what follows from why it ended. */
enum account_reason connection_reason(const struct connection *c, int why);

/* Ends it without sending what is queued; the peer reads a reset. */
void connection_reset(struct connection *c, int why);

/* The stream failed with -errno. */
void connection_break(struct connection *c, int error);

/*
 * Corks or queues bytes, or sends them if they are many and the stream is not
 * full. Returns size or -errno: then the connection ends.
 */
ssize_t connection_write(struct connection *c, const void *data, size_t size);

/*
 * Queues what is lent; little of it is copied. Returns 0 or -errno: then the
 * connection ends and nothing was taken over.
 */
int connection_lend(struct connection *c, const struct output_loan *loan);

/* As output_reserve(); NULL: the connection ends. */
char *connection_reserve(struct connection *c, size_t size);

/* -EINVAL if size is more than was reserved. */
int connection_commit(struct connection *c, size_t size);

/* Frees what it has of that; it may be none. */
void connection_drop_output(struct connection *c);

/* What is queued counts for another entry from now on. */
void connection_recount(const struct connection *c,
                        struct account *before,
                        struct account *after);

/* Sends what is corked or queued, and sets the back-pressure accordingly. */
void connection_flush(struct connection *c);

/* Bytes that wait to be sent. */
static inline size_t connection_queued(const struct connection *c)
{
    return c->output == NULL ? connection_corked(c) : c->output->queued;
}

/* Bytes that count towards the high mark: also those that went past the queue
   since the last flush. */
static inline size_t connection_produced(const struct connection *c)
{
    return c->output == NULL ? connection_corked(c)
                             : c->output->queued + c->output->direct;
}

/* Was the peer offered output, and did not take all of it? What was written
   since the last flush is not its fault. */
static inline bool connection_has_left(const struct connection *c)
{
    return c->output != NULL && c->output->is_left;
}

/* Brings the selector up to date with what the connection waits for. Returns 0;
   or -errno, and the connection is broken unless it lingers. */
int connection_watch(struct connection *c);

/* Sees to it that the timer fires when the first of its limits is reached. */
void connection_arm(struct connection *c);

/*
 * Has the peer taken nothing for limits.stall? The kernel reports room only
 * when a third of its buffer is free, which takes a slow reader long: so what
 * the peer has acknowledged counts, too. To be asked when the timer fires.
 */
bool connection_is_stalled(struct connection *c);

/* Sets the deadline so many ms from now, at most INT_MAX; 0: none. */
static inline void connection_set_deadline(struct connection *c, uint32_t ms)
{
    uint32_t due_ms = (uint32_t)connection_entry(c)->loop->now_ms + ms;

    if (ms == 0) {
        c->deadline_ms = 0;
    } else {
        c->deadline_ms = due_ms == 0 ? 1 : due_ms; /* a millisecond late */
    }
}

/* How long until the deadline, if there is one; 0 or less: it has passed. */
static inline int32_t connection_left_ms(const struct connection *c)
{
    return (int32_t)(c->deadline_ms -
                     (uint32_t)connection_entry(c)->loop->now_ms);
}

/* Its extra, made if need be; NULL: there is no memory. */
struct extra *connection_extend(struct connection *c);

/* Frees what it has of that. */
void connection_drop_extra(struct connection *c);

/* Frees what the plugin has not used. */
void connection_drop_input(struct connection *c);

/* The protocol is to be another one from the turn's end on. Returns 0, or
   -ENOMEM: then the order's arg is still the caller's. */
int connection_switch(struct connection *c, const struct switch_order *order);

/* Milliseconds since the last byte in either direction. */
uint32_t connection_idle_ms(const struct connection *c);

/* How long a closed one waits for the peer's next byte. */
uint64_t connection_linger_ms(const struct connection *c);

/* Who the peer is, for messages: "" if that cannot be told. */
void connection_peer_text(const struct connection *c, char *text, size_t size);

/* A line about the connection; use CONNECTION_LOG. */
__attribute__((format(printf, 4, 0))) void
connection_vlog(const struct connection *c,
                struct log_site *site,
                enum log_level level,
                const char *format,
                va_list args);

__attribute__((format(printf, 4, 5))) COLD void
connection_log(const struct connection *c,
               struct log_site *site,
               enum log_level level,
               const char *format,
               ...);

/* A macro because each use is a call site with a rate of its own. */
#define CONNECTION_LOG(c_, level_, ...)                                        \
    do {                                                                       \
        static struct log_site site_;                                          \
        connection_log((c_), &site_, (level_), __VA_ARGS__);                   \
    } while (0)

#endif
