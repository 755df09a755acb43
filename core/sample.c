/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <string.h>

#include "keys.h"
#include "phrase.h"
#include "scalar.h"

#define STEP ((size_t)2) /* blanks for a level of nesting */

/* What is served, and where; each entry has the port after the last one's. */
#define FIRST_PLUGIN "echo.so"
#define FIRST_PORT 8080u

/* Deeper than any table is nested: the server's own and a plugin's. */
#define LEAD_MAX 64

/* Where a key stands, and what is around it. */
struct spot {
    FILE *stream;
    size_t depth;                 /* blanks before it */
    bool is_live;                 /* what is around it is not commented out */
    bool is_item;                 /* it begins an item of a list */
    bool is_short;                /* only what an entry cannot do without */
    const berth_option *settings; /* of the entry's plugin; NULL: none */
    const char *required;         /* the value of a key that must be given */
    char address[32];             /* of the entry */
};

/* The plugins that entries are made for. */
struct plugins {
    const struct plugin_found *items;
    size_t count;
};

/* ------------------------------------------------------------------- lines */

static void
print_comment(const struct spot *spot, size_t depth, const struct line *line)
{
    char lead[LEAD_MAX];

    (void)snprintf(lead, sizeof(lead), "%*s# ", (int)depth, "");
    phrase_wrap(spot->stream, lead, line);
}

/* "help (value)" */
static void print_help(const struct spot *spot, const berth_option *option)
{
    struct line line = {.limit = LINE_SIZE};

    line_escape(&line, option->help == NULL ? option->name : option->help,
                LINE_PLAIN);
    line_put_text(&line, " (");
    phrase_value(&line, option);
    line_put_text(&line, ")");
    print_comment(spot, spot->depth - (spot->is_item ? STEP : 0), &line);
}

/* "#" alone is taken away to give the key. */
static void
begin_line(struct spot *spot, const berth_option *option, bool is_live)
{
    const size_t dash = spot->is_item ? STEP : 0;

    (void)fprintf(spot->stream, "%s%*s%s%s:", is_live ? "" : "#",
                  (int)(spot->depth - dash), "", spot->is_item ? "- " : "",
                  option->name);
    spot->is_item = false;
}

static void print_line(struct spot *spot,
                       const berth_option *option,
                       bool is_live,
                       const char *text)
{
    const bool is_none = text != NULL && strcmp(text, "none") == 0 &&
                         (option->flags & BERTH_NONE) != 0;

    begin_line(spot, option, is_live);
    if (text != NULL) {
        (void)fputc(' ', spot->stream);
        scalar_print(spot->stream, text,
                     !is_none && (option->type == BERTH_STRING ||
                                  option->type == BERTH_PATH));
    }
    (void)fputc('\n', spot->stream);
}

/* ------------------------------------------------------------------- tables */

static void print_table(struct spot *spot, const berth_option *table);

/* A mapping within, or (is_item) one as the item of a list within. */
static void print_inner(struct spot *spot,
                        const berth_option *option,
                        const berth_option *table,
                        bool is_live,
                        bool is_item)
{
    struct spot inner = *spot;

    inner.depth += is_item ? 2 * STEP : STEP;
    inner.is_live = is_live;
    inner.is_item = is_item;
    begin_line(spot, option, is_live);
    (void)fputc('\n', spot->stream);
    print_table(&inner, table);
}

static void print_scalar(struct spot *spot, const berth_option *option)
{
    const bool is_required = (option->flags & BERTH_REQUIRED) != 0;

    print_line(spot, option, spot->is_live && is_required,
               is_required && spot->required != NULL ? spot->required
                                                     : phrase_fallback(option));
}

static void print_listen(struct spot *spot, const berth_option *option)
{
    struct spot outer = *spot;

    if (spot->is_short) {
        print_line(spot, option, spot->is_live, spot->address);
        return;
    }
    outer.required = spot->address;
    print_inner(&outer, option, option->items, spot->is_live, false);
}

static void print_empty(struct spot *spot, const berth_option *option)
{
    begin_line(spot, option, false);
    (void)fprintf(spot->stream, " %s\n",
                  option->type == BERTH_LIST ? "[]" : "{}");
}

