/* SPDX-License-Identifier: MIT */
/*
 * Sockets that are bound to an address, and the files that those of unix
 * sockets are.
 */
#ifndef BERTH_SOCKET_H
#define BERTH_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "address.h"

/* Which file a path is, so that no other one is removed in its place. */
struct socket_file {
    bool is_there; /* false: the address is no path */
    dev_t device;
    ino_t inode;
};

/*
 * Binds the socket. mode, of a path: it has it from the first moment, whatever
 * the umask is; -1: as the umask says. The umask belongs to the process: no
 * other thread may make files meanwhile. Returns 0 or -errno of bind(2). A
 * unix socket that nobody listens on any more is replaced; -EADDRINUSE if
 * somebody does, -EEXIST if the path is something else.
 */
int socket_bind(int fd, const struct address *address, int32_t mode);

/* Notes which file the address is at this moment. Returns 0 or -errno. */
int socket_note_file(const struct address *address, struct socket_file *file);

/* Removes the file, unless another one has come in its place. */
void socket_remove_file(const struct address *address,
                        const struct socket_file *file);

#endif
