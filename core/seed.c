/* SPDX-License-Identifier: MIT */
#include "seed.h"

#include <errno.h>
#include <sys/random.h>

int seed_make(uint64_t seed[2])
{
    ssize_t count;

    /* Interrupted only before the pool is ready: 16 bytes come whole. */
    do {
        count = getrandom(seed, 2 * sizeof(*seed), 0);
    } while (count < 0 && errno == EINTR);
    return count < 0 ? -errno : 0;
}
