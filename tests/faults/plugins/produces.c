/* SPDX-License-Identifier: MIT */
/*
 * Planted: produces as much as it is asked for, without asking for the room.
 */
#include <berth/protocol.h>

#include <stdlib.h>
#include <string.h>

#define BLOCK 1024
#define DIGITS_MAX 20

static void produce(berth_conn *c, unsigned long long size)
{
    char block[BLOCK];

    memset(block, 'x', sizeof(block));
    while (size > 0) {
        size_t some = size < BLOCK ? (size_t)size : BLOCK;

        if (berth_write(c, block, some) < 0) {
            return;
        }
        size -= some;
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);

    if (end == NULL) {
        return size > DIGITS_MAX ? -EPROTO : 0;
    }
    produce(c, strtoull(data, NULL, 10));
    return end + 1 - data;
}

/* A message must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

BERTH_PROTOCOL(.name = "produces",
               .summary = "N is answered with N bytes",
               .on_data = on_data,
               .on_end = on_end);
