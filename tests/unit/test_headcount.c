/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "headcount.h"

static struct headcount headcount;

static void set_up(void)
{
    memset(&headcount, 0, sizeof(headcount));
}

static void tear_down(void)
{
}

START_TEST(counts_are_found_by_tag)
{
    ck_assert_uint_eq(headcount_get(&headcount, 7), 0);
    headcount_set(&headcount, 7, 3);
    headcount_set(&headcount, 8, 1);
    ck_assert_uint_eq(headcount_get(&headcount, 7), 3);
    ck_assert_uint_eq(headcount_get(&headcount, 8), 1);
    headcount_set(&headcount, 7, 5);
    ck_assert_uint_eq(headcount_get(&headcount, 7), 5);
    headcount_set(&headcount, 7, 0);
    ck_assert_uint_eq(headcount_get(&headcount, 7), 0);
    ck_assert_uint_eq(headcount_get(&headcount, 8), 1);
    ck_assert_uint_eq(headcount.used, 1);
}
END_TEST

START_TEST(dropping_what_is_not_there_does_nothing)
{
    headcount_set(&headcount, 7, 0);
    ck_assert_uint_eq(headcount.used, 0);
    ck_assert_uint_eq(headcount.version, 0);
}
END_TEST

/* The nth tag that begins at a cell. */
static uint64_t tag_at(uint64_t cell, uint64_t n)
{
    return (n << 32) | cell;
}

/* Chains around the end of the cells, one into the other. */
#define CHAINED 5

static const uint64_t chained[CHAINED] = {
    HEADCOUNT_CELLS - 2, HEADCOUNT_CELLS - 2, HEADCOUNT_CELLS - 1, 0, 0,
};

static uint64_t chained_tag(uint64_t i)
{
    return tag_at(chained[i], i + 1);
}

static void expect_those(const bool is_there[CHAINED])
{
    for (uint64_t i = 0; i < CHAINED; i++) {
        ck_assert_uint_eq(headcount_get(&headcount, chained_tag(i)),
                          is_there[i] ? i + 1 : 0);
    }
}

/* The nth of those that are there leaves. */
static void drop_nth(bool is_there[CHAINED], int nth)
{
    size_t gone = 0;

    while (!is_there[gone] || nth-- > 0) {
        gone++;
    }
    is_there[gone] = false;
    headcount_set(&headcount, chained_tag(gone), 0);
}

/* In each order. */
START_TEST(the_others_stay_whoever_leaves)
{
    for (int order = 0; order < 120; order++) {
        bool is_there[CHAINED] = {true, true, true, true, true};
        int rest = order;

        for (uint64_t i = 0; i < CHAINED; i++) {
            headcount_set(&headcount, chained_tag(i), i + 1);
        }
        for (int left = CHAINED; left > 0; left--) {
            drop_nth(is_there, rest % left);
            rest /= left;
            expect_those(is_there);
        }
        ck_assert_uint_eq(headcount.used, 0);
    }
}
END_TEST

START_TEST(what_is_beyond_its_room_is_not_counted)
{
    uint64_t tag;

    for (tag = 1; tag <= HEADCOUNT_TAGS; tag++) {
        headcount_set(&headcount, tag, 1);
    }
    headcount_set(&headcount, tag, 1);
    ck_assert_uint_eq(headcount_get(&headcount, tag), 0);
    headcount_set(&headcount, 1, 0);
    headcount_set(&headcount, tag, 2);
    ck_assert_uint_eq(headcount_get(&headcount, tag), 2);
    ck_assert_uint_eq(headcount_get(&headcount, 2), 1);
}
END_TEST

/* A plugin has written over it. */
START_TEST(garbage_is_read_and_written_to_its_end)
{
    memset(&headcount, 0xff, sizeof(headcount));
    ck_assert_uint_eq(headcount_get(&headcount, 7), 0);
    headcount_set(&headcount, 7, 1);
    headcount_set(&headcount, UINT64_MAX, 0);
    headcount.version = 1; /* and for ever */
    ck_assert_uint_eq(headcount_get(&headcount, UINT64_MAX), UINT64_MAX);
}
END_TEST

/* Comes and goes, so that others move. */
static void *toggle(void *arg)
{
    const atomic_bool *is_over = arg;

    while (!atomic_load(is_over)) {
        headcount_set(&headcount, tag_at(5, 1), 1);
        headcount_set(&headcount, tag_at(5, 1), 0);
        headcount_set(&headcount, tag_at(5, 2), 9);
        headcount_set(&headcount, tag_at(5, 1), 1);
        headcount_set(&headcount, tag_at(5, 2), 0);
        headcount_set(&headcount, tag_at(5, 3), 7);
        headcount_set(&headcount, tag_at(5, 1), 0);
        headcount_set(&headcount, tag_at(5, 2), 9);
        headcount_set(&headcount, tag_at(5, 3), 0);
        headcount_set(&headcount, tag_at(5, 2), 0);
    }
    return NULL;
}

START_TEST(a_reader_sees_a_count_that_there_was)
{
    atomic_bool is_over = false;
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, toggle, &is_over), 0);
    for (int i = 0; i < 200000; i++) {
        const uint64_t two = headcount_get(&headcount, tag_at(5, 2));
        const uint64_t three = headcount_get(&headcount, tag_at(5, 3));

        ck_assert(two == 0 || two == 9);
        ck_assert(three == 0 || three == 7);
    }
    atomic_store(&is_over, true);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

UNIT_MAIN_WITH("headcount",
               set_up,
               tear_down,
               counts_are_found_by_tag,
               dropping_what_is_not_there_does_nothing,
               the_others_stay_whoever_leaves,
               what_is_beyond_its_room_is_not_counted,
               garbage_is_read_and_written_to_its_end,
               a_reader_sees_a_count_that_there_was)
