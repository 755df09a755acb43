/* SPDX-License-Identifier: MIT */
/* A struct for settings, but no options. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "none", .settings_size = 8, .on_data = on_data);
