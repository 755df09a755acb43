/* SPDX-License-Identifier: MIT */
/*
 * Sockets that the server was started with: LISTEN_FDS, LISTEN_PID and
 * LISTEN_FDNAMES of the environment, as in sd_listen_fds(3). Who started it
 * bound them, and keeps them when it ends.
 */
#ifndef BERTH_INHERITED_H
#define BERTH_INHERITED_H

#include <stddef.h>

/* So many are looked at. */
#define INHERITED_MAX 256

/* How many sockets of that name were handed over to this process? Those that
   were given no names are all called "unknown". */
size_t inherited_count(const char *name);

/*
 * Fills fds[0..max) with the sockets of that name: descriptors of the caller's
 * own, not blocking, closed by exec. The ones handed over stay as they are, so
 * that the sockets can be taken again, by a program that takes this one's place
 * too. Returns how many there are, or a reason for inherited_explain(), and
 * then fds holds nothing to close:
 * -ENOENT, -EINVAL, -ENOTSOCK, -EPROTOTYPE, -E2BIG; or as fcntl(2).
 */
int inherited_take(const char *name, int *fds, size_t max);

/* Why inherited_take() failed. */
const char *inherited_explain(int error);

/* Takes the variables out of the environment: for a child in which the sockets
   that were handed over are closed, and for its own children. */
void inherited_forget(void);

#endif
