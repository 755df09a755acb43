/* SPDX-License-Identifier: MIT */
/*
 * `workers: 0`: one process does it all, so that a debugger, a profiler or a
 * tracer sees one process. No reload, no berthctl; a plugin that crashes ends
 * the server.
 */
#ifndef BERTH_FOREGROUND_H
#define BERTH_FOREGROUND_H

#include "worker.h"

/* Before worker_new(): blocks the signals that foreground_run() reads. */
void foreground_prepare(void);

/*
 * Serves until SIGTERM or SIGINT: then it stops accepting, lets connections
 * end within drain_timeout, and returns; a second signal ends them at once.
 * SIGUSR1 opens the log file anew. Returns 0 or -errno.
 */
int foreground_run(struct worker *worker);

#endif
