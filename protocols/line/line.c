/* SPDX-License-Identifier: MIT */
/*
 * Answers lines of text: what server.yaml says to a line, else what a built-in
 * command does, else the fallback.
 */
#include <string.h>

#include <berth/line.h>
#include <berth/protocol.h>

#include "answer.h"
#include "commands.h"
#include "replies.h"
#include "request.h"
#include "settings.h"
#include "utf8.h"

struct state {
    int32_t errors;
    bool ends_with_crlf; /* the line before; only asked when it may differ */
    bool is_skipping;    /* within a line that is too long */
};

struct local {
    struct answer greeting, prompt;
    struct replies replies;
};

enum {
    LINES,
    REPLIES,
    COMMANDS,
    FALLBACKS,
    ERRORS,
    TOO_LONG,
};

static const berth_counter counters[] = {
    [LINES] = {.name = "lines",
               .help = "lines received, but for too long ones"},
    [REPLIES] = {.name = "replies", .help = "lines that 'replies' answered"},
    [COMMANDS] = {.name = "commands",
                  .help = "built-in commands that were run"},
    [FALLBACKS] = {.name = "fallbacks", .help = "lines that were neither"},
    [ERRORS] = {.name = "errors", .help = "answers that were errors"},
    [TOO_LONG] = {.name = "too_long", .help = "lines longer than max_line"},
    BERTH_COUNTERS_END,
};

/* ---------------------------------------------------------------- settings */

/* In the order of enum berth_line_end, enum fallback, enum too_long. */
static const char *const delimiters[] = {"auto", "lf", "crlf", "nul", NULL};
static const char *const fallbacks[] = {"echo", "error", "silent", "close",
                                        NULL};
static const char *const too_longs[] = {"close", "skip", NULL};

#define SWITCH(name_, command_, help_)                                         \
    {                                                                          \
        .name = (name_), .type = BERTH_BOOL,                                   \
        BERTH_FIELD(struct switches, on[command_]), .fallback = "true",        \
        .help = (help_)                                                        \
    }

static const berth_option switches[] = {
    SWITCH("help", COMMAND_HELP, "HELP lists replies and commands"),
    SWITCH("echo", COMMAND_ECHO, "ECHO text sends text back"),
    SWITCH("time", COMMAND_TIME, "TIME tells the time, in UTC"),
    SWITCH("peer", COMMAND_PEER, "PEER tells the peer's address"),
    SWITCH("stats", COMMAND_STATS, "STATS tells what the server has counted"),
    SWITCH("quit", COMMAND_QUIT, "QUIT ends the connection"),
    BERTH_OPTIONS_END,
};

static const berth_option options[] = {
    {.name = "delimiter",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, delimiter),
     .fallback = "auto",
     .choices = delimiters,
     .help = "what ends a line; auto: LF, with or without a CR before it"},
    {.name = "max_line",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, max_line),
     .fallback = "8KiB",
     .min = 1,
     .max = 1 << 20,
     .help =
         "longest line, without its end; limits.input must be above it by 2"},
    {.name = "greeting",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, greeting),
     .fallback = "none",
     .help = "line that is sent at first"},
    {.name = "prompt",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, prompt),
     .fallback = "none",
     .help = "sent at first and behind each answer, as it is"},
    {.name = "replies",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct settings, replies),
     .help = "answers by their lines, or by beginnings of lines that end in *"},
    {.name = "fallback",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, fallback),
     .fallback = "echo",
     .choices = fallbacks,
     .help = "what is done with any other line"},
    {.name = "case_sensitive",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct settings, case_sensitive),
     .fallback = "false",
     .help = "whether PING and ping are two lines; letters of ASCII only"},
    {.name = "idle",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, idle_ms),
     .fallback = "none",
     .min = 1,
     .max = 86400000,
     .help = "longest time without a whole line"},
    {.name = "max_errors",
     .type = BERTH_INT,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct settings, max_errors),
     .fallback = "none",
     .min = 1,
     .max = 1000000,
     .help = "errors after which the connection is closed"},
    {.name = "text",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct settings, text),
     .fallback = "false",
     .help = "whether a line that is not UTF-8 is an error"},
    {.name = "too_long",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, too_long),
     .fallback = "close",
     .choices = too_longs,
     .help = "what is done after the error that a too long line is"},
    {.name = "commands",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct settings, commands),
     .items = switches,
     .help = "the built-in commands that are there"},
    BERTH_OPTIONS_END,
};

/* ------------------------------------------------------------------- entry */

static int parse_if_given(struct answer *answer,
                          const char *text,
                          enum answer_kind kind,
                          const char *option,
                          berth_error *error)
{
    return text == NULL ? 0 : answer_parse(answer, text, kind, option, error);
}

static int init(berth_entry *entry, berth_error *error)
{
    const struct settings *settings = entry->settings;
    struct local *local = entry->local;
    int result = parse_if_given(&local->greeting, settings->greeting,
                                ANSWER_GREETING, "greeting", error);

    if (result < 0) {
        return result;
    }
    result = parse_if_given(&local->prompt, settings->prompt, ANSWER_PROMPT,
                            "prompt", error);
    if (result < 0) {
        goto fail_prompt;
    }
    result = replies_init(&local->replies, &settings->replies,
                          settings->case_sensitive, error);
    if (result < 0) {
        goto fail_replies;
    }
    return 0;

fail_replies:
    answer_fini(&local->prompt);
fail_prompt:
    answer_fini(&local->greeting);
    return result;
}

