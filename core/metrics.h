/* SPDX-License-Identifier: MIT */
/*
 * What the server counts, as text: for Prometheus (exposition format 0.0.4),
 * or as a summary for people, a line for each entry.
 */
#ifndef BERTH_METRICS_H
#define BERTH_METRICS_H

#include <stdio.h>
#include <sys/types.h>

#include <berth/protocol.h>

#include "census.h"
#include "stats.h"

/* Returns 0; -EINVAL: there is no such format; -ENOMEM. */
int metrics_print(const struct stats *stats,
                  enum berth_metrics_format format,
                  FILE *stream);

/* As berth_metrics(): writes what there is room for, with a NUL, and returns
   the whole length or -errno. */
ssize_t metrics_write(const struct stats *stats,
                      enum berth_metrics_format format,
                      char *buffer,
                      size_t size);

/* Between this header's own files: each prints a format. */
void metrics_print_prometheus(const struct stats *stats,
                              const struct census *census,
                              FILE *stream);
void metrics_print_summary(const struct stats *stats,
                           const struct census *census,
                           FILE *stream);

#endif
