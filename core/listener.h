/* SPDX-License-Identifier: MIT */
/*
 * A listener: an address that is listened on, and the connections that it
 * hands to its entry.
 */
#ifndef BERTH_LISTENER_H
#define BERTH_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "entry.h"
#include "loop.h"
#include "socket.h"

/* Why a listener takes no newcomers. */
enum listener_pause {
    LISTENER_RUNS = 0,
    LISTENER_FULL,      /* limits.connections */
    LISTENER_EXHAUSTED, /* no descriptors or memory: see accept(2) */
};

struct listener {
    struct source source;
    int fd;
    struct entry *entry;
    uint16_t index; /* among the worker's listeners */
    enum listener_pause pause;
    bool is_starved; /* the last accept found no descriptors or memory */
    struct socket_file file; /* a unix socket's: removed at the end */
    struct address address;  /* the real one: port 0 is replaced */
};

/* What a listener is made of. */
struct listener_parts {
    struct entry *entry;
    uint16_t index;
    const struct address *address;
    uint32_t backlog;
    int32_t mode; /* of a unix socket's path; -1: as the umask says */
};

/*
 * Binds and listens; nothing is accepted yet. Returns 0, or -errno: *step says
 * what failed, as in "bind". A unix socket that nobody listens on any more is
 * replaced; -EADDRINUSE if somebody does, -EEXIST if the path is something
 * else.
 */
int listener_open(struct listener *listener,
                  const struct listener_parts *parts,
                  const char **step);

/* Begins to accept. Returns 0 or -errno. */
int listener_start(struct listener *listener);

/* Connections have gone: goes on if it waited for that. */
void listener_resume(struct listener *listener);

/*
 * Accepts what the kernel holds already, so that nobody who was told that he
 * is connected is reset, then closes.
 */
void listener_finish(struct listener *listener);

/* Closes without accepting. A closed one is fine. */
void listener_close(struct listener *listener);

#endif
