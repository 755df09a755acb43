/* SPDX-License-Identifier: MIT */
/*
 * The server speaks first: "hello\n", or "hello ARG\n" to a connection that was
 * switched here with an argument. Then each line is sent back. The line
 * "where\n" is answered with the listener and the entry.
 */
#include <string.h>

#include <berth/protocol.h>

#define ARG_MOST 64

static int on_open(berth_conn *c)
{
    char arg[ARG_MOST];
    ssize_t size = berth_get(c, BERTH_GET_ARG, arg, sizeof(arg));

    (void)berth_write(c, "hello", 5);
    if (size > 0) {
        (void)berth_write(c, " ", 1);
        (void)berth_write(c, arg, size < ARG_MOST ? (size_t)size : ARG_MOST);
    }
    (void)berth_write(c, "\n", 1);
    return 0;
}

static void tell_where(berth_conn *c)
{
    char text[256];
    ssize_t size = berth_get(c, BERTH_GET_LISTENER, text, sizeof(text));

    (void)berth_write(c, text, size < 0 ? 0 : strlen(text));
    (void)berth_write(c, " ", 1);
    (void)berth_write(c, c->entry->name, strlen(c->entry->name));
    (void)berth_write(c, "\n", 1);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);

    if (end == NULL) {
        return 0;
    }
    if (strncmp(data, "where\n", 6) == 0) {
        tell_where(c);
        return 6;
    }
    return berth_write(c, data, (size_t)(end - data) + 1);
}

BERTH_PROTOCOL(.name = "line_greeter",
               .summary = "greets, and sends back lines",
               .on_open = on_open,
               .on_data = on_data);
