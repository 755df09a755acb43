/* SPDX-License-Identifier: MIT */
/*
 * A hunt: libFuzzer, in a process of its own, tries one input after the other
 * until something is found. The input that is tried lies in memory that
 * outlives that process.
 */
#ifndef BERTH_FUZZ_HUNT_H
#define BERTH_FUZZ_HUNT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "berth-try/subject.h"
#include "feed.h"
#include "image.h"
#include "options.h"
#include "seeds.h"

/* What came of an input, step by step. */
#define HUNT_SEEN_MAX ((size_t)65536)

/* Shared with the processes. */
struct hunt_board {
    size_t size; /* of the input */
    uint8_t input[FEED_MAX];
    _Atomic uint64_t inputs; /* so far */
    _Atomic uint64_t edges;  /* of the plugin's, that were reached */
    /* Replayed alone: how much had come after each step. */
    size_t steps;
    size_t after[FEED_STEPS_MAX + 1];
    size_t seen;
    char bytes[HUNT_SEEN_MAX];
};

struct hunt {
    const struct options *options;
    struct subject subject;
    struct script *scripts; /* as many as transcripts; at least one */
    size_t script_count;
    const struct script **variants; /* those that differ in their settings */
    size_t variant_count;
    struct image image;
    struct seeds seeds;
    struct hunt_board *board;
};

/*
 * Tries until the time is over. Returns 1: nothing was found; 0: something was,
 * and *found is the board with it, the caller's to free; -errno.
 */
int hunt_run(struct hunt *hunt, struct finding_board **found);

/* Has been told by a signal to end? */
extern volatile int hunt_is_interrupted;

/* The script of an input: it borrows from the input and from the hunt. */
struct script hunt_script(const struct hunt *hunt, const struct feed *input);

#endif
