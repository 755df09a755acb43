/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "list.h"

/* Messages in one go; then others have their turn. */
#define BATCH 64

/* More than fit into the buffer of a socket. */
#define FINISH_MAX 4096

union ancillary {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr aligned;
};

int channel_pair(int fds[2])
{
    const int type = SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK;

    return socketpair(AF_UNIX, type, 0, fds) < 0 ? -errno : 0;
}

static void attach(struct msghdr *head, union ancillary *space, int fd)
{
    struct cmsghdr *control;

    memset(space, 0, sizeof(*space));
    head->msg_control = space->bytes;
    head->msg_controllen = sizeof(space->bytes);
    control = CMSG_FIRSTHDR(head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(control), &fd, sizeof(fd));
}

int channel_send(int fd, const struct channel_message *message)
{
    uint32_t type = message->type;
    struct iovec parts[] = {
        {.iov_base = &type, .iov_len = sizeof(type)},
        {.iov_base = (void *)(uintptr_t)message->data,
         .iov_len = message->size},
    };
    struct msghdr head = {.msg_iov = parts, .msg_iovlen = 2};
    union ancillary space;

    if (message->size > CHANNEL_MESSAGE_MAX) {
        return -EMSGSIZE;
    }
    if (message->fd >= 0) {
        attach(&head, &space, message->fd);
    }
    while (sendmsg(fd, &head, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

int channel_push(int fd, const struct channel_message *message)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    int error = channel_send(fd, message);

    while (error == -EAGAIN) {
        (void)poll(&room, 1, -1);
        error = channel_send(fd, message);
    }
    return error;
}

static int take_descriptor(struct msghdr *head)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(head);
    int fd = -1;

    if (control != NULL && control->cmsg_level == SOL_SOCKET &&
        control->cmsg_type == SCM_RIGHTS &&
        control->cmsg_len == CMSG_LEN(sizeof(fd))) {
        memcpy(&fd, CMSG_DATA(control), sizeof(fd));
    }
    return fd;
}

/* 0, -EAGAIN, or another -errno; the end is a message. */
static int receive(int fd, char *buffer, struct channel_message *message)
{
    struct iovec parts[] = {
        {.iov_base = &message->type, .iov_len = sizeof(message->type)},
        {.iov_base = buffer, .iov_len = CHANNEL_MESSAGE_MAX},
    };
    union ancillary space;
    struct msghdr head = {
        .msg_iov = parts,
        .msg_iovlen = 2,
        .msg_control = space.bytes,
        .msg_controllen = sizeof(space.bytes),
    };
    ssize_t count;

    /* A side that ended without reading all resets; what it sent is still
       there, behind that error, which comes once. */
    do {
        count = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
    if (count < 0) {
        return -errno;
    }
    message->data = buffer;
    message->fd = take_descriptor(&head);
    if (count < (ssize_t)sizeof(message->type)) {
        message->type = CHANNEL_END;
        message->size = 0;
    } else {
        message->size = (size_t)count - sizeof(message->type);
    }
    return 0;
}

/* Tells of up to so many, as long as there are any. */
static void hear(struct channel *channel, int most)
{
    char buffer[CHANNEL_MESSAGE_MAX];

    while (most-- > 0 && channel->fd >= 0) {
        struct channel_message message;
        int error = receive(channel->fd, buffer, &message);

        if (error == -EAGAIN) {
            return;
        }
        if (error < 0) {
            message = (struct channel_message){.type = CHANNEL_END, .fd = -1};
        }
        if (message.type == CHANNEL_END) {
            channel_close(channel);
        }
        channel->handler(channel->owner, &message);
    }
}

static void read_messages(struct source *source, uint32_t events)
{
    (void)events;
    hear(CONTAINER_OF(source, struct channel, source), BATCH);
}

static const struct source_ops channel_ops = {.ready = read_messages};

int channel_open(struct channel *channel,
                 struct loop *loop,
                 int fd,
                 channel_fn *handler,
                 void *owner)
{
    int error;

    *channel = (struct channel){
        .loop = loop,
        .fd = fd,
        .handler = handler,
        .owner = owner,
    };
    source_init(&channel->source, &channel_ops);
    error = selector_register(&loop->selector, fd, SELECTOR_READ,
                              SELECTOR_LEVEL, &channel->source);
    if (error < 0) {
        (void)close(fd);
        channel->fd = -1;
    }
    return error;
}

void channel_finish(struct channel *channel)
{
    hear(channel, FINISH_MAX);
    channel_close(channel);
}

void channel_close(struct channel *channel)
{
    if (channel->fd >= 0) {
        (void)selector_unregister(&channel->loop->selector, channel->fd);
        (void)close(channel->fd);
        channel->fd = -1;
    }
}
