/* SPDX-License-Identifier: MIT */
/* The least that a protocol can be. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "echo",
               .summary = "sends back what it receives",
               .on_data = on_data);
