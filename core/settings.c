/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"

/* Longest name of an option that a message shows. */
#define NAME_MAX_SHOWN 256

/* So many known keys are listed in a hint; more are not read. */
#define KEYS_SHOWN 16

/* Where in the file a table is being applied; the text is made on demand. */
struct step {
    const struct step *parent; /* NULL: the outermost */
    const char *name;          /* NULL: an item of a list */
    size_t index;
};

/* A table being applied to a mapping. */
struct work {
    const struct settings_source *source;
    const struct settings_input *input;
    const struct step *step; /* of the mapping; NULL: it has no name */
};

struct name {
    char text[NAME_MAX_SHOWN];
};

static size_t write_step(const struct step *step, struct name *name)
{
    size_t length = 0;
    int added;

    if (step == NULL) {
        return 0;
    }
    length = write_step(step->parent, name);
    if (step->name == NULL) {
        added = snprintf(name->text + length, sizeof(name->text) - length,
                         "[%zu]", step->index);
    } else {
        added = snprintf(name->text + length, sizeof(name->text) - length,
                         "%s%.100s", length == 0 ? "" : ".", step->name);
    }
    length += (size_t)added;
    return length < sizeof(name->text) ? length : sizeof(name->text) - 1;
}

static struct name name_of(const struct step *step)
{
    struct name name = {.text = ""};

    (void)write_step(step, &name);
    return name;
}

/* Adds "'limits.idle' must be ...". */
static int refuse(const struct work *work,
                  const struct step *step,
                  const berth_option *option,
                  const struct node *node,
                  const struct option_problem *problem)
{
    struct place place = settings_place(work->source, node);
    const struct name name = name_of(step);
    const bool is_secret = (option->flags & BERTH_SECRET) != 0;

    place.is_secret = is_secret;
    errors_add(work->source->errors, &place, is_secret ? NULL : problem->hint,
               "'%s' %s", name.text, problem->text);
    return -EINVAL;
}

static int refuse_kind(const struct work *work,
                       const struct step *step,
                       const berth_option *option,
                       const struct node *node,
                       const char *expected)
{
    struct option_problem problem = {.hint = ""};

    if (node_is_empty(node)) {
        (void)snprintf(problem.text, sizeof(problem.text), "has no value");
        if (option->type == BERTH_STRING) {
            (void)snprintf(problem.hint, sizeof(problem.hint),
                           "write \"\" for an empty text");
        }
    } else {
        (void)snprintf(problem.text, sizeof(problem.text), "must be %s, not %s",
                       expected, node_describe(node));
    }
    return refuse(work, step, option, node, &problem);
}

/* Names the keys of a table, if they are few. */
static void write_keys(const berth_option *table, char *text, size_t size)
{
    size_t length = 0;

    for (size_t i = 0; table[i].name != NULL && length < size; i++) {
        if (i == KEYS_SHOWN) {
            text[0] = '\0';
            return;
        }
        length += (size_t)snprintf(text + length, size - length, "%s%s",
                                   i == 0 ? "the keys here are " : ", ",
                                   table[i].name);
    }
    if (length >= size) {
        text[0] = '\0';
    }
}

static const char *find_nearest(const berth_option *table, const char *key)
{
    const char *nearest = NULL;
    unsigned best = SUGGEST_FAR;

    for (; table->name != NULL; table++) {
        const unsigned distance = suggest_distance(key, table->name);

        if (distance < best) {
            best = distance;
            nearest = table->name;
        }
    }
    return nearest;
}

static int refuse_key(const struct work *work, const struct node *key)
{
    const struct step step = {.parent = work->step, .name = key->text};
    const struct place place = settings_place(work->source, key);
    const struct name name = name_of(&step);
    char hint[512] = "";
    const char *nearest;

    /* A hostile file has a hundred thousand of them. */
    if (!errors_is_full(work->source->errors)) {
        nearest = find_nearest(work->input->table, key->text);
        if (nearest != NULL) {
            (void)snprintf(hint, sizeof(hint), "did you mean '%.100s'?",
                           nearest);
        } else {
            write_keys(work->input->table, hint, sizeof(hint));
        }
    }
    errors_add(work->source->errors, &place, hint, "unknown key '%s'",
               name.text);
    return -EINVAL;
}

static int refuse_missing(const struct work *work, const berth_option *option)
{
    const struct step step = {.parent = work->step, .name = option->name};
    const struct node *at =
        work->input->node == NULL ? work->input->at : work->input->node;
    struct option_problem problem = {.text = "is missing"};

    if (option->help != NULL) {
        (void)snprintf(problem.hint, sizeof(problem.hint), "%s: %s",
                       option->name, option->help);
    }
    return refuse(work, &step, option, at, &problem);
}

