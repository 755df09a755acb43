/* SPDX-License-Identifier: MIT */
/* A table without end: filled when the plugin is loaded. */
#include <berth/protocol.h>

static berth_counter counters[300];

__attribute__((constructor)) static void fill_counters(void)
{
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        counters[i].name = "again";
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "bad", .counters = counters, .on_data = on_data);
