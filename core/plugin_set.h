/* SPDX-License-Identifier: MIT */
/*
 * The plugins of one configuration: each file loaded once, however many
 * entries name it and in whatever way.
 */
#ifndef BERTH_PLUGIN_SET_H
#define BERTH_PLUGIN_SET_H

#include <stddef.h>

#include "error.h"
#include "plugin.h"
#include "snapshot.h"

struct plugin_set {
    struct plugin **plugins;
    size_t count;
    struct snapshot *snapshot; /* borrowed; see plugin_set_init() */
};

/*
 * snapshot: where the plugins' bytes are kept, or NULL: nowhere, they are
 * loaded from where they lie. One that is not sealed gets each file that is
 * found; of one that is sealed all are taken, and no file is looked for.
 */
void plugin_set_init(struct plugin_set *set, struct snapshot *snapshot);

/* Frees the plugins; their shared objects stay loaded: see plugin_free(). */
void plugin_set_fini(struct plugin_set *set);

/*
 * Finds the plugin and loads it if the set does not have it: arguments and
 * results of plugin_find() and plugin_load(), but *plugin is the set's; -ENOMEM
 * with the refusal filled.
 */
int plugin_set_get(struct plugin_set *set,
                   const char *name,
                   const char *base,
                   const struct plugin_path *path,
                   struct plugin **plugin,
                   struct plugin_refusal *refusal);

/* Adds the error: that the plugin of this name is refused, and why. */
void plugin_set_refuse(const struct plugin_refusal *refusal,
                       const char *name,
                       const struct place *place,
                       struct errors *errors);

#endif
