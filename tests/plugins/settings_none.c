/* SPDX-License-Identifier: MIT */
/* Options, but no struct for them. */
#include <berth/protocol.h>

static const berth_option options[] = {
    {.name = "flag", .type = BERTH_BOOL, .width = sizeof(bool), .help = "a"},
    BERTH_OPTIONS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "none", .options = options, .on_data = on_data);
