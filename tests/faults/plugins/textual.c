/* SPDX-License-Identifier: MIT */
/*
 * Planted: takes its input for a text: a NUL before the newline is the end of it,
 * and strchr(3) finds nothing.
 */
#include <berth/protocol.h>

#include <string.h>

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    char *end;

    if (memchr(data, '\n', size) == NULL) {
        return 0;
    }
    end = strchr(data, '\n'); /* it is there: or is it not? */
    *end = '\0';
    (void)berth_write(c, data, strlen(data));
    (void)berth_write(c, "\n", 1);
    return end + 1 - data;
}

/* A message must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

BERTH_PROTOCOL(.name = "textual",
               .summary = "sends lines back",
               .on_data = on_data,
               .on_end = on_end);
