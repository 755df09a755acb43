/* SPDX-License-Identifier: MIT */
/*
 * The driver: takes a connection from its first event to its last, and calls
 * the plugin for all but its bytes (those: delivery.h).
 *
 *     loop -> driver -> delivery -> on_data -> host -> connection -> output
 *                  \-> connection_flush -> output -> stream -> kernel
 */
#ifndef BERTH_DRIVER_H
#define BERTH_DRIVER_H

#include "connection.h"

/* What a new connection is made of. */
struct driver_newcomer {
    struct entry *entry;
    struct stream stream;
    uint16_t listener;  /* index into the worker's */
    uint32_t peer_slot; /* CONNECTIONS_NO_PEER: not counted */
};

/*
 * A connection begins: on_open is called. The stream and the peer's slot are
 * taken over, also on failure. Returns 0, or -errno when there is no memory or
 * the selector refuses it: the stream is closed, the plugin never called.
 */
int driver_open(const struct driver_newcomer *newcomer);

/*
 * The turn's end: sends what was written from elsewhere, calls what was put
 * off, frees what is dead. Returns whether there is more to do at once.
 */
bool driver_end_turn(struct connections *all);

/* The server drains (enum berth_stop): all connections, and those to come,
   are told. */
void driver_stop_all(struct connections *all, int reason);

/* The same for the connections that an entry has now. */
void driver_stop_entry(struct connections *all,
                       const struct entry *entry,
                       int reason);

/* All connections end now: resets, on_close(BERTH_STOPPED). */
void driver_kill_all(struct connections *all);

/* The same for those of one entry, which is not served any more; they end with
   this turn. */
void driver_kill_entry(struct connections *all, const struct entry *entry);

#endif
