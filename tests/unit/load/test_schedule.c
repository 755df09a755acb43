/* SPDX-License-Identifier: MIT */
#include "berth-load/schedule.h"

#include "unit.h"

#define SECOND UINT64_C(1000000000)

START_TEST(messages_are_at_equal_distances)
{
    struct schedule schedule = {.start_ns = 5, .rate = 1000, .step = 1};

    ck_assert_uint_eq(schedule_due_ns(&schedule), 5);
    schedule_pass(&schedule);
    ck_assert_uint_eq(schedule_due_ns(&schedule), 5 + (SECOND / 1000));
}
END_TEST

START_TEST(a_rate_that_does_not_divide_a_second_does_not_drift)
{
    struct schedule schedule = {.rate = 3, .step = 1};

    for (int i = 0; i < 3000; i++) {
        schedule_pass(&schedule);
    }
    ck_assert_uint_eq(schedule_due_ns(&schedule), 1000 * SECOND);
    schedule_pass(&schedule);
    ck_assert_uint_eq(schedule_due_ns(&schedule), (1000 * SECOND) + 333333333);
}
END_TEST

START_TEST(a_day_at_the_highest_rate_does_not_overflow)
{
    struct schedule schedule = {.rate = 100000000, .step = 1};

    schedule.next = schedule.rate * 86400;
    ck_assert_uint_eq(schedule_due_ns(&schedule), 86400 * SECOND);
}
END_TEST

/* Each message belongs to one process, and together they have all. */
START_TEST(processes_take_turns)
{
    struct schedule one = {.rate = 7, .step = 1};

    for (uint64_t i = 0; i < 9; i++) {
        struct schedule third = {.rate = 7, .next = i % 3, .step = 3};

        for (uint64_t passed = i % 3; passed < i; passed += 3) {
            schedule_pass(&third);
        }
        ck_assert_uint_eq(schedule_due_ns(&third), schedule_due_ns(&one));
        schedule_pass(&one);
    }
}
END_TEST

UNIT_MAIN("load.schedule",
          messages_are_at_equal_distances,
          a_rate_that_does_not_divide_a_second_does_not_drift,
          a_day_at_the_highest_rate_does_not_overflow,
          processes_take_turns)
