/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

struct route {
    const char *path;
    int32_t status;
};

struct group {
    bool is_on;
    uint64_t timeout_ms;
};

struct settings {
    bool flag;
    int32_t narrow;
    int64_t wide;
    uint32_t size;
    uint64_t duration;
    const char *text;
    int32_t choice;
    berth_list list, routes, pairs;
    struct group group;
};

static const char *const colours[] = {"red", "green", NULL};

static const berth_option item = {.type = BERTH_ENUM, .choices = colours};

static const berth_option route_options[] = {
    {.name = "path",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path)},
    {.name = "status",
     .type = BERTH_INT,
     BERTH_FIELD(struct route, status),
     .fallback = "200",
     .min = 100,
     .max = 599},
    BERTH_OPTIONS_END,
};

static const berth_option group_options[] = {
    {.name = "on", .type = BERTH_BOOL, BERTH_FIELD(struct group, is_on)},
    {.name = "timeout",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct group, timeout_ms),
     .fallback = "none"},
    BERTH_OPTIONS_END,
};

/* One option of each type. */
static const berth_option all[] = {
    {.name = "flag",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct settings, flag),
     .fallback = "true"},
    {.name = "narrow",
     .type = BERTH_INT,
     BERTH_FIELD(struct settings, narrow),
     .fallback = "-3",
     .min = -10,
     .max = 10},
    {.name = "wide", .type = BERTH_INT, BERTH_FIELD(struct settings, wide)},
    {.name = "size",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct settings, size),
     .fallback = "4KiB",
     .min = 1,
     .max = UINT32_MAX},
    {.name = "duration",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE | BERTH_SECRET,
     BERTH_FIELD(struct settings, duration)},
    {.name = "text",
     .type = BERTH_STRING,
     BERTH_FIELD(struct settings, text),
     .fallback = "x"},
    {.name = "choice",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct settings, choice),
     .choices = colours,
     .fallback = "green"},
    {.name = "list",
     .type = BERTH_LIST,
     BERTH_FIELD(struct settings, list),
     .min = 1,
     .max = 3,
     .items = &item},
    {.name = "routes",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct settings, routes),
     .items = route_options,
     .item_size = sizeof(struct route)},
    {.name = "pairs",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct settings, pairs)},
    {.name = "group",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct settings, group),
     .items = group_options},
    BERTH_OPTIONS_END,
};

static char why[512];

/* What is wrong with a table of one option; NULL: nothing. */
static const char *check_one(const berth_option *option)
{
    const berth_option table[] = {*option, BERTH_OPTIONS_END};

    memset(why, 'x', sizeof(why));
    return option_check(table, sizeof(struct settings), why, sizeof(why)) == 0
               ? NULL
               : why;
}

START_TEST(a_table_of_every_type_is_fine)
{
    ck_assert_msg(
        option_check(all, sizeof(struct settings), why, sizeof(why)) == 0, "%s",
        why);
}
END_TEST

START_TEST(no_table_is_an_empty_one)
{
    static const berth_option empty[] = {BERTH_OPTIONS_END};

    ck_assert_int_eq(option_check(NULL, 0, why, sizeof(why)), 0);
    ck_assert_int_eq(option_check(empty, 0, why, sizeof(why)), 0);
}
END_TEST

START_TEST(names_are_small_letters_digits_and_underscores)
{
    static const char *const bad[] = {"",    "A",   "1a", "_a",
                                      "a-b", "a b", "aB", "\xc3\xa9"};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        const berth_option option = {
            .name = bad[i],
            .type = BERTH_BOOL,
            .width = sizeof(bool),
        };

        ck_assert_msg(check_one(&option) != NULL, "%s", bad[i]);
        ck_assert_ptr_nonnull(strstr(why, "its name is not"));
    }
    ck_assert_ptr_null(check_one(&(berth_option){
        .name = "a_1", .type = BERTH_BOOL, .width = sizeof(bool)}));
}
END_TEST

