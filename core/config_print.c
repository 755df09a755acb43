/* SPDX-License-Identifier: MIT */
/* The configuration written as a server.yaml that says the same. */
#include "config.h"

#include "line.h"
#include "values.h"

/* What the values are of; entry NULL: the top level. */
struct subject {
    const struct config *config;
    const struct config_entry *entry;
};

static void print_node(struct values *values,
                       const berth_option *option,
                       const struct values_origin *origin);

static void print_entry(struct values *values,
                        const berth_option *table,
                        const struct config *config,
                        const struct config_entry *entry)
{
    const struct subject subject = {.config = config, .entry = entry};
    const struct values_origin origin = {
        .file = config->source,
        .node = entry->node,
        .fallback = config->root,
    };
    struct keys_entry keys = entry->keys;
    const void *outer = values->arg;

    keys.plugin = entry->plugin->path;
    keys.name = entry->name;
    values->arg = &subject;
    values_print_item(values, table, &keys, &origin);
    values->arg = outer;
}

static void print_entries(struct values *values,
                          const berth_option *option,
                          const struct config *config,
                          const struct values_origin *origin)
{
    values_begin(values, option, origin);
    for (size_t i = 0; i < config->entry_count; i++) {
        print_entry(values, option->items, config, &config->entries[i]);
    }
    values_end(values);
}

static void print_listeners(struct values *values,
                            const berth_option *option,
                            const struct config_entry *entry,
                            const struct values_origin *origin)
{
    if (entry->listener_count == 0) {
        return;
    }
    values_begin(values, option, origin);
    for (size_t i = 0; i < entry->listener_count; i++) {
        const struct config_listener *listener = &entry->listeners[i];
        const struct values_origin inner = {
            .file = origin->file,
            .node = listener->node,
        };

        values_print_item(values, option->items, &listener->keys, &inner);
    }
    values_end(values);
}

static void print_settings(struct values *values,
                           const berth_option *option,
                           const struct config_entry *entry,
                           const struct values_origin *origin)
{
    const struct values_origin inner = {
        .file = origin->file,
        .node = node_find(origin->node, option->name),
    };

    if (entry->settings != NULL) {
        values_begin(values, option, origin);
        values_print(values, entry->plugin->options, entry->settings, &inner);
        values_end(values);
    }
}

static void print_node(struct values *values,
                       const berth_option *option,
                       const struct values_origin *origin)
{
    const struct subject *subject = values->arg;

    switch (option->type) {
    case OPTION_ENTRIES:
        print_entries(values, option, subject->config, origin);
        break;
    case OPTION_LISTEN:
        print_listeners(values, option, subject->entry, origin);
        break;
    case OPTION_SETTINGS:
        print_settings(values, option, subject->entry, origin);
        break;
    default:
        break;
    }
}

void config_print(const struct config *config, FILE *stream)
{
    const struct subject subject = {.config = config};
    const struct values_origin origin = {
        .file = config->source,
        .node = config->root,
    };
    struct values values = {
        .stream = stream,
        .print_node = print_node,
        .arg = &subject,
    };
    struct line line = {.limit = LINE_SIZE};

    line_escape(&line, config->source, LINE_PLAIN);
    (void)fprintf(stream,
                  "# The configuration in effect, read from %.*s.\n"
                  "# Behind each value: where it comes from.\n",
                  (int)line.length, line.bytes);
    values_print(&values, keys_get(KEYS_TOP), &config->keys, &origin);
}
