/* SPDX-License-Identifier: MIT */
#include "phrase.h"

#include <string.h>

#include "units.h"

/* What the values of a type are called, one and several. */
static const struct noun {
    const char *one, *several;
} nouns[] = {
    [BERTH_BOOL] = {"true, false", "truths"},
    [BERTH_INT] = {"number", "numbers"},
    [BERTH_SIZE] = {"size", "sizes"},
    [BERTH_DURATION] = {"duration", "durations"},
    [BERTH_STRING] = {"text", "texts"},
    [BERTH_PATH] = {"path", "paths"},
    [BERTH_ENUM] = {"", "words"},
    [BERTH_LIST] = {"list", ""},
    [BERTH_MAPPINGS] = {"list of mappings", ""},
    [BERTH_MAPPING] = {"mapping of texts", ""},
    [BERTH_GROUP] = {"mapping", ""},
};

/* Types that the contract does not know. */
static const char *name_node(const berth_option *option)
{
    switch (option->type) {
    case OPTION_ENTRIES:
        return "list of mappings";
    case OPTION_LISTEN:
        return "address, mapping, or list of these";
    case OPTION_SETTINGS:
        return "mapping";
    default:
        return "anything";
    }
}

static bool is_duration(const berth_option *option)
{
    return option->type == BERTH_DURATION ||
           option->type == OPTION_MICROSECONDS;
}

static const char *name_type(const berth_option *option)
{
    if (option_is_node(option)) {
        return name_node(option);
    }
    return nouns[is_duration(option) ? BERTH_DURATION : option->type].one;
}

/* A bound of the range, in the option's unit. */
static void put_bound(struct line *line, const berth_option *option, int64_t n)
{
    char text[OPTION_SHOWN_MAX];

    if (option->type == BERTH_SIZE || is_duration(option)) {
        option_show_amount(option, (uint64_t)n, text);
    } else {
        (void)snprintf(text, sizeof(text), "%lld", (long long)n);
    }
    line_put_text(line, text);
}

/* What the range counts, if it is not the value itself. */
static const char *name_unit(const berth_option *option)
{
    switch (option->type) {
    case BERTH_STRING:
    case BERTH_PATH:
        return " bytes";
    case BERTH_LIST:
    case BERTH_MAPPINGS:
    case BERTH_MAPPING:
    case OPTION_ENTRIES:
    case OPTION_LISTEN:
        return " items";
    default:
        return "";
    }
}

static void put_range(struct line *line, const berth_option *option)
{
    const char *unit = name_unit(option);

    if (!option_has_range(option)) {
        return;
    }
    if (option->max == INT64_MAX) {
        line_put_text(line, ", from ");
        put_bound(line, option, option->min);
    } else if (option->min == 0 && unit[0] != '\0') {
        line_put_text(line, ", up to ");
        put_bound(line, option, option->max);
    } else {
        line_put_text(line, ", ");
        put_bound(line, option, option->min);
        line_put_text(line, " to ");
        put_bound(line, option, option->max);
    }
    line_put_text(line, unit);
}

static void put_choices(struct line *line, const berth_option *option)
{
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        line_put_text(line, i == 0 ? "" : ", ");
        line_escape(line, option->choices[i], LINE_PLAIN);
    }
}

static void put_none(struct line *line, const berth_option *option)
{
    if ((option->flags & BERTH_NONE) != 0) {
        line_put_text(line, ", or none");
    }
    if ((option->flags & BERTH_AUTO) != 0) {
        line_put_text(line, ", or auto");
    }
}

/* "list of numbers (1 to 10)": what else is to be said of the items. */
static void put_items(struct line *line, const berth_option *item)
{
    struct line more = {.limit = LINE_SIZE};

    line_put_text(line, " of ");
    line_put_text(line, nouns[item->type].several);
    if (item->type == BERTH_ENUM) {
        line_put_text(&more, ", ");
        put_choices(&more, item);
    }
    put_range(&more, item);
    put_none(&more, item);
    if (more.length > 0) {
        line_put_text(line, " (");
        line_put(line, more.bytes + 2, more.length - 2);
        line_put_text(line, ")");
    }
}

void phrase_value(struct line *line, const berth_option *option)
{
    if (option->type == BERTH_ENUM) {
        put_choices(line, option);
    } else {
        line_put_text(line, name_type(option));
    }
    if (option->type == BERTH_LIST) {
        put_items(line, option->items);
    }
    put_range(line, option);
    put_none(line, option);
    if ((option->flags & BERTH_SECRET) != 0) {
        line_put_text(line, ", secret");
    }
}

/* What is stored if nothing is given is zero, or NULL. */
const char *phrase_fallback(const berth_option *option)
{
    static const int64_t zero = 0;
    char buffer[OPTION_SHOWN_MAX];
    const char *text;

    if (option->fallback != NULL || (option->flags & BERTH_REQUIRED) != 0 ||
        !option_is_scalar(option)) {
        return option->fallback;
    }
    text = option_show(option, option_item_width(option), &zero, buffer);
    if (text != buffer) {
        return text;
    }
    return is_duration(option) ? "0s" : "0";
}

/* How much of the text fits into so many columns, to the end of a word; at
   least one word. */
static size_t measure_words(const char *text, size_t size, size_t width)
{
    const char *blank;

    if (size <= width) {
        return size;
    }
    blank = memrchr(text, ' ', width + 1);
    if (blank == NULL) {
        blank = memchr(text, ' ', size);
    }
    return blank == NULL ? size : (size_t)(blank - text);
}

void phrase_wrap(FILE *stream, const char *lead, const struct line *line)
{
    const size_t width = strlen(lead) < 60 ? 80 - strlen(lead) : 20;
    size_t done = 0;

    while (done < line->length) {
        const char *text = line->bytes + done;
        const size_t size = measure_words(text, line->length - done, width);

        (void)fprintf(stream, "%s%.*s\n", lead, (int)size, text);
        done += size + 1; /* the blank */
    }
}
