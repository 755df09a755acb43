/* SPDX-License-Identifier: MIT */
/*
 * How long things took: counts by duration, in buckets that grow with it, four
 * for each power of two. One thread adds, anybody reads, without a lock.
 */
#ifndef BERTH_HISTOGRAM_H
#define BERTH_HISTOGRAM_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_STEPS 4      /* buckets for a power of two */
#define HISTOGRAM_LEAST_LOG2 8 /* below 256 ns all is one bucket */
#define HISTOGRAM_MOST_LOG2 34 /* and so from 17 s on */
#define HISTOGRAM_BUCKETS                                                      \
    (HISTOGRAM_STEPS * (HISTOGRAM_MOST_LOG2 - HISTOGRAM_LEAST_LOG2) + 2)

struct histogram {
    _Atomic uint64_t sum_ns;
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
};

/* What was read of one, or the sum of several. */
struct histogram_sum {
    uint64_t sum_ns;
    uint64_t counts[HISTOGRAM_BUCKETS];
};

/* The bucket of a duration. */
size_t histogram_bucket(uint64_t ns);

/* Durations below it are in this bucket or in one before; UINT64_MAX for the
   last one. */
uint64_t histogram_bound_ns(size_t bucket);

/* The adding thread's. */
void histogram_add(struct histogram *histogram, uint64_t ns);

/* Adds what is there now to a sum. */
void histogram_read(const struct histogram *histogram,
                    struct histogram_sum *sum);

/* The number of durations. */
uint64_t histogram_count(const struct histogram_sum *sum);

/*
 * The duration that so many thousandths of them do not exceed: the bound of
 * its bucket, hence up to a quarter too long. 0 if there are none; UINT64_MAX
 * beyond the largest bound.
 */
uint64_t histogram_quantile_ns(const struct histogram_sum *sum,
                               unsigned thousandths);

#endif
