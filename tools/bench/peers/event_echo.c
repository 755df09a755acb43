/* SPDX-License-Identifier: MIT */
/*
 * An echo with libevent: `event_echo PORT`. bufferevents, as its manual shows
 * them: what is in the input buffer is moved to the output buffer.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>

#define BACKLOG 4096

static void on_read(struct bufferevent *peer, void *arg)
{
    (void)arg;
    (void)evbuffer_add_buffer(bufferevent_get_output(peer),
                              bufferevent_get_input(peer));
}

static void on_event(struct bufferevent *peer, short what, void *arg)
{
    (void)what;
    (void)arg;
    bufferevent_free(peer);
}

static void on_connection(struct evconnlistener *listener,
                          evutil_socket_t fd,
                          struct sockaddr *address,
                          int size,
                          void *arg)
{
    struct bufferevent *peer = bufferevent_socket_new(
        evconnlistener_get_base(listener), fd, BEV_OPT_CLOSE_ON_FREE);
    const int one = 1;

    (void)address;
    (void)size;
    (void)arg;
    if (peer == NULL) {
        (void)evutil_closesocket(fd);
        return;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    bufferevent_setcb(peer, on_read, NULL, on_event, NULL);
    (void)bufferevent_enable(peer, EV_READ | EV_WRITE);
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    struct event_base *base = event_base_new();

    if (argc != 2 || base == NULL) {
        (void)fputs("Usage: event_echo PORT\n", stderr);
        return 64;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    if (evconnlistener_new_bind(base, on_connection, NULL,
                                LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE,
                                BACKLOG, (struct sockaddr *)&address,
                                sizeof(address)) == NULL) {
        perror("event_echo");
        return EXIT_FAILURE;
    }
    return event_base_dispatch(base);
}