START_TEST(names_are_unique)
{
    static const berth_option table[] = {
        {.name = "a", .type = BERTH_BOOL, .width = 1},
        {.name = "b", .type = BERTH_BOOL, .width = 1},
        {.name = "a", .type = BERTH_BOOL, .width = 1},
        BERTH_OPTIONS_END,
    };

    ck_assert_int_eq(option_check(table, 8, why, sizeof(why)), -EINVAL);
    ck_assert_str_eq(why, "option 'a': there are two of that name");
}
END_TEST

/* Options with one thing wrong each. */
static const struct {
    berth_option option;
    const char *why;
} wrong[] = {
    {{.name = "a"}, "its type 0 is not known"},
    {{.name = "a", .type = 12}, "its type 12 is not known"},
    {{.name = "a", .type = OPTION_NODE}, "its type 1000 is not known"},
    {{.name = "a", .type = OPTION_MICROSECONDS}, "its type 999 is not known"},
    {{.name = "a", .type = BERTH_BOOL, .flags = 16, .width = 1},
     "it has flags that are not known"},
    {{.name = "a", .type = BERTH_BOOL, .flags = BERTH_NONE, .width = 1},
     "its type cannot be none"},
    {{.name = "a",
      .type = BERTH_ENUM,
      .flags = BERTH_NONE,
      .width = 4,
      .choices = colours},
     "its type cannot be none"},
    {{.name = "a", .type = BERTH_SIZE, .flags = BERTH_AUTO, .width = 8},
     "its type cannot be auto"},
    {{.name = "a", .type = BERTH_MAPPING, .flags = BERTH_NONE, .width = 16},
     "its type cannot be none"},
    {{.name = "a", .type = BERTH_BOOL, .offset = 100000, .width = 1},
     "its member is outside of the struct"},
    {{.name = "a",
      .type = BERTH_INT,
      .offset = sizeof(struct settings) - 4,
      .width = 8},
     "its member is outside of the struct"},
    {{.name = "a", .type = BERTH_INT, .offset = UINT32_MAX, .width = 8},
     "its member is outside of the struct"},
    {{.name = "a", .type = BERTH_BOOL, .width = 4},
     "its member has a width (4) that is wrong for its type"},
    {{.name = "a", .type = BERTH_INT, .width = 2},
     "its member has a width (2) that is wrong for its type"},
    {{.name = "a", .type = BERTH_INT, .width = 0},
     "its member has a width (0) that is wrong for its type"},
    {{.name = "a", .type = BERTH_SIZE, .width = 1},
     "its member has a width (1) that is wrong for its type"},
    {{.name = "a", .type = BERTH_STRING, .width = 64},
     "its member has a width (64) that is wrong for its type"},
    {{.name = "a", .type = BERTH_ENUM, .width = 8, .choices = colours},
     "its member has a width (8) that is wrong for its type"},
    {{.name = "a", .type = BERTH_MAPPING, .width = 8},
     "its member has a width (8) that is wrong for its type"},
    {{.name = "a", .type = BERTH_INT, .offset = 2, .width = 4},
     "its member is not aligned"},
    {{.name = "a", .type = BERTH_INT, .offset = 4, .width = 8},
     "its member is not aligned"},
    {{.name = "a", .type = BERTH_STRING, .offset = 12, .width = 8},
     "its member is not aligned"},
    {{.name = "a", .type = BERTH_BOOL, .width = 1, .max = 1},
     "its type takes no min and max"},
    {{.name = "a", .type = BERTH_INT, .width = 4, .min = 2, .max = 1},
     "its min is above its max"},
    {{.name = "a", .type = BERTH_INT, .width = 4, .min = 1},
     "its min is above its max"},
    {{.name = "a", .type = BERTH_INT, .width = 4, .max = INT64_C(1) << 31},
     "its min or max is outside of what its member can hold"},
    {{.name = "a",
      .type = BERTH_INT,
      .width = 4,
      .min = -(INT64_C(1) << 31) - 1,
      .max = 1},
     "its min or max is outside of what its member can hold"},
    {{.name = "a", .type = BERTH_SIZE, .width = 4, .max = INT64_C(1) << 32},
     "its min or max is outside of what its member can hold"},
    {{.name = "a", .type = BERTH_SIZE, .width = 8, .min = -1, .max = 1},
     "its min or max is outside of what its member can hold"},
    {{.name = "a", .type = BERTH_STRING, .width = 8, .min = -1, .max = 1},
     "its min or max is outside of what its member can hold"},
    {{.name = "a", .type = BERTH_ENUM, .width = 4}, "it has no choices"},
    {{.name = "a",
      .type = BERTH_ENUM,
      .width = 4,
      .choices = (const char *const[]){NULL}},
     "it has no choices"},
    {{.name = "a",
      .type = BERTH_ENUM,
      .width = 4,
      .choices = (const char *const[]){"x", "", NULL}},
     "its choices are empty texts or too many"},
    {{.name = "a", .type = BERTH_BOOL, .width = 1, .choices = colours},
     "it has choices, but is no ENUM"},
    {{.name = "a", .type = BERTH_BOOL, .width = 1, .fallback = "yes"},
     "its fallback 'yes' must be true or false"},
    {{.name = "a", .type = BERTH_INT, .width = 4, .fallback = "11", .max = 10},
     "its fallback '11' must be between 0 and 10"},
    {{.name = "a", .type = BERTH_DURATION, .width = 4, .fallback = "30"},
     "its fallback '30' needs a unit"},
    {{.name = "a", .type = BERTH_DURATION, .width = 4, .fallback = "none"},
     "its fallback 'none' must be a duration"},
    {{.name = "a",
      .type = BERTH_ENUM,
      .width = 4,
      .choices = colours,
      .fallback = "blue"},
     "its fallback 'blue' must be red or green"},
    {{.name = "a", .type = BERTH_MAPPING, .width = 16, .fallback = "x"},
     "its type takes no fallback"},
    {{.name = "a", .type = BERTH_LIST, .width = 16}, "it has no items"},
    {{.name = "a", .type = BERTH_LIST, .width = 16, .items = &all[10]},
     "its items are not of a scalar type"},
    {{.name = "a",
      .type = BERTH_LIST,
      .width = 16,
      .items = &(const berth_option){.type = BERTH_ENUM}},
     "it has no choices"},
    {{.name = "a",
      .type = BERTH_LIST,
      .width = 16,
      .items = &(const berth_option){.type = BERTH_INT, .min = 2, .max = 1}},
     "its min is above its max"},
    {{.name = "a",
      .type = BERTH_LIST,
      .width = 16,
      .items = &(const berth_option){.type = 77}},
     "its items are not of a scalar type"},
    {{.name = "a", .type = BERTH_MAPPINGS, .width = 16, .item_size = 16},
     "it has no items"},
    {{.name = "a", .type = BERTH_MAPPINGS, .width = 16, .items = route_options},
     "it has no item_size"},
    {{.name = "a", .type = BERTH_GROUP, .width = 16}, "it has no items"},
    {{.name = "a", .type = BERTH_MAPPING, .width = 16, .items = &item},
     "it has items, but its type takes none"},
    {{.name = "a", .type = BERTH_BOOL, .width = 1, .items = &item},
     "it has items, but its type takes none"},
};

