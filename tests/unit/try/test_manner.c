/* SPDX-License-Identifier: MIT */
#include "berth-try/manner.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static bool is_same(const struct manner *one, const struct manner *other)
{
    return one->kind == other->kind && one->number == other->number &&
           one->choice == other->choice && one->trigger == other->trigger &&
           one->kernel == other->kernel && one->is_tight == other->is_tight;
}

static bool has_number(enum manner_kind kind)
{
    struct manner manner;

    return manner_parse(manner_kind_name(kind), &manner) < 0;
}

static void check_name(const struct manner *manner)
{
    struct manner again;
    char name[MANNER_NAME_MAX];

    manner_name(manner, name);
    ck_assert_uint_lt(strlen(name), sizeof(name) - 1);
    ck_assert_msg(manner_parse(name, &again) == 0, "%s", name);
    ck_assert_msg(is_same(manner, &again), "%s", name);
}

/* Of a kind, with all triggers and kernels. */
static void check_modes(enum manner_kind kind)
{
    const bool is_choice = kind == MANNER_NUMBER || kind == MANNER_FLOOD;

    for (unsigned mode = 0; mode < 12; mode++) {
        const struct manner manner = {
            .kind = kind,
            .number = has_number(kind) ? 17 : 0,
            .choice = is_choice ? 1 : 0,
            .trigger = mode % 2 == 0 ? SELECTOR_LEVEL : SELECTOR_EDGE,
            .kernel = (enum manner_kernel)(mode / 2 % 3),
            .is_tight = mode >= 6,
        };

        check_name(&manner);
    }
}

START_TEST(each_name_is_read_as_what_it_names)
{
    for (size_t kind = 0; manner_kind_name(kind) != NULL; kind++) {
        check_modes((enum manner_kind)kind);
    }
}
END_TEST

START_TEST(the_longest_name_fits)
{
    const struct manner manner = {
        .kind = MANNER_NUMBER,
        .number = SIZE_MAX,
        .choice = 4,
        .trigger = SELECTOR_EDGE,
        .kernel = MANNER_TAKES_ONE,
        .is_tight = true,
    };

    check_name(&manner);
}
END_TEST

START_TEST(names_are_those_of_the_manual)
{
    struct manner manner;
    char name[MANNER_NAME_MAX];

    ck_assert_int_eq(manner_parse("split:17+edge+trickle", &manner), 0);
    ck_assert_int_eq(manner.kind, MANNER_SPLIT);
    ck_assert_uint_eq(manner.number, 17);
    ck_assert_int_eq(manner.trigger, SELECTOR_EDGE);
    ck_assert_int_eq(manner.kernel, MANNER_TAKES_ONE);
    ck_assert(!manner.is_tight);
    manner_name(&manner, name);
    ck_assert_str_eq(name, "split:17+edge+trickle");
    ck_assert_int_eq(manner_parse("flood:2:1+tight", &manner), 0);
    ck_assert_uint_eq(manner.number, 2);
    ck_assert_uint_eq(manner.choice, 1);
    ck_assert(manner.is_tight);
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
    static const char *const names[] = {
        "",         "halves",   "Whole",    "whol",        "wholes",
        "whole:1",  "split",    "split:",   "split:x",     "split:-1",
        "split:1x", "split:1:", "split:+1", "split:1:1",   "number:1",
        "number:",  "number::", "flood:1:", "number:1:x",  "whole+",
        "+edge",    "whole++",  "whole+e",  "whole+edge+", "whole edge",
    };
    struct manner manner;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_msg(manner_parse(names[i], &manner) == -EINVAL, "%s",
                      names[i]);
    }
}
END_TEST

START_TEST(each_kind_has_a_name_of_its_own_and_a_help)
{
    size_t count = 0;

    while (manner_kind_name(count) != NULL) {
        ck_assert_str_ne(manner_kind_help(count), "");
        for (size_t i = 0; i < count; i++) {
            ck_assert_str_ne(manner_kind_name(i), manner_kind_name(count));
        }
        count++;
    }
    ck_assert_uint_eq(count, MANNER_KINDS);
    ck_assert_ptr_null(manner_kind_help(count));
}
END_TEST

START_TEST(it_is_told_in_words)
{
    struct manner manner = {.kind = MANNER_SPLIT, .number = 3};
    char text[256];

    manner_describe(&manner, text, sizeof(text));
    ck_assert_str_eq(text, "cut in two after byte 3, level-triggered");
    manner = (struct manner){
        .kind = MANNER_WHOLE,
        .trigger = SELECTOR_EDGE,
        .kernel = MANNER_WAITS,
        .is_tight = true,
    };
    manner_describe(&manner, text, sizeof(text));
    ck_assert_str_eq(text, "what is sent arrives whole, edge-triggered, the "
                           "kernel takes nothing until all rests, "
                           "back-pressure on every write");
    manner_describe(&manner, text, 8);
    ck_assert_str_eq(text, "what is");
}
END_TEST

START_TEST(choices_have_an_end)
{
    size_t count = 0;

    while (manner_number(count) != NULL) {
        count++;
    }
    ck_assert_uint_gt(count, 3);
    ck_assert_ptr_null(manner_number(count + 1));
    ck_assert_ptr_null(manner_number(SIZE_MAX));
    for (count = 0; manner_flood(count) != '\0';) {
        count++;
    }
    ck_assert_uint_gt(count, 1);
    ck_assert_int_eq(manner_flood(SIZE_MAX), '\0');
}
END_TEST

UNIT_MAIN("try.manner",
          each_name_is_read_as_what_it_names,
          the_longest_name_fits,
          names_are_those_of_the_manual,
          what_is_no_name_is_refused,
          each_kind_has_a_name_of_its_own_and_a_help,
          it_is_told_in_words,
          choices_have_an_end)