static void fini(berth_entry *entry)
{
    struct local *local = entry->local;

    replies_fini(&local->replies);
    answer_fini(&local->prompt);
    answer_fini(&local->greeting);
}

/* -------------------------------------------------------------- connection */

/* As lines end here; auto: as the last one did, the first ones with LF. */
static struct span end_of(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;

    switch (settings->delimiter) {
    case BERTH_LINE_CRLF:
        return (struct span){"\r\n", 2};
    case BERTH_LINE_NUL:
        return (struct span){"", 1};
    case BERTH_LINE_LF:
        return (struct span){"\n", 1};
    default:
        return state->ends_with_crlf ? (struct span){"\r\n", 2}
                                     : (struct span){"\n", 1};
    }
}

/* Whether an error or just the wish of the answer ends it. Returns 0 or
   -errno. */
static int finish(struct request *request)
{
    const struct local *local = request->c->entry->local;

    if (request->error < 0) {
        return request->error;
    }
    if (!request->closes) {
        answer_send(&local->prompt, request);
    }
    if (request->closes) {
        berth_close(request->c);
    }
    return 0;
}

static void fail(struct request *request, const char *text)
{
    const struct settings *settings = request->c->entry->settings;
    struct state *state = request->c->state;

    berth_count(request->c->entry, ERRORS, 1);
    request_write_line(request, (struct span){text, strlen(text)});
    if (settings->max_errors > 0 && ++state->errors >= settings->max_errors) {
        request->error = -EPROTO;
    }
}

static void fall_back(struct request *request)
{
    const struct settings *settings = request->c->entry->settings;

    berth_count(request->c->entry, FALLBACKS, 1);
    switch (settings->fallback) {
    case FALLBACK_ECHO:
        request_write_line(request, request->line);
        break;
    case FALLBACK_ERROR:
        fail(request, "error: unknown command");
        break;
    case FALLBACK_CLOSE:
        request->closes = true;
        break;
    default:
        break;
    }
}

static void answer_line(struct request *request)
{
    const struct settings *settings = request->c->entry->settings;
    const struct local *local = request->c->entry->local;
    const struct answer *answer;

    berth_count(request->c->entry, LINES, 1);
    if (settings->text &&
        !utf8_is_valid(request->line.data, request->line.size)) {
        fail(request, "error: not UTF-8");
        return;
    }
    answer = replies_find(&local->replies, request->line, &request->args);
    if (answer != NULL) {
        berth_count(request->c->entry, REPLIES, 1);
        answer_send(answer, request);
    } else if (commands_run(settings, &local->replies, request)) {
        berth_count(request->c->entry, COMMANDS, 1);
    } else {
        fall_back(request);
    }
}

static void await_line(berth_conn *c)
{
    const struct settings *settings = c->entry->settings;

    if (settings->idle_ms > 0) {
        (void)berth_deadline(c, settings->idle_ms);
    }
}

static int on_open(berth_conn *c)
{
    const struct local *local = c->entry->local;
    struct request request = {.c = c, .end = end_of(c)};

    answer_send(&local->greeting, &request);
    await_line(c);
    return finish(&request);
}

/* Its end may be far off, or never come: it is answered at once, as the line
   before it was ended. */
static ssize_t meet_too_long(berth_conn *c, const char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    struct request request = {.c = c, .end = end_of(c)};
    int result;

    berth_count(c->entry, TOO_LONG, 1);
    fail(&request, "error: line too long");
    if (settings->too_long == TOO_LONG_CLOSE) {
        return -EMSGSIZE;
    }
    result = finish(&request);
    if (result < 0) {
        return result;
    }
    return (ssize_t)berth_line_skip(data, size,
                                    (enum berth_line_end)settings->delimiter,
                                    &state->is_skipping);
}

static ssize_t on_data(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    struct state *state = c->state;
    enum berth_line_end end = (enum berth_line_end)settings->delimiter;
    struct request request = {.c = c};
    berth_line line;
    ssize_t used;
    int result;

    if (state->is_skipping) {
        return (ssize_t)berth_line_skip(data, size, end, &state->is_skipping);
    }
    used = berth_line_next(data, size, end, settings->max_line, &line);
    if (used == -EMSGSIZE) {
        return meet_too_long(c, data, size);
    }
    if (used == 0) {
        return 0;
    }
    await_line(c);
    state->ends_with_crlf = line.end_size == 2;
    request.line = (struct span){line.data, line.size};
    request.end = end_of(c);
    answer_line(&request);
    result = finish(&request);
    return result < 0 ? result : used;
}

/* The last line may lack its end. Nothing follows, so no prompt does. */
static int on_end(berth_conn *c, char *data, size_t size)
{
    const struct settings *settings = c->entry->settings;
    const struct state *state = c->state;
    enum berth_line_end end = (enum berth_line_end)settings->delimiter;
    struct request request = {.c = c, .end = end_of(c)};
    berth_line line;

    if (state->is_skipping || berth_line_rest(data, size, end, &line) == 0) {
        return BERTH_CLOSE;
    }
    request.line = (struct span){line.data, line.size};
    answer_line(&request);
    return request.error;
}

BERTH_PROTOCOL(.name = "line",
               .version = "1",
               .summary = "answers line by line",
               .state_size = sizeof(struct state),
               .local_size = sizeof(struct local),
               .settings_size = sizeof(struct settings),
               .options = options,
               .counters = counters,
               .init = init,
               .fini = fini,
               .on_open = on_open,
               .on_data = on_data,
               .on_end = on_end);
