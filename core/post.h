/* SPDX-License-Identifier: MIT */
/*
 * Posting: functions of a plugin that are to run on the worker's thread, sent
 * by other threads, by jobs that are done, or by the plugin to itself. Each
 * that is accepted runs exactly once.
 */
#ifndef BERTH_POST_H
#define BERTH_POST_H

#include <berth/protocol.h>

#include "connections.h"
#include "mailbox.h"
#include "pool.h"

/* What posting needs of a worker; borrowed. It never changes while there are
   threads that post. */
struct post_office {
    struct connections *connections;
    struct mailbox *mailbox;
    struct pool *pool;
};

/* See berth_post(): any thread. Returns 0, -ENOMEM, or as mailbox_send(). */
int post_to_connection(const struct post_office *office,
                       const berth_ref *ref,
                       berth_post_fn *fn,
                       void *arg);

/* See berth_entry_post(): any thread. */
int post_to_entry(const struct post_office *office,
                  berth_entry *entry,
                  berth_entry_fn *fn,
                  void *arg);

/* See berth_work(): the worker's thread. Returns 0, -ENOMEM, or as
   pool_submit(). */
int post_work(const struct post_office *office,
              const berth_ref *ref,
              berth_job_fn *job,
              berth_post_fn *done,
              void *arg);

/* See berth_entry_work(): the worker's thread. */
int post_entry_work(const struct post_office *office,
                    berth_entry *entry,
                    berth_job_fn *job,
                    berth_entry_fn *done,
                    void *arg);

#endif
