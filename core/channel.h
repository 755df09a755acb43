/* SPDX-License-Identifier: MIT */
/*
 * A channel: messages between the supervisor and a process of its own, over a
 * pair of sockets (SOCK_SEQPACKET in unix(7)): each arrives whole and in order,
 * and may carry a descriptor.
 */
#ifndef BERTH_CHANNEL_H
#define BERTH_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "loop.h"

/* Bytes of a message; longer texts are sent in pieces, or in a file. */
#define CHANNEL_MESSAGE_MAX 16384

/* Of the type of a message: the other side has closed, or has ended. Nothing
   comes with it. */
#define CHANNEL_END 0

struct channel_message {
    uint32_t type; /* CHANNEL_END, or as the two sides have agreed */
    const void *data;
    size_t size;
    int fd; /* that came or goes with it; -1: none */
};

/* One without a descriptor. */
static inline struct channel_message
channel_compose(uint32_t type, const void *data, size_t size)
{
    return (struct channel_message){
        .type = type,
        .data = data,
        .size = size,
        .fd = -1,
    };
}

/* Told of each message in the loop. Its data is valid until this returns; its
   descriptor is the owner's. After CHANNEL_END nothing follows. */
typedef void channel_fn(void *owner, const struct channel_message *message);

struct channel {
    struct source source;
    struct loop *loop;
    int fd; /* -1: closed */
    channel_fn *handler;
    void *owner;
};

/* Two ends, one for each process. Returns 0 or -errno. */
int channel_pair(int fds[2]);

/* Takes over one end, and listens to it. Returns 0; or -errno: the descriptor
   is closed. */
int channel_open(struct channel *channel,
                 struct loop *loop,
                 int fd,
                 channel_fn *handler,
                 void *owner);

/*
 * The process at the other end has ended: hands over what it has sent, then
 * closes. The end may not be told: a child that the process has left behind may
 * hold the other side open.
 */
void channel_finish(struct channel *channel);

/* May be called by its handler. A closed one is fine. */
void channel_close(struct channel *channel);

/*
 * Sends without waiting; the message's descriptor stays the caller's. Returns
 * 0; or -EAGAIN: the other side does not read, -EPIPE: it is gone, or another
 * -errno.
 */
int channel_send(int fd, const struct channel_message *message);

/* The same, but waits until the other side reads; for a process that does
   nothing else. */
int channel_push(int fd, const struct channel_message *message);

#endif
