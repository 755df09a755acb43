/* SPDX-License-Identifier: MIT */
/* One character more than is allowed. */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "abcdefghijklmnopqrstuvwxyz0123456", .on_data = on_data);
