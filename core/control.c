/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control_client.h"
#include "list.h"
#include "socket.h"

/* How long to wait for descriptors that others must give back. */
#define EXHAUSTED_RETRY_MS 500
/* Of those who wait to be accepted. */
#define BACKLOG 64

struct control {
    struct source source;
    struct control_shared shared;
    struct socket socket;
    bool is_accepting;
    struct control_client clients[CONTROL_CLIENTS_MAX];
};

/* --------------------------------------------------------------- accepting */

static void start_accepting(struct control *control)
{
    const int error =
        selector_register(&control->shared.loop->selector, control->socket.fd,
                          SELECTOR_READ, SELECTOR_LEVEL, &control->source);

    control->is_accepting = error == 0;
    if (error < 0) {
        loop_set_timer(control->shared.loop, &control->source,
                       EXHAUSTED_RETRY_MS);
    }
}

static void stop_accepting(struct control *control)
{
    if (control->is_accepting) {
        (void)selector_unregister(&control->shared.loop->selector,
                                  control->socket.fd);
        control->is_accepting = false;
    }
}

static void go_on_accepting(struct control_shared *shared)
{
    struct control *control = CONTAINER_OF(shared, struct control, shared);

    if (!control->is_accepting) {
        loop_cancel_timer(&control->source);
        start_accepting(control);
    }
}

static struct control_client *find_place(struct control *control)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control_client_is_free(&control->clients[i])) {
            return &control->clients[i];
        }
    }
    return NULL;
}

static void meet_accept_error(struct control *control, int error)
{
    if (error == EAGAIN || error == EINTR || error == ECONNABORTED) {
        return;
    }
    LOG(control->shared.log, LOG_WARNING, NULL,
        "control: no commands are taken: %s", strerror(error));
    stop_accepting(control);
    loop_set_timer(control->shared.loop, &control->source, EXHAUSTED_RETRY_MS);
}

/* One a turn: the loop has better things to do. */
static void accept_client(struct source *source, uint32_t events)
{
    struct control *control = CONTAINER_OF(source, struct control, source);
    struct control_client *client = find_place(control);
    int fd;

    (void)events;
    if (client == NULL) {
        stop_accepting(control);
        return;
    }
    fd = accept4(control->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        meet_accept_error(control, errno);
    } else if (control_client_welcome(client, fd) < 0) {
        (void)close(fd);
    }
}

static void accept_again(struct source *source)
{
    go_on_accepting(&CONTAINER_OF(source, struct control, source)->shared);
}

static const struct source_ops control_ops = {
    .ready = accept_client,
    .expired = accept_again,
};

/* --------------------------------------------------- beginning and ending */

/* What there is before there is a socket. */
static struct control *new_control(struct loop *loop,
                                   struct log *log,
                                   control_handler *handler,
                                   void *owner)
{
    struct control *control = calloc(1, sizeof(*control));

    if (control == NULL) {
        return NULL;
    }
    control->shared = (struct control_shared){
        .loop = loop,
        .log = log,
        .handler = handler,
        .owner = owner,
        .left = go_on_accepting,
    };
    list_init(&control->shared.requests);
    control->socket.fd = -1;
    source_init(&control->source, &control_ops);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        control_client_init(&control->clients[i], &control->shared);
    }
    return control;
}

/* With a socket that listens; on failure it stays the caller's. */
static int begin(struct control *control, const struct socket *socket)
{
    const int error =
        selector_register(&control->shared.loop->selector, socket->fd,
                          SELECTOR_READ, SELECTOR_LEVEL, &control->source);

    if (error == 0) {
        control->socket = *socket;
        control->is_accepting = true;
    }
    return error;
}

int control_open(struct loop *loop,
                 const struct address *address,
                 struct log *log,
                 control_handler *handler,
                 void *owner,
                 struct control **control)
{
    const struct socket_parts parts = {
        .address = address,
        .backlog = BACKLOG,
        .mode = 0600,
    };
    struct control *made;
    struct socket socket = {.fd = -1};
    const char *step;
    int error;

    if (address->storage.ss_family != AF_UNIX) {
        return -EINVAL;
    }
    made = new_control(loop, log, handler, owner);
    if (made == NULL) {
        return -ENOMEM;
    }
    error = socket_open(&socket, &parts, &step);
    if (error == 0) {
        error = begin(made, &socket);
        if (error < 0) {
            socket_close(&socket);
        }
    }
    if (error < 0) {
        free(made);
        return error;
    }
    *control = made;
    return 0;
}

/* Of a socket that listens already. */
static int find_socket(int fd, struct socket *socket)
{
    struct address address = {.size = sizeof(address.storage)};

    if (getsockname(fd, (struct sockaddr *)&address.storage, &address.size) <
            0 ||
        fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
        return -errno;
    }
    return socket_adopt(socket, &address, fd);
}

int control_adopt(struct loop *loop,
                  int fd,
                  struct log *log,
                  control_handler *handler,
                  void *owner,
                  struct control **control)
{
    struct control *made = new_control(loop, log, handler, owner);
    struct socket socket = {.fd = -1};
    int error;

    if (made == NULL) {
        return -ENOMEM;
    }
    error = find_socket(fd, &socket);
    if (error == 0) {
        error = begin(made, &socket);
    }
    if (error < 0) {
        free(made);
        return error;
    }
    *control = made;
    return 0;
}

int control_fd(const struct control *control)
{
    return control->socket.fd;
}

const struct address *control_address(const struct control *control)
{
    return &control->socket.address;
}

void control_close(struct control *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (!control_client_is_free(&control->clients[i])) {
            control_client_part(&control->clients[i]);
        }
    }
    /* Requests that are yet to be ended do without us. */
    while (!list_is_empty(&control->shared.requests)) {
        list_remove(control->shared.requests.next);
    }
    loop_cancel_timer(&control->source);
    stop_accepting(control);
    socket_end(&control->socket);
    free(control);
}

void control_forget(struct control *control)
{
    if (control == NULL) {
        return;
    }
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (!control_client_is_free(&control->clients[i])) {
            control_client_forget(&control->clients[i]);
        }
    }
    while (!list_is_empty(&control->shared.requests)) {
        control_request_free(CONTAINER_OF(control->shared.requests.next,
                                          struct control_request, link));
    }
    loop_cancel_timer(&control->source);
    (void)close(control->socket.fd);
    free(control);
}
