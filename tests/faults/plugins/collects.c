/* SPDX-License-Identifier: MIT */
/*
 * Planted: collects a line of any length.
 */
#include <berth/protocol.h>

#include <stdlib.h>
#include <string.h>

struct state {
    char *line;
    size_t length;
};

static int keep(struct state *state, const char *data, size_t size)
{
    char *line = realloc(state->line, state->length + size);

    if (line == NULL) {
        return -ENOMEM;
    }
    memcpy(line + state->length, data, size);
    state->line = line;
    state->length += size;
    return 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct state *state = c->state;
    const char *end = memchr(data, '\n', size);
    size_t used = end == NULL ? size : (size_t)(end - data) + 1;
    int error = keep(state, data, used);

    if (error < 0) {
        return error;
    }
    if (end != NULL) {
        (void)berth_write(c, state->line, state->length);
        state->length = 0;
    }
    return (ssize_t)used;
}

static int on_end(berth_conn *c, char *data, size_t size)
{
    const struct state *state = c->state;

    (void)data;
    (void)size;
    (void)berth_write(c, state->line, state->length);
    return BERTH_CLOSE;
}

static void on_close(berth_conn *c, int why)
{
    const struct state *state = c->state;

    (void)why;
    free(state->line);
}

BERTH_PROTOCOL(.name = "collects",
               .summary = "sends lines back",
               .state_size = sizeof(struct state),
               .on_data = on_data,
               .on_end = on_end,
               .on_close = on_close);
