/* SPDX-License-Identifier: MIT */
/*
 * The JSON Schema (draft-07) of server.yaml, for editors: made of the tables
 * of the server's own keys and of the settings of plugins.
 *
 * It takes all that the server takes. What a schema cannot tell, the server
 * still refuses: the range of a text such as 64KiB, what a variable holds.
 */
#ifndef BERTH_SCHEMA_H
#define BERTH_SCHEMA_H

#include <stddef.h>
#include <stdio.h>

#include "plugin.h"

/* The settings of a plugin that is not among these may be any mapping. */
void schema_print(FILE *stream,
                  const struct plugin_found *plugins,
                  size_t count);

#endif
