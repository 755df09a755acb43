/* SPDX-License-Identifier: MIT */
#include "plugin_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void plugin_set_init(struct plugin_set *set)
{
    *set = (struct plugin_set){.plugins = NULL};
}

void plugin_set_fini(struct plugin_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        plugin_free(set->plugins[i]);
    }
    free(set->plugins);
    plugin_set_init(set);
}

static struct plugin *find_path(const struct plugin_set *set, const char *path)
{
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->plugins[i]->path, path) == 0) {
            return set->plugins[i];
        }
    }
    return NULL;
}

static int refuse_memory(struct plugin_refusal *refusal)
{
    refusal->path[0] = '\0';
    refusal->hint[0] = '\0';
    (void)snprintf(refusal->text, sizeof(refusal->text), "out of memory");
    return -ENOMEM;
}

/* Room comes first: what was loaded cannot be unloaded. */
static int add_plugin(struct plugin_set *set,
                      const char *path,
                      struct plugin **plugin,
                      struct plugin_refusal *refusal)
{
    struct plugin **plugins =
        realloc(set->plugins, (set->count + 1) * sizeof(struct plugin *));
    int error;

    if (plugins == NULL) {
        return refuse_memory(refusal);
    }
    set->plugins = plugins;
    error = plugin_load(path, &plugins[set->count], refusal);
    if (error == 0) {
        *plugin = plugins[set->count];
        set->count++;
    }
    return error;
}

int plugin_set_get(struct plugin_set *set,
                   const char *name,
                   const char *base,
                   const struct plugin_path *path,
                   struct plugin **plugin,
                   struct plugin_refusal *refusal)
{
    char found[sizeof(refusal->path)];
    struct plugin *known = NULL;
    char *resolved;
    int error = plugin_find(name, base, path, found, sizeof(found), refusal);

    if (error != 0) {
        return error;
    }
    /* A link to a file that is loaded is that file; plugin_load() resolves. */
    resolved = realpath(found, NULL);
    if (resolved != NULL) {
        known = find_path(set, resolved);
        free(resolved);
    }
    if (known != NULL) {
        *plugin = known;
        return 0;
    }
    return add_plugin(set, found, plugin, refusal);
}

void plugin_set_refuse(const struct plugin_refusal *refusal,
                       const char *name,
                       const struct place *place,
                       struct errors *errors)
{
    if (refusal->path[0] == '\0') {
        errors_add(errors, place, refusal->hint, "the plugin '%.200s': %s",
                   name, refusal->text);
    } else {
        errors_add(errors, place, refusal->hint, "the plugin '%.200s' (%s): %s",
                   name, refusal->path, refusal->text);
    }
}
