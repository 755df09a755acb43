/* SPDX-License-Identifier: MIT */
/*
 * Messages: when they are begun, what comes back, and what that is worth.
 *
 * How long a message takes. It begins when it is handed to the kernel, right
 * after the answer before it; in an open loop when it is due; where it is the
 * first of a new connection, when connecting begins. It ends when its last byte
 * has been read. The clock is read once for each read: all answers of a read
 * end then, and what is sent on account of it begins then.
 */
#ifndef BERTH_LOAD_TALK_H
#define BERTH_LOAD_TALK_H

#include <stdint.h>

#include "crowd.h"

/* An idle connection, or one that is opened in advance, begins. */
void talk_open(struct crowd *crowd, struct client *client);

/* All begin; crowd->phase is CROWD_TALKING. */
void talk_start(struct crowd *crowd);

/* What epoll reports of a connection. */
void talk_handle(struct crowd *crowd, struct client *client, uint32_t events);

/* Begins messages that are due, or of connections whose turn it is. */
void talk_pump(struct crowd *crowd);

/* A connection that failed may begin anew. */
void talk_again(struct crowd *crowd, struct client *client);

/* No messages any more: those that wait for nothing leave. */
void talk_finish(struct crowd *crowd);

#endif
