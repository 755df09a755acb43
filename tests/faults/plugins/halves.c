/* SPDX-License-Identifier: MIT */
/*
 * Planted: forgets that CR and LF may come one after the other: takes the LF
 * for an empty line.
 */
#include <berth/protocol.h>

static size_t find_end(const char *data, size_t size)
{
    size_t length = 0;

    while (length < size && data[length] != '\r' && data[length] != '\n') {
        length++;
    }
    return length;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    size_t length = find_end(data, size);

    if (length == size) {
        return 0;
    }
    (void)berth_write(c, data, length);
    (void)berth_write(c, "\r\n", 2);
    /* data[size] is a NUL */
    return (ssize_t)length +
           (data[length] == '\r' && data[length + 1] == '\n' ? 2 : 1);
}

/* A message must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

BERTH_PROTOCOL(.name = "halves",
               .summary = "sends lines back",
               .on_data = on_data,
               .on_end = on_end);
