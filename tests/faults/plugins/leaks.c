/* SPDX-License-Identifier: MIT */
/*
 * Planted: leaks what on_open allocates: there is no on_close.
 */
#include <berth/protocol.h>

#include <stdlib.h>
#include <string.h>

struct state {
    char *greeting;
};

static int on_open(berth_conn *c)
{
    struct state *state = c->state;

    state->greeting = strdup("welcome\n");
    if (state->greeting == NULL) {
        return -ENOMEM;
    }
    (void)berth_write(c, state->greeting, strlen(state->greeting));
    return 0;
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

BERTH_PROTOCOL(.name = "leaks",
               .summary = "greets, then sends back what it receives",
               .state_size = sizeof(struct state),
               .on_open = on_open,
               .on_data = on_data);
