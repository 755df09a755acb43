/* SPDX-License-Identifier: MIT */
/*
 * Sends back whole lines, and leaves the rest of its input unused. "pour" is
 * answered with as many bytes as `amount` says, in steps that the room allows;
 * "wait" makes the connection pause for a moment.
 */
#include <string.h>

#include <berth/protocol.h>

#define STEP 1000u
#define MOMENT_MS 5

enum {
    COUNT_LINES
};

struct settings {
    uint64_t amount;
    berth_list words;
};

struct state {
    uint64_t left; /* still to be poured */
};

static void pour(berth_conn *c)
{
    struct state *state = c->state;

    while (state->left > 0 && berth_room(c) > 0) {
        size_t size = state->left < STEP ? (size_t)state->left : STEP;
        char *room = berth_reserve(c, size);

        if (room == NULL) {
            return;
        }
        memset(room, 'p', size);
        (void)berth_commit(c, size);
        state->left -= size;
    }
}

static void on_timer(berth_conn *c)
{
    berth_resume(c);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    char *end = memchr(data, '\n', size);
    size_t length;

    if (end == NULL) {
        return 0;
    }
    length = (size_t)(end - data) + 1;
    berth_count(c->entry, COUNT_LINES, 1);
    (void)berth_write(c, data, length);
    if (length == 5 && memcmp(data, "pour", 4) == 0) {
        state->left = settings->amount;
        pour(c);
    } else if (length == 5 && memcmp(data, "wait", 4) == 0) {
        berth_pause(c);
        (void)berth_deadline(c, MOMENT_MS);
    }
    return (ssize_t)length;
}

static int on_end(berth_conn *c, char *data, size_t size)
{
    (void)berth_write(c, data, size);
    return BERTH_CLOSE;
}

static const berth_option word = {.type = BERTH_STRING};

static const berth_option options[] = {
    {.name = "amount",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, amount),
     .fallback = "40000",
     .help = "what is poured"},
    {.name = "words",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, words),
     .items = &word,
     .help = "not used, but allocated"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    [COUNT_LINES] = {.name = "lines", .help = "lines that were sent back"},
    BERTH_COUNTERS_END,
};

BERTH_PROTOCOL(.name = "lines",
               .version = "1",
               .summary = "sends back lines",
               .state_size = sizeof(struct state),
               .local_size = 64,
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data,
               .on_end = on_end,
               .on_drain = pour,
               .on_timer = on_timer);
