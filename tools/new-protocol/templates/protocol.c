@tree@/* SPDX-License-Identifier: MIT */
/*
 * @NAME@: answers each line with itself. <berth/protocol.h> says what each
 * function and each callback promises, <berth/line.h> what a line is.
 */
#include <ctype.h>
@state@#include <stdio.h>
@settings@#include <string.h>

#include <berth/line.h>
#include <berth/protocol.h>

@!settings@#define MAX_LINE 1000
@timer,!settings@#define PATIENCE_MS 60000
@!settings@
@settings@/* As server.yaml says; filled before anything is called. */
@settings@struct settings {
@settings@    uint64_t max_line;
@settings@    const char *greeting;
@settings,timer@    uint64_t patience_ms;
@settings@};
@settings@
@settings@static const berth_option options[] = {
@settings@    {.name = "max_line",
@settings@     .type = BERTH_SIZE,
@settings@     BERTH_FIELD(struct settings, max_line),
@settings@     .fallback = "1KiB",
@settings@     .min = 1,
@settings@     .max = 65536,
@settings@     .help = "longest line, without its end; a longer one closes the "
@settings@             "connection"},
@settings@    {.name = "greeting",
@settings@     .type = BERTH_STRING,
@settings@     BERTH_FIELD(struct settings, greeting),
@settings@     .fallback = "",
@settings@     .help = "what a client reads first, in a line of its own"},
@settings,timer@    {.name = "patience",
@settings,timer@     .type = BERTH_DURATION,
@settings,timer@     .flags = BERTH_NONE,
@settings,timer@     BERTH_FIELD(struct settings, patience_ms),
@settings,timer@     .fallback = "1m",
@settings,timer@     .help = "time that a client may be silent"},
@settings@    BERTH_OPTIONS_END,
@settings@};
@settings@
@settings@static const struct settings *settings_of(const berth_conn *c)
@settings@{
@settings@    return c->entry->settings;
@settings@}
@settings@
@state@/* What is known of a connection: zeroed before on_open, gone after on_close. */
@state@struct state {
@state@    unsigned long long lines;
@state@};
@state@
@timer@/* From now on; a message moves it. */
@timer@static void wait_for_line(berth_conn *c)
@timer@{
@timer,settings@    (void)berth_deadline(c, settings_of(c)->patience_ms);
@timer,!settings@    (void)berth_deadline(c, PATIENCE_MS);
@timer@}
@timer@
/* What becomes of each byte of a line. */
static char change(char byte)
{
    return byte;
}

static void answer(berth_conn *c, char *text, size_t size)
{
@state@    struct state *state = c->state;
@state@    char number[32];
@state@    int length;
@state@
    for (size_t i = 0; i < size; i++) {
        text[i] = change(text[i]);
    }
@state@    state->lines++;
@state@    length = snprintf(number, sizeof(number), "%llu ", state->lines);
@state@    berth_write(c, number, (size_t)length);
    berth_write(c, text, size);
    berth_write(c, "\n", 1);
}

@settings@static int on_open(berth_conn *c)
@settings@{
@settings@    const char *greeting = settings_of(c)->greeting;
@settings@
@settings@    if (greeting[0] != '\0') {
@settings@        berth_write(c, greeting, strlen(greeting));
@settings@        berth_write(c, "\n", 1);
@settings@    }
@settings,timer@    wait_for_line(c);
@settings@    return 0;
@settings@}
@settings@
@timer,!settings@static int on_open(berth_conn *c)
@timer,!settings@{
@timer,!settings@    wait_for_line(c);
@timer,!settings@    return 0;
@timer,!settings@}
@timer,!settings@
/* All that has come and was not used yet. Returns how much is used now; 0: call
   me when there is more. */
static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
@settings@    const size_t max_line = (size_t)settings_of(c)->max_line;
    berth_line line;
@settings@    ssize_t used =
@settings@        berth_line_next(data, size, BERTH_LINE_AUTO, max_line, &line);
@!settings@    ssize_t used =
@!settings@        berth_line_next(data, size, BERTH_LINE_AUTO, MAX_LINE, &line);

    if (used > 0) {
        answer(c, data, line.size);
@timer@        wait_for_line(c);
    }
    return used; /* -EMSGSIZE: the line is too long */
}

/* The client has finished sending; the last line may have no end. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    berth_line line;

    if (berth_line_rest(data, size, BERTH_LINE_AUTO, &line) > 0) {
        answer(c, data, line.size);
    }
    return BERTH_CLOSE;
}

@timer@static void on_timer(berth_conn *c)
@timer@{
@timer@    berth_write(c, "bye\n", 4);
@timer@    berth_close(c);
@timer@}
@timer@
BERTH_PROTOCOL(.name = "@NAME@",
               .version = "0.1",
               .summary = "answers each line with itself",
@state@               .state_size = sizeof(struct state),
@settings@               .settings_size = sizeof(struct settings),
@settings@               .options = options,
@settings@               .on_open = on_open,
@timer,!settings@               .on_open = on_open,
               .on_data = on_data,
@timer@               .on_end = on_end,
@timer@               .on_timer = on_timer);
@!timer@               .on_end = on_end);
