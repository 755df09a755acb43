/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <string.h>

#include "keys.h"
#include "line.h"
#include "phrase.h"
#include "scalar.h"

#define STEP ((size_t)2) /* blanks for a level of nesting */

/* Deeper than any table is nested: the server's own and a plugin's. */
#define LEAD_MAX 64

/* A text of a plugin's, on one line. */
static void print_text(FILE *stream, const char *text)
{
    struct line line = {.limit = LINE_SIZE};

    line_escape(&line, text, LINE_PLAIN);
    (void)fwrite(line.bytes, 1, line.length, stream);
}

static void print_help(FILE *stream, size_t depth, const char *help)
{
    struct line line = {.limit = LINE_SIZE};
    char lead[LEAD_MAX];

    if (help != NULL) {
        line_escape(&line, help, LINE_PLAIN);
        (void)snprintf(lead, sizeof(lead), "%*s", (int)depth, "");
        phrase_wrap(stream, lead, &line);
    }
}

static void print_default(FILE *stream, const berth_option *option)
{
    const bool is_text =
        option->type == BERTH_STRING || option->type == BERTH_PATH;
    const char *fallback = phrase_fallback(option);
    const bool is_none = fallback != NULL && strcmp(fallback, "none") == 0 &&
                         (option->flags & BERTH_NONE) != 0;

    if ((option->flags & BERTH_REQUIRED) != 0) {
        (void)fputs("; required", stream);
    } else if (fallback != NULL) {
        (void)fputs("; default ", stream);
        scalar_print(stream, fallback, is_text && !is_none);
    }
}

static void print_option(FILE *stream, const berth_option *option, size_t depth)
{
    struct line value = {.limit = LINE_SIZE};

    phrase_value(&value, option);
    (void)fprintf(stream, "%*s%s: %.*s", (int)depth, "", option->name,
                  (int)value.length, value.bytes);
    print_default(stream, option);
    (void)fputc('\n', stream);
    print_help(stream, depth + 2 * STEP, option->help);
}

static void print_table(FILE *stream, const berth_option *table, size_t depth)
{
    for (; table->name != NULL; table++) {
        print_option(stream, table, depth);
        if (table->items != NULL && table->type != BERTH_LIST) {
            print_table(stream, table->items, depth + STEP);
        }
    }
}

void describe_server(FILE *stream)
{
    (void)fputs("server.yaml: what is served, and how\n\nkeys:\n", stream);
    print_table(stream, keys_get(KEYS_TOP), STEP);
}

static void print_counters(FILE *stream, const struct plugin *plugin)
{
    if (plugin->counter_count > 0) {
        (void)fputs("\ncounters:\n", stream);
    }
    for (size_t i = 0; i < plugin->counter_count; i++) {
        (void)fprintf(stream, "%*s%s\n", (int)STEP, "",
                      plugin->counters[i].name);
        print_help(stream, 3 * STEP, plugin->counters[i].help);
    }
}

void describe_plugin(FILE *stream, const struct plugin *plugin)
{
    const berth_protocol *protocol = &plugin->protocol;

    (void)fputs(protocol->name, stream);
    if (protocol->summary != NULL) {
        (void)fputs(": ", stream);
        print_text(stream, protocol->summary);
    }
    (void)fputs("\nfile: ", stream);
    print_text(stream, plugin->path);
    if (protocol->version != NULL) {
        (void)fputs("\nversion: ", stream);
        print_text(stream, protocol->version);
    }
    if (plugin->options[0].name == NULL) {
        (void)fputs("\n\nit takes no settings\n", stream);
    } else {
        (void)fputs("\n\nsettings:\n", stream);
        print_table(stream, plugin->options, STEP);
    }
    print_counters(stream, plugin);
}
