/* SPDX-License-Identifier: MIT */
/*
 * What a message costs in the plugin alone: what happens between the call of
 * on_data and its return, without kernel and event loop.
 */
#ifndef BERTH_TRY_BENCH_H
#define BERTH_TRY_BENCH_H

#include <stdio.h>

#include "subject.h"

/* Replays for about a second, and prints a line. Returns 0 or -errno, after
   telling on stderr what is wrong. */
int bench_run(const struct script *script, FILE *stream);

#endif
