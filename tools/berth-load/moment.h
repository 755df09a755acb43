/* SPDX-License-Identifier: MIT */
/*
 * The time of the clock that only goes forward, in ns.
 */
#ifndef BERTH_LOAD_MOMENT_H
#define BERTH_LOAD_MOMENT_H

#include <stdint.h>
#include <time.h>

#define MOMENT_SECOND UINT64_C(1000000000)
#define MOMENT_MS UINT64_C(1000000)

static inline uint64_t moment_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * MOMENT_SECOND) + (uint64_t)now.tv_nsec;
}

#endif
