/* SPDX-License-Identifier: MIT */
/*
 * Planted: blocks for a second.
 */
#include <berth/protocol.h>

#include <time.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct timespec second = {.tv_sec = 1};

    (void)nanosleep(&second, NULL);
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "blocks",
               .summary = "sends back what it receives, after a while",
               .on_data = on_data);
