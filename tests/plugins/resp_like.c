/* SPDX-License-Identifier: MIT */
/* Arrays as RESP has them, "*2\r\n$4\r\nPING\r\n...": each is answered with
   "+NAME\r\n", the entry's name. */
#include <stdlib.h>
#include <string.h>

#include <berth/protocol.h>

static enum berth_verdict sniff(const char *data, size_t size)
{
    (void)size;
    return data[0] == '*' ? BERTH_YES : BERTH_NO;
}

/* The byte behind so many line ends, or NULL. */
static const char *skip_lines(const char *data, size_t size, long count)
{
    const char *end = data + size;

    while (count-- > 0 && data != NULL) {
        data = memchr(data, '\n', (size_t)(end - data));
        data = data == NULL ? NULL : data + 1;
    }
    return data;
}

/* A line for the count, and two for each item. */
static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *name = c->entry->name;
    const char *end;

    if (data[0] != '*') {
        return -EBADMSG;
    }
    if (memchr(data, '\n', size) == NULL) {
        return 0;
    }
    end = skip_lines(data, size, 1 + (2 * (strtol(data + 1, NULL, 10) % 100)));
    if (end == NULL) {
        return 0;
    }
    (void)berth_write(c, "+", 1);
    (void)berth_write(c, name, strlen(name));
    (void)berth_write(c, "\r\n", 2);
    return end - data;
}

BERTH_PROTOCOL(.name = "resp_like",
               .summary = "answers arrays with its name",
               .sniff = sniff,
               .on_data = on_data);
