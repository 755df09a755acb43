/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "option.h"

#include "unit.h"

/* An option of a header that is newer than the server's. */
struct newer {
    berth_option option;
    uint64_t more[2];
};

/* One of an older header, that knew nothing behind `fallback`. */
struct older {
    const char *name;
    uint32_t type, flags, offset, width;
    const char *fallback;
};

static struct arena arena;
static const berth_option *copy;

static void set_up(void)
{
    arena_init(&arena);
    copy = NULL;
}

static void tear_down(void)
{
    arena_fini(&arena);
}

static int copy_newer(const struct newer *table)
{
    return option_copy(&table->option, sizeof(*table), &arena, &copy);
}

START_TEST(no_table_becomes_an_empty_one)
{
    ck_assert_int_eq(option_copy(NULL, 0, &arena, &copy), 0);
    ck_assert_ptr_nonnull(copy);
    ck_assert_ptr_null(copy->name);
}
END_TEST

START_TEST(a_table_of_this_server_is_copied_with_its_inside)
{
    static const berth_option inner[] = {
        {.name = "b", .type = BERTH_BOOL, .help = "inside"},
        BERTH_OPTIONS_END,
    };
    static const berth_option item = {.type = BERTH_SIZE, .max = 5};
    static const berth_option table[] = {
        {.name = "a", .type = BERTH_GROUP, .items = inner},
        {.name = "l", .type = BERTH_LIST, .items = &item},
        {.name = "m", .type = BERTH_MAPPINGS, .items = inner, .item_size = 1},
        {.name = "s", .type = BERTH_SIZE, .min = 1, .max = 2, .fallback = "1"},
        BERTH_OPTIONS_END,
    };

    ck_assert_int_eq(option_copy(table, sizeof(*table), &arena, &copy), 0);
    ck_assert_ptr_ne(copy, table);
    ck_assert_ptr_eq(copy[0].name, table[0].name);
    ck_assert_ptr_ne(copy[0].items, inner);
    ck_assert_str_eq(copy[0].items[0].help, "inside");
    ck_assert_ptr_null(copy[0].items[1].name);
    ck_assert_int_eq(copy[1].items->max, 5);
    ck_assert_str_eq(copy[2].items[0].name, "b");
    ck_assert_mem_eq(&copy[3], &table[3], sizeof(*table));
    ck_assert_ptr_null(copy[4].name);
}
END_TEST

START_TEST(a_newer_table_is_brought_to_our_stride)
{
    static const struct newer inner[] = {
        {.option = {.name = "b", .type = BERTH_BOOL}},
        {.option = {.name = "c", .type = BERTH_INT}},
        {.option = BERTH_OPTIONS_END},
    };
    static const struct newer table[] = {
        {.option = {.name = "x", .type = BERTH_BOOL}},
        {.option = {.name = "a",
                    .type = BERTH_GROUP,
                    .items = &inner[0].option}},
        {.option = BERTH_OPTIONS_END},
    };

    ck_assert_int_eq(copy_newer(table), 0);
    ck_assert_str_eq(copy[0].name, "x");
    ck_assert_str_eq(copy[1].name, "a");
    ck_assert_str_eq(copy[1].items[0].name, "b");
    ck_assert_str_eq(copy[1].items[1].name, "c");
    ck_assert_ptr_null(copy[1].items[2].name);
    ck_assert_ptr_null(copy[2].name);
}
END_TEST

START_TEST(a_newer_table_that_uses_what_is_new_is_refused)
{
    const struct newer table[] = {
        {.option = {.name = "x", .type = BERTH_BOOL}},
        {.option = {.name = "y", .type = BERTH_BOOL}, .more = {0, 1}},
        {.option = BERTH_OPTIONS_END},
    };

    ck_assert_int_eq(copy_newer(table), -ENOTSUP);
    ck_assert_ptr_null(copy);
}
END_TEST

START_TEST(what_is_new_is_found_within_lists_and_groups)
{
    const struct newer inner[] = {
        {.option = {.name = "b", .type = BERTH_BOOL}, .more = {1}},
        {.option = BERTH_OPTIONS_END},
    };
    struct newer table[] = {
        {.option = {.name = "x",
                    .type = BERTH_GROUP,
                    .items = &inner[0].option}},
        {.option = BERTH_OPTIONS_END},
    };

    ck_assert_int_eq(copy_newer(table), -ENOTSUP);
    table[0].option.type = BERTH_LIST;
    ck_assert_int_eq(copy_newer(table), -ENOTSUP);
}
END_TEST

