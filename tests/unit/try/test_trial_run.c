/* SPDX-License-Identifier: MIT */
/* Which manners there are, and how many: a course that only writes them down. */
#include "berth-try/trial.h"

#include <stdlib.h>
#include <string.h>

#include "berth-try/course.h"
#include "unit.h"

#define RUNS_MAX 4000
#define ALLOCATIONS 3

static struct {
    struct manner manners[RUNS_MAX];
    size_t count;
    size_t warm_ups;
} seen;

void course_run(struct course *course, const struct manner *manner)
{
    ck_assert_uint_lt(seen.count, RUNS_MAX);
    seen.manners[seen.count++] = *manner;
    if (manner->kind == MANNER_ALLOC) {
        /* Those up to the one that fails; beyond the last none does. */
        course->tried =
            manner->number < ALLOCATIONS ? manner->number : ALLOCATIONS;
    }
}

void course_warm_up(struct course *course, const struct manner *manner)
{
    (void)course;
    (void)manner;
    seen.warm_ups++;
}

/* A transcript of one message, whose bytes are not looked at but for digits. */
static void run(char *bytes, size_t size, const struct manner *only)
{
    struct step step = {.kind = STEP_SEND, .bytes = bytes, .size = size};
    struct script script = {
        .transcript = {.steps = &step, .count = 1, .sent = size}};
    struct trial_options options = {.only = only, .randoms = 5};
    struct trial trial = {.script = &script, .options = &options};

    memset(&seen, 0, sizeof(seen));
    trial_run(&trial);
}

static size_t count(enum manner_kind kind)
{
    size_t found = 0;

    for (size_t i = 0; i < seen.count; i++) {
        found += seen.manners[i].kind == kind;
    }
    return found;
}

static bool has(const char *name)
{
    for (size_t i = 0; i < seen.count; i++) {
        char other[MANNER_NAME_MAX];

        manner_name(&seen.manners[i], other);
        if (strcmp(name, other) == 0) {
            return true;
        }
    }
    return false;
}

START_TEST(each_place_is_tried)
{
    char bytes[] = "get 1 of 2";

    run(bytes, 10, NULL);
    ck_assert_uint_eq(seen.warm_ups, 1);
    /* Both triggers and three kernels; with and without back-pressure. */
    ck_assert_uint_eq(count(MANNER_WHOLE), 12);
    ck_assert_uint_eq(count(MANNER_BYTES), 12);
    /* 9 places, both triggers; at 3 of them the kernel trickles, too. */
    ck_assert_uint_eq(count(MANNER_SPLIT), 24);
    ck_assert_uint_eq(count(MANNER_END), 11);
    ck_assert_uint_eq(count(MANNER_ZERO), 10);
    ck_assert_uint_eq(count(MANNER_NUMBER), 10);
    ck_assert_uint_eq(count(MANNER_RANDOM), 5);
    /* One more than there are, with two kernels. */
    ck_assert_uint_eq(count(MANNER_ALLOC), 2 * (ALLOCATIONS + (size_t)1));
    ck_assert_uint_eq(count(MANNER_REPEAT), 1);
    ck_assert_uint_eq(count(MANNER_AGAIN), 1);
    ck_assert_uint_eq(count(MANNER_FLOOD), 6);
    ck_assert(has("whole"));
    ck_assert(has("whole+edge+closed"));
    ck_assert(has("bytes+trickle+tight"));
    ck_assert(has("split:1"));
    ck_assert(has("split:9+edge+trickle"));
    ck_assert(!has("split:10"));
    ck_assert(has("end:0"));
    ck_assert(has("end:10"));
    ck_assert(!has("zero:0"));
    ck_assert(has("zero:10"));
    ck_assert(has("number:1:4"));
    ck_assert(has("random:4"));
    ck_assert(has("alloc:4+closed"));
    ck_assert(has("flood:9:1"));
}
END_TEST

START_TEST(none_is_tried_twice)
{
    char bytes[] = "get 1 of 2, or 3";

    run(bytes, strlen(bytes), NULL);
    while (seen.count > 0) {
        char name[MANNER_NAME_MAX];

        manner_name(&seen.manners[--seen.count], name);
        ck_assert_msg(!has(name), "%s", name);
    }
}
END_TEST

START_TEST(what_is_long_is_tried_at_some_places)
{
    static char bytes[1000];

    memset(bytes, '1', sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i += 10) {
        bytes[i] = ' ';
    }
    run(bytes, sizeof(bytes), NULL);
    ck_assert_uint_le(count(MANNER_END), 256);
    ck_assert_uint_ge(count(MANNER_END), 200);
    ck_assert_uint_le(count(MANNER_ZERO), 32);
    ck_assert_uint_eq(count(MANNER_NUMBER), 160);
    ck_assert(has("end:0"));
    ck_assert(has("split:999"));
}
END_TEST

START_TEST(who_sends_nothing_is_tried_too)
{
    char none[] = "";

    run(none, 0, NULL);
    ck_assert_uint_eq(count(MANNER_SPLIT) + count(MANNER_ZERO) +
                          count(MANNER_NUMBER) + count(MANNER_RANDOM),
                      0);
    ck_assert_uint_eq(count(MANNER_WHOLE), 12);
    ck_assert_uint_eq(count(MANNER_END), 1);
    ck_assert_uint_ge(count(MANNER_FLOOD), 2);
}
END_TEST

START_TEST(only_one_is_that_one)
{
    struct manner only = {.kind = MANNER_SPLIT, .number = 3};
    char bytes[] = "hello";

    run(bytes, 5, &only);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert(has("split:3"));
    ck_assert_uint_eq(seen.warm_ups, 1);
    /* That is what warming up is. */
    only.kind = MANNER_WHOLE;
    run(bytes, 5, &only);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_uint_eq(seen.warm_ups, 0);
}
END_TEST

/* Where the transcript says when the peer reads, the kernel has no say. */
START_TEST(a_window_is_left_alone)
{
    char bytes[] = "hello";
    struct step steps[] = {
        {.kind = STEP_WINDOW},
        {.kind = STEP_SEND, .bytes = bytes, .size = 5},
    };
    struct script script = {
        .transcript = {.steps = steps, .count = 2, .sent = 5}};
    struct trial_options options = {.randoms = 0};
    struct trial trial = {.script = &script, .options = &options};

    memset(&seen, 0, sizeof(seen));
    trial_run(&trial);
    ck_assert_uint_eq(count(MANNER_WHOLE), 4);
    ck_assert_uint_eq(count(MANNER_BYTES), 4);
    ck_assert(!has("whole+closed"));
    ck_assert_uint_eq(count(MANNER_RANDOM), 0);
}
END_TEST

UNIT_MAIN("try.trial_run",
          each_place_is_tried,
          none_is_tried_twice,
          what_is_long_is_tried_at_some_places,
          who_sends_nothing_is_tried_too,
          only_one_is_that_one,
          a_window_is_left_alone)
