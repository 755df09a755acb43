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

/* What a socket holds of the smallest messages is far less; whoever goes on to
   send is not listened to for ever. */
#define REST_MAX 16384

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

/* One comes with a message. There is room for a second one where a descriptor
   is half as long as the alignment: nobody agreed to it, so it is closed. */
static int take_descriptor(struct msghdr *head)
{
    const struct cmsghdr *control = CMSG_FIRSTHDR(head);
    int fds[2] = {-1, -1};

    if (control == NULL || control->cmsg_level != SOL_SOCKET ||
        control->cmsg_type != SCM_RIGHTS) {
        return -1;
    }
    memcpy(fds, CMSG_DATA(control),
           control->cmsg_len < CMSG_LEN(sizeof(fds)) ? sizeof(fds[0])
                                                     : sizeof(fds));
    if (fds[1] >= 0) {
        (void)close(fds[1]);
    }
    return fds[0];
}

/* ECONNRESET: the other side had not read all when it closed. It comes once,
   and before what that side has sent (unix(7)). */
static ssize_t receive_bytes(int fd, struct msghdr *head)
{
    ssize_t count;

    do {
        count = recvmsg(fd, head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (count < 0 && (errno == EINTR || errno == ECONNRESET));
    return count < 0 ? -errno : count;
}

static void become_end(struct channel_message *message)
{
    if (message->fd >= 0) {
        (void)close(message->fd);
    }
    *message = (struct channel_message){.type = CHANNEL_END, .fd = -1};
}

/* 0 or -EAGAIN; the end is a message. */
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
    const ssize_t count = receive_bytes(fd, &head);

    if (count == -EAGAIN || count == -ENOMEM || count == -ENOBUFS) {
        return -EAGAIN; /* what there was no memory for is still there */
    }
    message->fd = count < 0 ? -1 : take_descriptor(&head);
    if (count < (ssize_t)sizeof(message->type) ||
        message->type == CHANNEL_END) {
        become_end(message);
        return 0;
    }
    message->data = buffer;
    message->size = (size_t)count - sizeof(message->type);
    return 0;
}

/* Hands over so many, as long as there are any. */
static void hand_over(struct channel *channel, int most)
{
    char buffer[CHANNEL_MESSAGE_MAX];

    for (int i = 0; i < most && channel->fd >= 0; i++) {
        struct channel_message message;

        if (receive(channel->fd, buffer, &message) < 0) {
            return;
        }
        if (message.type == CHANNEL_END) {
            channel_close(channel);
            channel->handler(channel->owner, &message);
            return;
        }
        channel->handler(channel->owner, &message);
    }
}

static void read_messages(struct source *source, uint32_t events)
{
    (void)events;
    hand_over(CONTAINER_OF(source, struct channel, source), BATCH);
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
    hand_over(channel, REST_MAX);
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