START_TEST(an_older_table_has_zero_for_what_it_lacks)
{
    static const struct older table[] = {
        {.name = "a", .type = BERTH_INT, .width = 4, .fallback = "7"},
        {.name = "b", .type = BERTH_BOOL, .offset = 4, .width = 1},
        {.name = NULL},
    };

    ck_assert_int_eq(option_copy((const berth_option *)(const void *)table,
                                 sizeof(*table), &arena, &copy),
                     0);
    ck_assert_str_eq(copy[0].name, "a");
    ck_assert_str_eq(copy[0].fallback, "7");
    ck_assert_int_eq(copy[0].max, 0);
    ck_assert_ptr_null(copy[0].help);
    ck_assert_str_eq(copy[1].name, "b");
    ck_assert_uint_eq(copy[1].offset, 4);
    ck_assert_ptr_null(copy[2].name);
}
END_TEST

START_TEST(a_stride_that_no_option_has_is_refused)
{
    static const berth_option table[] = {BERTH_OPTIONS_END};

    ck_assert_int_eq(option_copy(table, 0, &arena, &copy), -EINVAL);
    ck_assert_int_eq(option_copy(table, 8, &arena, &copy), -EINVAL);
    ck_assert_int_eq(option_copy(table, sizeof(*table) + 1, &arena, &copy),
                     -EINVAL);
    ck_assert_ptr_null(copy);
}
END_TEST

START_TEST(a_table_without_end_is_refused)
{
    static berth_option table[OPTION_TABLE_MAX + 2];

    for (size_t i = 0; i <= OPTION_TABLE_MAX; i++) {
        table[i].name = "a";
        table[i].type = BERTH_BOOL;
    }
    ck_assert_int_eq(option_copy(table, sizeof(*table), &arena, &copy),
                     -EINVAL);
    table[OPTION_TABLE_MAX].name = NULL;
    ck_assert_int_eq(option_copy(table, sizeof(*table), &arena, &copy), 0);
}
END_TEST

/* Tables inside themselves, the second one many times over. */
static const berth_option cycle[] = {
    {.name = "a", .type = BERTH_GROUP, .items = cycle},
    BERTH_OPTIONS_END,
};
static const berth_option wide_cycle[] = {
    {.name = "a", .type = BERTH_GROUP, .items = wide_cycle},
    {.name = "b", .type = BERTH_GROUP, .items = wide_cycle},
    {.name = "c", .type = BERTH_MAPPINGS, .items = wide_cycle},
    {.name = "d", .type = BERTH_GROUP, .items = wide_cycle},
    BERTH_OPTIONS_END,
};

START_TEST(a_table_inside_itself_is_refused)
{
    ck_assert_int_eq(option_copy(cycle, sizeof(*cycle), &arena, &copy),
                     -EINVAL);
    ck_assert_int_eq(
        option_copy(wide_cycle, sizeof(*wide_cycle), &arena, &copy), -EINVAL);
}
END_TEST

START_TEST(items_of_types_that_take_none_stay_as_they_are)
{
    static const berth_option table[] = {
        {.name = "a", .type = BERTH_BOOL, .items = cycle},
        {.name = "b", .type = 99, .items = cycle},
        BERTH_OPTIONS_END,
    };

    ck_assert_int_eq(option_copy(table, sizeof(*table), &arena, &copy), 0);
    ck_assert_ptr_eq(copy[0].items, cycle);
    ck_assert_ptr_eq(copy[1].items, cycle);
}
END_TEST

UNIT_MAIN_WITH("option_copy",
               set_up,
               tear_down,
               no_table_becomes_an_empty_one,
               a_table_of_this_server_is_copied_with_its_inside,
               a_newer_table_is_brought_to_our_stride,
               a_newer_table_that_uses_what_is_new_is_refused,
               what_is_new_is_found_within_lists_and_groups,
               an_older_table_has_zero_for_what_it_lacks,
               a_stride_that_no_option_has_is_refused,
               a_table_without_end_is_refused,
               a_table_inside_itself_is_refused,
               items_of_types_that_take_none_stay_as_they_are)
