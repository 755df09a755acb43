/* SPDX-License-Identifier: MIT */
/*
 * Commands that look at plugins, print, and end: nothing is served.
 */
#ifndef BERTH_INSPECT_H
#define BERTH_INSPECT_H

#include <stddef.h>
#include <stdio.h>

#include "error.h"
#include "plugin.h"

/*
 * Each returns 0 or -errno. A plugin that is found and refused is left out,
 * with a warning added to errors; inspect_list() prints it with the reason.
 */

/* A line for each plugin that is found. */
int inspect_list(const struct plugin_path *path, FILE *stream);

/* The JSON Schema of server.yaml, with the settings of all plugins found. */
int inspect_schema(const struct plugin_path *path,
                   FILE *stream,
                   struct errors *errors);

/* A server.yaml to begin with: see sample.h. */
int inspect_sample(const struct plugin_path *path,
                   FILE *stream,
                   struct errors *errors);

/*
 * Describes the plugins that the words name, or without words the server's own
 * keys. One that is not found or is refused is an error, added to errors; the
 * others are described all the same.
 */
int inspect_describe(const struct plugin_path *path,
                     const char *const *words,
                     size_t count,
                     FILE *stream,
                     struct errors *errors);

#endif
