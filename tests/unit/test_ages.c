/* SPDX-License-Identifier: MIT */
#include "ages.h"

#include "unit.h"

#define MINUTE_MS 60000
#define HOUR_MS (UINT64_C(60) * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

#define NUMBERS 1000

static struct ages ages;
static uint64_t given_ms[NUMBERS + 1]; /* from 1 */

static void set_up(void)
{
    ages = (struct ages){.second = 0};
}

/* Never less than the age; and more by a sixteenth of what is told, or by a
   second. */
static void check(uint64_t number, uint64_t now_ms)
{
    const uint64_t age = now_ms - given_ms[number];
    const uint64_t found = ages_find(&ages, number, now_ms);

    ck_assert_uint_ge(found, age);
    ck_assert_msg(found - age < 1000 || (found - age) * 16 <= found,
                  "%lu: %lu ms, but %lu were found", (unsigned long)number,
                  (unsigned long)age, (unsigned long)found);
}

/* The numbers are given this far apart; now and then all are looked for. */
static void give(uint64_t first_ms, uint64_t step_ms)
{
    uint64_t now_ms = first_ms;

    set_up();
    for (uint64_t number = 1; number <= NUMBERS; number++) {
        given_ms[number] = now_ms;
        ages_note(&ages, number, now_ms);
        for (uint64_t i = number; number % 199 == 0 && i > 0; i--) {
            check(i, now_ms);
        }
        now_ms += step_ms;
    }
    for (uint64_t i = 1; i <= NUMBERS; i++) {
        check(i, now_ms + 12345);
    }
}

START_TEST(many_in_a_second)
{
    give(0, 1);
}
END_TEST

START_TEST(some_in_a_second)
{
    give(999, 333);
}
END_TEST

START_TEST(one_a_second)
{
    give(1, 1000);
}
END_TEST

START_TEST(one_in_a_while)
{
    give(DAY_MS, 17000);
}
END_TEST

START_TEST(one_an_hour)
{
    give(1, HOUR_MS - 1);
}
END_TEST

START_TEST(the_time_may_begin_anywhere)
{
    give(UINT64_C(1) << 40, 250);
}
END_TEST

/* A busy night, a quiet day, a busy night. */
START_TEST(quiet_times_between_do_no_harm)
{
    uint64_t now_ms = 12345;

    for (uint64_t number = 1; number <= NUMBERS; number++) {
        given_ms[number] = now_ms;
        ages_note(&ages, number, now_ms);
        now_ms += number % 200 == 0 ? DAY_MS : number % 3 * 400;
    }
    for (uint64_t number = 1; number <= NUMBERS; number++) {
        check(number, now_ms);
    }
}
END_TEST

/* The promise does not depend on when one looks. */
START_TEST(an_age_grows_with_the_time)
{
    for (uint64_t number = 1; number <= 100; number++) {
        given_ms[number] = number * 2500;
        ages_note(&ages, number, given_ms[number]);
    }
    for (uint64_t later_ms = 0; later_ms < HOUR_MS; later_ms += MINUTE_MS) {
        for (uint64_t number = 1; number <= 100; number++) {
            check(number, given_ms[100] + later_ms);
        }
    }
}
END_TEST

START_TEST(numbers_between_two_notes_are_as_old_as_the_earlier_one)
{
    ages_note(&ages, 10, 5000);
    ages_note(&ages, 11, 5999); /* the same second: not noted */
    ages_note(&ages, 20, 8000);
    ck_assert_uint_eq(ages_find(&ages, 10, 9000), 4000);
    ck_assert_uint_eq(ages_find(&ages, 11, 9000), 4000);
    ck_assert_uint_eq(ages_find(&ages, 19, 9000), 4000);
    ck_assert_uint_eq(ages_find(&ages, 20, 9000), 1000);
    ck_assert_uint_eq(ages_find(&ages, 21, 9000), 1000);
}
END_TEST

START_TEST(without_notes_nothing_is_known)
{
    ck_assert_uint_eq(ages_find(&ages, 1, 5000), 0);
}
END_TEST

START_TEST(nothing_is_known_of_what_came_before_the_first_note)
{
    ages_note(&ages, 10, 5000);
    ck_assert_uint_eq(ages_find(&ages, 9, 9000), 0);
    ck_assert_uint_eq(ages_find(&ages, 10, 9000), 4000);
}
END_TEST

UNIT_MAIN_WITH("ages",
               set_up,
               NULL,
               many_in_a_second,
               some_in_a_second,
               one_a_second,
               one_in_a_while,
               one_an_hour,
               the_time_may_begin_anywhere,
               quiet_times_between_do_no_harm,
               an_age_grows_with_the_time,
               numbers_between_two_notes_are_as_old_as_the_earlier_one,
               without_notes_nothing_is_known,
               nothing_is_known_of_what_came_before_the_first_note)
