/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"

/* Newcomers in one go; then those who are connected have their turn. */
#define ACCEPT_BATCH 64
/* How long to wait for descriptors that others must give back. */
#define EXHAUSTED_RETRY_MS 500

static int set_option(int fd, int level, int option)
{
    int on = 1;

    return setsockopt(fd, level, option, &on, sizeof(on)) < 0 ? -errno : 0;
}

/* Accepted sockets inherit them (tcp(7), socket(7)), so that none costs a
   system call for each connection. Urgent bytes stay in their place in the
   stream, as RFC 6093, section 4, advises. */
static int set_tcp_options(int fd, const struct address *address)
{
    int only_ipv6 = address->both_families ? 0 : 1;
    int error = set_option(fd, SOL_SOCKET, SO_REUSEADDR);

    if (error == 0) {
        error = set_option(fd, IPPROTO_TCP, TCP_NODELAY);
    }
    if (error == 0) {
        error = set_option(fd, SOL_SOCKET, SO_OOBINLINE);
    }
    if (error == 0 && address->storage.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only_ipv6,
                   sizeof(only_ipv6)) < 0) {
        error = -errno;
    }
    return error;
}

/* What was really bound. */
static int note_address(struct listener *listener, const struct address *asked)
{
    listener->address = *asked;
    listener->address.size = sizeof(listener->address.storage);
    if (getsockname(listener->fd, (struct sockaddr *)&listener->address.storage,
                    &listener->address.size) < 0) {
        return -errno;
    }
    return socket_note_file(asked, &listener->file);
}

static int prepare_socket(struct listener *listener,
                          const struct listener_parts *parts,
                          const char **step)
{
    int error = 0;

    *step = "set options of";
    if (parts->address->storage.ss_family != AF_UNIX) {
        error = set_tcp_options(listener->fd, parts->address);
    }
    if (error == 0) {
        *step = "bind";
        error = socket_bind(listener->fd, parts->address, parts->mode);
    }
    if (error == 0) {
        error = note_address(listener, parts->address);
    }
    if (error == 0) {
        *step = "listen on";
        if (listen(listener->fd, (int)parts->backlog) < 0) {
            error = -errno;
        }
    }
    return error;
}

/* "*:PORT" on a machine without IPv6. */
static struct address ipv4_any(const struct address *address)
{
    const struct sockaddr_in6 *v6 = (const void *)&address->storage;
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = v6->sin6_port};
    struct address result = {.size = sizeof(v4)};

    memcpy(&result.storage, &v4, sizeof(v4));
    return result;
}

static int open_at(struct listener *listener,
                   const struct listener_parts *parts,
                   const char **step)
{
    int error;

    *step = "make a socket for";
    listener->fd = socket(parts->address->storage.ss_family,
                          SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener->fd < 0) {
        return -errno;
    }
    error = prepare_socket(listener, parts, step);
    if (error < 0) {
        listener_close(listener);
    }
    return error;
}

static const struct source_ops listener_ops;

int listener_open(struct listener *listener,
                  const struct listener_parts *parts,
                  const char **step)
{
    struct listener_parts other = *parts;
    struct address any;
    int error;

    *listener = (struct listener){
        .fd = -1,
        .entry = parts->entry,
        .index = parts->index,
    };
    source_init(&listener->source, &listener_ops);
    error = open_at(listener, parts, step);
    if (parts->address->both_families &&
        (error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL)) {
        any = ipv4_any(parts->address);
        other.address = &any;
        error = open_at(listener, &other, step);
    }
    return error;
}

int listener_start(struct listener *listener)
{
    int error =
        selector_register(&listener->entry->loop->selector, listener->fd,
                          SELECTOR_READ, SELECTOR_LEVEL, &listener->source);

    if (error == 0) {
        listener->pause = LISTENER_RUNS;
    }
    return error;
}

static void pause_accepting(struct listener *listener,
                            enum listener_pause pause)
{
    struct loop *loop = listener->entry->loop;

    (void)selector_unregister(&loop->selector, listener->fd);
    listener->pause = pause;
    if (pause == LISTENER_EXHAUSTED) {
        loop_set_timer(loop, &listener->source, EXHAUSTED_RETRY_MS);
    }
}

