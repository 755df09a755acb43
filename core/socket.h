/* SPDX-License-Identifier: MIT */
/*
 * A socket that listens: made, bound, and closed again without a trace.
 */
#ifndef BERTH_SOCKET_H
#define BERTH_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "address.h"

struct socket {
    int fd;
    bool is_path; /* a unix socket in the file system: removed at the end */
    bool is_inherited; /* others began to listen, and go on when it is closed */
    struct address address; /* the real one: port 0 is replaced */
    dev_t device; /* of the path's file, so that no other one is removed */
    ino_t inode;
};

/* Several sockets may share an address, and the kernel spreads newcomers over
   them: SO_REUSEPORT in socket(7). */
enum socket_sharing {
    SOCKET_ALONE,
    SOCKET_FIRST, /* shares with those that follow, but only if nobody else has
                     the address: a second server must not get a part of the
                     first one's connections unnoticed */
    SOCKET_NEXT,
};

struct socket_parts {
    const struct address *address;
    uint32_t backlog;
    int32_t mode; /* of a unix socket's path; -1: as the umask says */
    enum socket_sharing sharing;
};

/*
 * Binds and listens. Returns 0, or -errno: *step says what failed, as in
 * "bind", and the fd is -1. A unix socket that nobody listens on any more is
 * replaced; -EADDRINUSE if somebody does, -EEXIST if the path is something
 * else. "*:PORT" on a machine without IPv6 is that of IPv4.
 */
int socket_open(struct socket *made,
                const struct socket_parts *parts,
                const char **step);

/*
 * Takes over a descriptor that was bound to that address by this process,
 * before it became another program. Returns 0; or -errno: it is no such socket,
 * and stays the caller's.
 */
int socket_adopt(struct socket *made, const struct address *asked, int fd);

/*
 * Takes over the sockets of an address "fd:NAME": fills made[0..max). Returns
 * how many there are, or -errno, as inherited_take(), with *step.
 */
int socket_inherit(struct socket *made,
                   size_t max,
                   const struct address *address,
                   const char **step);

/* Why socket_open() or socket_inherit() failed at that address. */
const char *socket_explain(const struct address *address, int error);

/* Other permissions for its path, if it has one. Returns 0 or -errno. */
int socket_set_mode(const struct socket *of, int32_t mode);

/* Listens no more, whoever else has it open (shutdown(2)), then closes; one
   that is inherited is only closed. */
void socket_end(struct socket *ended);

/* Removes the path, if it is still this socket's. A closed one is fine. */
void socket_close(struct socket *closed);

#endif
