/* SPDX-License-Identifier: MIT */
/*
 * What was found, for whoever is to mend it: the finding, a transcript, and the
 * command that repeats it.
 */
#ifndef BERTH_FUZZ_TROPHY_H
#define BERTH_FUZZ_TROPHY_H

#include <stdbool.h>

#include "shrink.h"

/* Prints them, and writes the transcript. Returns 0, or -errno after telling on
   stderr what is wrong. */
int trophy_show(const struct shrink *shrink, bool is_repeated);

#endif
