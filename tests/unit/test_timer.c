/* SPDX-License-Identifier: MIT */
#include "timer.h"

#include <stdlib.h>

#include "unit.h"

#define MANY 10000u
#define CALLS_MAX 16
#define DAY_MS UINT64_C(86400000)

static struct timer_wheel wheel;
static struct timer timers[8];
static size_t calls[CALLS_MAX]; /* indices of timers, in order */
static size_t call_count;

static void set_up(void)
{
    timer_wheel_init(&wheel, 1000);
    for (size_t i = 0; i < 8; i++) {
        timer_init(&timers[i]);
    }
    call_count = 0;
}

static void note(struct timer *timer, void *arg)
{
    (void)arg;
    ck_assert(!timer_is_set(timer));
    ck_assert_uint_lt(call_count, CALLS_MAX);
    calls[call_count++] = (size_t)(timer - timers);
}

/* How many expire, and that they are called with the arg that was given. */
static size_t advance(uint64_t now_ms)
{
    call_count = 0;
    timer_wheel_advance(&wheel, now_ms, note, NULL);
    return call_count;
}

START_TEST(a_timer_expires_when_it_is_due_and_not_before)
{
    static const uint64_t delays[] = {
        1,    2,    63,   64,     65,         4095,        4096,
        4097, 9999, 5000, 262144, 7 * DAY_MS, 300 * DAY_MS};

    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        uint64_t due_ms = wheel.now_ms + delays[i];

        timer_set(&wheel, &timers[0], due_ms);
        ck_assert(timer_is_set(&timers[0]));
        ck_assert_uint_eq(timers[0].due_ms, due_ms);
        ck_assert_uint_eq(advance(due_ms - 1), 0);
        ck_assert(timer_is_set(&timers[0]));
        ck_assert_uint_eq(advance(due_ms), 1);
        ck_assert(!timer_is_set(&timers[0]));
        ck_assert_uint_eq(advance(due_ms + DAY_MS), 0);
    }
}
END_TEST

START_TEST(timers_expire_in_the_order_of_their_due_times)
{
    static const uint64_t due_ms[] = {1700, 90000,  1001, 2000000,
                                      1064, 300000, 1063, 5000};
    static const size_t order[] = {2, 6, 4, 0, 7, 1, 5, 3};

    for (size_t i = 0; i < 8; i++) {
        timer_set(&wheel, &timers[i], due_ms[i]);
    }
    ck_assert_uint_eq(advance(DAY_MS), 8);
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_eq(calls[i], order[i]);
    }
}
END_TEST

START_TEST(what_is_due_already_becomes_the_next_millisecond)
{
    timer_set(&wheel, &timers[0], 1000);
    timer_set(&wheel, &timers[1], 999);
    timer_set(&wheel, &timers[2], 0);
    ck_assert(timer_is_set(&timers[2]));
    ck_assert_int_eq(timer_wheel_next(&wheel), 1);
    ck_assert_uint_eq(advance(1000), 0);
    ck_assert_uint_eq(advance(1001), 3);
}
END_TEST

START_TEST(a_timer_can_be_moved_to_and_fro)
{
    timer_set(&wheel, &timers[0], 1010);
    timer_set(&wheel, &timers[0], 1000 + DAY_MS);
    ck_assert_uint_eq(advance(1010), 0);
    timer_set(&wheel, &timers[0], 1020);
    ck_assert_uint_eq(advance(1019), 0);
    ck_assert_uint_eq(advance(1020), 1);
    ck_assert_uint_eq(advance(1000 + (2 * DAY_MS)), 0);
}
END_TEST

START_TEST(a_cancelled_timer_does_not_expire)
{
    timer_cancel(&timers[0]); /* was never set */
    timer_set(&wheel, &timers[0], 1010);
    timer_set(&wheel, &timers[1], 1010);
    timer_cancel(&timers[0]);
    ck_assert(!timer_is_set(&timers[0]));
    timer_cancel(&timers[0]);
    ck_assert_uint_eq(advance(2000), 1);
    ck_assert_uint_eq(calls[0], 1);
    timer_set(&wheel, &timers[0], 2010);
    ck_assert_uint_eq(advance(2010), 1);
}
END_TEST

