/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "ascii.h"

/* What there is room for at first, and is added when that was too little. */
#define SUMMARY_SIZE 4096
#define SUMMARY_ATTEMPTS 4

struct context {
    const struct settings *settings;
    const struct replies *replies;
};

typedef void run_fn(const struct context *context, struct request *request);

static run_fn run_help, run_echo, run_time, run_peer, run_stats, run_quit;

static const struct builtin {
    struct span name;
    bool takes_text; /* behind a blank; the others are the whole line */
    run_fn *run;
    const char *help;
} builtins[COMMAND_COUNT] = {
    [COMMAND_HELP] = {.name = {"HELP", 4},
                      .run = run_help,
                      .help = "HELP: lists what there is"},
    [COMMAND_ECHO] = {.name = {"ECHO", 4},
                      .takes_text = true,
                      .run = run_echo,
                      .help = "ECHO text: sends text back"},
    [COMMAND_TIME] = {.name = {"TIME", 4},
                      .run = run_time,
                      .help = "TIME: tells the time, in UTC"},
    [COMMAND_PEER] = {.name = {"PEER", 4},
                      .run = run_peer,
                      .help = "PEER: tells your address"},
    [COMMAND_STATS] = {.name = {"STATS", 5},
                       .run = run_stats,
                       .help = "STATS: tells what the server has counted"},
    [COMMAND_QUIT] = {.name = {"QUIT", 4},
                      .run = run_quit,
                      .help = "QUIT: ends the connection"},
};

static void write_line(const struct request *request, const char *text)
{
    request_write_line(request, (struct span){text, strlen(text)});
}

/* A command that is a line of server.yaml, too, is listed there. */
static bool is_replaced(const struct context *context, struct span name)
{
    struct span args;

    return replies_find(context->replies, name, &args) != NULL;
}

static void run_help(const struct context *context, struct request *request)
{
    const berth_list *replies = &context->settings->replies;
    const berth_pair *pairs = replies->items;

    for (size_t i = 0; i < replies->count; i++) {
        write_line(request, pairs[i].key);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (context->settings->commands.on[i] &&
            !is_replaced(context, builtins[i].name)) {
            write_line(request, builtins[i].help);
        }
    }
}

static void run_echo(const struct context *context, struct request *request)
{
    (void)context;
    request_write_line(request, request->args);
}

static void run_time(const struct context *context, struct request *request)
{
    (void)context;
    answer_send_time(request);
    request_write(request, request->end);
}

static void run_peer(const struct context *context, struct request *request)
{
    (void)context;
    answer_send_peer(request);
    request_write(request, request->end);
}

/* The caller frees it; NULL: there is none, or no memory. */
static char *take_summary(const berth_entry *entry)
{
    size_t size = 0;
    char *text = NULL;
    ssize_t length = 0;

    for (int i = 0; i < SUMMARY_ATTEMPTS && length >= (ssize_t)size; i++) {
        size = (size_t)length + SUMMARY_SIZE; /* it may have grown again */
        free(text);
        text = malloc(size);
        length = text == NULL
                     ? -ENOMEM
                     : berth_metrics(entry, BERTH_METRICS_SUMMARY, text, size);
    }
    if (length < 0) {
        free(text);
        text = NULL;
    }
    return text;
}

static void run_stats(const struct context *context, struct request *request)
{
    char *text = take_summary(request->c->entry);
    const char *line = text;

    (void)context;
    if (text == NULL) {
        write_line(request, "error: nothing is counted here");
        return;
    }
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        request_write_line(request, (struct span){line, length});
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    free(text);
}

static void run_quit(const struct context *context, struct request *request)
{
    (void)context;
    write_line(request, "bye");
    request->closes = true;
}

static bool
is_same(const char *name, const char *text, size_t size, bool is_case_sensitive)
{
    for (size_t i = 0; i < size; i++) {
        char byte = text[i];

        if (is_case_sensitive ? name[i] != byte
                              : ascii_lower(name[i]) != ascii_lower(byte)) {
            return false;
        }
    }
    return true;
}

/* Is this the line's command? Then *args is what is behind it. */
static bool matches(const struct builtin *builtin,
                    const struct settings *settings,
                    struct span line,
                    struct span *args)
{
    size_t length = builtin->name.size;
    size_t blanks;

    if (line.size < length || !is_same(builtin->name.data, line.data, length,
                                       settings->case_sensitive)) {
        return false;
    }
    blanks = line.size > length ? 1 : 0;
    if (blanks > 0 && (!builtin->takes_text || line.data[length] != ' ')) {
        return false;
    }
    *args =
        (struct span){line.data + length + blanks, line.size - length - blanks};
    return true;
}

bool commands_run(const struct settings *settings,
                  const struct replies *replies,
                  struct request *request)
{
    const struct context context = {settings, replies};

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (settings->commands.on[i] &&
            matches(&builtins[i], settings, request->line, &request->args)) {
            builtins[i].run(&context, request);
            return true;
        }
    }
    return false;
}
