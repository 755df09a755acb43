/* SPDX-License-Identifier: MIT */
/*
 * A plugin: a shared object that was loaded, and the protocol it exports.
 * Loaded once however many entries use it, and never unloaded: threads and
 * destructors of libraries inside it may outlive any use we know of.
 */
#ifndef BERTH_PLUGIN_H
#define BERTH_PLUGIN_H

#include <stddef.h>

#include <berth/protocol.h>

#include "arena.h"

struct plugin {
    char *path;              /* absolute, links resolved */
    berth_protocol protocol; /* what this server knows of it: the members that
                                an older plugin lacks are 0 */
    const berth_option *options;   /* its table brought to this server's
                                      stride; empty table if it has none */
    const berth_counter *counters; /* the same */
    size_t counter_count;
    struct arena arena; /* holds what the pointers above lead to */
};

/* Where plugins are looked up: folders, in order. */
struct plugin_path {
    const char *const *folders;
    size_t count;
};

/* One that was found in a folder. */
struct plugin_found {
    const char *name; /* of its file, as in "echo.so" */
    const struct plugin *plugin;
};

/* A refusal in the parts that a message needs. */
struct plugin_refusal {
    char path[4096]; /* the file it is about; empty if none was found */
    char text[512];  /* why: lower case, no full stop */
    char hint[512];  /* what to do; empty if there is nothing to say */
};

/*
 * Finds the file: a name with a slash is a path (relative to base, or to the
 * working directory if base is NULL); any other is looked up in the folders,
 * with and without ".so". Writes the path to found[0..size).
 * Returns 0, or -ENOENT (refusal filled: where it was looked for, "did you
 * mean" among the plugins that are there, or else which there are).
 */
int plugin_find(const char *name,
                const char *base,
                const struct plugin_path *path,
                char *found,
                size_t size,
                struct plugin_refusal *refusal);

/* Told of a plugin's file. Other than 0 ends the walk. */
typedef int plugin_list_fn(void *arg, const char *path, const char *name);

/*
 * Walks the files *.so of the folders, sorted by name; of two of the same name
 * only the one that plugin_find() would find. A folder that is missing or may
 * not be read counts as empty. They are not loaded: any of them may be refused.
 * Returns 0, -ENOMEM, or what callback returned.
 */
int plugin_list(const struct plugin_path *path,
                plugin_list_fn *callback,
                void *arg);

/*
 * Loads the file with RTLD_NOW | RTLD_LOCAL and checks what it exports, in
 * this order, each with its own refusal: exists and is a regular file, is a
 * shared object that loads, has the symbol berth_protocol_1 (one of another
 * version is named), size and abi, nothing but zero in a tail that this server
 * does not know, name, on_data, option table (option_check()), counter table.
 * Between on_data and the table: sizes that cannot be meant.
 * Returns 0 and a new *plugin, or with the refusal filled -ENOENT, -EACCES or
 * other errors of open(2), -ENOEXEC (does not load), -ENOTSUP (needs another
 * version of the server), -EINVAL (is broken), -ENOMEM. The caller
 * frees it with plugin_free(), which does not unload the shared object.
 */
int plugin_load(const char *path,
                struct plugin **plugin,
                struct plugin_refusal *refusal);

/*
 * Checks that the file is a shared object, and tells its absolute path, links
 * resolved; the caller frees it. Returns 0, or as above with the refusal
 * filled.
 */
int plugin_resolve(const char *path,
                   char **absolute,
                   struct plugin_refusal *refusal);

/*
 * The same as plugin_load() of bytes that lie elsewhere: they are loaded from
 * image, and the plugin is known, also in refusals, by path, which is absolute.
 */
int plugin_load_image(const char *path,
                      const char *image,
                      struct plugin **plugin,
                      struct plugin_refusal *refusal);

/*
 * Another protocol of a plugin, to which connections are switched: checks it
 * as far as such a one is used, and copies what this server knows of it. Its
 * name is borrowed. Returns 0, or -ENOTSUP or -EINVAL with the refusal's text
 * and hint filled.
 */
int plugin_adopt(const berth_protocol *given,
                 berth_protocol *known,
                 struct plugin_refusal *refusal);

void plugin_free(struct plugin *plugin);

#endif