START_TEST(time_in_the_past_does_nothing)
{
    timer_set(&wheel, &timers[0], 1500);
    ck_assert_uint_eq(advance(1200), 0);
    ck_assert_uint_eq(advance(3), 0);
    ck_assert_uint_eq(wheel.now_ms, 1200);
    ck_assert_uint_eq(advance(1499), 0);
    ck_assert_uint_eq(advance(1500), 1);
}
END_TEST

START_TEST(next_is_there_only_while_there_are_timers)
{
    ck_assert_int_eq(timer_wheel_next(&wheel), -1);
    timer_set(&wheel, &timers[0], 1040);
    ck_assert_int_gt(timer_wheel_next(&wheel), 0);
    ck_assert_int_le(timer_wheel_next(&wheel), 40);
    ck_assert_uint_eq(advance(1040), 1);
    ck_assert_int_eq(timer_wheel_next(&wheel), -1);
}
END_TEST

/* A loop that sleeps as next says wakes up a few times, and is in time. */
START_TEST(following_next_leads_to_the_due_time)
{
    static const uint64_t delays[] = {1, 64, 5000, DAY_MS, 1000 * DAY_MS};

    for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++) {
        uint64_t due_ms = wheel.now_ms + delays[i];
        size_t turns = 0;

        timer_set(&wheel, &timers[0], due_ms);
        while (timer_is_set(&timers[0])) {
            int64_t next_ms = timer_wheel_next(&wheel);

            ck_assert_int_gt(next_ms, 0);
            (void)advance(wheel.now_ms + (uint64_t)next_ms);
            turns++;
        }
        ck_assert_uint_eq(wheel.now_ms, due_ms);
        ck_assert_uint_le(turns, TIMER_LEVELS);
    }
}
END_TEST

START_TEST(due_times_beyond_the_farthest_are_brought_nearer)
{
    timer_wheel_init(&wheel, 0);
    timer_set(&wheel, &timers[0], UINT64_MAX);
    ck_assert_uint_eq(timers[0].due_ms, TIMER_MAX_MS);
    timer_set(&wheel, &timers[1], TIMER_MAX_MS);
    ck_assert_uint_eq(advance(TIMER_MAX_MS - 1), 0);
    ck_assert_uint_eq(advance(TIMER_MAX_MS), 2);
}
END_TEST

START_TEST(a_wheel_works_at_its_earliest_now)
{
    timer_wheel_init(&wheel, 0);
    timer_set(&wheel, &timers[0], 0);
    ck_assert_int_eq(timer_wheel_next(&wheel), 1);
    ck_assert_uint_eq(advance(0), 0);
    ck_assert_uint_eq(advance(1), 1);
}
END_TEST

START_TEST(a_wheel_works_at_its_latest_now)
{
    timer_wheel_init(&wheel, TIMER_MAX_MS - 10);
    timer_set(&wheel, &timers[0], TIMER_MAX_MS - 1);
    timer_set(&wheel, &timers[1], TIMER_MAX_MS);
    timer_set(&wheel, &timers[2], UINT64_MAX);
    ck_assert_uint_eq(advance(TIMER_MAX_MS - 1), 1);
    ck_assert_uint_eq(advance(TIMER_MAX_MS), 1);
    timer_set(&wheel, &timers[3], TIMER_MAX_MS + 1);
    timer_set(&wheel, &timers[4], UINT64_MAX);
    ck_assert_int_eq(timer_wheel_next(&wheel), 1);
}
END_TEST

/* -------------------------------------------------------- what expire may do */

static void set_again(struct timer *timer, void *arg)
{
    const uint64_t *due_ms = arg;

    note(timer, NULL);
    timer_set(&wheel, timer, *due_ms);
}

START_TEST(what_expire_sets_expires_in_a_later_call)
{
    uint64_t due_ms = 1011; /* has passed by the time of the call */

    timer_set(&wheel, &timers[0], 1010);
    timer_wheel_advance(&wheel, 5000, set_again, &due_ms);
    ck_assert_uint_eq(call_count, 1);
    ck_assert(timer_is_set(&timers[0]));
    ck_assert_int_eq(timer_wheel_next(&wheel), 1);
    ck_assert_uint_eq(advance(5000), 0);
    ck_assert_uint_eq(advance(5001), 1);
}
END_TEST

