/* SPDX-License-Identifier: MIT */
#include "values.h"

#include <string.h>

#include "line.h"
#include "scalar.h"

/* Blanks for a level of nesting. */
#define STEP ((size_t)2)

/* ------------------------------------------------------------------- lines */

/* The first key of an item stands behind a dash. */
static void begin_line(struct values *values)
{
    const size_t dash = values->is_item ? STEP : 0;

    (void)fprintf(values->stream, "%*s%s", (int)(values->depth - dash), "",
                  values->is_item ? "- " : "");
    values->is_item = false;
}

/* Whatever stands in a file's name, it is one line. */
static void
end_line(const struct values *values, const char *file, const struct node *node)
{
    struct line line = {.limit = LINE_SIZE};

    line_escape(&line, file == NULL ? "" : file, LINE_PLAIN);
    (void)fprintf(values->stream, " # %.*s:%zu\n", (int)line.length, line.bytes,
                  node->key == NULL ? node->line : node->key->line);
}

static const struct node *find_given(const struct values_origin *origin,
                                     const berth_option *option)
{
    const struct node *node = node_find(origin->node, option->name);

    if (node == NULL && (option->flags & BERTH_REQUIRED) != 0 &&
        origin->node != NULL && origin->node->kind != NODE_MAPPING) {
        return origin->node;
    }
    return node != NULL ? node : node_find(origin->fallback, option->name);
}

/*
 * Says where the value of the line comes from, and ends the line. What has no
 * default and is in no file is what a word of the command line stands for.
 */
static void print_origin(const struct values *values,
                         const berth_option *option,
                         const struct values_origin *origin)
{
    const struct node *node = find_given(origin, option);
    const bool is_word =
        (option->flags & BERTH_REQUIRED) != 0 || option->type == OPTION_LISTEN;

    if (node != NULL) {
        end_line(values, origin->file, node);
    } else {
        (void)fprintf(values->stream, " # %s\n",
                      is_word ? "command line" : "default");
    }
}

/* ------------------------------------------------------- what is left out */

static bool is_secret(const berth_option *option)
{
    return (option->flags & BERTH_SECRET) != 0 ||
           (option->type == BERTH_LIST &&
            (option->items->flags & BERTH_SECRET) != 0);
}

static berth_list read_list(const void *stored)
{
    berth_list list;

    memcpy(&list, stored, sizeof(list));
    return list;
}

/* Is there nothing that could be written for it? */
static bool is_absent(const berth_option *option,
                      const void *stored,
                      const struct node *given)
{
    char buffer[OPTION_SHOWN_MAX];
    struct option_problem problem;

    switch (option->type) {
    case BERTH_GROUP:
        return given == NULL && option_has_required(option->items);
    case BERTH_LIST:
    case BERTH_MAPPINGS:
    case BERTH_MAPPING:
        return given == NULL &&
               option_check_count(option, read_list(stored).count, &problem) !=
                   0;
    default:
        return option_is_scalar(option) &&
               option_show(option, option->width, stored, buffer) == NULL;
    }
}

/* ------------------------------------------------------------------ values */

static void print_scalar(const struct values *values,
                         const berth_option *option,
                         size_t width,
                         const void *stored)
{
    char buffer[OPTION_SHOWN_MAX];
    const char *text = option_show(option, width, stored, buffer);
    const bool is_text =
        (option->type == BERTH_STRING || option->type == BERTH_PATH) &&
        !option_is_none(option, width, stored);

    scalar_print(values->stream, text == NULL ? "" : text, is_text);
}

static void print_list(struct values *values,
                       const berth_option *option,
                       const berth_list *list,
                       const struct values_origin *origin)
{
    const size_t width = option_item_width(option->items);
    const char *item = list->items;
    const struct node *given = find_given(origin, option);
    const struct node *node = given == NULL ? NULL : given->first;

    for (size_t i = 0; i < list->count && node != NULL; i++) {
        values->is_item = true;
        begin_line(values);
        print_scalar(values, option->items, width, item + i * width);
        end_line(values, origin->file, node);
        node = node->next;
    }
}

static void print_mappings(struct values *values,
                           const berth_option *option,
                           const berth_list *list,
                           const struct values_origin *origin)
{
    const char *item = list->items;
    const struct node *given = find_given(origin, option);
    const struct node *node = given == NULL ? NULL : given->first;

    for (size_t i = 0; i < list->count && node != NULL; i++) {
        const struct values_origin inner = {
            .file = origin->file,
            .node = node,
        };

        values_print_item(values, option->items, item + i * option->item_size,
                          &inner);
        node = node->next;
    }
}

