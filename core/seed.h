/* SPDX-License-Identifier: MIT */
/*
 * A secret for hashes of what peers choose.
 */
#ifndef BERTH_SEED_H
#define BERTH_SEED_H

#include <stdint.h>

/* Returns 0 or -errno of getrandom(2). */
int seed_make(uint64_t seed[2]);

#endif
