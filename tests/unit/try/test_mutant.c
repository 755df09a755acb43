/* SPDX-License-Identifier: MIT */
#include "berth-try/mutant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define MANY 500

/* GET 12, what is read, then 7 and 13. */
static char first[] = "GET 12\n";
static char read_back[] = "34\n";
static char second[] = "7 of 13\n";
static struct step steps[] = {
    {.kind = STEP_SEND, .bytes = first, .size = 7},
    {.kind = STEP_EXPECT, .bytes = read_back, .size = 3},
    {.kind = STEP_END},
    {.kind = STEP_SEND, .bytes = second, .size = 8},
};
static const struct transcript original = {
    .steps = steps,
    .count = sizeof(steps) / sizeof(steps[0]),
    .sent = 15,
};

/* What the peer sends, one after the other. */
static size_t gather(const struct transcript *transcript, char bytes[256])
{
    size_t size = 0;

    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        if (step->kind == STEP_SEND) {
            memcpy(bytes + size, step->bytes, step->size);
            size += step->size;
        }
    }
    return size;
}

static void expect(const struct manner *manner, const char *text, size_t size)
{
    struct transcript mutant;
    char bytes[256];

    ck_assert_int_eq(mutant_make(&mutant, &original, manner, 1), 0);
    ck_assert_uint_eq(gather(&mutant, bytes), size);
    ck_assert_mem_eq(bytes, text, size);
    mutant_free(&mutant);
}

/* The original is as it was. */
static void check_original(void)
{
    char bytes[256];

    ck_assert_uint_eq(gather(&original, bytes), original.sent);
    ck_assert_mem_eq(bytes, "GET 12\n7 of 13\n", original.sent);
}

START_TEST(a_byte_becomes_a_nul)
{
    struct manner manner = {.kind = MANNER_ZERO, .number = 1};

    expect(&manner, "\0ET 12\n7 of 13\n", 15);
    manner.number = 7;
    expect(&manner,
           "GET 12\0"
           "7 of 13\n",
           15);
    manner.number = 8;
    expect(&manner, "GET 12\n\0 of 13\n", 15);
    manner.number = 15;
    expect(&manner, "GET 12\n7 of 13\0", 15);
    check_original();
}
END_TEST

START_TEST(a_number_becomes_another)
{
    struct manner manner = {.kind = MANNER_NUMBER, .number = 0, .choice = 0};

    ck_assert_uint_eq(mutant_count_numbers(&original), 3);
    expect(&manner, "GET 0\n7 of 13\n", 14);
    manner.number = 1;
    manner.choice = 1;
    expect(&manner, "GET 12\n9999999 of 13\n", 21);
    manner.number = 2;
    manner.choice = 4;
    expect(&manner, "GET 12\n7 of -1\n", 15);
    check_original();
}
END_TEST

START_TEST(what_is_not_there_is_not_changed)
{
    const struct manner manners[] = {
        {.kind = MANNER_ZERO, .number = 16},
        {.kind = MANNER_ZERO, .number = 0},
        {.kind = MANNER_NUMBER, .number = 3},
        {.kind = MANNER_NUMBER, .number = 0, .choice = 1000},
    };
    const struct manner at_random = {.kind = MANNER_RANDOM};
    struct transcript mutant;
    struct transcript silent = {.steps = steps + 1, .count = 2};

    for (size_t i = 0; i < sizeof(manners) / sizeof(manners[0]); i++) {
        ck_assert_int_eq(mutant_make(&mutant, &original, &manners[i], 1),
                         -ENOENT);
    }
    ck_assert_int_eq(mutant_make(&mutant, &silent, &at_random, 1), -ENOENT);
    ck_assert_uint_eq(mutant_count_numbers(&silent), 0);
}
END_TEST

START_TEST(what_is_expected_stays)
{
    struct manner manner = {.kind = MANNER_RANDOM};
    struct transcript mutant;

    for (; manner.number < MANY; manner.number++) {
        ck_assert_int_eq(mutant_make(&mutant, &original, &manner, 1), 0);
        ck_assert_uint_eq(mutant.count, original.count);
        for (size_t i = 0; i < mutant.count; i++) {
            ck_assert_int_eq(mutant.steps[i].kind, steps[i].kind);
        }
        ck_assert_ptr_eq(mutant.steps[1].bytes, read_back);
        ck_assert_uint_eq(mutant.steps[1].size, 3);
        mutant_free(&mutant);
    }
    check_original();
}
END_TEST

static size_t make(uint64_t seed, size_t number, char bytes[256])
{
    const struct manner manner = {.kind = MANNER_RANDOM, .number = number};
    struct transcript mutant;
    size_t size;

    ck_assert_int_eq(mutant_make(&mutant, &original, &manner, seed), 0);
    size = gather(&mutant, bytes);
    mutant_free(&mutant);
    return size;
}

START_TEST(the_seed_and_the_number_say_all)
{
    size_t others = 0;

    for (size_t number = 0; number < MANY; number++) {
        char one[256];
        char again[256];
        char other[256];
        size_t size = make(7, number, one);

        ck_assert_uint_eq(make(7, number, again), size);
        ck_assert_mem_eq(again, one, size);
        others +=
            make(8, number, other) != size || memcmp(other, one, size) != 0;
    }
    ck_assert_uint_gt(others, MANY * 9 / 10);
}
END_TEST

/* Of so many, some are longer, some shorter, and nearly all differ. */
START_TEST(changes_are_of_all_kinds)
{
    size_t longer = 0;
    size_t shorter = 0;
    size_t changed = 0;

    for (size_t number = 0; number < MANY; number++) {
        char bytes[256];
        size_t size = make(1, number, bytes);

        longer += size > original.sent;
        shorter += size < original.sent;
        changed += size != original.sent ||
                   memcmp(bytes, "GET 12\n7 of 13\n", size) != 0;
    }
    ck_assert_uint_gt(longer, MANY / 10);
    ck_assert_uint_gt(shorter, MANY / 10);
    ck_assert_uint_lt(longer + shorter, MANY);
    ck_assert_uint_gt(changed, MANY * 9 / 10);
}
END_TEST

UNIT_MAIN("try.mutant",
          a_byte_becomes_a_nul,
          a_number_becomes_another,
          what_is_not_there_is_not_changed,
          what_is_expected_stays,
          the_seed_and_the_number_say_all,
          changes_are_of_all_kinds)
