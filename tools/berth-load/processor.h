/* SPDX-License-Identifier: MIT */
/*
 * Processor time of other processes: /proc/PID/task/TID/schedstat, which counts
 * ns where other files count clock ticks.
 */
#ifndef BERTH_LOAD_PROCESSOR_H
#define BERTH_LOAD_PROCESSOR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Sums it up over all threads that live. Returns how many of these processes
   are there; or -errno. */
int processor_read(const pid_t *pids, size_t count, uint64_t *ns);

#endif
