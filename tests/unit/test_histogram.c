/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "histogram.h"

static void check_bucket(uint64_t ns)
{
    size_t bucket = histogram_bucket(ns);

    ck_assert_uint_lt(bucket, HISTOGRAM_BUCKETS);
    ck_assert_uint_lt(ns, histogram_bound_ns(bucket));
    if (bucket > 0) {
        ck_assert_uint_ge(ns, histogram_bound_ns(bucket - 1));
    }
}

START_TEST(a_duration_is_below_the_bound_of_its_bucket_and_of_none_before)
{
    for (unsigned log2 = 0; log2 < 63; log2++) {
        for (uint64_t eighth = 0; eighth < 8; eighth++) {
            check_bucket((8 + eighth) << log2 >> 3);
        }
    }
}
END_TEST

START_TEST(a_bound_begins_the_next_bucket)
{
    for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        uint64_t bound = histogram_bound_ns(i);

        ck_assert_uint_eq(histogram_bucket(bound), i + 1);
        ck_assert_uint_eq(histogram_bucket(bound - 1), i);
    }
}
END_TEST

START_TEST(the_first_and_the_last_bucket_take_the_rest)
{
    ck_assert_uint_eq(histogram_bucket(0), 0);
    ck_assert_uint_eq(histogram_bound_ns(0), 256);
    ck_assert_uint_eq(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
    ck_assert_uint_eq(histogram_bound_ns(HISTOGRAM_BUCKETS - 2), UINT64_C(1)
                                                                     << 34);
    ck_assert_uint_eq(histogram_bound_ns(HISTOGRAM_BUCKETS - 1), UINT64_MAX);
}
END_TEST

START_TEST(what_is_added_is_read)
{
    static struct histogram histogram;
    struct histogram_sum sum = {.sum_ns = 5};

    histogram_add(&histogram, 300);
    histogram_add(&histogram, 310);
    histogram_add(&histogram, 5000);
    histogram_read(&histogram, &sum);
    histogram_read(&histogram, &sum);
    ck_assert_uint_eq(histogram_count(&sum), 6);
    ck_assert_uint_eq(sum.sum_ns, 5 + (2 * 5610));
    ck_assert_uint_eq(sum.counts[histogram_bucket(300)], 4);
    ck_assert_uint_eq(sum.counts[histogram_bucket(5000)], 2);
}
END_TEST

static uint64_t bound_of(uint64_t ns)
{
    return histogram_bound_ns(histogram_bucket(ns));
}

START_TEST(a_quantile_is_the_bound_of_its_bucket)
{
    struct histogram_sum sum = {.sum_ns = 0};

    ck_assert_uint_eq(histogram_quantile_ns(&sum, 990), 0);
    sum.counts[histogram_bucket(1000)] = 98;
    sum.counts[histogram_bucket(9000)] = 1;
    sum.counts[histogram_bucket(70000)] = 1;
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 0), bound_of(1000));
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 500), bound_of(1000));
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 980), bound_of(1000));
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 990), bound_of(9000));
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 1000), bound_of(70000));
}
END_TEST

START_TEST(of_a_few_the_quantile_is_the_largest)
{
    struct histogram_sum sum = {.sum_ns = 0};

    sum.counts[histogram_bucket(1000)] = 3;
    sum.counts[histogram_bucket(70000)] = 1;
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 750), bound_of(1000));
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 990), bound_of(70000));
}
END_TEST

START_TEST(a_quantile_of_any_numbers_is_told)
{
    struct histogram_sum sum = {.sum_ns = UINT64_MAX};

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        sum.counts[i] = UINT64_MAX - i;
    }
    (void)histogram_quantile_ns(&sum, 990);
    sum = (struct histogram_sum){.sum_ns = 0};
    sum.counts[HISTOGRAM_BUCKETS - 1] = UINT64_MAX;
    ck_assert_uint_eq(histogram_quantile_ns(&sum, 990), UINT64_MAX);
}
END_TEST

UNIT_MAIN("histogram",
          a_duration_is_below_the_bound_of_its_bucket_and_of_none_before,
          a_bound_begins_the_next_bucket,
          the_first_and_the_last_bucket_take_the_rest,
          what_is_added_is_read,
          a_quantile_is_the_bound_of_its_bucket,
          of_a_few_the_quantile_is_the_largest,
          a_quantile_of_any_numbers_is_told)
