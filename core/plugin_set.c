/* SPDX-License-Identifier: MIT */
#include "plugin_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger shared objects are a mistake. */
#define PLUGIN_SIZE_MAX ((size_t)1 << 30)

void plugin_set_init(struct plugin_set *set, struct snapshot *snapshot)
{
    *set = (struct plugin_set){.snapshot = snapshot};
}

void plugin_set_fini(struct plugin_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        plugin_free(set->plugins[i]);
    }
    free(set->plugins);
    plugin_set_init(set, NULL);
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

static int
refuse_system(struct plugin_refusal *refusal, const char *path, int error)
{
    (void)snprintf(refusal->path, sizeof(refusal->path), "%s", path);
    refusal->hint[0] = '\0';
    (void)snprintf(refusal->text, sizeof(refusal->text), "%s",
                   strerror(-error));
    return error;
}

/* The bytes of the snapshot; or the file itself, where the system does not load
   from there (vm.memfd_noexec), or a library beside the plugin is found only
   from its own place ($ORIGIN). */
static int load_file(struct plugin_set *set,
                     const struct snapshot_file *file,
                     struct plugin **plugin,
                     struct plugin_refusal *refusal)
{
    char image[SNAPSHOT_IMAGE_MAX];
    int error;

    if (file->fd < 0) {
        return plugin_load(file->path, plugin, refusal);
    }
    error = plugin_load_image(file->path, snapshot_image(file, image), plugin,
                              refusal);
    if (error == -ENOEXEC && !snapshot_is_sealed(set->snapshot)) {
        error = plugin_load(file->path, plugin, refusal);
        if (error == 0) {
            snapshot_use_in_place(set->snapshot, file);
        }
    }
    return error;
}

/* Room comes first: what was loaded cannot be unloaded. */
static int make_room(struct plugin_set *set, struct plugin_refusal *refusal)
{
    struct plugin **plugins =
        realloc(set->plugins, (set->count + 1) * sizeof(struct plugin *));

    if (plugins == NULL) {
        return refuse_memory(refusal);
    }
    set->plugins = plugins;
    return 0;
}

/* file NULL: the one at path, without a snapshot. */
static int get_file(struct plugin_set *set,
                    const char *path,
                    const struct snapshot_file *file,
                    struct plugin **plugin,
                    struct plugin_refusal *refusal)
{
    int error;

    *plugin = find_path(set, path);
    if (*plugin != NULL) {
        return 0;
    }
    error = make_room(set, refusal);
    if (error == 0) {
        error = file == NULL ? plugin_load(path, plugin, refusal)
                             : load_file(set, file, plugin, refusal);
    }
    if (error == 0) {
        set->plugins[set->count++] = *plugin;
    }
    return error;
}

static int keep_file(struct snapshot *snapshot,
                     const char *name,
                     const char *path,
                     const struct snapshot_file **file)
{
    const struct snapshot_file named = {
        .kind = SNAPSHOT_PLUGIN,
        .name = name,
        .path = path,
    };

    *file = snapshot_find(snapshot, SNAPSHOT_PLUGIN, name);
    return *file != NULL
               ? 0
               : snapshot_take(snapshot, &named, PLUGIN_SIZE_MAX, file);
}

/* A link to a file that is loaded is that file. */
static int get_found(struct plugin_set *set,
                     const char *name,
                     const char *found,
                     struct plugin **plugin,
                     struct plugin_refusal *refusal)
{
    const struct snapshot_file *file = NULL;
    char *resolved = NULL;
    int error = plugin_resolve(found, &resolved, refusal);

    if (error != 0) {
        return error;
    }
    if (set->snapshot != NULL) {
        error = keep_file(set->snapshot, name, resolved, &file);
    }
    error = error < 0 ? refuse_system(refusal, resolved, error)
                      : get_file(set, resolved, file, plugin, refusal);
    free(resolved);
    return error;
}

static int get_kept(struct plugin_set *set,
                    const char *name,
                    struct plugin **plugin,
                    struct plugin_refusal *refusal)
{
    const struct snapshot_file *file =
        snapshot_find(set->snapshot, SNAPSHOT_PLUGIN, name);

    if (file == NULL) {
        return refuse_system(refusal, "", -ENOENT);
    }
    return get_file(set, file->path, file, plugin, refusal);
}

int plugin_set_get(struct plugin_set *set,
                   const char *name,
                   const char *base,
                   const struct plugin_path *path,
                   struct plugin **plugin,
                   struct plugin_refusal *refusal)
{
    char found[sizeof(refusal->path)];
    int error;

    if (set->snapshot != NULL && snapshot_is_sealed(set->snapshot)) {
        return get_kept(set, name, plugin, refusal);
    }
    error = plugin_find(name, base, path, found, sizeof(found), refusal);
    return error != 0 ? error : get_found(set, name, found, plugin, refusal);
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
