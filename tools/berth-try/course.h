/* SPDX-License-Identifier: MIT */
/*
 * A course: one transcript, played in one manner after another, each by a
 * simulated server of its own.
 */
#ifndef BERTH_TRY_COURSE_H
#define BERTH_TRY_COURSE_H

#include <stdbool.h>
#include <stddef.h>

#include "finding.h"
#include "manner.h"
#include "subject.h"
#include "trial.h"

/* What is known while it runs; the first three are whoever begins it. */
struct course {
    const struct trial *trial;
    const struct script *script;
    struct finding_board *board;
    bool is_hasty;     /* nothing is compared: byte by byte takes long */
    bool is_guarded;   /* whatever the manner: see pages_guard() */
    bool has_leaked;   /* in the last run of a server */
    size_t leaked[32]; /* bytes, of each callback */
    size_t leaked_blocks[32];
    size_t tried; /* allocations in the last run */
};

/* Plays it in that manner. What is found is on the board, which ends the
   process; so does a leak that is there each time. */
void course_run(struct course *course, const struct manner *manner);

/* What the plugin and its libraries make once is made before anything is
   counted: plays it whole, without what is expected. What is found has the
   manner's name. */
void course_warm_up(struct course *course, const struct manner *manner);

#endif
