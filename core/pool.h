/* SPDX-License-Identifier: MIT */
/*
 * A pool: a bounded number of threads that run jobs which may block, for one
 * loop. A job runs once on a thread of the pool; then its letter goes to the
 * loop's mailbox.
 *
 * How it ends, on the loop's thread: pool_stop() while jobs may still finish,
 * pool_unfinished() to see whether they have, pool_abandon() when there is no
 * more time, then mailbox_shut() and mailbox_deliver_rest(), then pool_free()
 * and mailbox_close(). In this order each job's letter is delivered exactly
 * once, except for those of jobs that hang.
 */
#ifndef BERTH_POOL_H
#define BERTH_POOL_H

#include <stdbool.h>
#include <stddef.h>

#include "mailbox.h"

struct pool;

/* Embedded in what the caller wants to be done. From pool_submit() until its
   letter is delivered it is the pool's. */
struct job {
    struct letter letter;         /* deliver: the caller's; may free the job */
    void (*run)(struct job *job); /* the caller's; on a thread of the pool */
    bool has_run;     /* for deliver: false if pool_abandon() came before run */
    struct job *next; /* the pool's */
};

struct pool_options {
    size_t threads; /* at most so many run; 1 or more */
    size_t queue;   /* at most so many wait for a thread; 0 is fine */
};

/*
 * The mailbox is held until the pool and all of its threads are gone. No thread
 * is started before there is a job for it. Returns 0 and a new *pool, or
 * -ENOMEM.
 */
int pool_new(const struct pool_options *options,
             struct mailbox *mailbox,
             struct pool **pool);

/*
 * Jobs begin in the order in which they were submitted. Returns 0: the letter
 * will be sent when run has returned. Else the job stays the caller's:
 * -EAGAIN: all threads are taken and the queue is full. -ESHUTDOWN: after
 * pool_stop(). -ENOMEM or another -errno: there is no thread, and none could
 * be started; as long as there is one, it takes the jobs of those that could
 * not be.
 */
int pool_submit(struct pool *pool, struct job *job);

/* No more jobs are taken. Those that were are still run. Returns at once. */
void pool_stop(struct pool *pool);

/* Jobs that wait or run. Those that do neither have their letters in the
   mailbox, or delivered. */
size_t pool_unfinished(struct pool *pool);

/*
 * Stops, and lets nothing more begin: the letters of jobs that wait are sent
 * as they are, has_run false. Threads without a job are joined.
 *
 * Returns how many threads are within run: they are left behind, and what their
 * jobs may touch must not be freed any more, nor their code unloaded. When run
 * returns after all, the letter is sent; if the mailbox is shut, it is never
 * delivered, and the job is a leak. A second call returns 0.
 */
size_t pool_abandon(struct pool *pool);

/* pool_abandon(), if that was not called; then frees the pool, or leaves that
   to the last thread that was left behind. NULL is fine. */
void pool_free(struct pool *pool);

#endif
