/* SPDX-License-Identifier: MIT */
/*
 * A trial: one transcript in all manners, or in a single one, in a process of
 * its own. What it finds, and how it dies, is on its board.
 */
#ifndef BERTH_TRY_TRIAL_H
#define BERTH_TRY_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "finding.h"
#include "manner.h"
#include "play.h"
#include "subject.h"

struct trial_options {
    const struct manner *only; /* NULL: all */
    uint64_t seed;
    size_t randoms; /* mutants at random */
    uint32_t allowed;
    uint64_t slow_ms;
    size_t memory_limit;
    bool is_verbose;
    /* Are told of each callback that returned; and of a run that is compared
       with another, what came after each step and in the end. NULL: nobody. */
    void (*see_callback)(uint32_t callback);
    play_see_fn *see_step;
    void (*see_end)(const char *bytes, size_t size, int why);
};

struct trial {
    const struct script *script; /* read by `run` alone, but for its limits */
    const struct trial_options *options;
    void (*run)(const struct trial *trial); /* NULL: trial_run() */
    struct finding_board *board;
    pid_t pid;
    int pidfd; /* -1: there is none */
};

/* Starts it. Returns 0 or -errno. */
int trial_start(struct trial *trial);

/* Waits for its end, or for its hanging. Returns whether nothing was found. */
bool trial_finish(struct trial *trial);

/* The parts of that, for who watches by other means. The first ends it, and
   tells of its hanging: nothing went on for so long. The second waits for its
   end. */
void trial_end_hanging(const struct trial *trial, unsigned ms);
bool trial_conclude(struct trial *trial);

/* All manners, or the single one, in this process. */
void trial_run(const struct trial *trial);

#endif
