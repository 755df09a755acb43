/* SPDX-License-Identifier: MIT */
/* Values in one line, in the flow style of YAML. */
#include "values.h"

#include <string.h>

#include "scalar.h"

struct flow {
    FILE *stream;
    size_t secrets;
};

static void print_table(struct flow *flow,
                        const berth_option *table,
                        const void *target,
                        const struct node *given);

static berth_list read_list(const void *stored)
{
    berth_list list;

    memcpy(&list, stored, sizeof(list));
    return list;
}

static void separate(const struct flow *flow, size_t index)
{
    if (index > 0) {
        (void)fputs(", ", flow->stream);
    }
}

static void print_scalar(const struct flow *flow,
                         const berth_option *option,
                         size_t width,
                         const void *stored)
{
    char buffer[OPTION_SHOWN_MAX];
    const char *text = option_show(option, width, stored, buffer);
    const bool is_text =
        (option->type == BERTH_STRING || option->type == BERTH_PATH) &&
        !option_is_none(option, width, stored);

    scalar_print(flow->stream, text == NULL ? "" : text, is_text);
}

static void print_list(const struct flow *flow,
                       const berth_option *items,
                       const berth_list *list)
{
    const size_t width = option_item_width(items);
    const char *item = list->items;

    (void)fputc('[', flow->stream);
    for (size_t i = 0; i < list->count; i++) {
        separate(flow, i);
        print_scalar(flow, items, width, item + i * width);
    }
    (void)fputc(']', flow->stream);
}

static void print_mappings(struct flow *flow,
                           const berth_option *option,
                           const berth_list *list,
                           const struct node *given)
{
    const char *item = list->items;
    const struct node *node = given->first;

    (void)fputc('[', flow->stream);
    for (size_t i = 0; i < list->count && node != NULL; i++) {
        separate(flow, i);
        print_table(flow, option->items, item + i * option->item_size, node);
        node = node->next;
    }
    (void)fputc(']', flow->stream);
}

static void print_pairs(const struct flow *flow, const berth_list *list)
{
    const berth_pair *pair = list->items;

    (void)fputc('{', flow->stream);
    for (size_t i = 0; i < list->count; i++) {
        separate(flow, i);
        scalar_print_key(flow->stream, pair[i].key);
        (void)fputs(": ", flow->stream);
        scalar_print(flow->stream, pair[i].value, true);
    }
    (void)fputc('}', flow->stream);
}

static void print_value(struct flow *flow,
                        const berth_option *option,
                        const void *stored,
                        const struct node *given)
{
    berth_list list;

    switch (option->type) {
    case BERTH_GROUP:
        print_table(flow, option->items, stored, given);
        return;
    case BERTH_LIST:
        list = read_list(stored);
        print_list(flow, option->items, &list);
        return;
    case BERTH_MAPPINGS:
        list = read_list(stored);
        print_mappings(flow, option, &list, given);
        return;
    case BERTH_MAPPING:
        list = read_list(stored);
        print_pairs(flow, &list);
        return;
    default:
        print_scalar(flow, option, option->width, stored);
        return;
    }
}

/* Where it was given; what is no mapping stands for its required key. */
static const struct node *find_given(const struct node *given,
                                     const berth_option *option)
{
    if (given == NULL || given->kind == NODE_MAPPING) {
        return node_find(given, option->name);
    }
    return (option->flags & BERTH_REQUIRED) != 0 ? given : NULL;
}

static bool is_secret(const berth_option *option)
{
    return (option->flags & BERTH_SECRET) != 0 ||
           (option->type == BERTH_LIST &&
            (option->items->flags & BERTH_SECRET) != 0);
}

static void print_table(struct flow *flow,
                        const berth_option *table,
                        const void *target,
                        const struct node *given)
{
    size_t count = 0;

    (void)fputc('{', flow->stream);
    for (const berth_option *o = table; o->name != NULL; o++) {
        const struct node *node = find_given(given, o);

        if (node == NULL || option_is_node(o)) {
            continue;
        }
        if (is_secret(o)) {
            flow->secrets++;
            continue;
        }
        separate(flow, count++);
        (void)fprintf(flow->stream, "%s: ", o->name);
        print_value(flow, o, (const char *)target + o->offset, node);
    }
    (void)fputc('}', flow->stream);
}

size_t values_print_line(FILE *stream,
                         const berth_option *table,
                         const void *target,
                         const struct node *given)
{
    struct flow flow = {.stream = stream};

    print_table(&flow, table, target, given);
    return flow.secrets;
}
