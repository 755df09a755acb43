/* SPDX-License-Identifier: MIT */
/*
 * The sockets of an address that several processes accept from: shards. Their
 * number stays what it was when the address was first bound, since closing one
 * of them resets the connections that wait in it.
 */
#ifndef BERTH_SHARDS_H
#define BERTH_SHARDS_H

#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "socket.h"

#define SHARDS_MAX 256

struct shards {
    struct list link;     /* the owner's */
    struct address asked; /* as the configuration has it */
    struct socket *sockets;
    size_t count;
    unsigned users; /* the owner's: generations that listen there */
};

/*
 * Binds up to count sockets, one for a unix socket; or takes over those of an
 * address "fd:NAME", however many there are. Returns 0 and new *shards;
 * or -errno, as socket_open(), with *step.
 */
int shards_open(const struct socket_parts *parts,
                size_t count,
                struct shards **shards,
                const char **step);

/* Takes over what is bound already. Returns 0 or -ENOMEM. */
int shards_adopt(const struct address *asked,
                 const struct socket *sockets,
                 size_t count,
                 struct shards **shards);

/* The same address, also one of port 0 that was asked for in the same way? */
bool shards_match(const struct shards *shards, const struct address *asked);

/* The backlog and the mode have changed, perhaps; those of inherited sockets
   are not ours to set. Returns 0 or -errno. */
int shards_adjust(const struct shards *shards, uint32_t backlog, int32_t mode);

/*
 * Closes them. What another process still holds open listens no more: nobody
 * is left in a queue that is not looked at. NULL is fine.
 */
void shards_close(struct shards *shards);

/* Frees the memory and leaves all descriptors: they are another process's. */
void shards_forget(struct shards *shards);

#endif