void listener_resume(struct listener *listener)
{
    const struct entry *entry = listener->entry;

    if (listener->fd < 0 || listener->pause == LISTENER_RUNS ||
        (listener->pause == LISTENER_FULL &&
         entry->open >= entry->limits.connections)) {
        return;
    }
    loop_cancel_timer(&listener->source);
    if (listener_start(listener) < 0) {
        loop_set_timer(entry->loop, &listener->source, EXHAUSTED_RETRY_MS);
    }
}

static void retry_accepting(struct source *source)
{
    listener_resume(CONTAINER_OF(source, struct listener, source));
}

static void turn_peer_away(struct listener *listener,
                           const struct address *peer,
                           int fd,
                           int error)
{
    char text[ADDRESS_TEXT_MAX];
    struct log_subject subject = {.entry = listener->entry->head.name,
                                  .peer = text};

    (void)address_format(peer, text, sizeof(text));
    LOG(listener->entry->log, LOG_WARNING, &subject, "closed at once: %s",
        error == -EDQUOT ? "too many connections from this address "
                           "(limits.connections_per_ip)"
                         : strerror(-error));
    (void)close(fd);
}

static void
welcome(struct listener *listener, const struct address *peer, int fd)
{
    struct entry *entry = listener->entry;
    struct driver_newcomer newcomer = {
        .entry = entry,
        .listener = listener->index,
        .peer_slot = CONNECTIONS_NO_PEER,
    };
    int error = connections_enter_peer(entry->connections, entry, peer,
                                       &newcomer.peer_slot);

    if (error < 0) {
        turn_peer_away(listener, peer, fd, error);
        return;
    }
    stream_from_socket(&newcomer.stream, fd);
    error = driver_open(&newcomer);
    if (error < 0) {
        LOG(entry->log, LOG_ERROR, NULL, "a connection was turned away: %s",
            strerror(-error));
    }
}

/* accept(2): errors of the newcomer, who is gone already. */
static bool is_newcomers_error(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case ETIMEDOUT:
        return true;
    default:
        return false;
    }
}

/* Told once, not at each retry. */
static void meet_accept_error(struct listener *listener, int error)
{
    if (!listener->is_starved) {
        LOG(listener->entry->log, LOG_WARNING, NULL,
            "no connections are accepted until some end: %s", strerror(error));
    }
    listener->is_starved = true;
    pause_accepting(listener, LISTENER_EXHAUSTED);
}

/* Accepts one. Returns whether there may be another. */
static bool accept_one(struct listener *listener)
{
    struct address peer = {.size = sizeof(peer.storage)};
    int fd = accept4(listener->fd, (struct sockaddr *)&peer.storage, &peer.size,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        listener->is_starved = false;
        welcome(listener, &peer, fd);
        return true;
    }
    if (errno == EAGAIN) {
        return false;
    }
    if (is_newcomers_error(errno)) {
        return true;
    }
    meet_accept_error(listener, errno);
    return false;
}

static bool is_full(const struct listener *listener)
{
    const struct entry *entry = listener->entry;

    return entry->limits.connections != 0 &&
           entry->open >= entry->limits.connections;
}

static void meet_full_entry(struct listener *listener)
{
    LOG(listener->entry->log, LOG_WARNING, NULL,
        "%s: no connections are accepted until some end (limits.connections)",
        listener->entry->head.name);
    pause_accepting(listener, LISTENER_FULL);
}

static void accept_some(struct source *source, uint32_t events)
{
    struct listener *listener = CONTAINER_OF(source, struct listener, source);

    (void)events;
    for (int i = 0; i < ACCEPT_BATCH && listener->fd >= 0; i++) {
        if (is_full(listener)) {
            meet_full_entry(listener);
            return;
        }
        if (!accept_one(listener)) {
            return;
        }
    }
}

static const struct source_ops listener_ops = {
    .ready = accept_some,
    .expired = retry_accepting,
};

/* More than a full backlog cannot be waiting: the bound of listen(2). */
#define FINISH_MAX 65536

void listener_finish(struct listener *listener)
{
    /* Also while it is paused: there may be descriptors again. */
    for (int i = 0; i < FINISH_MAX && listener->fd >= 0; i++) {
        if (is_full(listener) || !accept_one(listener)) {
            break;
        }
    }
    listener_close(listener);
}

void listener_close(struct listener *listener)
{
    if (listener->fd < 0) {
        return;
    }
    loop_cancel_timer(&listener->source);
    socket_remove_file(&listener->address, &listener->file);
    (void)close(listener->fd);
    listener->fd = -1;
}
