/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t read_socket(struct stream *stream, void *buffer, size_t size)
{
    ssize_t count = recv(stream->fd, buffer, size, 0);

    return count < 0 ? -errno : count;
}

static ssize_t
write_socket(struct stream *stream, const void *data, size_t size)
{
    ssize_t sent = send(stream->fd, data, size, MSG_NOSIGNAL);

    return sent < 0 ? -errno : sent;
}

/* send(2), MSG_MORE: so that a head and the beginning of its file leave in one
   segment. */
static ssize_t writev_socket(struct stream *stream,
                             const struct iovec *iov,
                             int count,
                             bool more)
{
    const int flags = MSG_NOSIGNAL | (more ? MSG_MORE : 0);

    struct msghdr message = {
        .msg_iov = (struct iovec *)(uintptr_t)iov, /* sendmsg only reads it */
        .msg_iovlen = (size_t)count,
    };
    ssize_t sent = sendmsg(stream->fd, &message, flags);

    return sent < 0 ? -errno : sent;
}

static ssize_t
send_file(struct stream *stream, int fd, uint64_t offset, size_t size)
{
    off_t position = (off_t)offset;
    ssize_t sent = sendfile(stream->fd, fd, &position, size);

    return sent < 0 ? -errno : sent;
}

/* Fails only where the peer is gone, which the next read tells. */
static void shutdown_socket(struct stream *stream)
{
    (void)shutdown(stream->fd, SHUT_WR);
}

/* socket(7), SO_LINGER with a time of 0: close(2) sends RST. */
static void close_socket(struct stream *stream, bool reset)
{
    if (reset) {
        struct linger at_once = {.l_onoff = 1, .l_linger = 0};

        (void)setsockopt(stream->fd, SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof(at_once));
    }
    (void)close(stream->fd);
    stream->fd = -1;
}

/* tcp(7), SIOCOUTQ; unix sockets know it, too. */
static size_t count_unacknowledged(const struct stream *stream)
{
    int count = 0;

    return ioctl(stream->fd, SIOCOUTQ, &count) < 0 ? 0 : (size_t)count;
}

static int read_socket_error(struct stream *stream)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) {
        return -errno;
    }
    return -error;
}

static int get_socket_address(const struct stream *stream,
                              bool is_peer,
                              struct address *address)
{
    struct address found = {.size = sizeof(found.storage)};
    struct sockaddr *storage = (struct sockaddr *)&found.storage;
    int error = is_peer ? getpeername(stream->fd, storage, &found.size)
                        : getsockname(stream->fd, storage, &found.size);

    if (error < 0) {
        return -errno;
    }
    *address = found;
    return 0;
}

static int watch_socket(struct stream *stream,
                        const struct selector *selector,
                        uint32_t before,
                        uint32_t events,
                        enum selector_trigger trigger,
                        void *tag)
{
    if (events == STREAM_NONE) {
        return selector_unregister(selector, stream->fd);
    }
    if (before == STREAM_NONE) {
        return selector_register(selector, stream->fd, events, trigger, tag);
    }
    return selector_modify(selector, stream->fd, events, trigger, tag);
}

static const struct stream_ops socket_ops = {
    .read = read_socket,
    .write = write_socket,
    .writev = writev_socket,
    .sendfile = send_file,
    .shutdown = shutdown_socket,
    .close = close_socket,
    .unacknowledged = count_unacknowledged,
    .traffic = stream_socket_traffic,
    .error = read_socket_error,
    .address = get_socket_address,
    .watch = watch_socket,
};

void stream_from_socket(struct stream *stream, int fd)
{
    stream->ops = &socket_ops;
    stream->fd = fd;
}
