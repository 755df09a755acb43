/* SPDX-License-Identifier: MIT */
/* Calls what nothing defines: it must be linked without -z defs. */
#include <berth/protocol.h>

ssize_t berth_nobody_defines_this(const void *data, size_t size);

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    (void)c;
    return berth_nobody_defines_this(data, size);
}

BERTH_PROTOCOL(.name = "undefined", .on_data = on_data);
