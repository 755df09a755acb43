/* SPDX-License-Identifier: MIT */
/* A negative number, where a size is wanted. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "huge", .state_size = (size_t)-1, .on_data = on_data);
