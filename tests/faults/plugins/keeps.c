/* SPDX-License-Identifier: MIT */
/*
 * Planted: keeps a pointer to data. Lines are sent back; where a line is not
 * whole yet, the search goes on where it ended, by a pointer.
 */
#include <berth/protocol.h>

#include <string.h>

struct state {
    const char *searched; /* up to here there is no end of a line */
};

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct state *state = c->state;
    const char *from = state->searched == NULL ? data : state->searched;
    const char *end = memchr(from, '\n', (size_t)(data + size - from));
    size_t length;

    if (end == NULL) {
        state->searched = data + size - 1; /* data is another one next time */
        return 0;
    }
    length = (size_t)(end - data) + 1;
    state->searched = NULL;
    (void)berth_write(c, data, length);
    return (ssize_t)length;
}

/* A message must be whole. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return size == 0 ? BERTH_CLOSE : -EPROTO;
}

BERTH_PROTOCOL(.name = "keeps",
               .summary = "sends lines back",
               .state_size = sizeof(struct state),
               .on_data = on_data,
               .on_end = on_end);
