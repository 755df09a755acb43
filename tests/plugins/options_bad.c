/* SPDX-License-Identifier: MIT */
/* An option outside of the struct. */
#include <berth/protocol.h>

static const berth_option options[] = {
    {.name = "flag",
     .type = BERTH_BOOL,
     .offset = 100,
     .width = sizeof(bool),
     .help = "a flag"},
    BERTH_OPTIONS_END,
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "bad",
               .settings_size = 1,
               .options = options,
               .on_data = on_data);
