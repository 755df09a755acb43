/* SPDX-License-Identifier: MIT */
#include "spin.h"

#include "unit.h"

#define BUDGET UINT64_C(50000)

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

/* Nobody says anything. Returns for how long was spun. */
static uint64_t be_silent(void)
{
    const uint64_t left_ns = spin_begin(&spin, now_ns);

    now_ns += left_ns;
    spin_end(&spin, now_ns, false);
    return left_ns;
}

/* So many short waits; returns how many of them were not slept. */
static unsigned wait_shortly(unsigned count)
{
    unsigned spun = 0;

    for (unsigned i = 0; i < count; i++) {
        spun += wait_for(BUDGET / 2) != 0 ? 1 : 0;
    }
    return spun;
}

/* How many short waits are slept before one is spun. */
static unsigned count_slept(void)
{
    unsigned count = 0;

    while (wait_for(BUDGET / 2) == 0) {
        count++;
        ck_assert_uint_le(count, 2 * SPIN_WAITS_MAX);
    }
    return count;
}

START_TEST(it_is_used_where_there_is_a_budget)
{
    struct spin none;

    spin_init(&none, 0);
    ck_assert(!spin_is_used(&none));
    ck_assert(spin_is_used(&spin));
}
END_TEST

START_TEST(some_short_waits_in_a_row_turn_it_on)
{
    ck_assert_uint_eq(wait_shortly(SPIN_WAITS), 0);
    ck_assert_uint_eq(spin_begin(&spin, now_ns), BUDGET);
}
END_TEST

START_TEST(a_long_wait_begins_the_row_anew)
{
    ck_assert_uint_eq(wait_shortly(SPIN_WAITS - 1), 0);
    ck_assert_uint_eq(wait_for(2 * BUDGET + 1), 0);
    ck_assert_uint_eq(wait_shortly(SPIN_WAITS), 0);
    ck_assert_uint_eq(wait_shortly(1), 1);
}
END_TEST

START_TEST(a_wait_that_slept_is_short_up_to_twice_the_budget)
{
    for (unsigned i = 0; i < SPIN_WAITS; i++) {
        ck_assert_uint_eq(wait_for(2 * BUDGET), 0);
    }
    ck_assert_uint_eq(wait_for(1), BUDGET);
}
END_TEST

START_TEST(it_stays_on_while_waits_are_short)
{
    (void)wait_shortly(SPIN_WAITS);
    ck_assert_uint_eq(wait_shortly(5 * SPIN_WAITS_MAX), 5 * SPIN_WAITS_MAX);
}
END_TEST

START_TEST(silence_costs_the_budget_once)
{
    (void)wait_shortly(3 * SPIN_WAITS);
    ck_assert_uint_eq(be_silent(), BUDGET);
    for (int i = 0; i < 100; i++) {
        ck_assert_uint_eq(be_silent(), 0);
    }
}
END_TEST

/* A timer ends a wait; what is left of the budget stays. */
START_TEST(a_wait_that_is_interrupted_goes_on)
{
    (void)wait_shortly(SPIN_WAITS);
    ck_assert_uint_eq(spin_begin(&spin, now_ns), BUDGET);
    now_ns += BUDGET / 4;
    spin_end(&spin, now_ns, false);
    now_ns += BUDGET / 4;
    ck_assert_uint_eq(spin_begin(&spin, now_ns), BUDGET / 2);
    spin_end(&spin, now_ns, false);
    now_ns += BUDGET / 2;
    ck_assert_uint_eq(spin_begin(&spin, now_ns), 0);
}
END_TEST

/* One report a second, with a timer every 10 us. */
START_TEST(interruptions_do_not_make_a_wait_short)
{
    for (unsigned i = 0; i < 2 * SPIN_WAITS; i++) {
        for (int tick = 0; tick < 100; tick++) {
            ck_assert_uint_eq(spin_begin(&spin, now_ns), 0);
            now_ns += BUDGET / 5;
            spin_end(&spin, now_ns, false);
        }
        ck_assert_uint_eq(wait_for(1), 0);
    }
}
END_TEST

START_TEST(what_is_there_at_once_is_a_short_wait)
{
    for (unsigned i = 0; i < SPIN_WAITS; i++) {
        now_ns += 10 * BUDGET; /* at work */
        spin_end(&spin, now_ns, true);
    }
    ck_assert_uint_eq(spin_begin(&spin, now_ns), BUDGET);
}
END_TEST

START_TEST(what_found_little_takes_longer_to_come_back)
{
    ck_assert_uint_eq(count_slept(), SPIN_WAITS);
    for (unsigned slept = 2 * SPIN_WAITS; slept <= SPIN_WAITS_MAX; slept *= 2) {
        (void)be_silent();
        ck_assert_uint_eq(wait_for(10 * BUDGET), 0);
        ck_assert_uint_eq(count_slept(), slept);
    }
    (void)be_silent();
    ck_assert_uint_eq(wait_for(10 * BUDGET), 0);
    ck_assert_uint_eq(count_slept(), SPIN_WAITS_MAX);
}
END_TEST

START_TEST(what_found_enough_comes_back_soon)
{
    (void)count_slept();
    (void)be_silent();
    ck_assert_uint_eq(wait_for(10 * BUDGET), 0);
    ck_assert_uint_eq(count_slept(), 2 * SPIN_WAITS);
    ck_assert_uint_eq(wait_shortly(SPIN_WAITS - 1), SPIN_WAITS - 1);
    (void)be_silent();
    ck_assert_uint_eq(wait_for(10 * BUDGET), 0);
    ck_assert_uint_eq(count_slept(), SPIN_WAITS);
}
END_TEST

UNIT_MAIN_WITH("spin",
               set_up,
               NULL,
               it_is_used_where_there_is_a_budget,
               some_short_waits_in_a_row_turn_it_on,
               a_long_wait_begins_the_row_anew,
               a_wait_that_slept_is_short_up_to_twice_the_budget,
               it_stays_on_while_waits_are_short,
               silence_costs_the_budget_once,
               a_wait_that_is_interrupted_goes_on,
               interruptions_do_not_make_a_wait_short,
               what_is_there_at_once_is_a_short_wait,
               what_found_little_takes_longer_to_come_back,
               what_found_enough_comes_back_soon)
