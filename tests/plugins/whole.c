/* SPDX-License-Identifier: MIT */
/* Everything that a descriptor can have. */
#include <berth/protocol.h>

struct settings {
    int32_t number;
    uint64_t limit;
};

static const berth_option options[] = {
    {.name = "number",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, number),
     .fallback = "7",
     .min = 1,
     .max = 100,
     .help = "a number"},
    {.name = "limit",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, limit),
     .fallback = "64KiB",
     .help = "a size"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    {.name = "messages", .help = "messages received"},
    {.name = "bytes_2", .help = "bytes received"},
    BERTH_COUNTERS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "whole-1_x",
               .version = "1.2",
               .summary = "has one of each",
               .state_size = 24,
               .local_size = 48,
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data);
