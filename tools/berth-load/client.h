/* SPDX-License-Identifier: MIT */
/*
 * A connection to the server: its socket, what is to be sent, and what is yet
 * to come. It knows nothing of other connections, nor of why it is used.
 */
#ifndef BERTH_LOAD_CLIENT_H
#define BERTH_LOAD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "list.h"
#include "pattern.h"
#include "reply.h"

enum client_phase {
    CLIENT_CLOSED = 0,
    CLIENT_CONNECTING,
    CLIENT_OPEN,
    CLIENT_LEAVING, /* all was said and answered: the end is awaited */
};

struct client {
    struct list link; /* whoever uses it has it in one list or in none */
    struct reply reply;
    uint64_t *begun_ns; /* ring of `depth`: when messages were begun */
    uint64_t start;     /* of its stream, within the pattern */
    uint64_t begun;     /* bytes of its stream that are to be sent */
    uint64_t sent;      /* that were */
    uint64_t answered;  /* that came back (echo, line) */
    uint64_t moved_ns;  /* when something last happened to it */
    uint64_t number;    /* among all connections of all processes */
    uint32_t messages;  /* begun on this socket */
    uint32_t pending;   /* of them without an answer */
    uint32_t oldest;    /* of them, within begun_ns */
    uint32_t depth;     /* the most that may be pending */
    int fd;             /* -1: none */
    enum client_phase phase;
    bool is_idle;     /* silent after a first message */
    bool is_settled;  /* connected, and if idle answered */
    bool wants_write; /* the kernel took less than there was */
};

/* Without a socket. begun_ns[0..depth) is borrowed. */
void client_init(struct client *client,
                 uint64_t number,
                 uint64_t *begun_ns,
                 uint32_t depth);
void client_fini(struct client *client);

/*
 * Begins to connect; source: which address of 127.0.0.0/8 from, 0: the kernel's
 * choice. Returns 0, or 1 if it is not done yet: then the socket is going to be
 * writable. Or -errno, and it is closed.
 */
int client_connect(struct client *client,
                   const struct address *address,
                   uint64_t source);

/* What became of a client_connect() that was not done. Returns 0 or -errno. */
int client_connected(struct client *client);

/* The socket is closed; nothing is pending. */
void client_close(struct client *client);

/* May another message be begun? */
static inline bool client_has_room(const struct client *client)
{
    return client->pending < client->depth;
}

/* Notes a message, to be sent by client_send(), and when it begins. There must
   be room. */
void client_begin(struct client *client,
                  const struct pattern *pattern,
                  uint64_t begun_ns);

/* The oldest message was answered. Returns when it began. */
uint64_t client_end(struct client *client);

/* Sends what is begun. Returns 0: wants_write says whether something is left;
   or -errno. */
int client_send(struct client *client, const struct pattern *pattern);

#endif
