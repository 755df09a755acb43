/* SPDX-License-Identifier: MIT */
/*
 * A client of the control socket: a connection that brings a request and waits
 * for the answer.
 *
 * It stays in its place when it has left, and is free for another one: a report
 * that is left over from an earlier client finds nothing, or a later one, who
 * is asked for what he has not got, which does no harm.
 */
#ifndef BERTH_CONTROL_CLIENT_H
#define BERTH_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "control_request.h"
#include "list.h"
#include "log.h"
#include "loop.h"

/* What all clients of a control socket share. */
struct control_shared {
    struct loop *loop;
    struct log *log;
    control_handler *handler;
    void *owner;
    struct list requests; /* that the owner has */
    /* A client has left: there is a place and a descriptor again. */
    void (*left)(struct control_shared *shared);
};

enum control_phase {
    CONTROL_READING, /* the request; it is the client's */
    CONTROL_WAITING, /* for the answer; the request is the owner's */
    CONTROL_SENDING, /* the answer; there is no request any more */
};

struct control_client {
    struct source source;
    struct control_shared *shared;
    int fd; /* -1: the place is free */
    enum control_phase phase;
    struct control_request *request;
    char *bytes; /* of the answer */
    size_t size, sent;
};

/* A free place. */
void control_client_init(struct control_client *client,
                         struct control_shared *shared);

static inline bool control_client_is_free(const struct control_client *client)
{
    return client->fd < 0;
}

/*
 * Begins to serve whoever is connected to fd, in a free place. Returns 0 or
 * -errno: then fd is still the caller's.
 */
int control_client_welcome(struct control_client *client, int fd);

/* Ends the connection, without a word to shared->left(). A request that the
   owner has stays to be ended. */
void control_client_part(struct control_client *client);

/* In a child process: closes what was inherited and leaves the loop alone. */
void control_client_forget(struct control_client *client);

#endif
