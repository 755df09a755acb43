/* SPDX-License-Identifier: MIT */
#include "berth-conform/answer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define FIVE OK "Content-Length: 5\r\n\r\n"
#define CHUNKED OK "Transfer-Encoding: chunked\r\n\r\n"

static struct answer answer;
static const char *why;

static int read_text(const char *text)
{
    return answer_read(&answer, ANSWER_BODY, text, strlen(text), false, &why);
}

/* Every beginning of it is incomplete, and what follows is another's. */
static void check_whole(const char *text, size_t body)
{
    const size_t size = strlen(text);
    char more[256];

    for (size_t i = 0; i < size; i++) {
        ck_assert_int_eq(
            answer_read(&answer, ANSWER_BODY, text, i, false, &why), 0);
    }
    (void)snprintf(more, sizeof(more), "%sHTTP/1.1 404", text);
    ck_assert_int_eq(read_text(more), 1);
    ck_assert_uint_eq(answer.size, size);
    ck_assert_uint_eq(answer.body_size, body);
}

START_TEST(an_answer_ends_where_it_says)
{
    check_whole(FIVE "hello", 5);
    ck_assert_uint_eq(answer.status, 200);
    check_whole(OK "A: b\r\ncontent-length:0\r\n\r\n", 0);
    check_whole(CHUNKED "0\r\n\r\n", 0);
    check_whole(CHUNKED "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n", 5);
    check_whole("HTTP/1.1 204 No Content\r\n\r\n", 0);
    check_whole("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 0);
    check_whole("HTTP/1.1 100 Continue\r\n\r\n", 0);
}
END_TEST

START_TEST(one_without_a_length_ends_with_the_connection)
{
    const char *text = OK "\r\nhello";

    ck_assert_int_eq(read_text(text), 0);
    ck_assert_int_eq(
        answer_read(&answer, ANSWER_BODY, text, strlen(text), true, &why), 1);
    ck_assert_uint_eq(answer.body_size, 5);
}
END_TEST

START_TEST(one_to_head_has_no_body)
{
    const char *text = FIVE "HTTP/1.1";

    ck_assert_int_eq(
        answer_read(&answer, ANSWER_HEAD, text, strlen(text), false, &why), 1);
    ck_assert_uint_eq(answer.size, strlen(FIVE));
    ck_assert_uint_eq(answer.body_size, 0);
}
END_TEST

START_TEST(what_is_no_answer_is_told)
{
    static const struct {
        const char *text;
        const char *why;
    } cases[] = {
        {"h", "status"},
        {"GET / HTTP/1.1", "status"},
        {"HTTP/1.1 2OO OK\r\n", "status"},
        {"HTTP/1.1 099 No\r\n", "status"},
        {"HTTP/1.1\r\n", "status"},
        {"HTTP/1.1 200 OK\n", "CR LF"},
        {OK "nothing\r\n", "colon"},
        {OK "Content-Length: x\r\n\r\n", "Content-Length"},
        {OK "Content-Length: 99999999999999999999\r\n", "Content-Length"},
        {CHUNKED "x\r\n", "length"},
        {CHUNKED "1\r\nab\r\n", "end"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(read_text(cases[i].text), -EPROTO);
        ck_assert_msg(strstr(why, cases[i].why) != NULL, "%s: %s",
                      cases[i].text, why);
    }
}
END_TEST

START_TEST(framing_makes_no_difference)
{
    struct answer first;

    ck_assert_int_eq(read_text(FIVE "hello"), 1);
    first = answer;
    ck_assert_int_eq(read_text(CHUNKED "1\r\nh\r\n4\r\nello\r\n0\r\n\r\n"), 1);
    ck_assert(answer_equals(&answer, &first));
    ck_assert_int_eq(read_text(FIVE "hallo"), 1);
    ck_assert(!answer_equals(&answer, &first));
    ck_assert_int_eq(
        read_text("HTTP/1.1 201 OK\r\nContent-Length: 5\r\n\r\nhello"), 1);
    ck_assert(!answer_equals(&answer, &first));
}
END_TEST

UNIT_MAIN("conform.answer",
          an_answer_ends_where_it_says,
          one_without_a_length_ends_with_the_connection,
          one_to_head_has_no_body,
          what_is_no_answer_is_told,
          framing_makes_no_difference)