/* Combines results: no memory weighs more than a wrong value. */
static int worse(int a, int b)
{
    return a == -ENOMEM || b == 0 ? a : b;
}

/* Makes the text at target absolute, if it is one. */
static int resolve_path(const struct work *work, void *target)
{
    const char *text;

    memcpy(&text, target, sizeof(text));
    if (text == NULL) {
        return 0;
    }
    text = settings_path(work->source, text);
    if (text == NULL) {
        return -ENOMEM;
    }
    memcpy(target, &text, sizeof(text));
    return 0;
}

static int fill_scalar(const struct work *work,
                       const struct step *step,
                       const berth_option *option,
                       const struct node *node,
                       size_t width,
                       void *target)
{
    struct option_text given = {.is_quoted = node->is_quoted};
    struct option_problem problem;
    struct name name;
    int error;

    if (node->kind != NODE_SCALAR || node_is_empty(node)) {
        return refuse_kind(work, step, option, node, "one value");
    }
    if (memchr(node->text, '$', node->length) != NULL ||
        strlen(node->text) != node->length) {
        name = name_of(step);
        error = settings_text(work->source, node, name.text, &given.text);
        if (error != 0) {
            return error;
        }
    } else {
        given.text = node->text;
    }
    if (option_store(option, &given, width, target, &problem) != 0) {
        return refuse(work, step, option, node, &problem);
    }
    return option->type == BERTH_PATH ? resolve_path(work, target) : 0;
}

static int check_count(const struct work *work,
                       const struct step *step,
                       const berth_option *option,
                       const struct node *node)
{
    struct option_problem problem;

    if (option_check_count(option, node->count, &problem) != 0) {
        return refuse(work, step, option, node, &problem);
    }
    return 0;
}

/* Makes room for a node's children and puts it into the list at target. */
static char *make_list(const struct work *work,
                       const struct node *node,
                       size_t width,
                       void *target)
{
    char *items = NULL;
    berth_list list;

    if (node->count > 0) {
        items = arena_array(work->source->arena, node->count, width);
        if (items == NULL) {
            errors_no_memory(work->source->errors);
            return NULL;
        }
    }
    list = (berth_list){.count = node->count, .items = items};
    memcpy(target, &list, sizeof(list));
    return items;
}

static int fill_list(const struct work *work,
                     const struct step *step,
                     const berth_option *option,
                     const struct node *node,
                     void *target)
{
    const size_t width = option_item_width(option->items);
    struct step inner = {.parent = step};
    char *items;
    int error;

    if (node->kind != NODE_LIST) {
        return refuse_kind(work, step, option, node, "a list ([...])");
    }
    error = check_count(work, step, option, node);
    items = make_list(work, node, width, target);
    if (items == NULL) {
        return node->count == 0 ? error : -ENOMEM;
    }
    for (const struct node *n = node->first; n != NULL; n = n->next) {
        error = worse(error, fill_scalar(work, &inner, option->items, n, width,
                                         items + inner.index * width));
        inner.index++;
    }
    return error;
}

static int apply_table(const struct work *work, void *target);

/* Applies the option's own table to a mapping within. */
static int fill_inner(const struct work *work,
                      const struct step *step,
                      const berth_option *option,
                      const struct node *node,
                      void *target)
{
    const struct settings_input input = {
        .node = node,
        .table = option->items,
        .is_kept = work->input->is_kept && option->type == BERTH_GROUP,
    };
    const struct work inner = {
        .source = work->source,
        .input = &input,
        .step = step,
    };

    if (node->kind != NODE_MAPPING && !node_is_empty(node)) {
        return refuse_kind(work, step, option, node, "a mapping (key: value)");
    }
    return apply_table(&inner, target);
}

static int fill_mappings(const struct work *work,
                         const struct step *step,
                         const berth_option *option,
                         const struct node *node,
                         void *target)
{
    struct step inner = {.parent = step};
    char *items;
    int error;

    if (node->kind != NODE_LIST) {
        return refuse_kind(work, step, option, node, "a list of mappings");
    }
    error = check_count(work, step, option, node);
    items = make_list(work, node, option->item_size, target);
    if (items == NULL) {
        return node->count == 0 ? error : -ENOMEM;
    }
    for (const struct node *n = node->first; n != NULL; n = n->next) {
        error =
            worse(error, fill_inner(work, &inner, option, n,
                                    items + inner.index * option->item_size));
        inner.index++;
    }
    return error;
}