/* A plugin's settings know nothing of the entry's values. */
static void print_settings(struct spot *spot, const berth_option *option)
{
    struct spot outer = *spot;

    outer.is_short = false;
    outer.required = NULL;
    print_inner(&outer, option, spot->settings, false, false);
}

static void print_value(struct spot *spot, const berth_option *option)
{
    switch (option->type) {
    case BERTH_GROUP:
        print_inner(spot, option, option->items, false, false);
        break;
    case BERTH_MAPPINGS:
        print_inner(spot, option, option->items, false, true);
        break;
    case BERTH_LIST:
    case BERTH_MAPPING:
        print_empty(spot, option);
        break;
    case OPTION_LISTEN:
        print_listen(spot, option);
        break;
    case OPTION_SETTINGS:
        print_settings(spot, option);
        break;
    default:
        print_scalar(spot, option);
        break;
    }
}

static bool is_shown(const struct spot *spot, const berth_option *option)
{
    if (option->type == OPTION_SETTINGS) {
        return spot->settings != NULL;
    }
    return !spot->is_short || option->type == OPTION_LISTEN ||
           (option->flags & BERTH_REQUIRED) != 0;
}

static void print_option(struct spot *spot, const berth_option *option)
{
    if (!is_shown(spot, option)) {
        return;
    }
    if (!spot->is_short) {
        print_help(spot, option);
    }
    print_value(spot, option);
}

static void print_table(struct spot *spot, const berth_option *table)
{
    for (; table->name != NULL; table++) {
        print_option(spot, table);
    }
}

/* ------------------------------------------------------------------ entries */

static struct spot make_entry(FILE *stream,
                              const char *name,
                              const struct plugin *plugin,
                              unsigned port)
{
    struct spot spot = {
        .stream = stream,
        .depth = 2 * STEP,
        .is_item = true,
        .required = name,
    };

    (void)snprintf(spot.address, sizeof(spot.address), "127.0.0.1:%u", port);
    if (plugin != NULL && plugin->options[0].name != NULL) {
        spot.settings = plugin->options;
    }
    return spot;
}

static void print_summary(const struct spot *spot, const struct plugin *plugin)
{
    struct line line = {.limit = LINE_SIZE};

    line_put_text(&line, plugin->protocol.name);
    if (plugin->protocol.summary != NULL) {
        line_put_text(&line, ": ");
        line_escape(&line, plugin->protocol.summary, LINE_PLAIN);
    }
    print_comment(spot, STEP, &line);
}

static const struct plugin *find_first(const struct plugins *plugins)
{
    for (size_t i = 0; i < plugins->count; i++) {
        if (strcmp(plugins->items[i].name, FIRST_PLUGIN) == 0) {
            return plugins->items[i].plugin;
        }
    }
    return NULL;
}

static void print_entries(FILE *stream,
                          const berth_option *option,
                          const struct plugins *plugins)
{
    const struct plugin *first = find_first(plugins);
    struct spot spot = make_entry(stream, FIRST_PLUGIN, first, FIRST_PORT);
    unsigned port = FIRST_PORT;

    (void)fprintf(stream, "%s:\n", option->name);
    spot.is_live = true;
    print_table(&spot, option->items);
    for (size_t i = 0; i < plugins->count; i++) {
        const struct plugin_found *found = &plugins->items[i];

        if (found->plugin == first) {
            continue;
        }
        spot = make_entry(stream, found->name, found->plugin, ++port);
        spot.is_short = true;
        (void)fputc('\n', stream);
        print_summary(&spot, found->plugin);
        print_table(&spot, option->items);
    }
}

void sample_print(FILE *stream,
                  const struct plugin_found *plugins,
                  size_t count)
{
    const struct plugins all = {.items = plugins, .count = count};
    const berth_option *table = keys_get(KEYS_TOP);

    (void)fputs("# What is served, and how. Every key is here: where a line "
                "begins with a '#' and\n"
                "# then a key, the key has its default; take the '#' away to "
                "set it.\n",
                stream);
    for (; table->name != NULL; table++) {
        struct spot spot = {.stream = stream};

        (void)fputc('\n', stream);
        if (table->type == OPTION_ENTRIES) {
            print_help(&spot, table);
            print_entries(stream, table, &all);
        } else {
            print_option(&spot, table);
        }
    }
}
