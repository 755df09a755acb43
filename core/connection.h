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
#include "entry.h"
#include "loop.h"
#include "output.h"
#include "peers.h"
#include "slab.h"
#include "stream.h"

/* A connection's way: each phase is followed by a later one. */
enum connection_phase {
    CONNECTION_OPEN = 0,
    CONNECTION_CLOSING,   /* sends what is queued, then on_close */
    CONNECTION_LINGERING, /* on_close was called; what still comes in is
                             discarded until the peer finishes too */
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
    CONNECTION_FAILED = 1u << 19,   /* it reported an error; what came before
                                       is read first */
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

struct connection {
    berth_conn head; /* what the plugin sees; must be first */
    struct stream stream;
    struct input *input;   /* NULL: all was used */
    struct output *output; /* NULL: nothing is queued */
    struct source source;
    struct connection *next_pending;
    uint32_t flags;
    uint32_t watched;     /* selector events, or STREAM_NONE */
    uint64_t deadline_ms; /* the plugin's; 0: none. Lingering: the end */
    uint32_t active_ms;   /* last byte in either direction; the low half */
    uint32_t peer_slot;   /* in peers; PEER_NONE: not counted */
    uint32_t serial;      /* its number among the worker's */
    int16_t why;          /* for on_close */
    uint8_t phase;
    uint8_t listener; /* index into the entry's */
};

static_assert(sizeof(struct connection) <= 128,
              "an idle connection is two cache lines");

/* Edge-triggered each change is reported once, so that all is watched from
   first to last, without another epoll_ctl(2). */
#define CONNECTION_EDGE_EVENTS                                                 \
    ((uint32_t)SELECTOR_READ | (uint32_t)SELECTOR_WRITE |                      \
     (uint32_t)SELECTOR_URGENT | (uint32_t)SELECTOR_PEER_END)

#define CONNECTION_PEER_NONE UINT32_MAX

/* A connection that was closed goes on discarding what comes in for so long
   after the last byte, and for so long in all. */
#define CONNECTION_LINGER_QUIET_MS 5000
#define CONNECTION_LINGER_EXIT_MS 1000 /* the first, while the server ends */
#define CONNECTION_LINGER_TOTAL_MS 30000

/* What the one whose event is handled may write without an output: as much as
   a new output holds. */
#define CONNECTION_CORK_SIZE OUTPUT_SEGMENT_BYTES

/* All connections of a worker, and what they share. */
struct connections {
    struct loop *loop;
    struct log *log;
    const berth_host *host;
    enum selector_trigger trigger;
    struct peers peers;
    struct slab slab;
    struct output_pool outputs;
    char *buffer;  /* ENTRY_READ_SIZE bytes and a NUL */
    char *cork;    /* CONNECTION_CORK_SIZE: what current writes is gathered here
                     and leaves in one call; while all of it fits, current
                     needs no output of its own */
    size_t corked; /* bytes; 0 unless there is a current */
    size_t cork_reserved; /* bytes behind them that were reserved */
    struct connection *pending;
    struct connection **pending_end;
    struct connection *current; /* whose event is handled now: it is flushed
                                   when that is done */
    size_t open;                /* also those that linger */
    uint64_t released;          /* how many there were that are gone */
    uint32_t serial;
    uint32_t stop_flags; /* new connections begin with these */
};

/* Returns 0 or -ENOMEM. */
int connections_init(struct connections *all,
                     struct loop *loop,
                     struct log *log,
                     const berth_host *host,
                     enum selector_trigger trigger);
/* All connections must be gone. */
void connections_fini(struct connections *all);

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

/* Its event is handled now: what it writes is corked. */
static inline void connection_enter(struct connection *c)
{
    struct connections *all = connection_all(c);

    all->current = c;
    all->cork_reserved = 0;
}

/* To be flushed before. */
static inline void connection_leave(struct connection *c)
{
    connection_all(c)->current = NULL;
}

/* It has something to do at the turn's end. */
void connection_schedule(struct connection *c);

/* The same, unless it is the one whose event is handled now: that one is
   looked after as soon as this is done. */
static inline void connection_attend(struct connection *c)
{
    if (connection_all(c)->current != c) {
        connection_schedule(c);
    }
}

/*
 * Is there nothing to do but wait for the peer's next bytes, as the selector
 * knows already? Then no more needs to be looked at.
 */
static inline bool connection_is_at_rest(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN && c->output == NULL &&
           c->input == NULL &&
           (c->flags & ~(uint32_t)(CONNECTION_STARTED | CONNECTION_READABLE)) ==
               0 &&
           (c->watched == SELECTOR_READ ||
            c->watched == CONNECTION_EDGE_EVENTS);
}

/* May the plugin be given bytes, or the end of them? */
static inline bool connection_is_receptive(const struct connection *c)
{
    return c->phase == CONNECTION_OPEN &&
           (c->flags & (CONNECTION_PAUSED | CONNECTION_THROTTLED |
                        CONNECTION_END_TOLD)) == 0;
}

/* Is the stream to be read? Not while bytes wait that were not offered. */
static inline bool connection_wants_read(const struct connection *c)
{
    return connection_is_receptive(c) &&
           (c->flags & CONNECTION_PEER_ENDED) == 0 &&
           (c->input == NULL || (c->flags & CONNECTION_OFFERED) != 0);
}

/* Bytes came in or went out. */
static inline void connection_touch(struct connection *c)
{
    c->active_ms = (uint32_t)connection_entry(c)->loop->now_ms;
}

/* How many bytes of the connection are corked. */
static inline size_t connection_corked(const struct connection *c)
{
    const struct connections *all = connection_all(c);

    return all->current == c ? all->corked : 0;
}

/* Begins a close: what is queued is sent first. Does nothing if it has begun.
   why: 0 or -errno. */
void connection_close(struct connection *c, int why);

/* Ends it without sending what is queued; the peer reads a reset. */
void connection_reset(struct connection *c, int why);

/* The stream failed with -errno. */
void connection_break(struct connection *c, int error);

/*
 * Corks or queues bytes, or sends them if they are many and the stream is not
 * full. Returns size or -errno: then the connection ends.
 */
ssize_t connection_write(struct connection *c, const void *data, size_t size);

/* As output_reserve(); NULL: the connection ends. */
char *connection_reserve(struct connection *c, size_t size);

/* -EINVAL if size is more than was reserved. */
int connection_commit(struct connection *c, size_t size);

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