START_TEST(expire_sees_the_new_now)
{
    uint64_t due_ms = 5010;

    timer_set(&wheel, &timers[0], 1010);
    timer_wheel_advance(&wheel, 5000, set_again, &due_ms);
    ck_assert_uint_eq(timers[0].due_ms, 5010);
    ck_assert_uint_eq(wheel.now_ms, 5000);
    ck_assert_uint_eq(advance(5009), 0);
    ck_assert_uint_eq(advance(5010), 1);
}
END_TEST

/* The first that expires cancels 1, 3 and 5, and sets 2 and 7 anew. */
static void meddle(struct timer *timer, void *arg)
{
    note(timer, arg);
    if (call_count == 1) {
        timer_cancel(&timers[1]);
        timer_cancel(&timers[3]);
        timer_cancel(&timers[5]);
        timer_set(&wheel, &timers[2], 4000);
        timer_set(&wheel, &timers[7], 1);
    }
}

START_TEST(expire_may_cancel_and_move_those_that_expire_with_it)
{
    for (size_t i = 0; i < 4; i++) {
        timer_set(&wheel, &timers[i], 1010 + i);
        timer_set(&wheel, &timers[4 + i], 1014 + i);
    }
    timer_wheel_advance(&wheel, 2000, meddle, NULL);
    ck_assert_uint_eq(call_count, 3);
    ck_assert_uint_eq(calls[0], 0);
    ck_assert_uint_eq(calls[1], 4);
    ck_assert_uint_eq(calls[2], 6);
    ck_assert(!timer_is_set(&timers[1]));
    ck_assert_uint_eq(advance(2001), 1);
    ck_assert_uint_eq(calls[0], 7);
    ck_assert_uint_eq(advance(3999), 0);
    ck_assert_uint_eq(advance(4000), 1);
    ck_assert_uint_eq(calls[0], 2);
}
END_TEST

START_TEST(expire_may_cancel_itself_and_timers_far_away)
{
    timer_set(&wheel, &timers[0], 1010);
    timer_set(&wheel, &timers[1], 1000 + DAY_MS);
    timer_set(&wheel, &timers[5], 1000 + (9 * DAY_MS));
    timer_wheel_advance(&wheel, 1010, meddle, NULL);
    ck_assert_uint_eq(call_count, 1);
    ck_assert_uint_eq(advance(1000 + (10 * DAY_MS)), 2);
    ck_assert_uint_eq(calls[0], 7);
    ck_assert_uint_eq(calls[1], 2);
}
END_TEST

/* --------------------------------------------------- against a naive model */

/* When each is due; 0: not set. */
struct model {
    unsigned short seed[3];
    struct timer timers[MANY];
    uint64_t due_ms[MANY];
    uint64_t before_ms; /* of this advance */
    uint64_t now_ms;
    uint64_t last_ms; /* due time of the last one that expired */
    size_t expired;
    size_t wrong;
};

static uint64_t pick(struct model *model, uint64_t below)
{
    uint64_t bits =
        ((uint64_t)nrand48(model->seed) << 31) | (uint64_t)nrand48(model->seed);

    return bits % below;
}

/* Mostly near, sometimes years away. */
static uint64_t pick_span(struct model *model)
{
    static const uint64_t bounds[] = {
        1,       2,      70,          1000,         5000,         60000,
        3600000, DAY_MS, 30 * DAY_MS, 900 * DAY_MS, 9000 * DAY_MS};
    size_t count = sizeof(bounds) / sizeof(bounds[0]);

    return pick(model, bounds[pick(model, count)]);
}

static void set_one(struct model *model, size_t i)
{
    model->due_ms[i] = wheel.now_ms + 1 + pick_span(model);
    timer_set(&wheel, &model->timers[i], model->due_ms[i]);
}

static void cancel_one(struct model *model, size_t i)
{
    model->due_ms[i] = 0;
    timer_cancel(&model->timers[i]);
}

