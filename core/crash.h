/* SPDX-License-Identifier: MIT */
/*
 * The last words of a worker: when a signal ends it, a handler notes which one,
 * and whether the worker itself has raised it (a fault, abort(3)) or somebody
 * outside has sent it. Then the signal takes its course: core dump, report of a
 * sanitizer.
 */
#ifndef BERTH_CRASH_H
#define BERTH_CRASH_H

#include "stats.h"

/*
 * Notes are written to death from now on, once for the process; it must stay.
 * Without memory for a stack of its own an overflow of the stack is not noted.
 */
void crash_watch(struct stats_death *death);

#endif
