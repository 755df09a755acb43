/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: the parent process. It owns the listening sockets, starts
 * generations of workers, replaces workers that die, and handles signals. It
 * never runs code of a plugin.
 */
#ifndef BERTH_SUPERVISOR_H
#define BERTH_SUPERVISOR_H

#include "config.h"
#include "log.h"

/* What a server is made of; all borrowed. */
struct supervisor_parts {
    const struct config_source *source; /* without a snapshot */
    struct log *log;
    int32_t workers; /* of the command line; below 0: as server.yaml says */
};

/*
 * Serves until SIGTERM or SIGINT, then lets connections end within
 * drain_timeout; a second signal ends them at once. SIGHUP reads server.yaml
 * and its plugins anew, SIGUSR1 opens the log file anew. Returns the status to
 * exit with: 0; 78 or 71 if it could not begin, which is told on stderr.
 */
int supervisor_run(const struct supervisor_parts *parts);

#endif
