/* SPDX-License-Identifier: MIT */
/*
 * Sleeps in the callback that it is told, for so many milliseconds: "data 30\n"
 * in on_data, "timer 30\n" in on_timer, "posted 30\n" in a posted function. Then
 * it answers "done\n".
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <berth/protocol.h>

struct state {
    long ms;
};

static void sleep_and_tell(berth_conn *c)
{
    const struct state *state = c->state;
    const struct timespec time = {
        .tv_sec = state->ms / 1000,
        .tv_nsec = state->ms % 1000 * 1000000,
    };

    (void)nanosleep(&time, NULL);
    (void)berth_write(c, "done\n", 5);
}

static void posted(berth_conn *c, void *arg)
{
    (void)arg;
    if (c != NULL) {
        sleep_and_tell(c);
    }
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    struct state *state = c->state;
    const char *end = memchr(data, '\n', size);
    const char *number = strchr(data, ' ');
    int error = 0;

    if (end == NULL) {
        return 0;
    }
    state->ms = number == NULL ? 0 : strtol(number, NULL, 10);
    if (data[0] == 't') {
        error = berth_deadline(c, 1);
    } else if (data[0] == 'p') {
        error = berth_post(berth_ref_of(c), posted, NULL);
    } else {
        sleep_and_tell(c);
    }
    return error < 0 ? error : end + 1 - data;
}

BERTH_PROTOCOL(.name = "sleeper",
               .summary = "takes the time that it is told",
               .state_size = sizeof(struct state),
               .on_data = on_data,
               .on_timer = sleep_and_tell);
