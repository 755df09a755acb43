/* SPDX-License-Identifier: MIT */
#include "control_request.h"

#include <errno.h>
#include <string.h>

#include "unit.h"

static struct control_request *request;
static char *answer;
static size_t answer_size;

static void keep_answer(void *client, char *bytes, size_t size)
{
    ck_assert_ptr_eq(client, &answer);
    answer = bytes;
    answer_size = size;
}

static void set_up(void)
{
    request = control_request_new(keep_answer, &answer);
    ck_assert_ptr_nonnull(request);
}

static void tear_down(void)
{
    free(answer);
}

static const char *read_bytes(const char *bytes, size_t size)
{
    const char *why = NULL;

    ck_assert_uint_le(size, sizeof(request->line));
    memcpy(request->line, bytes, size);
    request->length = size;
    if (control_request_read(request, &why) == 0) {
        ck_assert_ptr_null(why);
        return NULL;
    }
    ck_assert_ptr_nonnull(why);
    return why;
}

static const char *read_line(const char *line)
{
    return read_bytes(line, strlen(line));
}

static void expect_answer(const char *expected)
{
    ck_assert_uint_eq(answer_size, strlen(expected));
    ck_assert_int_eq(memcmp(answer, expected, answer_size), 0);
}

START_TEST(a_line_is_words)
{
    ck_assert_ptr_null(read_line("  close\t12.7  now\r"));
    ck_assert_int_eq(request->argc, 3);
    ck_assert_str_eq(request->argv[0], "close");
    ck_assert_str_eq(request->argv[1], "12.7");
    ck_assert_str_eq(request->argv[2], "now");
    ck_assert_ptr_null(request->argv[3]);
    ck_assert_int_eq(request->format, TABLE_TEXT);
    control_end(request, 0, NULL);
    expect_answer("ok\n");
}
END_TEST

START_TEST(the_first_word_may_be_a_format)
{
    ck_assert_ptr_null(read_line("json tsv"));
    ck_assert_int_eq(request->argc, 1);
    ck_assert_str_eq(request->argv[0], "tsv");
    ck_assert_ptr_null(request->argv[1]);
    ck_assert_int_eq(request->format, TABLE_JSON);
    control_end(request, 0, "fine");
    expect_answer("ok\n{\n  \"message\": \"fine\"\n}\n");
}
END_TEST

START_TEST(no_words_are_no_request)
{
    ck_assert_str_eq(read_line(" \t "), "the request is empty");
    control_end(request, -EINVAL, "no");
    expect_answer("error no\n");
}
END_TEST

START_TEST(a_format_alone_is_no_request)
{
    ck_assert_str_eq(read_line("tsv"), "the request is empty");
    control_request_free(request);
}
END_TEST

START_TEST(a_nul_is_no_text)
{
    ck_assert_str_eq(read_bytes("a\0b", 3), "the request is no text");
    control_request_free(request);
}
END_TEST

static const char *read_many_words(size_t count)
{
    char line[CONTROL_LINE_MAX];

    memset(line, ' ', sizeof(line));
    for (size_t i = 0; i < count; i++) {
        line[2 * i] = 'w';
    }
    return read_bytes(line, 2 * count);
}

START_TEST(so_many_words_are_taken)
{
    ck_assert_ptr_null(read_many_words(CONTROL_WORDS_MAX));
    ck_assert_int_eq(request->argc, CONTROL_WORDS_MAX);
    ck_assert_ptr_null(request->argv[CONTROL_WORDS_MAX]);
    control_request_free(request);
}
END_TEST

START_TEST(more_words_are_not)
{
    ck_assert_str_eq(read_many_words(CONTROL_WORDS_MAX + 1),
                     "the request has too many words");
    control_request_free(request);
}
END_TEST

START_TEST(a_line_that_fills_its_room_is_too_long)
{
    char line[CONTROL_LINE_MAX];

    memset(line, 'x', sizeof(line));
    ck_assert_str_eq(read_bytes(line, sizeof(line)),
                     "the request is longer than 4 KiB");
    control_request_free(request);
}
END_TEST

START_TEST(the_longest_line_is_taken)
{
    char line[CONTROL_LINE_MAX];

    memset(line, 'x', sizeof(line));
    ck_assert_ptr_null(read_bytes(line, sizeof(line) - 1));
    ck_assert_uint_eq(strlen(request->argv[0]), sizeof(line) - 1);
    control_request_free(request);
}
END_TEST

START_TEST(a_failure_has_a_message_that_is_made)
{
    ck_assert_ptr_null(read_line("close 7"));
    control_print(request, "%s\n", "more");
    control_fail(request, "no connection %d", 7);
    expect_answer("error no connection 7\nmore\n");
}
END_TEST

START_TEST(nobody_is_told_who_has_left)
{
    static const struct table_column column = {"a", "A", TABLE_WORD};

    ck_assert_ptr_null(read_line("status"));
    request->client = NULL;
    control_table(request, NULL, &column, 1);
    control_row(request, &(struct table_value){.text = "x"});
    control_end(request, 0, NULL);
    ck_assert_ptr_null(answer);
}
END_TEST

UNIT_MAIN_WITH("control_request",
               set_up,
               tear_down,
               a_line_is_words,
               the_first_word_may_be_a_format,
               no_words_are_no_request,
               a_format_alone_is_no_request,
               a_nul_is_no_text,
               so_many_words_are_taken,
               more_words_are_not,
               a_line_that_fills_its_room_is_too_long,
               the_longest_line_is_taken,
               a_failure_has_a_message_that_is_made,
               nobody_is_told_who_has_left)
