/* SPDX-License-Identifier: MIT */
#include <berth/protocol.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    (void)size;
    return -ENOSYS;
}

BERTH_PROTOCOL(.name = "http",
               .summary = "serves HTTP/1.1",
               .on_data = on_data);
