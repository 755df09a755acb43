/* SPDX-License-Identifier: MIT */
#include "control_answer.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static const struct table_column columns[] = {{"a", "A", TABLE_WORD},
                                              {"b", "B", TABLE_NUMBER}};
static const struct table_value row[] = {{.text = "x"}, {.number = 1}};

static struct control_answer answer;

static void begin(enum table_format format)
{
    ck_assert_int_eq(control_answer_init(&answer, format), 0);
}

static void expect(int error, const char *message, const char *expected)
{
    char *bytes = NULL;
    size_t size = 0;

    ck_assert_int_eq(
        control_answer_finish(&answer, error, message, &bytes, &size), 0);
    ck_assert_uint_eq(size, strlen(expected));
    ck_assert_int_eq(memcmp(bytes, expected, size), 0);
    free(bytes);
}

START_TEST(nothing_is_ok)
{
    begin(TABLE_TEXT);
    expect(0, NULL, "ok\n");
}
END_TEST

START_TEST(what_was_printed_comes_behind_ok)
{
    begin(TABLE_TEXT);
    (void)fputs("one\ntwo\n", control_answer_stream(&answer));
    expect(0, "done", "ok\none\ntwo\ndone\n");
}
END_TEST

START_TEST(an_error_has_its_message_first)
{
    begin(TABLE_TEXT);
    (void)fputs("more\n", control_answer_stream(&answer));
    expect(-EINVAL, "this is wrong", "error this is wrong\nmore\n");
}
END_TEST

START_TEST(an_error_without_a_message_is_what_errno_says)
{
    begin(TABLE_JSON);
    expect(-ENOENT, NULL, "error No such file or directory\n");
}
END_TEST

START_TEST(a_message_may_have_lines_and_end_with_one)
{
    begin(TABLE_TEXT);
    expect(-EINVAL, "a:1: error\n  hint\n", "error a:1: error\n  hint\n");
    begin(TABLE_TEXT);
    expect(0, "a:1: warning\n  hint\n", "ok\na:1: warning\n  hint\n");
}
END_TEST

START_TEST(a_message_in_json_is_an_object)
{
    begin(TABLE_JSON);
    expect(0, "it's \"fine\"",
           "ok\n{\n  \"message\": \"it's \\\"fine\\\"\"\n}\n");
    begin(TABLE_JSON);
    control_answer_table(&answer, NULL, columns, 2);
    expect(0, "not beside a table", "ok\n[]\n");
}
END_TEST

START_TEST(one_table_stands_alone)
{
    begin(TABLE_TEXT);
    control_answer_table(&answer, NULL, columns, 2);
    control_answer_row(&answer, row);
    expect(0, "1 row", "ok\nA  B\nx  1\n1 row\n");
    begin(TABLE_TSV);
    control_answer_table(&answer, NULL, columns, 2);
    control_answer_row(&answer, row);
    expect(0, NULL, "ok\na\tb\nx\t1\n");
}
END_TEST

static void print_several(void)
{
    control_answer_record(&answer, "first", columns, 2, row);
    control_answer_table(&answer, "second", columns, 2);
    control_answer_row(&answer, row);
    control_answer_table(&answer, "third", columns, 2);
}

START_TEST(several_tables_have_names)
{
    begin(TABLE_TEXT);
    print_several();
    expect(0, NULL, "ok\nA  x\nB  1\n\nA  B\nx  1\n\nA  B\n");
    begin(TABLE_TSV);
    print_several();
    expect(
        0, NULL,
        "ok\n# first\na\tb\nx\t1\n\n# second\na\tb\nx\t1\n\n# third\na\tb\n");
    begin(TABLE_JSON);
    print_several();
    expect(0, NULL,
           "ok\n{\n  \"first\": {\n    \"a\": \"x\",\n    \"b\": 1\n  },\n"
           "  \"second\": [\n    {\n      \"a\": \"x\",\n      \"b\": 1\n"
           "    }\n  ],\n  \"third\": []\n}\n");
}
END_TEST

START_TEST(too_long_an_answer_is_an_error)
{
    static char piece[1 << 16];

    memset(piece, 'x', sizeof(piece));
    begin(TABLE_TEXT);
    for (size_t i = 0; i < CONTROL_ANSWER_MAX / sizeof(piece); i++) {
        ck_assert_uint_eq(
            fwrite(piece, 1, sizeof(piece), control_answer_stream(&answer)),
            sizeof(piece));
    }
    (void)fputs("y", control_answer_stream(&answer));
    expect(0, NULL, "error the answer is longer than 16 MiB\n");
}
END_TEST

START_TEST(the_longest_answer_is_whole)
{
    static char piece[1 << 16];
    char *bytes = NULL;
    size_t size = 0;

    memset(piece, 'x', sizeof(piece));
    begin(TABLE_TEXT);
    for (size_t i = 0; i < CONTROL_ANSWER_MAX / sizeof(piece); i++) {
        (void)fwrite(piece, 1, sizeof(piece), control_answer_stream(&answer));
    }
    ck_assert_int_eq(control_answer_finish(&answer, 0, NULL, &bytes, &size), 0);
    ck_assert_uint_eq(size, CONTROL_ANSWER_MAX + 3);
    ck_assert_int_eq(memcmp(bytes, "ok\nx", 4), 0);
    ck_assert_int_eq(bytes[size - 1], 'x');
    free(bytes);
}
END_TEST

START_TEST(one_that_is_given_up_leaves_nothing)
{
    begin(TABLE_TEXT);
    control_answer_table(&answer, NULL, columns, 2);
    control_answer_row(&answer, row);
    control_answer_fini(&answer);
    ck_assert_ptr_null(answer.stream);
    control_answer_fini(&answer);
}
END_TEST

UNIT_MAIN("control_answer",
          nothing_is_ok,
          what_was_printed_comes_behind_ok,
          an_error_has_its_message_first,
          an_error_without_a_message_is_what_errno_says,
          a_message_may_have_lines_and_end_with_one,
          a_message_in_json_is_an_object,
          one_table_stands_alone,
          several_tables_have_names,
          too_long_an_answer_is_an_error,
          the_longest_answer_is_whole,
          one_that_is_given_up_leaves_nothing)
