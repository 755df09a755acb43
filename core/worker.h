/* SPDX-License-Identifier: MIT */
/*
 * A worker: one event loop with the entries of a configuration, their
 * listeners and their connections. Today it is the whole server, in the
 * foreground; a supervisor will run several.
 */
#ifndef BERTH_WORKER_H
#define BERTH_WORKER_H

#include <stdbool.h>

#include "config.h"
#include "error.h"
#include "log.h"

struct worker;

/*
 * Makes the entries and runs their init. The config and the log are borrowed
 * until worker_free(). Returns 0 and a new *worker; -EINVAL when an init
 * refused (errors says what); else -errno.
 */
int worker_new(const struct config *config,
               struct log *log,
               struct errors *errors,
               struct worker **worker);

/* Binds all addresses. Returns 0, or -errno after logging each that failed. */
int worker_listen(struct worker *worker);

/*
 * Serves until SIGTERM or SIGINT: then it stops accepting, lets connections
 * end within drain_timeout, and returns; a second signal ends them at once.
 * SIGUSR1 opens the log file anew, and tells the plugins to do so. Returns 0 or
 * -errno.
 */
int worker_run(struct worker *worker);

/*
 * Runs each fini. NULL is fine. Returns false if jobs of plugins hang: what
 * they may touch (also the config) is left as it is, no fini has run, and the
 * caller must end the process without freeing more.
 */
bool worker_free(struct worker *worker);

#endif
