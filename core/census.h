/* SPDX-License-Identifier: MIT */
/*
 * A census: what all accounts of the server say at one moment, added up by
 * entry and worker, and in order. A copy that stays as it is.
 */
#ifndef BERTH_CENSUS_H
#define BERTH_CENSUS_H

#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "stats.h"

/* "http_requests": a protocol and its counter, of letters, digits and _. */
#define CENSUS_FAMILY_SIZE (2 * ACCOUNT_NAME_SIZE)

/* A counter of a plugin, of one entry in one worker. */
struct census_counter {
    char family[CENSUS_FAMILY_SIZE];
    char entry[ACCOUNT_NAME_SIZE];
    uint32_t worker;
    struct account_reading reading; /* never without a name */
};

struct census {
    struct account_view *rows; /* by name, then by worker: each pair once; of a
                                  row neither source nor counters */
    size_t row_count;
    struct census_counter *counters; /* by family, entry, worker: each once */
    size_t counter_count;
};

/* Returns 0 or -ENOMEM. */
int census_take(const struct stats *stats, struct census *census);

void census_free(struct census *census);

#endif
