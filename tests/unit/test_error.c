/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct errors errors;
static char *printed;

static void set_up(void)
{
    errors_init(&errors);
    printed = NULL;
}

static void tear_down(void)
{
    errors_fini(&errors);
    free(printed);
}

/* What errors_print() writes; valid until the next call. */
static const char *print(void)
{
    size_t size = 0;
    FILE *stream;

    free(printed);
    printed = NULL;
    stream = open_memstream(&printed, &size);
    ck_assert_ptr_nonnull(stream);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return printed;
}

static void attach(const char *text)
{
    errors_source(&errors, "f", text, strlen(text));
}

static struct place at(size_t line, size_t column, size_t length)
{
    return (struct place){
        .file = "f",
        .line = line,
        .column = column,
        .length = length,
    };
}

/* Adds an error "x" there. */
static void add(size_t line, size_t column, size_t length)
{
    const struct place place = at(line, column, length);

    errors_add(&errors, &place, NULL, "x");
}

START_TEST(nothing_is_printed_if_there_is_none)
{
    ck_assert_str_eq(print(), "");
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(an_error_is_shown_with_line_caret_and_hint)
{
    static const char text[] = "protocols:\n"
                               "  - plugin: echo.so\n"
                               "    limits: {idle: 30}\n";
    const struct place place = {
        .file = "server.yaml",
        .line = 3,
        .column = 20,
        .length = 2,
    };

    errors_source(&errors, "server.yaml", text, sizeof(text) - 1);
    errors_add(&errors, &place, "did you mean 30s?", "'%s' needs a unit",
               "limits.idle");
    ck_assert_str_eq(print(),
                     "server.yaml:3:20: error: 'limits.idle' needs a unit\n"
                     "    3 |     limits: {idle: 30}\n"
                     "      |                    ^~\n"
                     "  hint: did you mean 30s?\n");
    ck_assert_uint_eq(errors_count(&errors), 1);
}
END_TEST

START_TEST(a_warning_is_shown_but_not_counted)
{
    const struct place place = at(1, 1, 1);

    attach("a: b\n");
    errors_warn(&errors, &place, NULL, "hm");
    ck_assert_str_eq(print(), "f:1:1: warning: hm\n"
                              "    1 | a: b\n"
                              "      | ^\n");
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(places_may_be_less_exact)
{
    const struct place file = {.file = "f"};
    const struct place none = {.file = NULL};
    const struct place line = {.file = "f", .line = 2};

    attach("a\nb\n");
    errors_add(&errors, &line, "", "line");
    errors_add(&errors, &file, NULL, "file");
    errors_add(&errors, NULL, "go away", "nothing");
    errors_add(&errors, &none, NULL, "nothing either");
    ck_assert_str_eq(print(), "berth: error: nothing\n"
                              "  hint: go away\n"
                              "berth: error: nothing either\n"
                              "f: error: file\n"
                              "f:2: error: line\n");
}
END_TEST

START_TEST(errors_are_sorted_by_place_and_then_by_time)
{
    const struct place other = {.file = "g", .line = 1, .column = 1};

    add(2, 7, 1);
    errors_add(&errors, &other, NULL, "y");
    add(10, 1, 1);
    add(2, 3, 1);
    errors_add(&errors, &(struct place){.file = "f", .line = 2, .column = 3},
               NULL, "z");
    add(1, 9, 1);
    ck_assert_str_eq(print(), "f:1:9: error: x\n"
                              "f:2:3: error: x\n"
                              "f:2:3: error: z\n"
                              "f:2:7: error: x\n"
                              "f:10:1: error: x\n"
                              "g:1:1: error: y\n");
}
END_TEST

START_TEST(printing_twice_prints_the_same)
{
    char *first;

    add(2, 1, 1);
    add(1, 1, 1);
    first = strdup(print());
    ck_assert_str_eq(print(), first);
    free(first);
}
END_TEST

START_TEST(texts_are_copied)
{
    char file[] = "f";
    char hint[] = "hint";
    char text[] = "abc\n";
    const struct place place = {.file = file, .line = 1, .column = 1};

    errors_source(&errors, file, text, 4);
    errors_add(&errors, &place, hint, "x");
    file[0] = hint[0] = text[0] = '!';
    ck_assert_str_eq(print(), "f:1:1: error: x\n"
                              "    1 | abc\n"
                              "      | ^\n"
                              "  hint: hint\n");
}
END_TEST

START_TEST(the_caret_fits_behind_tabs)
{
    attach("\ta\tbc: d\n");
    add(1, 4, 2);
    ck_assert_str_eq(print(), "f:1:4: error: x\n"
                              "    1 |         a       bc: d\n"
                              "      |                 ^~\n");
}
END_TEST

START_TEST(the_caret_fits_behind_wide_and_combining_characters)
{
    attach("\xe6\x97\xa5\xe6\x9c\xac e\xcc\x81t\xc3\xa9 !\n");
    add(1, 9, 1);
    ck_assert_str_eq(print(),
                     "f:1:9: error: x\n"
                     "    1 | \xe6\x97\xa5\xe6\x9c\xac e\xcc\x81t\xc3\xa9 !\n"
                     "      |          ^\n");
}
END_TEST

START_TEST(the_caret_may_be_behind_the_end_and_its_tail_ends_with_the_line)
{
    attach("abc\n");
    add(1, 4, 1);
    add(1, 2, 1000);
    ck_assert_str_eq(print(), "f:1:2: error: x\n"
                              "    1 | abc\n"
                              "      |  ^~\n"
                              "f:1:4: error: x\n"
                              "    1 | abc\n"
                              "      |    ^\n");
}
END_TEST

START_TEST(carriage_returns_are_no_part_of_a_line)
{
    attach("a\r\nb: c\r\n");
    add(2, 4, 9);
    ck_assert_str_eq(print(), "f:2:4: error: x\n"
                              "    2 | b: c\n"
                              "      |    ^\n");
}
END_TEST

START_TEST(a_last_line_needs_no_newline)
{
    attach("a\nbc");
    add(2, 1, 2);
    add(3, 1, 1);
    ck_assert_str_eq(print(), "f:2:1: error: x\n"
                              "    2 | bc\n"
                              "      | ^~\n"
                              "f:3:1: error: x\n");
}
END_TEST

START_TEST(an_empty_file_has_an_empty_line)
{
    attach("");
    add(1, 1, 1);
    ck_assert_str_eq(print(), "f:1:1: error: x\n"
                              "    1 | \n"
                              "      | ^\n");
}
END_TEST

START_TEST(a_secret_line_is_not_shown)
{
    struct place place = at(1, 1, 1);

    attach("password: hunter2\n");
    place.is_secret = true;
    errors_add(&errors, &place, NULL, "x");
    ck_assert_str_eq(print(), "f:1:1: error: x\n");
}
END_TEST

START_TEST(what_plays_with_a_terminal_is_escaped)
{
    const struct place place = {.file = "f\x1b", .line = 1, .column = 2};

    errors_source(&errors, "f\x1b", "\x1b[31m\x7f\xc2\x9b\xe2\x80\xae\xff\n",
                  13);
    errors_add(&errors, &place, "a\rb", "one\ntwo \x1b[0m \xc3\x28");
    ck_assert_str_eq(print(), "f\\x1b:1:2: error: one\\ntwo \\x1b[0m \\xc3(\n"
                              "    1 | \\x1b[31m\\x7f\\u009b\\u202e\\xff\n"
                              "      |     ^\n"
                              "  hint: a\\x0db\n");
}
END_TEST

START_TEST(a_file_may_contain_any_bytes)
{
    char bytes[256];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
    }
    errors_source(&errors, "f", bytes, sizeof(bytes));
    for (size_t column = 1; column < 100; column++) {
        add(1 + column % 2, column, 300);
    }
    for (const char *c = print(); *c != '\0'; c++) {
        ck_assert((*c >= 0x20 && *c < 0x7f) || *c == '\n');
    }
}
END_TEST

START_TEST(sequences_that_are_not_utf8_are_escaped_byte_by_byte)
{
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"\x80", "\\x80"},
        {"\xc0\x80", "\\xc0\\x80"},
        {"\xc1\xbf", "\\xc1\\xbf"},
        {"\xe0\x80\x80", "\\xe0\\x80\\x80"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {"\xf0\x80\x80\x80", "\\xf0\\x80\\x80\\x80"},
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
        {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
        {"\xe2\x82", "\\xe2\\x82"},
        {"\xe2\x82\xac", "\xe2\x82\xac"},
        {"\xf0\x9f\x9a\xa2", "\xf0\x9f\x9a\xa2"},
        {"\xef\xbb\xbf", "\\ufeff"},
        {"\xf4\x8f\xbf\xbf", "\\u10ffff"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char expected[64];

        (void)snprintf(expected, sizeof(expected), "berth: error: %s\n",
                       cases[i].shown);
        errors_add(&errors, NULL, NULL, "%s", cases[i].bytes);
        ck_assert_str_eq(print(), expected);
        errors_fini(&errors);
    }
}
END_TEST

START_TEST(a_long_line_is_cut_around_the_place)
{
    static char text[100001];
    const char *shown;

    memset(text, 'a', 100000);
    text[50000] = 'b';
    attach(text);
    add(1, 50001, 1);
    shown = print();
    ck_assert_ptr_nonnull(strstr(shown, "    1 | ...aaa"));
    ck_assert_ptr_nonnull(strstr(shown, "b"));
    ck_assert_ptr_nonnull(strstr(shown, "aaa...\n"));
    ck_assert_uint_lt(strlen(shown), 400);
    /* The caret is under the b. */
    ck_assert_int_eq(strchr(shown, '^') - strstr(shown, "      | "),
                     strchr(shown, 'b') - strstr(shown, "    1 | "));
}
END_TEST

START_TEST(the_begin_of_a_long_line_is_cut_behind_only)
{
    static char text[1001];

    memset(text, 'a', 1000);
    attach(text);
    add(1, 3, 2000);
    ck_assert_ptr_nonnull(strstr(print(), "    1 | aaa"));
    ck_assert_ptr_nonnull(strstr(print(), "a...\n      |   ^~~~"));
    ck_assert_uint_lt(strlen(print()), 400);
}
END_TEST

START_TEST(a_line_that_just_fits_is_not_cut)
{
    static char text[101];

    memset(text, 'a', 100);
    attach(text);
    add(1, 3, 1);
    ck_assert_ptr_nonnull(strstr(print(), "a\n      |   ^\n"));
    ck_assert_ptr_null(strstr(print(), "..."));
}
END_TEST

START_TEST(a_long_message_is_cut)
{
    static char text[100001];

    memset(text, 'a', 100000);
    errors_add(&errors, NULL, NULL, "%s", text);
    ck_assert_uint_lt(strlen(print()), 9000);
    ck_assert_uint_gt(strlen(print()), 8000);
}
END_TEST

START_TEST(a_hundred_are_kept_and_all_are_counted)
{
    size_t lines = 0;

    for (size_t i = 0; i < ERRORS_MAX; i++) {
        ck_assert(!errors_is_full(&errors));
        add(i + 1, 1, 1);
    }
    ck_assert(errors_is_full(&errors));
    ck_assert_ptr_null(strstr(print(), "too many"));
    add(1000, 1, 1);
    add(1001, 1, 1);
    ck_assert_uint_eq(errors_count(&errors), ERRORS_MAX + 2);
    for (const char *c = print(); *c != '\0'; c++) {
        lines += *c == '\n' ? 1 : 0;
    }
    ck_assert_uint_eq(lines, ERRORS_MAX + 1);
    ck_assert_ptr_nonnull(
        strstr(printed, "f:100:1: error: x\nberth: error: too many errors\n"));
}
END_TEST

START_TEST(no_memory_is_an_error_that_is_told_once)
{
    add(1, 1, 1);
    errors_no_memory(&errors);
    errors_no_memory(&errors);
    ck_assert_uint_eq(errors_count(&errors), 2);
    ck_assert_str_eq(print(), "f:1:1: error: x\n"
                              "berth: error: out of memory\n");
}
END_TEST

START_TEST(the_text_attached_last_is_shown)
{
    attach("old\n");
    attach("new\n");
    add(1, 1, 1);
    ck_assert_ptr_nonnull(strstr(print(), "new"));
    ck_assert_ptr_null(strstr(print(), "old"));
}
END_TEST

START_TEST(fini_leaves_an_empty_collection)
{
    attach("a\n");
    add(1, 1, 1);
    errors_fini(&errors);
    ck_assert_uint_eq(errors_count(&errors), 0);
    ck_assert_str_eq(print(), "");
    add(1, 1, 1);
    ck_assert_str_eq(print(), "f:1:1: error: x\n");
}
END_TEST

UNIT_MAIN_WITH("error",
               set_up,
               tear_down,
               nothing_is_printed_if_there_is_none,
               an_error_is_shown_with_line_caret_and_hint,
               a_warning_is_shown_but_not_counted,
               places_may_be_less_exact,
               errors_are_sorted_by_place_and_then_by_time,
               printing_twice_prints_the_same,
               texts_are_copied,
               the_caret_fits_behind_tabs,
               the_caret_fits_behind_wide_and_combining_characters,
               the_caret_may_be_behind_the_end_and_its_tail_ends_with_the_line,
               carriage_returns_are_no_part_of_a_line,
               a_last_line_needs_no_newline,
               an_empty_file_has_an_empty_line,
               a_secret_line_is_not_shown,
               what_plays_with_a_terminal_is_escaped,
               a_file_may_contain_any_bytes,
               sequences_that_are_not_utf8_are_escaped_byte_by_byte,
               a_long_line_is_cut_around_the_place,
               the_begin_of_a_long_line_is_cut_behind_only,
               a_line_that_just_fits_is_not_cut,
               a_long_message_is_cut,
               a_hundred_are_kept_and_all_are_counted,
               no_memory_is_an_error_that_is_told_once,
               the_text_attached_last_is_shown,
               fini_leaves_an_empty_collection)
