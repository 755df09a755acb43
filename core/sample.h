/* SPDX-License-Identifier: MIT */
/*
 * A server.yaml to begin with: it serves echo, and has every key with its
 * default, commented out.
 */
#ifndef BERTH_SAMPLE_H
#define BERTH_SAMPLE_H

#include <stddef.h>
#include <stdio.h>

#include "plugin.h"

/* Each of the plugins but echo is an entry that is commented out. */
void sample_print(FILE *stream,
                  const struct plugin_found *plugins,
                  size_t count);

#endif
