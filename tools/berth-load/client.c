/* SPDX-License-Identifier: MIT */
#include "client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Pieces of a call: one connection keeps no others waiting. */
#define PIECES_MAX 4
/* Addresses 127.1.0.1 to 127.1.249.250: none of them ends in 0 or 255. */
#define SOURCE_FIRST UINT32_C(0x7f010001)
#define SOURCE_ROW 250u

void client_init(struct client *client,
                 uint64_t number,
                 uint64_t *begun_ns,
                 uint32_t depth)
{
    *client = (struct client){
        .number = number,
        .depth = depth,
        .fd = -1,
    };
    client->begun_ns = begun_ns;
    list_init(&client->link);
}

void client_fini(struct client *client)
{
    client_close(client);
    reply_reset(&client->reply);
}

static int bind_source(int fd, uint64_t source)
{
    const int one = 1;
    const uint32_t number = (uint32_t)(source - 1);
    const struct sockaddr_in from = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(SOURCE_FIRST + (number / SOURCE_ROW << 8) +
                                 (number % SOURCE_ROW)),
    };

    /* The port is chosen by connect(2), which knows for which peer it must be
       free. */
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one)) <
            0 ||
        bind(fd, (const struct sockaddr *)&from, sizeof(from)) < 0) {
        return -errno;
    }
    return 0;
}

static int start_connecting(int fd, const struct address *address)
{
    const int one = 1;

    if (address->storage.ss_family != AF_UNIX) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    }
    if (connect(fd, (const struct sockaddr *)&address->storage,
                address->size) == 0) {
        return 0;
    }
    return errno == EINPROGRESS ? 1 : -errno;
}

int client_connect(struct client *client,
                   const struct address *address,
                   uint64_t source)
{
    int done = 0;

    client->fd = socket(address->storage.ss_family,
                        SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (client->fd < 0) {
        return -errno;
    }
    if (source > 0) {
        done = bind_source(client->fd, source);
    }
    if (done == 0) {
        done = start_connecting(client->fd, address);
    }
    if (done < 0) {
        client_close(client);
        return done;
    }
    client->phase = done == 0 ? CLIENT_OPEN : CLIENT_CONNECTING;
    return done;
}

int client_connected(struct client *client)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) {
        return -errno;
    }
    if (error == 0) {
        client->phase = CLIENT_OPEN;
    }
    return -error;
}

void client_close(struct client *client)
{
    if (client->fd >= 0) {
        (void)close(client->fd);
    }
    reply_reset(&client->reply);
    client->fd = -1;
    client->phase = CLIENT_CLOSED;
    client->begun = 0;
    client->sent = 0;
    client->answered = 0;
    client->messages = 0;
    client->pending = 0;
    client->oldest = 0;
    client->is_settled = false;
    client->wants_write = false;
}

void client_begin(struct client *client,
                  const struct pattern *pattern,
                  uint64_t begun_ns)
{
    client->begun_ns[(client->oldest + client->pending) % client->depth] =
        begun_ns;
    client->begun += pattern->message;
    client->messages++;
    client->pending++;
}

uint64_t client_end(struct client *client)
{
    const uint64_t begun_ns = client->begun_ns[client->oldest];

    client->oldest = (client->oldest + 1) % client->depth;
    client->pending--;
    return begun_ns;
}

int client_send(struct client *client, const struct pattern *pattern)
{
    bool is_full = false;

    for (int i = 0; i < PIECES_MAX && !is_full && client->sent < client->begun;
         i++) {
        size_t size = client->begun - client->sent;
        const char *bytes =
            pattern_at(pattern, client->start + client->sent, &size);
        const ssize_t done = send(client->fd, bytes, size, MSG_NOSIGNAL);

        if (done < 0 && errno != EAGAIN && errno != EINTR) {
            return -errno;
        }
        is_full = done < 0 || (size_t)done < size;
        client->sent += done < 0 ? 0 : (uint64_t)done;
    }
    client->wants_write = client->sent < client->begun;
    return 0;
}
