/* SPDX-License-Identifier: MIT */
#include "control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A client that does nothing for so long has had its time. */
#define CLIENT_TIMEOUT_MS 10000

/* ------------------------------------------------------------------ leaving */

/* Frees what a client has; a request that the owner has stays. */
static void clear_client(struct control_client *client)
{
    if (client->phase == CONTROL_WAITING) {
        client->request->client = NULL;
    } else {
        control_request_free(client->request);
    }
    free(client->bytes);
    client->request = NULL;
    client->bytes = NULL;
    (void)close(client->fd);
    client->fd = -1;
}

/*
 * A process that was forked meanwhile may hold the descriptor, too: only a
 * shutdown ends the stream. What was sent too much is read, else the kernel
 * would make a reset of the end.
 */
void control_client_part(struct control_client *client)
{
    char rest[CONTROL_LINE_MAX];

    (void)recv(client->fd, rest, sizeof(rest), MSG_DONTWAIT);
    (void)shutdown(client->fd, SHUT_RDWR);
    loop_cancel_timer(&client->source);
    (void)selector_unregister(&client->shared->loop->selector, client->fd);
    clear_client(client);
}

static void dismiss(struct control_client *client)
{
    control_client_part(client);
    client->shared->left(client->shared);
}

void control_client_forget(struct control_client *client)
{
    loop_cancel_timer(&client->source);
    clear_client(client);
}

/* --------------------------------------------------------------- answering */

static void watch_client(struct control_client *client, uint32_t events)
{
    if (selector_modify(&client->shared->loop->selector, client->fd, events,
                        SELECTOR_LEVEL, &client->source) < 0) {
        dismiss(client);
    }
}

static void send_answer(struct control_client *client)
{
    while (client->sent < client->size) {
        ssize_t sent =
            send(client->fd, client->bytes + client->sent,
                 client->size - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            watch_client(client, SELECTOR_WRITE);
            return;
        }
        if (sent < 0 && errno != EINTR) {
            break;
        }
        if (sent > 0) {
            client->sent += (size_t)sent;
            loop_set_timer(client->shared->loop, &client->source,
                           CLIENT_TIMEOUT_MS);
        }
    }
    dismiss(client);
}

/* The answer is there. */
static void take_answer(void *arg, char *bytes, size_t size)
{
    struct control_client *client = arg;

    client->phase = CONTROL_SENDING;
    client->request = NULL;
    client->bytes = bytes;
    client->size = size;
    loop_set_timer(client->shared->loop, &client->source, CLIENT_TIMEOUT_MS);
    send_answer(client);
}

/* ----------------------------------------------------------------- reading */

static bool is_allowed(const struct control_request *request)
{
    return request->uid == 0 || request->uid == geteuid();
}

static void refuse(const struct control_client *client,
                   struct control_request *request)
{
    LOG(client->shared->log, LOG_WARNING, NULL,
        "control: user %u may not command the server (process %d)",
        request->uid, (int)request->pid);
    control_fail(request,
                 "only root and user %u may command this server, not user %u",
                 geteuid(), request->uid);
}

/* why: what is wrong with how the request came; NULL: nothing. */
static void hand_over(struct control_client *client, const char *why)
{
    struct control_shared *shared = client->shared;
    struct control_request *request = client->request;
    const char *wrong = NULL;

    loop_cancel_timer(&client->source);
    if (control_request_read(request, &wrong) == -ENOMEM) {
        dismiss(client);
        return;
    }
    /* Nothing but its leaving is of interest until the answer is there. From
       here on the request is freed by its end alone. */
    client->phase = CONTROL_WAITING;
    list_append(&shared->requests, &request->link);
    watch_client(client, 0);
    if (!is_allowed(request)) {
        refuse(client, request);
    } else if (why != NULL || wrong != NULL) {
        control_end(request, -EINVAL, why != NULL ? why : wrong);
    } else {
        shared->handler(shared->owner, request);
    }
}

static void read_request(struct control_client *client)
{
    struct control_request *request = client->request;
    char *next = request->line + request->length;
    ssize_t size = recv(client->fd, next,
                        sizeof(request->line) - request->length, MSG_DONTWAIT);
    const char *end = size > 0 ? memchr(next, '\n', (size_t)size) : NULL;

    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    request->length += size > 0 ? (size_t)size : 0;
    if (end != NULL) {
        request->length = (size_t)(end - request->line);
        hand_over(client, NULL);
    } else if (request->length == sizeof(request->line)) {
        hand_over(client, NULL); /* who says that it is too long */
    } else if (size == 0 && request->length > 0) {
        hand_over(client, "the request has no end of line");
    } else if (size <= 0) {
        dismiss(client);
    }
}

static void serve_client(struct source *source, uint32_t events)
{
    struct control_client *client =
        CONTAINER_OF(source, struct control_client, source);

    if (client->fd < 0) {
        return;
    }
    switch (client->phase) {
    case CONTROL_READING:
        read_request(client);
        break;
    case CONTROL_WAITING:
        if ((events & (SELECTOR_HANGUP | SELECTOR_ERROR)) != 0) {
            dismiss(client);
        }
        break;
    case CONTROL_SENDING:
        send_answer(client);
        break;
    }
}

static void lose_patience(struct source *source)
{
    struct control_client *client =
        CONTAINER_OF(source, struct control_client, source);

    if (client->phase == CONTROL_READING) {
        hand_over(client, "no request came within 10 s");
    } else {
        dismiss(client);
    }
}

static const struct source_ops client_ops = {
    .ready = serve_client,
    .expired = lose_patience,
};

/* ------------------------------------------------------------------ coming */

void control_client_init(struct control_client *client,
                         struct control_shared *shared)
{
    *client = (struct control_client){.shared = shared, .fd = -1};
    source_init(&client->source, &client_ops);
}

/* The kernel noted who it was when he connected: unix(7). */
static int note_peer(int fd, struct control_request *request)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        return -errno;
    }
    request->uid = peer.uid;
    request->pid = peer.pid;
    return 0;
}

int control_client_welcome(struct control_client *client, int fd)
{
    struct control_shared *shared = client->shared;
    struct control_request *request = control_request_new(take_answer, client);
    int error;

    if (request == NULL) {
        return -ENOMEM;
    }
    error = note_peer(fd, request);
    if (error == 0) {
        error = selector_register(&shared->loop->selector, fd, SELECTOR_READ,
                                  SELECTOR_LEVEL, &client->source);
    }
    if (error < 0) {
        control_request_free(request);
        return error;
    }
    client->fd = fd;
    client->phase = CONTROL_READING;
    client->request = request;
    client->size = 0;
    client->sent = 0;
    loop_set_timer(shared->loop, &client->source, CLIENT_TIMEOUT_MS);
    return 0;
}
