/* SPDX-License-Identifier: MIT */
/*
 * What can be set, for people to read. The form is stable:
 *
 *     KEY: VALUE; default DEFAULT
 *         help, perhaps over several lines
 *       KEY: ...
 *
 * "; required" stands for a default where a value must be given; a key within
 * a mapping, or within the mappings of a list, is two blanks deeper, its help
 * four.
 */
#ifndef BERTH_DESCRIBE_H
#define BERTH_DESCRIBE_H

#include <stdio.h>

#include "plugin.h"

/* The keys of server.yaml that are the server's own. */
void describe_server(FILE *stream);

/* A plugin: name, file, version, settings, counters. */
void describe_plugin(FILE *stream, const struct plugin *plugin);

#endif
