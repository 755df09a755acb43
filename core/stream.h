/* SPDX-License-Identifier: MIT */
/*
 * A stream: where a connection's bytes come from and go to. The seam under a
 * connection: a socket here, a simulator in the tests, TLS one day.
 *
 * All operations are non-blocking and return 0 or a count, or -errno. -EAGAIN:
 * not now, the selector tells when. -EINTR: nothing was done, and the selector
 * may not tell; try again. A loop around each call would cost more than all
 * the rest of it, and no kernel interrupts a call that does not wait.
 */
#ifndef BERTH_STREAM_H
#define BERTH_STREAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "address.h"
#include "selector.h"

struct stream;

/* Bytes; the end of what was received may count as one. */
struct stream_traffic {
    uint64_t received;
    uint64_t sent;
};

struct stream_ops {
    /* Up to size > 0 bytes; 0: the peer finished sending. */
    ssize_t (*read)(struct stream *stream, void *buffer, size_t size);
    /* As many bytes as fit, 1 or more. */
    ssize_t (*write)(struct stream *stream, const void *data, size_t size);
    /* The same from several places; count is 1 to STREAM_IOV_MAX. more: a file
       follows at once, and can share a segment with what is written here. */
    ssize_t (*writev)(struct stream *stream,
                      const struct iovec *iov,
                      int count,
                      bool more);
    /* The same from a file, whose own offset is neither used nor changed; 0: it
       has no byte at the offset. */
    ssize_t (*sendfile)(struct stream *stream,
                        int fd,
                        uint64_t offset,
                        size_t size);
    /* No more will be written: the peer reads the end of the stream. */
    void (*shutdown)(struct stream *stream);
    /* Ends it; with reset the peer is told so at once (RST). */
    void (*close)(struct stream *stream, bool reset);
    /* Bytes that were written and that the peer's side has not taken yet. */
    size_t (*unacknowledged)(const struct stream *stream);
    /* What was received and sent so far. Returns 0, or -errno: it is not known;
       NULL: never. */
    int (*traffic)(const struct stream *stream, struct stream_traffic *traffic);
    /* The error that a SELECTOR_ERROR is about, as -errno; 0 if none. */
    int (*error)(struct stream *stream);
    /* The address of the peer, or our own. */
    int (*address)(const struct stream *stream,
                   bool is_peer,
                   struct address *address);
    /* What is to be reported to tag, from nothing (0) to all; STREAM_NONE
       stops the reports of errors too. before: the last call's events. */
    int (*watch)(struct stream *stream,
                 const struct selector *selector,
                 uint32_t before,
                 uint32_t events,
                 enum selector_trigger trigger,
                 void *tag);
};

#define STREAM_IOV_MAX 64
/* A state of watch(): not known to the selector. */
#define STREAM_NONE UINT16_MAX /* fits where events do */

struct stream {
    const struct stream_ops *ops;
    union {
        int fd;
        void *context; /* of another implementation */
    };
};

/* Of a TCP socket: what TCP_INFO of tcp(7) tells. -ENOTSUP or another -errno
   for others. */
int stream_socket_traffic(const struct stream *stream,
                          struct stream_traffic *traffic);

/* Makes a stream of a connected, non-blocking socket, which it then owns. */
void stream_from_socket(struct stream *stream, int fd);

#endif
