/* SPDX-License-Identifier: MIT */
#include "config_entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse_memory(const struct config_maker *maker)
{
    errors_no_memory(maker->source.errors);
    return -ENOMEM;
}

/* No memory weighs more than what is wrong in the file. */
static int worse(int a, int b)
{
    return a == -ENOMEM || b == 0 ? a : b;
}

static struct log_scope scope_of(const struct keys_log *keys)
{
    return (struct log_scope){
        .level = (enum log_level)keys->level,
        .access = keys->access,
    };
}

/* ---------------------------------------------------------------- plugin */

static int find_plugin(const struct config_maker *maker,
                       const struct place *place,
                       const char *base,
                       const char *name,
                       struct config_entry *entry)
{
    struct plugin_refusal refusal = {.path = ""};
    const int error = plugin_set_get(maker->plugins, name, base, &maker->path,
                                     &entry->plugin, &refusal);

    if (error == -ENOMEM) {
        return refuse_memory(maker);
    }
    if (error != 0) {
        plugin_set_refuse(&refusal, name, place, maker->source.errors);
        return -EINVAL;
    }
    return 0;
}

/* ------------------------------------------------------------------ name */

static bool is_name(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "abcdefghijklmnopqrstuvwxyz0123456789_.-";
    const size_t length = strspn(name, letters);

    return length >= 1 && length <= 64 && name[length] == '\0';
}

static int set_name(const struct config_maker *maker,
                    const char *name,
                    struct config_entry *entry)
{
    if (name == NULL) {
        entry->name =
            entry->plugin == NULL ? NULL : entry->plugin->protocol.name;
        return 0;
    }
    if (!is_name(name)) {
        const struct place place =
            settings_place(&maker->source, node_find(entry->node, "name"));

        errors_add(maker->source.errors, &place, NULL,
                   "'name' may have letters, digits, '_', '.' and '-' only");
        return -EINVAL;
    }
    entry->name = name;
    return 0;
}

/* --------------------------------------------------------------- listeners */

static int refuse_listener(const struct config_maker *maker,
                           const struct place *place,
                           const char *what,
                           const char *hint)
{
    errors_add(maker->source.errors, place, hint, "%s", what);
    return -EINVAL;
}

/* The address as it takes effect: a relative path is not relative any more. */
static int show_address(const struct config_maker *maker,
                        struct config_listener *listener)
{
    char text[ADDRESS_TEXT_MAX];
    const size_t length =
        address_format(&listener->address, text, sizeof(text));

    listener->keys.address = arena_text(maker->source.arena, text, length);
    return listener->keys.address == NULL ? refuse_memory(maker) : 0;
}

static int read_address(const struct config_maker *maker,
                        const char *text,
                        struct config_listener *listener)
{
    const char *why = "";
    const char *hint = NULL;

    listener->text = text;
    if (address_parse(&listener->address, text, maker->source.folder, &why,
                      &hint) != 0) {
        errors_add(maker->source.errors, &listener->place, hint,
                   "the address '%.200s': %s", text, why);
        return -EINVAL;
    }
    return show_address(maker, listener);
}

static int read_mode(const struct config_maker *maker,
                     const struct node *node,
                     const char *text,
                     struct config_listener *listener)
{
    const size_t length = strspn(text, "01234567");
    const struct place place = settings_place(&maker->source, node);
    long mode;

    if (length < 3 || length > 4 || text[length] != '\0') {
        return refuse_listener(maker, &place,
                               "'mode' must be permissions in octal",
                               "write \"0660\", say");
    }
    mode = strtol(text, NULL, 8);
    if (mode > 0777) {
        return refuse_listener(maker, &place,
                               "'mode' must be between 0000 and 0777", NULL);
    }
    if (!address_is_path(&listener->address)) {
        return refuse_listener(
            maker, &place, "only a unix socket with a path has a 'mode'", NULL);
    }
    listener->mode = (int32_t)mode;
    return 0;
}

static int read_listener_keys(const struct config_maker *maker,
                              const struct node *node,
                              struct config_listener *listener)
{
    const struct settings_input input = {
        .node = node,
        .table = keys_get(KEYS_LISTENER),
        .prefix = "listen",
    };
    struct keys_listener keys = {.backlog = 0};
    const struct node *address = node_find(node, "address");
    int error = settings_apply(&maker->source, &input, &keys);

    if (keys.address == NULL) {
        return error;
    }
    listener->place = settings_place(&maker->source, address);
    listener->backlog = (uint32_t)keys.backlog;
    listener->keys = keys;
    error = worse(error, read_address(maker, keys.address, listener));
    if (keys.mode != NULL && error == 0) {
        error = read_mode(maker, node_find(node, "mode"), keys.mode, listener);
    }
    return error;
}

static int read_listener(const struct config_maker *maker,
                         const struct node *node,
                         struct config_listener *listener)
{
    const struct place place = settings_place(&maker->source, node);
    const char *text;
    int error;

    *listener = (struct config_listener){
        .text = "",
        .backlog = KEYS_BACKLOG,
        .mode = -1,
        .place = place,
        .keys = {.backlog = KEYS_BACKLOG},
        .node = node,
    };
    if (node_is_empty(node)) {
        return refuse_listener(maker, &place, "'listen' has no value",
                               "write an address, as in 127.0.0.1:8080");
    }
    if (node->kind == NODE_LIST) {
        return refuse_listener(maker, &place,
                               "'listen' must have addresses or mappings, not "
                               "lists, as its items",
                               "quote an address with brackets, as in "
                               "\"[::1]:8080\"");
    }
    if (node->kind == NODE_MAPPING) {
        return read_listener_keys(maker, node, listener);
    }
    error = settings_text(&maker->source, node, "listen", &text);
    return error != 0 ? error : read_address(maker, text, listener);
}

