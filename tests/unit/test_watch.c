/* SPDX-License-Identifier: MIT */
#include "watch.h"

#include <sched.h>
#include <time.h>

#include "unit.h"

#define HOUR_MS ((uint64_t)60 * 60 * 1000)

static struct watch watch;
static struct histogram times;
static const struct crumb_place place = {.callback = CRUMB_ON_DATA};

static void begin(uint64_t slow_ms)
{
    watch_init(&watch, slow_ms, NULL);
    ck_assert_int_eq(watch_start(&watch), 0);
}

/* The thread has looked at the callback that runs. */
static void await_look(void)
{
    while (atomic_load(&watch.seen) != atomic_load(&watch.crumb->sequence)) {
        (void)sched_yield();
    }
}

static void await_sleep(void)
{
    while (!atomic_load(&watch.is_asleep)) {
        (void)sched_yield();
    }
}

static uint64_t leave(struct watch *of, struct histogram *in)
{
    const uint64_t sequence = watch_leave(of);

    return sequence == 0 ? 0 : watch_measure(of, sequence, in);
}

static uint64_t clock_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
}

static void pass_ms(uint64_t ms)
{
    uint64_t end_ms = clock_ms() + ms;

    while (clock_ms() < end_ms) {
    }
}

START_TEST(without_a_thread_nothing_is_slow)
{
    begin(0);
    ck_assert(!watch.is_started);
    watch_enter(&watch, place);
    pass_ms(2);
    ck_assert_uint_eq(leave(&watch, &times), 0);
    watch_stop(&watch);
}
END_TEST

START_TEST(a_callback_that_takes_long_is_measured)
{
    begin(3);
    watch_enter(&watch, place);
    await_look();
    pass_ms(5);
    ck_assert_uint_ge(leave(&watch, &times), 3);
    watch_stop(&watch);
}
END_TEST

START_TEST(one_that_was_seen_and_is_short_is_not)
{
    watch_init(&watch, HOUR_MS, NULL);
    watch_enter(&watch, place);
    ck_assert_int_eq(watch_start(&watch), 0);
    await_look();
    ck_assert_uint_eq(leave(&watch, &times), 0);
    watch_stop(&watch);
}
END_TEST

START_TEST(the_time_is_that_of_the_callback_not_of_those_before)
{
    begin(HOUR_MS);
    for (int i = 0; i < 1000; i++) {
        watch_enter(&watch, place);
        ck_assert_uint_eq(leave(&watch, &times), 0);
    }
    watch_stop(&watch);
    ck_assert_uint_eq(atomic_load(&watch.crumb->sequence), 2000);
}
END_TEST

static uint64_t count_timed(const struct histogram *histogram)
{
    struct histogram_sum sum = {0};

    histogram_read(histogram, &sum);
    return histogram_count(&sum);
}

START_TEST(one_in_so_many_is_timed_and_the_first_is)
{
    struct histogram own = {0};

    watch_init(&watch, 0, NULL);
    for (uint64_t i = 0; i < UINT64_C(3) * WATCH_SAMPLE; i++) {
        watch_enter(&watch, place);
        (void)leave(&watch, &own);
        ck_assert_uint_eq(count_timed(&own), 1 + (i / WATCH_SAMPLE));
    }
}
END_TEST

START_TEST(with_nothing_going_on_it_sleeps_until_a_turn_begins)
{
    begin(1);
    for (int i = 0; i < 3; i++) {
        await_sleep();
        watch_wake(&watch);
        watch_enter(&watch, place);
        await_look();
        pass_ms(2);
        ck_assert_uint_ge(leave(&watch, &times), 1);
    }
    watch_stop(&watch);
}
END_TEST

START_TEST(it_stops_at_once_asleep_or_not)
{
    begin(1);
    await_sleep();
    watch_stop(&watch);
    begin(HOUR_MS);
    watch_stop(&watch);
    watch_stop(&watch); /* again is fine */
    ck_assert(!watch.is_started);
}
END_TEST

UNIT_MAIN("watch",
          without_a_thread_nothing_is_slow,
          a_callback_that_takes_long_is_measured,
          one_that_was_seen_and_is_short_is_not,
          the_time_is_that_of_the_callback_not_of_those_before,
          one_in_so_many_is_timed_and_the_first_is,
          with_nothing_going_on_it_sleeps_until_a_turn_begins,
          it_stops_at_once_asleep_or_not)
