/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: the parent process. It owns the listening sockets, starts
 * generations of workers, replaces workers that die, and handles signals. It
 * never runs code of a plugin.
 */
#ifndef BERTH_SUPERVISOR_H
#define BERTH_SUPERVISOR_H

#include <stdbool.h>

#include "config.h"
#include "log.h"

/* What a server is made of; all borrowed. */
struct supervisor_parts {
    const struct config_source *source; /* without a snapshot */
    struct log *log;
    int32_t workers;     /* of the command line; below 0: as server.yaml says */
    const char *program; /* the file that runs, for an upgrade */
    char *const *argv;   /* what it was started with, ending with NULL */
};

/* Was the program started by a supervisor that became it? Then there are
   workers to take over, and it must not end. */
bool supervisor_is_heir(void);

/*
 * Serves until SIGTERM or SIGINT, then lets connections end within
 * drain_timeout; a second signal ends them at once. SIGHUP reads server.yaml
 * and its plugins anew, SIGUSR1 opens the log file anew, SIGUSR2 replaces the
 * program by what its file is now. Returns the status to exit with: 0; 78 or 71
 * if it could not begin, which is told on stderr.
 */
int supervisor_run(const struct supervisor_parts *parts);

#endif
