/* SPDX-License-Identifier: MIT */
/*
 * An echo with libuv: `uv_echo PORT`. One buffer is read into for all
 * connections, and what came is written at once (uv_try_write); only what the
 * kernel does not take is copied.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define BACKLOG 4096

static char buffer[65536];

struct rest {
    uv_write_t request;
    char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *to)
{
    (void)handle;
    (void)suggested;
    *to = uv_buf_init(buffer, sizeof(buffer));
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *from);

static void on_written(uv_write_t *request, int status)
{
    uv_stream_t *stream = request->handle;

    free(request->data);
    if (status == 0 && !uv_is_closing((uv_handle_t *)stream)) {
        (void)uv_read_start(stream, on_buffer, on_read);
    }
}

/* Reads on when it is written. */
static void write_rest(uv_stream_t *stream, const char *bytes, size_t size)
{
    struct rest *rest = malloc(sizeof(*rest) + size);
    uv_buf_t buf;

    if (rest == NULL) {
        exit(EXIT_FAILURE);
    }
    memcpy(rest->bytes, bytes, size);
    rest->request.data = rest;
    buf = uv_buf_init(rest->bytes, (unsigned)size);
    (void)uv_read_stop(stream);
    if (uv_write(&rest->request, stream, &buf, 1, on_written) < 0) {
        free(rest);
        uv_close((uv_handle_t *)stream, on_closed);
    }
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *from)
{
    uv_buf_t buf;
    int done;

    if (size == 0) {
        return;
    }
    if (size < 0) {
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    buf = uv_buf_init(from->base, (unsigned)size);
    done = uv_try_write(stream, &buf, 1);
    if (done < 0 && done != UV_EAGAIN) {
        uv_close((uv_handle_t *)stream, on_closed);
        return;
    }
    if (done < size) {
        const size_t sent = done < 0 ? 0 : (size_t)done;

        write_rest(stream, from->base + sent, (size_t)size - sent);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    uv_tcp_t *client = malloc(sizeof(*client));

    if (status < 0 || client == NULL) {
        free(client);
        return;
    }
    (void)uv_tcp_init(server->loop, client);
    if (uv_accept(server, (uv_stream_t *)client) < 0) {
        uv_close((uv_handle_t *)client, on_closed);
        return;
    }
    (void)uv_tcp_nodelay(client, 1);
    (void)uv_read_start((uv_stream_t *)client, on_buffer, on_read);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address;
    uv_tcp_t server;
    int error;

    if (argc != 2) {
        (void)fputs("Usage: uv_echo PORT\n", stderr);
        return 64;
    }
    (void)uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    (void)uv_tcp_init(uv_default_loop(), &server);
    error = uv_tcp_bind(&server, (const struct sockaddr *)&address, 0);
    if (error == 0) {
        error = uv_listen((uv_stream_t *)&server, BACKLOG, on_connection);
    }
    if (error < 0) {
        (void)fprintf(stderr, "uv_echo: %s\n", uv_strerror(error));
        return EXIT_FAILURE;
    }
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
