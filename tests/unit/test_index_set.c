/* SPDX-License-Identifier: MIT */
#include "index_set.h"

#include "unit.h"

/* Both sides of each edge between words, and both ends. */
static const size_t some[] = {0, 1, 62, 63, 64, 127, 128, INDEX_SET_MAX - 1};

#define SOME (sizeof(some) / sizeof(some[0]))

/* Member k is some[k] if bit k says so. */
static struct index_set make(unsigned members)
{
    struct index_set set = {.bits = {0}};

    for (size_t k = 0; k < SOME; k++) {
        if ((members >> k & 1) != 0) {
            index_set_add(&set, some[k]);
        }
    }
    return set;
}

START_TEST(a_zeroed_one_is_empty)
{
    const struct index_set set = {.bits = {0}};

    ck_assert(index_set_is_empty(&set));
    for (size_t i = 0; i < INDEX_SET_MAX; i++) {
        ck_assert(!index_set_has(&set, i));
    }
}
END_TEST

START_TEST(what_is_removed_leaves_the_others)
{
    for (size_t k = 0; k < SOME; k++) {
        struct index_set set = make((1u << SOME) - 1);

        index_set_remove(&set, some[k]);
        index_set_remove(&set, some[k]); /* one that is not there is fine */
        for (size_t i = 0; i < SOME; i++) {
            ck_assert(index_set_has(&set, some[i]) == (i != k));
        }
    }
}
END_TEST

START_TEST(it_has_what_was_added_and_nothing_else)
{
    for (size_t i = 0; i < INDEX_SET_MAX; i++) {
        struct index_set set = {.bits = {0}};
        size_t count = 0;

        index_set_add(&set, i);
        ck_assert(!index_set_is_empty(&set));
        ck_assert(index_set_has(&set, i));
        for (size_t k = 0; k < INDEX_SET_MAX; k++) {
            count += index_set_has(&set, k) ? 1 : 0;
        }
        ck_assert_uint_eq(count, 1);
    }
}
END_TEST

START_TEST(what_is_there_may_be_added_again)
{
    struct index_set set = {.bits = {0}};

    for (size_t round = 0; round < 2; round++) {
        index_set_add(&set, 63);
        index_set_add(&set, 64);
        ck_assert(index_set_has(&set, 63));
        ck_assert(index_set_has(&set, 64));
        ck_assert(!index_set_has(&set, 62));
        ck_assert(!index_set_has(&set, 65));
    }
}
END_TEST

START_TEST(one_is_within_another_if_all_of_it_is)
{
    for (unsigned one = 0; one < 1U << SOME; one++) {
        const struct index_set first = make(one);
        unsigned wrong = 0;

        ck_assert_int_eq(index_set_is_empty(&first), one == 0);
        for (unsigned other = 0; other < 1U << SOME; other++) {
            const struct index_set second = make(other);

            wrong +=
                index_set_is_within(&first, &second) == ((one & ~other) == 0)
                    ? 0
                    : 1;
        }
        ck_assert_uint_eq(wrong, 0);
    }
}
END_TEST

START_TEST(joining_adds_all_of_the_other_and_leaves_it)
{
    for (unsigned one = 0; one < 1U << SOME; one++) {
        const unsigned other = one * 37 % (1U << SOME);
        const struct index_set second = make(other);
        struct index_set set = make(one);

        index_set_join(&set, &second);
        for (size_t k = 0; k < SOME; k++) {
            ck_assert_int_eq(index_set_has(&set, some[k]),
                             ((one | other) >> k & 1) != 0);
            ck_assert_int_eq(index_set_has(&second, some[k]),
                             (other >> k & 1) != 0);
        }
    }
}
END_TEST

UNIT_MAIN("index_set",
          a_zeroed_one_is_empty,
          what_is_removed_leaves_the_others,
          it_has_what_was_added_and_nothing_else,
          what_is_there_may_be_added_again,
          one_is_within_another_if_all_of_it_is,
          joining_adds_all_of_the_other_and_leaves_it)