static void print_pairs(struct values *values,
                        const berth_option *option,
                        const berth_list *list,
                        const struct values_origin *origin)
{
    const berth_pair *pair = list->items;
    const struct node *given = find_given(origin, option);
    const struct node *node = given == NULL ? NULL : given->first;

    for (size_t i = 0; i < list->count && node != NULL; i++) {
        begin_line(values);
        scalar_print_key(values->stream, pair[i].key);
        (void)fputs(": ", values->stream);
        scalar_print(values->stream, pair[i].value, true);
        end_line(values, origin->file, node);
        node = node->next;
    }
}

static void print_items(struct values *values,
                        const berth_option *option,
                        const void *stored,
                        const struct values_origin *origin)
{
    const berth_list list = read_list(stored);

    if (list.count == 0) {
        begin_line(values);
        (void)fprintf(values->stream, "%s: %s", option->name,
                      option->type == BERTH_MAPPING ? "{}" : "[]");
        print_origin(values, option, origin);
        return;
    }
    values_begin(values, option, origin);
    if (option->type == BERTH_LIST) {
        values->depth += STEP;
        print_list(values, option, &list, origin);
        values->depth -= STEP;
    } else if (option->type == BERTH_MAPPINGS) {
        print_mappings(values, option, &list, origin);
    } else {
        print_pairs(values, option, &list, origin);
    }
    values_end(values);
}

static void print_group(struct values *values,
                        const berth_option *option,
                        const void *stored,
                        const struct values_origin *origin)
{
    const struct values_origin inner = {
        .file = origin->file,
        .node = node_find(origin->node, option->name),
        .fallback = node_find(origin->fallback, option->name),
    };

    values_begin(values, option, origin);
    values_print(values, option->items, stored, &inner);
    values_end(values);
}

static void print_value(struct values *values,
                        const berth_option *option,
                        const void *stored,
                        const struct values_origin *origin)
{
    if (option_is_node(option)) {
        if (values->print_node != NULL) {
            values->print_node(values, option, origin);
        }
    } else if (option->type == BERTH_GROUP) {
        print_group(values, option, stored, origin);
    } else if (!option_is_scalar(option)) {
        print_items(values, option, stored, origin);
    } else {
        begin_line(values);
        (void)fprintf(values->stream, "%s: ", option->name);
        print_scalar(values, option, option->width, stored);
        print_origin(values, option, origin);
    }
}

/* A comment in place of the value. */
static void print_left_out(const struct values *values,
                           const berth_option *option,
                           const struct node *given)
{
    (void)fprintf(values->stream, "%*s# %s: %s\n", (int)values->depth, "",
                  option->name,
                  given == NULL ? "not given" : "given, and secret");
}

/* ---------------------------------------------------------------- interface */

/* Comments come last: an item of a list must begin with a key. */
void values_print(struct values *values,
                  const berth_option *table,
                  const void *target,
                  const struct values_origin *origin)
{
    for (const berth_option *o = table; o->name != NULL; o++) {
        const void *stored = (const char *)target + o->offset;

        if (!is_secret(o) && !is_absent(o, stored, find_given(origin, o))) {
            print_value(values, o, stored, origin);
        }
    }
    if (values->is_item) {
        begin_line(values);
        (void)fputs("{}\n", values->stream);
    }
    for (const berth_option *o = table; o->name != NULL; o++) {
        const void *stored = (const char *)target + o->offset;
        const struct node *given = find_given(origin, o);

        if (is_secret(o) || is_absent(o, stored, given)) {
            print_left_out(values, o, given);
        }
    }
}

void values_begin(struct values *values,
                  const berth_option *option,
                  const struct values_origin *origin)
{
    begin_line(values);
    (void)fprintf(values->stream, "%s:", option->name);
    print_origin(values, option, origin);
    values->depth += STEP;
}

void values_end(struct values *values)
{
    values->depth -= STEP;
}

void values_print_item(struct values *values,
                       const berth_option *table,
                       const void *target,
                       const struct values_origin *origin)
{
    values->depth += STEP;
    values->is_item = true;
    values_print(values, table, target, origin);
    values->depth -= STEP;
}
