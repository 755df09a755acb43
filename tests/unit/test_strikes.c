/* SPDX-License-Identifier: MIT */
#include "strikes.h"

#include <stdlib.h>

#include "unit.h"

#define MINUTE_MS UINT64_C(60000)

static bool has_no_memory;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the
   names that --wrap of ld(1) makes. */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *__wrap_calloc(size_t count, size_t size)
{
    return has_no_memory ? NULL : __real_calloc(count, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

START_TEST(the_limit_is_reached_by_as_many_within_the_time)
{
    struct strikes strikes;

    strikes_init(&strikes, 3, MINUTE_MS);
    ck_assert(!strikes_add(&strikes, 1000));
    ck_assert(!strikes_add(&strikes, 2000));
    ck_assert(strikes_add(&strikes, 3000));
    strikes_fini(&strikes);
}
END_TEST

START_TEST(all_may_come_at_once)
{
    struct strikes strikes;

    strikes_init(&strikes, 2, 0);
    ck_assert(!strikes_add(&strikes, 5));
    ck_assert(strikes_add(&strikes, 5));
    ck_assert(!strikes_add(&strikes, 6));
    ck_assert(strikes_add(&strikes, 6));
    strikes_fini(&strikes);
}
END_TEST

START_TEST(the_time_is_that_from_the_first_of_them_to_the_last)
{
    struct strikes strikes;

    strikes_init(&strikes, 2, MINUTE_MS);
    ck_assert(!strikes_add(&strikes, 1));
    ck_assert(strikes_add(&strikes, 1 + MINUTE_MS));
    ck_assert(!strikes_add(&strikes, 2 + 2 * MINUTE_MS));
    strikes_fini(&strikes);
}
END_TEST

/* Against all that was ever added. */
START_TEST(only_the_last_ones_count)
{
    static const uint64_t steps[] = {0, 10, 40, 25, 100, 1, 1, 1, 50, 30, 30};

    for (uint32_t limit = 1; limit <= 6; limit++) {
        uint64_t times[110];
        uint64_t now = 0;
        struct strikes strikes;

        strikes_init(&strikes, limit, 100);
        for (size_t i = 0; i < 110; i++) {
            now += steps[i % 11];
            times[i] = now;
            ck_assert_int_eq(strikes_add(&strikes, now),
                             i + 1 >= limit &&
                                 now - times[i + 1 - limit] <= 100);
        }
        ck_assert_uint_eq(strikes.count, 110);
        strikes_fini(&strikes);
    }
}
END_TEST

START_TEST(a_limit_of_one_is_reached_each_time)
{
    struct strikes strikes;

    strikes_init(&strikes, 1, 0);
    for (uint64_t now = 0; now < 10 * MINUTE_MS; now += MINUTE_MS) {
        ck_assert(strikes_add(&strikes, now));
    }
    strikes_fini(&strikes);
}
END_TEST

START_TEST(without_a_limit_it_is_never_reached)
{
    struct strikes strikes;

    strikes_init(&strikes, 0, MINUTE_MS);
    for (size_t i = 0; i < 100; i++) {
        ck_assert(!strikes_add(&strikes, 0));
    }
    ck_assert_ptr_null(strikes.times_ms);
    strikes_fini(&strikes);
}
END_TEST

START_TEST(without_memory_it_is_not_reached)
{
    struct strikes strikes;

    strikes_init(&strikes, 1, MINUTE_MS);
    has_no_memory = true;
    ck_assert(!strikes_add(&strikes, 0));
    ck_assert(!strikes_add(&strikes, 0));
    has_no_memory = false;
    ck_assert(strikes_add(&strikes, 0));
    strikes_fini(&strikes);
}
END_TEST

START_TEST(the_end_may_come_twice_and_before_any)
{
    struct strikes strikes;

    strikes_init(&strikes, 3, MINUTE_MS);
    strikes_fini(&strikes);
    ck_assert(!strikes_add(&strikes, 0));
    strikes_fini(&strikes);
    strikes_fini(&strikes);
    ck_assert_ptr_null(strikes.times_ms);
}
END_TEST

UNIT_MAIN("strikes",
          the_limit_is_reached_by_as_many_within_the_time,
          all_may_come_at_once,
          the_time_is_that_from_the_first_of_them_to_the_last,
          only_the_last_ones_count,
          a_limit_of_one_is_reached_each_time,
          without_a_limit_it_is_never_reached,
          without_memory_it_is_not_reached,
          the_end_may_come_twice_and_before_any)
