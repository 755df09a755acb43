/* SPDX-License-Identifier: MIT */
/*
 * An input with which something was found, alone in a fresh process, and made
 * smaller as long as the same is found.
 */
#ifndef BERTH_FUZZ_SHRINK_H
#define BERTH_FUZZ_SHRINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hunt.h"

struct shrink {
    struct hunt *hunt;
    uint8_t input[FEED_MAX];
    size_t size;
    /* What was found with it; owned, and never NULL. */
    struct finding_board *board;
    size_t tries;
};

/*
 * Tries the input alone, as berth-try would. If something is found the board
 * becomes that of this run, in which all is guarded: it may tell more. Returns
 * 1: the same or more was found; 0: nothing; -errno.
 */
int shrink_repeat(struct shrink *shrink);

/* Makes it smaller. What came of it in the last run that found something is on
   the hunt's board. */
void shrink_run(struct shrink *shrink);

#endif