static int fill_pairs(const struct work *work,
                      const struct step *step,
                      const berth_option *option,
                      const struct node *node,
                      void *target)
{
    const berth_option value = {
        .name = option->name,
        .type = BERTH_STRING,
        .flags = option->flags & BERTH_SECRET,
    };
    berth_pair *pair;
    int error;

    if (node->kind != NODE_MAPPING) {
        return refuse_kind(work, step, option, node, "a mapping (key: value)");
    }
    error = check_count(work, step, option, node);
    pair = (berth_pair *)(void *)make_list(work, node, sizeof(*pair), target);
    if (pair == NULL) {
        return node->count == 0 ? error : -ENOMEM;
    }
    for (const struct node *n = node->first; n != NULL; n = n->next) {
        const struct step inner = {.parent = step, .name = n->key->text};

        pair->key = n->key->text;
        error = worse(error, fill_scalar(work, &inner, &value, n,
                                         sizeof(pair->value), &pair->value));
        pair++;
    }
    return error;
}

static int fill_value(const struct work *work,
                      const struct step *step,
                      const berth_option *option,
                      const struct node *node,
                      void *target)
{
    switch (option->type) {
    case BERTH_LIST:
        return fill_list(work, step, option, node, target);
    case BERTH_MAPPINGS:
        return fill_mappings(work, step, option, node, target);
    case BERTH_MAPPING:
        return fill_pairs(work, step, option, node, target);
    case BERTH_GROUP:
        return fill_inner(work, step, option, node, target);
    case OPTION_NODE:
    case OPTION_ENTRIES:
    case OPTION_LISTEN:
    case OPTION_SETTINGS:
        memcpy(target, &node, sizeof(void *));
        return 0;
    default:
        return fill_scalar(work, step, option, node, option->width, target);
    }
}

/* The table was checked: a fallback is a value. */
static int
fill_fallbacks(const struct work *work, const berth_option *table, void *target)
{
    int error = 0;

    for (; table->name != NULL && error == 0; table++) {
        const struct option_text given = {.text = table->fallback};
        void *member = (char *)target + table->offset;
        struct option_problem problem;

        if (table->type == BERTH_GROUP) {
            error = fill_fallbacks(work, table->items, member);
            continue;
        }
        if (table->fallback == NULL || !option_is_scalar(table) ||
            (table->flags & BERTH_REQUIRED) != 0) {
            continue;
        }
        (void)option_store(table, &given, table->width, member, &problem);
        if (table->type == BERTH_PATH) {
            error = resolve_path(work, member);
        }
    }
    return error;
}

/* Fills what is given; notes which options those are. */
static int fill_given(const struct work *work, void *target, bool *is_given)
{
    const berth_option *table = work->input->table;
    const struct node *node = work->input->node->first;
    int error = 0;

    for (; node != NULL; node = node->next) {
        const struct step step = {
            .parent = work->step,
            .name = node->key->text,
        };
        const berth_option *option = option_find(table, node->key->text);

        if (option == NULL) {
            error = worse(error, refuse_key(work, node->key));
            continue;
        }
        /* A key that is there twice was told before: the first one counts. */
        if (!is_given[option - table]) {
            is_given[option - table] = true;
            error = worse(error, fill_value(work, &step, option, node,
                                            (char *)target + option->offset));
        }
    }
    return error;
}

static int apply_table(const struct work *work, void *target)
{
    const struct settings_input *input = work->input;
    const berth_option *table = input->table;
    bool is_given[OPTION_TABLE_MAX] = {false};
    int error = 0;

    if (!input->is_kept) {
        error = fill_fallbacks(work, table, target);
    }
    if (input->node != NULL && error == 0) {
        error = fill_given(work, target, is_given);
    }
    for (size_t i = 0; table[i].name != NULL; i++) {
        if ((table[i].flags & BERTH_REQUIRED) != 0 && !is_given[i]) {
            error = worse(error, refuse_missing(work, &table[i]));
        }
    }
    return error;
}

int settings_apply(const struct settings_source *source,
                   const struct settings_input *input,
                   void *target)
{
    /* Names within a plugin's settings have no prefix, the whole has a name. */
    const struct step step = {
        .name = input->prefix == NULL ? "settings" : input->prefix,
    };
    const struct work work = {
        .source = source,
        .input = input,
        .step = input->prefix == NULL ? NULL : &step,
    };
    const berth_option whole = {.type = BERTH_GROUP};

    if (input->node != NULL && input->node->kind != NODE_MAPPING &&
        !node_is_empty(input->node)) {
        return refuse_kind(&work, &step, &whole, input->node,
                           "a mapping (key: value)");
    }
    return apply_table(&work, target);
}
