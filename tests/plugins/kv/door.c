/* SPDX-License-Identifier: MIT */
/*
 * Lets in who says "UPGRADE kv" in a line: the connection is another entry's
 * then.
 */
#include <berth/protocol.h>

#include <string.h>

#include <berth/line.h>

#define MAX_LINE 80

static void say(berth_conn *c, const char *text)
{
    berth_write(c, text, strlen(text));
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    static const char upgrade[] = "UPGRADE kv";
    berth_line line;
    ssize_t used =
        berth_line_next(data, size, BERTH_LINE_AUTO, MAX_LINE, &line);

    if (used <= 0) {
        return used;
    }
    if (line.size != strlen(upgrade) ||
        memcmp(line.data, upgrade, line.size) != 0) {
        say(c, "ERR say UPGRADE kv\n");
    } else if (berth_switch_to(c, "kv", NULL, 0) < 0) {
        say(c, "ERR there is no kv here\n");
    } else {
        say(c, "OK\n"); /* the last word of this protocol */
    }
    return used;
}

/* A line must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

BERTH_PROTOCOL(.name = "door",
               .version = "1.0",
               .summary = "lets clients in that ask for kv",
               .on_data = on_data,
               .on_end = on_end);
