/* SPDX-License-Identifier: MIT */
/*
 * A mutant: a transcript in which the peer sends something else. What it
 * expects stays as it is, and means nothing any more.
 */
#ifndef BERTH_TRY_MUTANT_H
#define BERTH_TRY_MUTANT_H

#include <stdint.h>

#include "manner.h"
#include "transcript.h"

/*
 * Changes as the manner says: ZERO, NUMBER or RANDOM. Returns 0; -ENOENT: there
 * is nothing to be changed there; -ENOMEM. The original must outlive it.
 */
int mutant_make(struct transcript *mutant,
                const struct transcript *original,
                const struct manner *manner,
                uint64_t seed);
void mutant_free(struct transcript *mutant);

/* How many runs of digits the peer sends. */
size_t mutant_count_numbers(const struct transcript *transcript);

#endif
