/* SPDX-License-Identifier: MIT */
/*
 * A worker: one event loop with the entries of a configuration, their
 * listeners and their connections. It is the whole server (foreground.h), or
 * one of several processes that a supervisor runs (crew.h).
 */
#ifndef BERTH_WORKER_H
#define BERTH_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "addresses.h"
#include "config.h"
#include "error.h"
#include "log.h"
#include "stats.h"

struct worker;

/*
 * Makes the entries and runs their init. stats: where it is counted, in the
 * slot that this process owns; NULL: in private. All of these are borrowed
 * until worker_free(). Returns 0 and a new *worker; -EINVAL when an init
 * refused (errors says what); else -errno.
 */
int worker_new(const struct config *config,
               struct log *log,
               struct stats *stats,
               struct errors *errors,
               struct worker **worker);

/* Binds all addresses. Returns 0, or -errno after logging each that failed. */
int worker_listen(struct worker *worker);

/* Takes what a supervisor has bound instead; see addresses_adopt(). The watch
   starts with this, or with worker_start(): before anybody hears that it is
   ready. */
int worker_adopt(struct worker *worker, const struct addresses_given *given);

/* Begins to accept: all that was bound, or what is this worker's by the
   roster. Returns 0 or -errno. */
int worker_start(struct worker *worker);
int worker_follow(struct worker *worker,
                  const struct roster *roster,
                  uint32_t number);

/* What else is to wake the worker is registered here. */
struct loop *worker_loop(struct worker *worker);

/* Serves until it was told to stop and has come to its end. Returns 0 or
   -errno. */
int worker_run(struct worker *worker);

/* Was it not told to stop yet? */
bool worker_is_serving(const struct worker *worker);

/*
 * Stops accepting, and lets connections end within drain_timeout. reason:
 * BERTH_RELOAD or, also after that, BERTH_EXIT. kept: addresses that others go
 * on to serve; NULL: none.
 */
void worker_stop(struct worker *worker,
                 int reason,
                 const struct index_set *kept);

/* Connections that are left end with this turn. why: for the log. */
void worker_end(struct worker *worker, const char *why);

/* These addresses are not served any more. */
void worker_drop(struct worker *worker, const struct index_set *dropped);

/* These entries are not served any more: their connections end. */
void worker_put_aside(struct worker *worker, const struct index_set *aside);

/* From now on; also for entries that have a level of their own. */
void worker_set_log_level(struct worker *worker, enum log_level level);

/* Its connections, for listing.h. */
struct connections *worker_connections(struct worker *worker);

/*
 * The entry's connections are told to finish (on_stop(BERTH_EXIT)), and it gets
 * no new ones. Returns how many it has.
 */
size_t worker_drain_entry(struct worker *worker, size_t index);

/* Opens the log file anew, after it was rotated, and tells plugins to do so
   with theirs; or tells plugins alone. */
void worker_reopen_log(struct worker *worker);
void worker_reopen_plugins(struct worker *worker);

/*
 * Runs each fini. NULL is fine. Returns false if jobs of plugins hang: what
 * they may touch (also the config) is left as it is, no fini has run, and the
 * caller must end the process without freeing more.
 */
bool worker_free(struct worker *worker);

#endif
