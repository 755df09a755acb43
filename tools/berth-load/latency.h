/* SPDX-License-Identifier: MIT */
/*
 * How long messages took: counts by duration in buckets that grow with it, 128
 * for each power of two. So what is read out of it is too long by less than one
 * part in 128, never too short; below 256 ns it is exact.
 *
 * It lies in memory that processes share: one adds, and others read when that
 * one is done.
 */
#ifndef BERTH_LOAD_LATENCY_H
#define BERTH_LOAD_LATENCY_H

#include <stddef.h>
#include <stdint.h>

#define LATENCY_STEP_BITS 7
#define LATENCY_STEPS (1u << LATENCY_STEP_BITS)
/* From 2^38 ns (275 s) on all is one bucket; the longest one is known. */
#define LATENCY_MOST_LOG2 38u
#define LATENCY_BUCKETS                                                        \
    (((LATENCY_MOST_LOG2 - LATENCY_STEP_BITS + 1) << LATENCY_STEP_BITS) + 1)

/* A part of all is told in hundred thousandths: 99990 is p99.99. */
#define LATENCY_WHOLE 100000u

struct latency {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t least_ns;
    uint64_t most_ns;
    uint64_t counts[LATENCY_BUCKETS];
};

/* Zeroed memory is one that is empty. */
void latency_add(struct latency *latency, uint64_t ns);
void latency_merge(struct latency *latency, const struct latency *other);

/*
 * The duration that this part of all does not exceed, part from 0 to
 * LATENCY_WHOLE: the longest that its bucket may hold, or the longest of all if
 * that is shorter. 0 if there are none.
 */
uint64_t latency_quantile_ns(const struct latency *latency, unsigned part);

/* 0 if there are none. */
uint64_t latency_mean_ns(const struct latency *latency);

#endif