START_TEST(what_is_wrong_is_told)
{
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char expected[256];

        (void)snprintf(expected, sizeof(expected), "option 'a': %s",
                       wrong[i].why);
        ck_assert_msg(check_one(&wrong[i].option) != NULL, "%zu: %s", i,
                      wrong[i].why);
        ck_assert_str_eq(why, expected);
    }
}
END_TEST

START_TEST(a_required_option_ignores_its_fallback)
{
    const berth_option option = {
        .name = "a",
        .type = BERTH_INT,
        .flags = BERTH_REQUIRED,
        .width = 4,
        .fallback = "x",
    };

    ck_assert_ptr_null(check_one(&option));
}
END_TEST

START_TEST(tables_within_are_checked_against_their_struct)
{
    const berth_option inside[] = {
        {.name = "b", .type = BERTH_INT, .offset = 16, .width = 8},
        BERTH_OPTIONS_END,
    };
    berth_option option = {
        .name = "a",
        .type = BERTH_GROUP,
        .width = 16,
        .items = inside,
    };

    ck_assert_ptr_nonnull(check_one(&option));
    ck_assert_str_eq(why, "option 'a.b': its member is outside of the struct");
    option.width = 24;
    ck_assert_ptr_null(check_one(&option));
    option.type = BERTH_MAPPINGS;
    option.width = sizeof(berth_list);
    option.item_size = 20;
    ck_assert_ptr_nonnull(check_one(&option));
    option.item_size = 24;
    ck_assert_ptr_null(check_one(&option));
}
END_TEST

