/* SPDX-License-Identifier: MIT */
/*
 * A listener: an address that is listened on, and the connections that it
 * hands to its entry.
 */
#ifndef BERTH_LISTENER_H
#define BERTH_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "entry.h"
#include "loop.h"
#include "socket.h"

/* Why a listener takes no newcomers. */
enum listener_pause {
    LISTENER_RUNS = 0,
    LISTENER_IDLE,      /* not begun, or another process accepts */
    LISTENER_FULL,      /* limits.connections */
    LISTENER_EXHAUSTED, /* no descriptors or memory: see accept(2) */
};

struct listener {
    struct source source;
    struct socket socket;
    struct entry *entry;
    uint16_t index; /* among the worker's listeners */
    enum listener_pause pause;
    bool is_starved; /* the last try found no descriptors, memory or place */
    bool is_adopted; /* bound by another process, which shares it with others */
};

/* What a listener is made of. */
struct listener_parts {
    struct entry *entry;
    uint16_t index;
    const struct address *address;
    uint32_t backlog;
    int32_t mode; /* of a unix socket's path; -1: as the umask says */
};

/* Binds and listens; nothing is accepted yet. Returns as socket_open(). */
int listener_open(struct listener *listener,
                  const struct listener_parts *parts,
                  const char **step);

/* The same with what is bound already: the real address, and a descriptor
   that is taken over. */
void listener_adopt(struct listener *listener,
                    const struct listener_parts *parts,
                    int fd);

/* Begins to accept; one that has begun is fine. Returns 0 or -errno. */
int listener_start(struct listener *listener);

/* Leaves the newcomers to others; they, or listener_start(), go on. */
void listener_idle(struct listener *listener);

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