/* Only listeners that are whole are put into the entry. */
static int read_listeners(const struct config_maker *maker,
                          const struct node *node,
                          struct config_entry *entry)
{
    const bool is_list = node->kind == NODE_LIST;
    const struct node *one = is_list ? node->first : node;
    const size_t count = is_list ? node->count : 1;
    const struct place place = settings_place(&maker->source, node);
    int error = 0;

    if (count == 0 || count > KEYS_LISTENERS_MAX) {
        return refuse_listener(maker, &place,
                               count == 0 ? "'listen' is an empty list"
                                          : "'listen' has more than 1024 items",
                               NULL);
    }
    entry->listeners =
        arena_array(maker->source.arena, count, sizeof(*entry->listeners));
    if (entry->listeners == NULL) {
        return refuse_memory(maker);
    }
    for (size_t i = 0; i < count; i++) {
        const int result =
            read_listener(maker, one, &entry->listeners[entry->listener_count]);

        entry->listener_count += result == 0 ? 1 : 0;
        error = worse(error, result);
        one = one->next;
    }
    return error;
}

/* ---------------------------------------------------------------- settings */

static int fill_settings(const struct config_maker *maker,
                         const struct node *node,
                         struct config_entry *entry)
{
    const struct plugin *plugin = entry->plugin;
    const struct settings_input input = {
        .node = node,
        .at = entry->node,
        .table = plugin->options,
    };
    const struct place place = settings_place(&maker->source, node);

    if (plugin->options[0].name == NULL && node != NULL &&
        !(node->kind == NODE_MAPPING && node->count == 0) &&
        !node_is_empty(node)) {
        errors_add(maker->source.errors, &place, "remove 'settings'",
                   "the plugin '%s' takes no settings", plugin->protocol.name);
        return -EINVAL;
    }
    if (plugin->protocol.settings_size == 0) {
        return 0;
    }
    entry->settings =
        arena_alloc(maker->source.arena, plugin->protocol.settings_size);
    if (entry->settings == NULL) {
        return refuse_memory(maker);
    }
    return settings_apply(&maker->source, &input, entry->settings);
}

/* ------------------------------------------------------------------- items */

/* What holds for an entry that does not say. */
static struct keys_entry inherit_keys(const struct config_maker *maker)
{
    return (struct keys_entry){
        .workers = KEYS_WORKERS_AUTO,
        .limits = maker->limits,
        .log = maker->log,
    };
}

/* What the item's keys say is taken one by one, so that all errors are told. */
static int take_keys(const struct config_maker *maker,
                     const struct keys_entry *keys,
                     struct config_entry *entry)
{
    const struct place place =
        settings_place(&maker->source, node_find(entry->node, "plugin"));
    int error = 0;

    entry->keys = *keys;
    entry->limits = keys->limits;
    entry->log = scope_of(&keys->log);
    if (keys->plugin != NULL) {
        error = find_plugin(maker, &place, maker->source.folder, keys->plugin,
                            entry);
    }
    error = worse(error, set_name(maker, keys->name, entry));
    if (keys->listen != NULL) {
        error = worse(error, read_listeners(maker, keys->listen, entry));
    }
    if (entry->plugin != NULL) {
        error = worse(error, fill_settings(maker, keys->settings, entry));
    }
    return error;
}

int config_entry_read(const struct config_maker *maker,
                      const struct node *item,
                      struct config_entry *entry)
{
    const struct settings_input input = {
        .node = item,
        .table = keys_get(KEYS_ENTRY),
        .is_kept = true,
    };
    struct keys_entry keys = inherit_keys(maker);
    int error;

    *entry = (struct config_entry){
        .place = settings_place(&maker->source, item),
        .node = item,
    };
    if (item->kind != NODE_MAPPING) {
        errors_add(maker->source.errors, &entry->place,
                   "write - plugin: NAME, and what else it needs below",
                   "an item of 'protocols' must be a mapping, not %s",
                   node_describe(item));
        return -EINVAL;
    }
    error = settings_apply(&maker->source, &input, &keys);
    error = worse(error, take_keys(maker, &keys, entry));
    if (error == 0 && keys.listen == NULL) {
        errors_warn(maker->source.errors, &entry->place,
                    "write listen: 127.0.0.1:8080, say",
                    "an entry without 'listen' is reached only when another "
                    "one switches to it");
    }
    return error;
}

int config_entry_from_word(const struct config_maker *maker,
                           const char *word,
                           const char *address,
                           struct config_entry *entry)
{
    const char *equals = strchr(word, '=');
    const size_t length =
        equals == NULL ? strlen(word) : (size_t)(equals - word);
    const char *name = arena_text(maker->source.arena, word, length);
    int error;

    *entry = (struct config_entry){
        .keys = inherit_keys(maker),
        .limits = maker->limits,
        .log = scope_of(&maker->log),
        .place = {.file = maker->source.file},
        .listeners =
            arena_alloc(maker->source.arena, sizeof(*entry->listeners)),
    };
    if (name == NULL || entry->listeners == NULL) {
        return refuse_memory(maker);
    }
    *entry->listeners = (struct config_listener){
        .backlog = KEYS_BACKLOG,
        .mode = -1,
        .place = entry->place,
        .keys = {.backlog = KEYS_BACKLOG},
    };
    error = find_plugin(maker, &entry->place, NULL, name, entry);
    error =
        worse(error, read_address(maker, equals == NULL ? address : equals + 1,
                                  entry->listeners));
    entry->listener_count = error == 0 ? 1 : 0;
    if (entry->plugin != NULL) {
        entry->name = entry->plugin->protocol.name;
        error = worse(error, fill_settings(maker, NULL, entry));
    }
    return error;
}
