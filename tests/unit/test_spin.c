/* SPDX-License-Identifier: MIT */
#include "spin.h"

#include "unit.h"

#define BUDGET UINT64_C(50000)
#define SHORT (BUDGET / 2)
#define LONG (SPIN_SLEPT * BUDGET + 1)

static struct spin spin;
static uint64_t now_ns;

static void set_up(void)
{
    now_ns = 1000000;
    spin_init(&spin, BUDGET);
}

/* A report after so long. Returns for how long the wait may be spun. */
static uint64_t wait_for(uint64_t ns)
{
    const uint64_t left_ns = spin_begin(&spin, now_ns);

    now_ns += ns;
    spin_end(&spin, now_ns, true);
    return left_ns;
}

/* So many of them; returns how many of them were spun. */
static unsigned wait_often(unsigned count, uint64_t ns)
{
    unsigned spun = 0;

    for (unsigned i = 0; i < count; i++) {
        spun += wait_for(ns) != 0 ? 1 : 0;
    }
    return spun;
}

/* Something else than a report ends the wait after so long. */
static uint64_t be_interrupted(uint64_t ns)
{
    const uint64_t left_ns = spin_begin(&spin, now_ns);

    now_ns += ns;
    spin_end(&spin, now_ns, false);
    return left_ns;
}

START_TEST(it_is_used_where_there_is_a_budget)
{
    struct spin none;

    spin_init(&none, 0);
    ck_assert(!spin_is_used(&none));
    ck_assert(spin_is_used(&spin));
}
END_TEST

START_TEST(enough_short_waits_turn_it_on)
{
    ck_assert_uint_eq(wait_often(SPIN_ENOUGH, SHORT), 0);
    ck_assert_uint_eq(wait_for(SHORT), BUDGET);
}
END_TEST

START_TEST(long_waits_turn_it_off)
{
    (void)wait_often(SPIN_WAITS, SHORT);
    ck_assert_uint_eq(wait_often(2 * SPIN_WAITS, LONG),
                      SPIN_WAITS - SPIN_ENOUGH + 1);
    ck_assert_uint_eq(wait_often(SPIN_ENOUGH + 1, SHORT), 1);
}
END_TEST

START_TEST(a_long_wait_now_and_then_does_not)
{
    (void)wait_often(SPIN_WAITS, SHORT);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(wait_often(3, SHORT), 3);
        ck_assert_uint_eq(wait_for(LONG), BUDGET);
    }
}
END_TEST

START_TEST(who_comes_rarely_is_never_spun_for)
{
    ck_assert_uint_eq(wait_often(100, LONG), 0);
}
END_TEST

START_TEST(a_wait_that_slept_may_be_longer_and_still_be_short)
{
    ck_assert_uint_eq(wait_often(SPIN_ENOUGH, SPIN_SLEPT * BUDGET), 0);
    ck_assert_uint_eq(wait_for(BUDGET), BUDGET);
}
END_TEST

/* It is tried again and again, and given up: for about half of the waits. */
START_TEST(a_spin_has_to_find_something_within_the_budget)
{
    const unsigned spun = wait_often(1000, BUDGET + 1);

    ck_assert_uint_gt(spun, 0);
    ck_assert_uint_le(spun, 550);
}
END_TEST

START_TEST(it_stays_on_while_waits_are_just_short)
{
    (void)wait_often(SPIN_ENOUGH, BUDGET);
    ck_assert_uint_eq(wait_often(1000, BUDGET), 1000);
}
END_TEST

START_TEST(silence_costs_the_budget_once)
{
    (void)wait_often(3 * SPIN_WAITS, SHORT);
    ck_assert_uint_eq(be_interrupted(BUDGET), BUDGET);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(be_interrupted(1), 0);
    }
}
END_TEST

/* A timer ends a wait; what is left of the budget stays. */
START_TEST(a_wait_that_is_interrupted_goes_on)
{
    (void)wait_often(SPIN_WAITS, SHORT);
    ck_assert_uint_eq(be_interrupted(BUDGET / 4), BUDGET);
    now_ns += BUDGET / 4;
    ck_assert_uint_eq(be_interrupted(BUDGET / 2), BUDGET / 2);
    ck_assert_uint_eq(be_interrupted(0), 0);
}
END_TEST

START_TEST(interruptions_do_not_make_a_wait_short)
{
    for (unsigned i = 0; i < 2 * SPIN_WAITS; i++) {
        for (int tick = 0; tick < 100; tick++) {
            ck_assert_uint_eq(be_interrupted(BUDGET / 5), 0);
        }
        ck_assert_uint_eq(wait_for(1), 0);
    }
}
END_TEST

START_TEST(what_is_there_at_once_is_a_short_wait)
{
    for (unsigned i = 0; i < SPIN_ENOUGH; i++) {
        now_ns += LONG; /* at work */
        spin_end(&spin, now_ns, true);
    }
    ck_assert_uint_eq(spin_begin(&spin, now_ns), BUDGET);
}
END_TEST

UNIT_MAIN_WITH("spin",
               set_up,
               NULL,
               it_is_used_where_there_is_a_budget,
               enough_short_waits_turn_it_on,
               long_waits_turn_it_off,
               a_long_wait_now_and_then_does_not,
               who_comes_rarely_is_never_spun_for,
               a_wait_that_slept_may_be_longer_and_still_be_short,
               a_spin_has_to_find_something_within_the_budget,
               it_stays_on_while_waits_are_just_short,
               silence_costs_the_budget_once,
               a_wait_that_is_interrupted_goes_on,
               interruptions_do_not_make_a_wait_short,
               what_is_there_at_once_is_a_short_wait)
