/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"

/* Newcomers in one go: one for so many reports of a turn, so that neither they
   nor those who are connected wait for the others. Among few reports it is one:
   to be told that there is no other costs a call, and if there is one, the next
   turn is at once. */
#define REPORTS_FOR_ONE 4
/* How long to wait for descriptors, or for places, that others must give
   back. */
#define EXHAUSTED_RETRY_MS 500
#define FULL_RETRY_MS 100

static const struct source_ops listener_ops;

static void init(struct listener *listener, const struct listener_parts *parts)
{
    *listener = (struct listener){
        .socket = {.fd = -1},
        .entry = parts->entry,
        .index = parts->index,
        .pause = LISTENER_IDLE,
    };
    source_init(&listener->source, &listener_ops);
}

int listener_open(struct listener *listener,
                  const struct listener_parts *parts,
                  const char **step)
{
    const struct socket_parts socket = {
        .address = parts->address,
        .backlog = parts->backlog,
        .mode = parts->mode,
    };

    init(listener, parts);
    return socket_open(&listener->socket, &socket, step);
}

void listener_adopt(struct listener *listener,
                    const struct listener_parts *parts,
                    int fd)
{
    init(listener, parts);
    listener->socket.fd = fd;
    listener->socket.address = *parts->address;
    listener->is_adopted = true;
}

int listener_start(struct listener *listener)
{
    uint32_t events = SELECTOR_READ;
    int error;

    if (listener->pause == LISTENER_RUNS) {
        return 0;
    }
    if (listener->is_adopted) {
        events |= SELECTOR_EXCLUSIVE;
    }
    error =
        selector_register(&listener->entry->loop->selector, listener->socket.fd,
                          events, SELECTOR_LEVEL, &listener->source);
    if (error == 0) {
        loop_cancel_timer(&listener->source);
        listener->pause = LISTENER_RUNS;
    }
    return error;
}

void listener_idle(struct listener *listener)
{
    loop_cancel_timer(&listener->source);
    if (listener->pause == LISTENER_RUNS) {
        (void)selector_unregister(&listener->entry->loop->selector,
                                  listener->socket.fd);
    }
    listener->pause = LISTENER_IDLE;
}

/* Whoever ends here wakes it; of those that end in other workers nothing is
   heard. */
static void wait_for_place(struct listener *listener)
{
    const struct entry *entry = listener->entry;

    if (entry->open < entry->limits.connections) {
        loop_set_timer(entry->loop, &listener->source, FULL_RETRY_MS);
    }
}

static void pause_accepting(struct listener *listener,
                            enum listener_pause pause)
{
    struct loop *loop = listener->entry->loop;

    (void)selector_unregister(&loop->selector, listener->socket.fd);
    listener->pause = pause;
    if (pause == LISTENER_FULL) {
        wait_for_place(listener);
    } else {
        loop_set_timer(loop, &listener->source, EXHAUSTED_RETRY_MS);
    }
}

static bool has_place(const struct listener *listener)
{
    struct entry *entry = listener->entry;
    const bool is_given = connections_claim(entry->connections, entry);

    quota_settle(entry->account);
    return is_given;
}

void listener_resume(struct listener *listener)
{
    if (listener->socket.fd < 0 || listener->pause == LISTENER_RUNS ||
        listener->pause == LISTENER_IDLE) {
        return;
    }
    if (listener->pause == LISTENER_FULL && !has_place(listener)) {
        wait_for_place(listener);
    } else if (listener_start(listener) < 0) {
        loop_set_timer(listener->entry->loop, &listener->source,
                       EXHAUSTED_RETRY_MS);
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

    account_raise(listener->entry->account,
                  ACCOUNT_REFUSED +
                      (error == -EDQUOT ? ACCOUNT_PER_IP : ACCOUNT_SHORTAGE),
                  1);
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
        account_raise(entry->account, ACCOUNT_REFUSED + ACCOUNT_SHORTAGE, 1);
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

/* There is a place for one. Returns whether there may be another newcomer. */
static bool take_newcomer(struct listener *listener)
{
    struct address peer = {.size = sizeof(peer.storage)};
    int fd = accept4(listener->socket.fd, (struct sockaddr *)&peer.storage,
                     &peer.size, SOCK_NONBLOCK | SOCK_CLOEXEC);

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

/* Accepts one. Returns 1: there may be another; 0: there is none, or it cannot
   be had; -EDQUOT: there may be, and no place. */
static int accept_one(struct listener *listener)
{
    struct entry *entry = listener->entry;
    bool is_more;

    if (!connections_claim(entry->connections, entry)) {
        return -EDQUOT;
    }
    is_more = take_newcomer(listener);
    quota_settle(entry->account); /* it is counted as open now, if it came */
    return is_more ? 1 : 0;
}

static void meet_full_entry(struct listener *listener)
{
    if (!listener->is_starved) {
        LOG(listener->entry->log, LOG_WARNING, NULL,
            "%s: no connections are accepted until some end "
            "(limits.connections)",
            listener->entry->head.name);
    }
    listener->is_starved = true;
    pause_accepting(listener, LISTENER_FULL);
}

static void accept_some(struct source *source, uint32_t events)
{
    struct listener *listener = CONTAINER_OF(source, struct listener, source);
    const int most = 1 + (listener->entry->loop->ready / REPORTS_FOR_ONE);
    int more = 1;

    (void)events;
    for (int i = 0; i < most && more > 0 && listener->socket.fd >= 0; i++) {
        more = accept_one(listener);
    }
    if (more == -EDQUOT) {
        meet_full_entry(listener);
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
    int more = 1;

    /* Also while it is paused: there may be descriptors again. */
    for (int i = 0; i < FINISH_MAX && more > 0 && listener->socket.fd >= 0;
         i++) {
        more = accept_one(listener);
    }
    listener_close(listener);
}

void listener_close(struct listener *listener)
{
    if (listener->socket.fd < 0) {
        return;
    }
    listener_idle(listener); /* others hold it, so close(2) is not enough */
    socket_close(&listener->socket);
}
