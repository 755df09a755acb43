/* SPDX-License-Identifier: MIT */
/*
 * Processes of the supervisor: fork(2) without exec, so that they run the very
 * program and see what it has read.
 */
#ifndef BERTH_PROCESS_H
#define BERTH_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* What a process does; returns the status to exit with. *may_free: set it to
   false if the process must end without destructors. */
typedef int process_fn(void *arg, bool *may_free);

struct process_parts {
    process_fn *run;
    void *arg;
    int *keep; /* descriptors that it needs, besides 0 to 2; is put in order */
    size_t keep_count;
};

/*
 * Starts one: there all other descriptors are closed, no signal is blocked, and
 * it gets SIGTERM when its parent ends (PR_SET_PDEATHSIG in prctl(2)). Returns
 * its number or -errno.
 */
pid_t process_start(const struct process_parts *parts);

/*
 * This process gets SIGTERM when its parent ends: for a child that has changed
 * its ids, which undoes it. Returns 0, or -ESRCH if the parent has ended.
 */
int process_follow(pid_t parent);

/* Room for what process_describe_end() writes. */
#define PROCESS_TEXT_MAX 64

/* What a status of waitpid(2) says: "exit status 3", "SIGSEGV", "SIGABRT (core
   dumped)". */
void process_describe_end(int status, char text[PROCESS_TEXT_MAX]);

#endif
