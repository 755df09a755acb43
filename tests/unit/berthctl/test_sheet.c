/* SPDX-License-Identifier: MIT */
#include "berthctl/sheet.h"

#include <errno.h>

#include "unit.h"

static struct sheet sheet;

static void tear_down(void)
{
    sheet_free(&sheet);
}

static void read_text(const char *text)
{
    ck_assert_int_eq(sheet_read(&sheet, text), 0);
}

START_TEST(cells_are_found_by_name)
{
    read_text("a\tb\tc\n1\tx\t\n2\ty\tz\n");
    ck_assert_uint_eq(sheet.rows, 2);
    ck_assert_str_eq(sheet_text(&sheet, 0, "a"), "1");
    ck_assert_str_eq(sheet_text(&sheet, 0, "c"), "");
    ck_assert_str_eq(sheet_text(&sheet, 1, "c"), "z");
    ck_assert_ptr_null(sheet_text(&sheet, 0, "d"));
    ck_assert_ptr_null(sheet_text(&sheet, 2, "a"));
    ck_assert_ptr_null(sheet_text(&sheet, SIZE_MAX, "a"));
}
END_TEST

START_TEST(names_alone_are_a_sheet_without_rows)
{
    read_text("a\tb\n");
    ck_assert_uint_eq(sheet.rows, 0);
    ck_assert_ptr_null(sheet_text(&sheet, 0, "a"));
}
END_TEST

START_TEST(an_empty_sheet_has_nothing)
{
    ck_assert_ptr_null(sheet_text(&sheet, 0, "a"));
    ck_assert(sheet_number(&sheet, 0, "a") == SHEET_NONE);
    ck_assert_uint_eq(sheet_find(&sheet, "a", "x"), SIZE_MAX);
}
END_TEST

START_TEST(what_is_escaped_is_read)
{
    read_text("a\tb\nx\\ty\\n\\\\\\x1b\\xff\t\\q\\x1\\\n");
    ck_assert_str_eq(sheet_text(&sheet, 0, "a"), "x\ty\n\\\x1b\xff");
    ck_assert_str_eq(sheet_text(&sheet, 0, "b"), "\\q\\x1\\");
}
END_TEST

START_TEST(numbers_are_digits)
{
    static const struct {
        const char *text;
        int64_t number;
    } cases[] = {
        {"a\n0\n", 0},
        {"a\n9223372036854775807\n", INT64_MAX},
        {"a\n9223372036854775808\n", SHEET_NONE},
        {"a\n-1\n", SHEET_NONE},
        {"a\n 1\n", SHEET_NONE},
        {"a\n1x\n", SHEET_NONE},
        {"a\nx\n", SHEET_NONE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        read_text(cases[i].text);
        ck_assert(sheet_number(&sheet, 0, "a") == cases[i].number);
        sheet_free(&sheet);
    }
}
END_TEST

START_TEST(rows_are_found_by_a_cell)
{
    read_text("a\tb\n1\tx\n2\ty\n3\ty\n");
    ck_assert_uint_eq(sheet_find(&sheet, "b", "y"), 1);
    ck_assert_uint_eq(sheet_find(&sheet, "b", "z"), SIZE_MAX);
    ck_assert_uint_eq(sheet_find(&sheet, "c", "y"), SIZE_MAX);
}
END_TEST

START_TEST(it_ends_at_an_empty_line)
{
    read_text("a\tb\n1\tx\n\n# more\nc\td\te\n");
    ck_assert_uint_eq(sheet.rows, 1);
}
END_TEST

START_TEST(what_is_no_table_is_refused)
{
    static const char *const texts[] = {
        "", "a\tb", "\n", "\na\n", "a\tb\n1\n", "a\n1\t2\n", "a\tb\n1\t2\n3\n",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_int_eq(sheet_read(&sheet, texts[i]), -EPROTO);
        ck_assert_uint_eq(sheet.rows, 0);
        ck_assert_ptr_null(sheet.bytes);
    }
}
END_TEST

UNIT_MAIN_WITH("berthctl/sheet",
               NULL,
               tear_down,
               cells_are_found_by_name,
               names_alone_are_a_sheet_without_rows,
               an_empty_sheet_has_nothing,
               what_is_escaped_is_read,
               numbers_are_digits,
               rows_are_found_by_a_cell,
               it_ends_at_an_empty_line,
               what_is_no_table_is_refused)
