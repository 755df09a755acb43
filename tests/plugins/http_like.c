/* SPDX-License-Identifier: MIT */
/* Knows the first line of HTTP, and one answer, which names the entry. */
#include <stdio.h>
#include <string.h>

#include <berth/protocol.h>

/* As far as there are bytes they must be a method's; all of one are enough. */
static enum berth_verdict sniff(const char *data, size_t size)
{
    static const char *const methods[] = {"GET ", "HEAD ", "POST "};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        size_t length = strlen(methods[i]);

        if (memcmp(data, methods[i], size < length ? size : length) == 0) {
            return size < length ? BERTH_MORE : BERTH_YES;
        }
    }
    return BERTH_NO;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const char *end = strstr(data, "\r\n\r\n"); /* a NUL is behind */
    const char *name = c->entry->name;
    char head[128];
    int length;

    (void)size;
    if (end == NULL) {
        return 0;
    }
    length = snprintf(head, sizeof(head),
                      "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
                      strlen(name));
    (void)berth_write(c, head, (size_t)length);
    (void)berth_write(c, name, strlen(name));
    return end + 4 - data;
}

BERTH_PROTOCOL(.name = "http_like",
               .summary = "gives every request the same answer",
               .sniff = sniff,
               .on_data = on_data);
