/* SPDX-License-Identifier: MIT */
/*
 * Delivery: bytes from the stream to the plugin, by rule 1 of the contract.
 *
 * Reads land in one buffer of the worker. Only what the plugin leaves unused
 * is copied to the connection; an idle connection holds no buffer.
 */
#ifndef BERTH_DELIVERY_H
#define BERTH_DELIVERY_H

#include "connection.h"

/*
 * Offers what waits, reads what came, offers that, and tells the end when it
 * is due, as far as the connection is receptive; within a budget, so that one
 * connection cannot starve the others: what is left over is for the next turn.
 * Calls on_data and on_end.
 */
void delivery_run(struct connection *c);

/* The same for one that is at rest and was reported to be readable. */
void delivery_read(struct connection *c, const struct entry *entry);

/* Reads once and discards: was there nothing? */
bool delivery_is_empty(struct connection *c);

/* Lingering: reads and discards, within the budget. Returns false when there
   is nothing more to wait for: the peer has finished, or is gone. */
bool delivery_discard(struct connection *c);

#endif
