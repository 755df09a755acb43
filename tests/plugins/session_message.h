/* SPDX-License-Identifier: MIT */
/* The way of messages: who wants them, and when they are sent. */
#ifndef SESSION_MESSAGE_H
#define SESSION_MESSAGE_H

#include <stddef.h>

#include "session_packet.h"
#include "session_store.h"

/* A client, which is there, subscribes. Returns 0 or -EPROTO. */
int message_subscribe(struct session *session, struct packet *packet);

/*
 * Sends a message to all who want it. It waits for a client that is absent or
 * reads slowly, with up to max_queue bytes of others. Returns 0 or -EPROTO.
 */
int message_publish(struct session_store *store,
                    struct packet *packet,
                    size_t max_queue);

/* Sends what waits for a client, which is there, as far as there is room. */
void message_send_queued(struct session *session);

#endif
