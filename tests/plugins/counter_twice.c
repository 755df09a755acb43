/* SPDX-License-Identifier: MIT */
#include <berth/protocol.h>

static const berth_counter counters[] = {
    {.name = "messages", .help = "messages"},
    {.name = "bytes", .help = "bytes"},
    {.name = "messages", .help = "messages"},
    BERTH_COUNTERS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "bad", .counters = counters, .on_data = on_data);
