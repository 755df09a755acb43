/* SPDX-License-Identifier: MIT */
/*
 * What happens in a second, from two answers of a server: its counters at one
 * moment and at a later one.
 */
#ifndef BERTHCTL_RATES_H
#define BERTHCTL_RATES_H

#include <stddef.h>
#include <stdint.h>

#include "buckets.h"
#include "sheet.h"

/* What is not known: there is no earlier answer, or a counter went back, as
   after a restart. */
#define RATES_NONE INT64_MIN

/* The answers of one moment. */
struct sample {
    uint64_t at_ns; /* of CLOCK_MONOTONIC */
    struct sheet status;
    struct sheet entries;
    struct sheet workers;
};

void sample_free(struct sample *sample);

/* Rates are for a second; gauges as they are now. */
struct entry_rates {
    const char *name;
    const char *state;
    int64_t open;
    int64_t accepted;
    int64_t in, out; /* bytes */
    int64_t callbacks;
    int64_t queued;  /* bytes */
    uint64_t p99_ns; /* 0: nothing was sampled; see buckets_quantile() */
};

struct worker_rates {
    const char *pid; /* "" while it is down */
    const char *state;
    int64_t number, generation;
    int64_t cpu; /* thousandths of a CPU */
    int64_t open;
    int64_t accepted;
};

/* Of a row of now; texts are borrowed from it. before: an earlier sample; one
   that is empty is fine. */
void rates_of_entry(struct entry_rates *rates,
                    const struct sample *now,
                    const struct sample *before,
                    size_t row);
void rates_of_worker(struct worker_rates *rates,
                     const struct sample *now,
                     const struct sample *before,
                     size_t row);

/* Connections accepted by the whole server in a second. */
int64_t rates_of_server(const struct sample *now, const struct sample *before);

#endif
