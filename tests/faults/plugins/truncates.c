/* SPDX-License-Identifier: MIT */
/*
 * Planted: ignores a partial line at the end of the stream: there is no on_end.
 */
#include <berth/protocol.h>

#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    size_t length = end == NULL ? 0 : (size_t)(end - data) + 1;

    (void)berth_write(c, data, length);
    return (ssize_t)length;
}

BERTH_PROTOCOL(.name = "truncates",
               .summary = "sends lines back",
               .on_data = on_data);
