/* SPDX-License-Identifier: MIT */
/*
 * Tells how long each line is, without and with its end, by <berth/line.h>. One
 * that is too long is passed over, and counted.
 */
#include <berth/line.h>
#include <berth/protocol.h>

struct settings {
    uint64_t max_line;
    int32_t end;
};

struct state {
    bool is_skipping;
};

enum counter {
    LINES,
    TOO_LONG
};

static const char *const ends[] = {"auto", "lf", "crlf", "nul", NULL};

static const berth_option options[] = {
    {.name = "max_line",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_line),
     .fallback = "8KiB",
     .min = 1,
     .max = 65536,
     .help = "the longest line, without its end"},
    {.name = "end",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, end),
     .fallback = "auto",
     .choices = ends,
     .help = "what ends a line"},
    BERTH_OPTIONS_END,
};

static const berth_counter counters[] = {
    {.name = "lines", .help = "lines that were told"},
    {.name = "too_long", .help = "lines that were passed over"},
    BERTH_COUNTERS_END,
};

static enum berth_line_end end_of(const struct settings *settings)
{
    switch (settings->end) {
    case 1:
        return BERTH_LINE_LF;
    case 2:
        return BERTH_LINE_CRLF;
    case 3:
        return BERTH_LINE_NUL;
    default:
        return BERTH_LINE_AUTO;
    }
}

static void tell(berth_conn *c, const berth_line *line)
{
    char text[64];
    const int size = snprintf(text, sizeof(text), "%zu %zu\n", line->size,
                              line->size + line->end_size);

    berth_count(c->entry, LINES, 1);
    (void)berth_write(c, text, (size_t)size);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings =
        (const struct settings *)c->entry->settings;
    struct state *state = (struct state *)c->state;
    const enum berth_line_end end = end_of(settings);
    berth_line line;
    ssize_t used;

    if (state->is_skipping) {
        return (ssize_t)berth_line_skip(data, size, end, &state->is_skipping);
    }
    used = berth_line_next(data, size, end, settings->max_line, &line);
    if (used == -EMSGSIZE) {
        berth_count(c->entry, TOO_LONG, 1);
        (void)berth_write(c, "too long\n", 9);
        return (ssize_t)berth_line_skip(data, size, end, &state->is_skipping);
    }
    if (used > 0) {
        tell(c, &line);
    }
    return used;
}

static int on_end(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings =
        (const struct settings *)c->entry->settings;
    const struct state *state = (const struct state *)c->state;
    berth_line line;

    if (!state->is_skipping &&
        berth_line_rest(data, size, end_of(settings), &line) > 0) {
        tell(c, &line);
    }
    return BERTH_CLOSE;
}

BERTH_PROTOCOL(.name = "lines",
               .version = "1.0",
               .summary = "tells how long each line is",
               .state_size = sizeof(struct state),
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .on_data = on_data,
               .on_end = on_end);
