/* SPDX-License-Identifier: MIT */
#include "berth-load/latency.h"

#include <string.h>

#include "unit.h"

#define SAMPLES ((size_t)20000)

static struct latency latency, other;
static uint64_t samples[SAMPLES];

static void clear(void)
{
    memset(&latency, 0, sizeof(latency));
    memset(&other, 0, sizeof(other));
}

static int compare(const void *one, const void *another)
{
    const uint64_t a = *(const uint64_t *)one;
    const uint64_t b = *(const uint64_t *)another;

    return (a > b) - (a < b);
}

/* Of all sizes from ns to minutes. */
static void make_samples(void)
{
    uint64_t state = 1;

    for (size_t i = 0; i < SAMPLES; i++) {
        state = (state * UINT64_C(6364136223846793005)) +
                UINT64_C(1442695040888963407);
        samples[i] = (state >> 27) >> ((state >> 22) % 37);
    }
}

START_TEST(quantiles_are_those_of_the_sorted_samples)
{
    static const unsigned parts[] = {0,     1,     1000,  50000, 75000,
                                     90000, 99000, 99900, 99990, 100000};

    make_samples();
    for (size_t i = 0; i < SAMPLES; i++) {
        latency_add(&latency, samples[i]);
    }
    qsort(samples, SAMPLES, sizeof(samples[0]), compare);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const size_t rank =
            ((SAMPLES * parts[i]) + LATENCY_WHOLE - 1) / LATENCY_WHOLE;
        const uint64_t exact = samples[rank == 0 ? 0 : rank - 1];
        const uint64_t told = latency_quantile_ns(&latency, parts[i]);

        ck_assert_uint_ge(told, exact);
        ck_assert_uint_le(told, exact + (exact >> LATENCY_STEP_BITS));
    }
    ck_assert_uint_eq(latency.count, SAMPLES);
    ck_assert_uint_eq(latency.least_ns, samples[0]);
    ck_assert_uint_eq(latency.most_ns, samples[SAMPLES - 1]);
}
END_TEST

static void check_told(uint64_t ns)
{
    uint64_t told;

    clear();
    latency_add(&latency, ns);
    latency_add(&latency, UINT64_MAX / 2); /* so that none is capped */
    told = latency_quantile_ns(&latency, 50000);
    if (told < ns || told > ns + (ns >> LATENCY_STEP_BITS)) {
        ck_abort_msg("%llu is told as %llu", (unsigned long long)ns,
                     (unsigned long long)told);
    }
}

/* At every place where a bucket may begin or end. */
START_TEST(what_is_told_is_never_too_short_and_hardly_too_long)
{
    const uint64_t steps = UINT64_C(2) * LATENCY_STEPS;

    for (unsigned log2 = 0; log2 < LATENCY_MOST_LOG2; log2++) {
        for (uint64_t step = 0; step < steps; step++) {
            check_told((UINT64_C(1) << log2) + ((step << log2) / steps));
        }
    }
}
END_TEST

START_TEST(short_ones_are_exact)
{
    for (uint64_t ns = 0; ns < 2 * (uint64_t)LATENCY_STEPS; ns++) {
        latency_add(&latency, ns);
    }
    ck_assert_uint_eq(latency_quantile_ns(&latency, 50000), 127);
    ck_assert_uint_eq(latency_quantile_ns(&latency, LATENCY_WHOLE), 255);
    ck_assert_uint_eq(latency_mean_ns(&latency), 127);
}
END_TEST

START_TEST(nothing_exceeds_the_longest)
{
    latency_add(&latency, 1000001);
    ck_assert_uint_eq(latency_quantile_ns(&latency, 50000), 1000001);
    latency_add(&latency, UINT64_MAX);
    ck_assert_uint_eq(latency_quantile_ns(&latency, 99000), UINT64_MAX);
}
END_TEST

START_TEST(the_sum_of_two_is_as_if_all_were_in_one)
{
    static struct latency all;

    memset(&all, 0, sizeof(all));
    make_samples();
    for (size_t i = 0; i < SAMPLES; i++) {
        latency_add(i % 3 == 0 ? &latency : &other, samples[i]);
        latency_add(&all, samples[i]);
    }
    latency_merge(&latency, &other);
    ck_assert_int_eq(memcmp(&latency, &all, sizeof(all)), 0);
}
END_TEST

START_TEST(one_that_is_empty_adds_nothing)
{
    latency_add(&latency, 7);
    latency_merge(&latency, &other);
    ck_assert_uint_eq(latency.least_ns, 7);
    latency_merge(&other, &latency);
    ck_assert_int_eq(memcmp(&latency, &other, sizeof(other)), 0);
}
END_TEST

START_TEST(an_empty_one_has_zeros)
{
    ck_assert_uint_eq(latency_quantile_ns(&latency, 99000), 0);
    ck_assert_uint_eq(latency_mean_ns(&latency), 0);
}
END_TEST

UNIT_MAIN_WITH("load.latency",
               clear,
               NULL,
               quantiles_are_those_of_the_sorted_samples,
               what_is_told_is_never_too_short_and_hardly_too_long,
               short_ones_are_exact,
               nothing_exceeds_the_longest,
               the_sum_of_two_is_as_if_all_were_in_one,
               one_that_is_empty_adds_nothing,
               an_empty_one_has_zeros)
