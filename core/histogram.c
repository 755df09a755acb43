/* SPDX-License-Identifier: MIT */
#include "histogram.h"

/* Of four buckets for a power of two the two bits below the highest tell. */
#define STEP_BITS 2

size_t histogram_bucket(uint64_t ns)
{
    unsigned log2;

    if (ns < UINT64_C(1) << HISTOGRAM_LEAST_LOG2) {
        return 0;
    }
    log2 = 63 - (unsigned)__builtin_clzll(ns);
    if (log2 >= HISTOGRAM_MOST_LOG2) {
        return HISTOGRAM_BUCKETS - 1;
    }
    return 1 + ((size_t)(log2 - HISTOGRAM_LEAST_LOG2) << STEP_BITS) +
           ((size_t)(ns >> (log2 - STEP_BITS)) & (HISTOGRAM_STEPS - 1));
}

uint64_t histogram_bound_ns(size_t bucket)
{
    size_t log2 = HISTOGRAM_LEAST_LOG2 + (bucket >> STEP_BITS);
    uint64_t step = bucket & (HISTOGRAM_STEPS - 1);

    if (bucket >= HISTOGRAM_BUCKETS - 1) {
        return UINT64_MAX;
    }
    return (HISTOGRAM_STEPS + step) << (log2 - STEP_BITS);
}

static void add_to(_Atomic uint64_t *number, uint64_t n)
{
    uint64_t before = atomic_load_explicit(number, memory_order_relaxed);

    atomic_store_explicit(number, before + n, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    add_to(&histogram->counts[histogram_bucket(ns)], 1);
    add_to(&histogram->sum_ns, ns);
}

void histogram_read(const struct histogram *histogram,
                    struct histogram_sum *sum)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        sum->counts[i] +=
            atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
    }
    sum->sum_ns +=
        atomic_load_explicit(&histogram->sum_ns, memory_order_relaxed);
}

uint64_t histogram_count(const struct histogram_sum *sum)
{
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += sum->counts[i];
    }
    return count;
}

/* How many are below the quantile; numbers may be anything (a plugin may have
   written over them), so that nothing is multiplied. */
static uint64_t rank_of(uint64_t count, unsigned thousandths)
{
    uint64_t rank = (count / 1000 * thousandths) +
                    (((count % 1000 * thousandths) + 999) / 1000);

    return rank == 0 ? 1 : rank;
}

uint64_t histogram_quantile_ns(const struct histogram_sum *sum,
                               unsigned thousandths)
{
    uint64_t count = histogram_count(sum);
    uint64_t rank = rank_of(count, thousandths);
    uint64_t seen = 0;

    if (count == 0) {
        return 0;
    }
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += sum->counts[i];
        if (seen >= rank) {
            return histogram_bound_ns(i);
        }
    }
    return UINT64_MAX;
}
