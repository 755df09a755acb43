/* SPDX-License-Identifier: MIT */
/*
 * Planted: uses more than it is offered, where a line is not whole yet.
 */
#include <berth/protocol.h>

#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);
    size_t length = end == NULL ? size : (size_t)(end - data);

    (void)berth_write(c, data, length);
    (void)berth_write(c, "\n", end == NULL ? 0 : 1);
    return (ssize_t)length + 1; /* also where there is no newline */
}

BERTH_PROTOCOL(.name = "greedy",
               .summary = "sends lines back",
               .on_data = on_data);