/* Each is called once, when it is due, in order; some meddle with others. */
static void check_expiry(struct timer *timer, void *arg)
{
    struct model *model = arg;
    size_t i = (size_t)(timer - model->timers);
    uint64_t due_ms = model->due_ms[i];

    if (due_ms <= model->before_ms || due_ms > model->now_ms ||
        due_ms < model->last_ms || timer_is_set(timer) ||
        wheel.now_ms != model->now_ms) {
        model->wrong++;
    }
    model->last_ms = due_ms;
    model->due_ms[i] = 0;
    model->expired++;
    switch (pick(model, 8)) {
    case 0:
        cancel_one(model, pick(model, MANY));
        break;
    case 1:
        set_one(model, pick(model, MANY));
        break;
    case 2:
        set_one(model, i);
        break;
    default:
        break;
    }
}

static uint64_t find_first(const struct model *model)
{
    uint64_t first_ms = UINT64_MAX;

    for (size_t i = 0; i < MANY; i++) {
        if (model->due_ms[i] != 0 && model->due_ms[i] < first_ms) {
            first_ms = model->due_ms[i];
        }
    }
    return first_ms;
}

/* All that the wheel says of itself agrees with the model. */
static void check_state(struct model *model)
{
    uint64_t first_ms = find_first(model);
    int64_t next_ms = timer_wheel_next(&wheel);

    for (size_t i = 0; i < MANY; i++) {
        if (model->timers[i].due_ms != model->due_ms[i]) {
            model->wrong++;
        }
    }
    ck_assert_uint_eq(model->wrong, 0);
    ck_assert_uint_eq(wheel.now_ms, model->now_ms);
    if (first_ms == UINT64_MAX) {
        return;
    }
    ck_assert_uint_gt(first_ms, model->now_ms); /* none was forgotten */
    ck_assert_int_gt(next_ms, 0);
    ck_assert_uint_le((uint64_t)next_ms, first_ms - model->now_ms);
}

/* Some are set anew, some cancelled; then time passes. */
static void take_step(struct model *model)
{
    uint64_t changes = pick(model, 200);

    for (uint64_t i = 0; i < changes; i++) {
        if (pick(model, 4) == 0) {
            cancel_one(model, pick(model, MANY));
        } else {
            set_one(model, pick(model, MANY));
        }
    }
    model->before_ms = model->now_ms;
    model->last_ms = 0;
    if (model->now_ms < TIMER_MAX_MS / 2) {
        model->now_ms += pick_span(model);
    }
    timer_wheel_advance(&wheel, model->now_ms, check_expiry, model);
    check_state(model);
}

static struct model *new_model(unsigned short number)
{
    struct model *model = calloc(1, sizeof(*model));

    ck_assert_ptr_nonnull(model);
    model->seed[0] = number;
    model->now_ms = pick_span(model);
    timer_wheel_init(&wheel, model->now_ms);
    for (size_t i = 0; i < MANY; i++) {
        timer_init(&model->timers[i]);
        set_one(model, i);
    }
    return model;
}

START_TEST(ten_thousand_timers_agree_with_a_naive_model)
{
    for (unsigned short number = 0; number < 10; number++) {
        struct model *model = new_model(number);

        check_state(model);
        for (int step = 0; step < 200; step++) {
            take_step(model);
        }
        ck_assert_uint_gt(model->expired, MANY / 2);
        free(model);
    }
}
END_TEST

UNIT_MAIN_WITH("timer",
               set_up,
               NULL,
               a_timer_expires_when_it_is_due_and_not_before,
               timers_expire_in_the_order_of_their_due_times,
               what_is_due_already_becomes_the_next_millisecond,
               a_timer_can_be_moved_to_and_fro,
               a_cancelled_timer_does_not_expire,
               time_in_the_past_does_nothing,
               next_is_there_only_while_there_are_timers,
               following_next_leads_to_the_due_time,
               due_times_beyond_the_farthest_are_brought_nearer,
               a_wheel_works_at_its_earliest_now,
               a_wheel_works_at_its_latest_now,
               what_expire_sets_expires_in_a_later_call,
               expire_sees_the_new_now,
               expire_may_cancel_and_move_those_that_expire_with_it,
               expire_may_cancel_itself_and_timers_far_away,
               ten_thousand_timers_agree_with_a_naive_model)
