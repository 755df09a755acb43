/* SPDX-License-Identifier: MIT */
/*
 * A process that counts in a slot of the statistics, as a worker does.
 */
#ifndef BERTH_WORKER_PROCESS_H
#define BERTH_WORKER_PROCESS_H

#include <check.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stats.h"

/* What it does. */
typedef void worker_process_fn(struct stats *stats, const void *arg);

/* Runs it to its end. Returns its status, as of waitpid(2). */
static inline int worker_process_run(struct stats *stats,
                                     unsigned slot,
                                     worker_process_fn *work,
                                     const void *arg)
{
    pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (stats_own(stats, slot) < 0) {
            _exit(1);
        }
        work(stats, arg);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

#endif