START_TEST(alignment_counts_from_the_outer_struct)
{
    const berth_option inside[] = {
        {.name = "b", .type = BERTH_INT, .width = 8},
        BERTH_OPTIONS_END,
    };
    berth_option option = {
        .name = "a",
        .type = BERTH_GROUP,
        .offset = 4,
        .width = 8,
        .items = inside,
    };

    ck_assert_ptr_nonnull(check_one(&option));
    ck_assert_str_eq(why, "option 'a.b': its member is not aligned");
    option.offset = 8;
    ck_assert_ptr_null(check_one(&option));
    /* The second struct of an array would not be aligned. */
    option = (berth_option){
        .name = "a",
        .type = BERTH_MAPPINGS,
        .width = sizeof(berth_list),
        .items = inside,
        .item_size = 12,
    };
    ck_assert_ptr_nonnull(check_one(&option));
    ck_assert_str_eq(why, "option 'a.b': its member is not aligned");
}
END_TEST

/* A table inside itself. */
static berth_option cycle[] = {
    {.name = "a", .type = BERTH_GROUP, .width = 8, .items = cycle},
    BERTH_OPTIONS_END,
};

START_TEST(a_table_inside_itself_is_found)
{
    ck_assert_int_eq(option_check(cycle, 8, why, sizeof(why)), -EINVAL);
    ck_assert_str_eq(why, "option 'a.a.a.a.a.a.a.a': it is nested more than 8 "
                          "levels deep");
}
END_TEST

START_TEST(a_table_without_end_is_found)
{
    static char names[OPTION_TABLE_MAX + 1][8];
    berth_option *table = calloc(OPTION_TABLE_MAX + 2, sizeof(*table));

    ck_assert_ptr_nonnull(table);
    for (size_t i = 0; i <= OPTION_TABLE_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "a%zu", i);
        table[i] = (berth_option){
            .name = names[i],
            .type = BERTH_BOOL,
            .width = 1,
        };
    }
    ck_assert_int_eq(option_check(table, 8, why, sizeof(why)), -EINVAL);
    ck_assert_ptr_nonnull(strstr(why, "BERTH_OPTIONS_END"));
    table[OPTION_TABLE_MAX].name = NULL;
    ck_assert_int_eq(option_check(table, 8, why, sizeof(why)), 0);
    free(table);
}
END_TEST

START_TEST(a_message_is_cut_to_its_buffer)
{
    const berth_option table[] = {{.name = "abc"}, BERTH_OPTIONS_END};

    ck_assert_int_eq(option_check(table, 8, why, 12), -EINVAL);
    ck_assert_str_eq(why, "option 'abc");
}
END_TEST

UNIT_MAIN("option_check",
          a_table_of_every_type_is_fine,
          no_table_is_an_empty_one,
          names_are_small_letters_digits_and_underscores,
          names_are_unique,
          what_is_wrong_is_told,
          a_required_option_ignores_its_fallback,
          tables_within_are_checked_against_their_struct,
          alignment_counts_from_the_outer_struct,
          a_table_inside_itself_is_found,
          a_table_without_end_is_found,
          a_message_is_cut_to_its_buffer)
