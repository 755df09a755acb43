/* SPDX-License-Identifier: MIT */
/*
 * The checker: a short-lived process that does what `berth --check` does, so
 * that a plugin which crashes or hangs harms no one, and tells what it found.
 */
#ifndef BERTH_CHECKER_H
#define BERTH_CHECKER_H

#include "config.h"
#include "log.h"
#include "stats.h"

/*
 * Loads the configuration with its plugins, which puts them into the source's
 * snapshot, runs every init and fini, and sends the report (report.h). Returns
 * the status to exit with. *may_free: as in process.h.
 */
int checker_run(const struct config_source *source,
                struct log *log,
                struct stats *stats,
                int channel,
                bool *may_free);

#endif
