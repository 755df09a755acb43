/* SPDX-License-Identifier: MIT */
#include "latency.h"

static size_t bucket_of(uint64_t ns)
{
    unsigned log2, shift;

    if (ns < LATENCY_STEPS) {
        return (size_t)ns;
    }
    log2 = 63 - (unsigned)__builtin_clzll(ns);
    if (log2 >= LATENCY_MOST_LOG2) {
        return LATENCY_BUCKETS - 1;
    }
    shift = log2 - LATENCY_STEP_BITS;
    return ((size_t)(shift + 1) << LATENCY_STEP_BITS) +
           ((size_t)(ns >> shift) & (LATENCY_STEPS - 1));
}

/* The longest duration in it. */
static uint64_t longest_in(size_t bucket)
{
    const size_t group = bucket >> LATENCY_STEP_BITS;
    const uint64_t step = bucket & (LATENCY_STEPS - 1);

    if (bucket >= LATENCY_BUCKETS - 1) {
        return UINT64_MAX;
    }
    if (group == 0) {
        return step;
    }
    return ((LATENCY_STEPS + step + 1) << (group - 1)) - 1;
}

void latency_add(struct latency *latency, uint64_t ns)
{
    if (latency->count == 0 || ns < latency->least_ns) {
        latency->least_ns = ns;
    }
    if (ns > latency->most_ns) {
        latency->most_ns = ns;
    }
    latency->count++;
    latency->sum_ns += ns;
    latency->counts[bucket_of(ns)]++;
}

void latency_merge(struct latency *latency, const struct latency *other)
{
    if (other->count == 0) {
        return;
    }
    if (latency->count == 0 || other->least_ns < latency->least_ns) {
        latency->least_ns = other->least_ns;
    }
    if (other->most_ns > latency->most_ns) {
        latency->most_ns = other->most_ns;
    }
    latency->count += other->count;
    latency->sum_ns += other->sum_ns;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        latency->counts[i] += other->counts[i];
    }
}

/* How many are not longer, at least 1; without a product that overflows. */
static uint64_t rank_of(uint64_t count, unsigned part)
{
    const uint64_t rest = count % LATENCY_WHOLE * part;
    const uint64_t rank = (count / LATENCY_WHOLE * part) +
                          ((rest + LATENCY_WHOLE - 1) / LATENCY_WHOLE);

    return rank == 0 ? 1 : rank;
}

uint64_t latency_quantile_ns(const struct latency *latency, unsigned part)
{
    const uint64_t rank = rank_of(latency->count, part);
    uint64_t seen = 0;

    for (size_t i = 0; i < LATENCY_BUCKETS && latency->count > 0; i++) {
        seen += latency->counts[i];
        if (seen >= rank) {
            const uint64_t longest = longest_in(i);

            return longest < latency->most_ns ? longest : latency->most_ns;
        }
    }
    return 0;
}

uint64_t latency_mean_ns(const struct latency *latency)
{
    return latency->count == 0 ? 0 : latency->sum_ns / latency->count;
}
