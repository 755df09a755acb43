/* SPDX-License-Identifier: MIT */
/*
 * Telling the service manager how the server is: the protocol of sd_notify(3),
 * a datagram for each message. If nobody asked to be told, all does nothing.
 *
 * Nothing here waits. What cannot be told returns -errno, as -EAGAIN when the
 * manager's queue is full.
 */
#ifndef BERTH_NOTIFY_H
#define BERTH_NOTIFY_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

struct notify {
    int fd; /* -1: nobody asked */
    socklen_t size;
    struct sockaddr_un address;
    uint64_t watchdog_ms; /* the manager acts if notify_alive() does not come
                             for so long; 0: it does not watch */
};

/*
 * Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of the environment, and
 * leaves them there for a program that takes this one's place. Returns 0, also
 * if they are not there; -EINVAL: NOTIFY_SOCKET is neither a path nor an
 * abstract name; else as socket(2). Then there is nobody to tell.
 */
int notify_open(struct notify *notify);

/* READY=1: it serves, at first or again after a reload. */
int notify_ready(const struct notify *notify);

/* RELOADING=1, with the time that systemd wants with it. */
int notify_reloading(const struct notify *notify);

/* STOPPING=1 */
int notify_stopping(const struct notify *notify);

/* STATUS=, one line for people; what is beyond 512 bytes is cut off. */
__attribute__((format(printf, 2, 3))) int
notify_status(const struct notify *notify, const char *format, ...);

/* WATCHDOG=1 */
int notify_alive(const struct notify *notify);

/* MAINPID=: another process is the server from now on. */
int notify_main_pid(const struct notify *notify, pid_t pid);

/* A closed one is fine. */
void notify_close(struct notify *notify);

/* Closes, and takes the variables out of the environment: for a child, which
   is not the service and whose own children are not either. */
void notify_forget(struct notify *notify);

#endif
