/* SPDX-License-Identifier: MIT */
#include "inspect.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "describe.h"
#include "plugin_set.h"
#include "sample.h"
#include "schema.h"

/* All plugins that are found. */
struct finding {
    struct plugin_set set;
    struct arena arena;
    struct plugin_found *items;
    size_t count, capacity;
    struct errors *errors;
};

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

static int print_plugin(void *arg, const char *path, const char *name)
{
    FILE *stream = arg;
    struct plugin_refusal refusal;
    struct plugin *plugin;

    if (plugin_load(path, &plugin, &refusal) < 0) {
        (void)fprintf(stream, "%-12s refused: %s (%s)\n", name, refusal.text,
                      path);
        return 0;
    }
    (void)fprintf(stream, "%-12s %-8s %s (%s)\n", plugin->protocol.name,
                  or_empty(plugin->protocol.version),
                  or_empty(plugin->protocol.summary), path);
    plugin_free(plugin);
    return 0;
}

int inspect_list(const struct plugin_path *path, FILE *stream)
{
    return plugin_list(path, print_plugin, stream);
}

/* The old array stays in the arena: together they are twice the last one. */
static int make_room(struct finding *finding)
{
    const size_t capacity = finding->capacity == 0 ? 16 : 2 * finding->capacity;
    struct plugin_found *items;

    if (finding->count < finding->capacity) {
        return 0;
    }
    items = arena_array(&finding->arena, capacity, sizeof(*items));
    if (items == NULL) {
        return -ENOMEM;
    }
    if (finding->count > 0) {
        memcpy(items, finding->items, finding->count * sizeof(*items));
    }
    finding->items = items;
    finding->capacity = capacity;
    return 0;
}

static int add_plugin(void *arg, const char *path, const char *name)
{
    struct finding *finding = arg;
    const struct place place = {.file = path};
    struct plugin_refusal refusal;
    struct plugin *plugin;
    char *copy;
    int error = make_room(finding);

    if (error == 0) {
        error =
            plugin_set_get(&finding->set, path, NULL, NULL, &plugin, &refusal);
    }
    if (error == -ENOMEM) {
        return error;
    }
    if (error != 0) {
        errors_warn(finding->errors, &place, refusal.hint, "left out: %s",
                    refusal.text);
        return 0;
    }
    copy = arena_text(&finding->arena, name, strlen(name));
    if (copy == NULL) {
        return -ENOMEM;
    }
    finding->items[finding->count++] = (struct plugin_found){
        .name = copy,
        .plugin = plugin,
    };
    return 0;
}

/* Finds all plugins, and prints what is made of them. */
static int print_found(const struct plugin_path *path,
                       FILE *stream,
                       struct errors *errors,
                       void (*print)(FILE *stream,
                                     const struct plugin_found *plugins,
                                     size_t count))
{
    struct finding finding = {.errors = errors};
    int error;

    plugin_set_init(&finding.set, NULL);
    arena_init(&finding.arena);
    error = plugin_list(path, add_plugin, &finding);
    if (error == 0) {
        print(stream, finding.items, finding.count);
    }
    arena_fini(&finding.arena);
    plugin_set_fini(&finding.set);
    return error;
}

int inspect_schema(const struct plugin_path *path,
                   FILE *stream,
                   struct errors *errors)
{
    return print_found(path, stream, errors, schema_print);
}

int inspect_sample(const struct plugin_path *path,
                   FILE *stream,
                   struct errors *errors)
{
    return print_found(path, stream, errors, sample_print);
}

int inspect_describe(const struct plugin_path *path,
                     const char *const *words,
                     size_t count,
                     FILE *stream,
                     struct errors *errors)
{
    struct plugin_set set;
    bool is_first = true;
    int result = 0;

    if (count == 0) {
        describe_server(stream);
    }
    plugin_set_init(&set, NULL);
    for (size_t i = 0; i < count; i++) {
        const struct place place = {.file = words[i]};
        struct plugin_refusal refusal;
        struct plugin *plugin;
        const int error =
            plugin_set_get(&set, words[i], NULL, path, &plugin, &refusal);

        if (error != 0) {
            plugin_set_refuse(&refusal, words[i], &place, errors);
            result = error;
            continue;
        }
        (void)fputs(is_first ? "" : "\n", stream);
        is_first = false;
        describe_plugin(stream, plugin);
    }
    plugin_set_fini(&set);
    return result;
}
