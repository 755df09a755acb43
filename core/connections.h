/* SPDX-License-Identifier: MIT */
/*
 * All connections of a worker, and what they share: memory, the buffers of the
 * one whose event is handled, the list of those that have something to do at
 * the turn's end.
 */
#ifndef BERTH_CONNECTIONS_H
#define BERTH_CONNECTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "address.h"
#include "ages.h"
#include "entry.h"
#include "log.h"
#include "loop.h"
#include "output.h"
#include "peers.h"
#include "quota.h"
#include "selector.h"
#include "slab.h"

struct connection;
struct recorder; /* recorder.h: a layer above */

/* What the one whose event is handled may write without an output: as much as
   a new output holds. */
#define CONNECTIONS_CORK_SIZE OUTPUT_SEGMENT_BYTES

#define CONNECTIONS_NO_PEER UINT32_MAX

/* Connections with something to do, in the order in which they got it. */
struct connections_queue {
    struct connection **items; /* capacity of connections.queue_capacity */
    size_t count;
};

struct connections {
    struct loop *loop;
    struct log *log;
    const berth_host *host;
    enum selector_trigger trigger;
    struct peers peers;
    struct quota quota; /* of the whole server */
    struct slab slab;   /* struct connection */
    struct slab extras; /* struct extra */
    struct output_pool outputs;
    char *buffer;     /* ENTRY_READ_SIZE bytes and a NUL */
    char *cork;       /* CONNECTIONS_CORK_SIZE: what current writes is gathered
                     here and leaves in one call; while all of it fits,
                     current needs no output of its own */
    char *cork_next;  /* where the next byte goes; cork if there is none */
    size_t cork_room; /* one more than may still join; 0: none may */
    size_t cork_reserved;       /* bytes from cork_next on that were reserved */
    struct connection *current; /* whose event is handled now: it is flushed
                                   when that is done */
    struct connections_queue pending; /* for this turn's end */
    struct connections_queue taken;   /* the same, while they have their turn */
    size_t queue_capacity; /* of each: no fewer than there are connections, so
                              that queueing one never fails */
    size_t open;           /* also those that linger */
    uint64_t released;     /* how many there were that are gone */
    uint64_t serial;       /* of the last one that was made */
    struct ages ages;      /* when which serials were given */
    uint32_t stop_flags;   /* new connections begin with these */
    struct entry *entries; /* of the worker: where a switch can lead */
    size_t entry_count;
    const char *const *listeners; /* texts of the worker's, for
                                     BERTH_GET_LISTENER */
    size_t listener_count;
    struct recorder *recorder; /* of those that begin; NULL: none */
};

/* What connections are made of; all borrowed. The sizes are those of structs
   of the layer above: connection.h. */
struct connections_parts {
    size_t connection_size;
    size_t extra_size;
    struct loop *loop;
    struct log *log;
    const berth_host *host;
    struct stats *stats; /* of a slot that this process owns; NULL: it is the
                            only one that serves */
    enum selector_trigger trigger;
};

/* Returns 0, -ENOMEM, or -errno of getrandom(2). */
int connections_init(struct connections *all,
                     const struct connections_parts *parts);

/* All connections must be gone. */
void connections_fini(struct connections *all);

/* Memory for one more, zeroed, and a place for it in the queues; NULL: there
   is none. */
struct connection *connections_take(struct connections *all);

/* Gives the memory back: no report of this turn may point to it. */
void connections_give(struct connections *all, struct connection *c);

/* Queues it for the turn's end; it must not be in the queue. */
void connections_queue(struct connections *all, struct connection *c);

/* A place for one more connection of the entry within limits.connections, see
   quota_claim(). */
bool connections_claim(const struct connections *all, struct entry *entry);

/*
 * One more connection from that peer to that entry: is it within
 * limits.connections_per_ip, in the whole server? *slot is what the connection
 * has, or CONNECTIONS_NO_PEER, and becomes what it is to keep. Returns 0,
 * -EDQUOT at the limit, -ENOMEM.
 */
int connections_enter_peer(struct connections *all,
                           const struct entry *entry,
                           const struct address *peer,
                           uint32_t *slot);

/* The entry of that name that is served, or NULL. */
struct entry *connections_find_entry(const struct connections *all,
                                     const char *name);

#endif
