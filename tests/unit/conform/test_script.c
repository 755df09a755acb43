/* SPDX-License-Identifier: MIT */
#include "berth-conform/script.h"

#include <string.h>

#include "unit.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define HEAD "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

static struct part part;
static struct script script;
static struct progress progress;
static struct verdict verdict;
static struct bytes came;

static void set_up(void)
{
    const char *why;

    part = (struct part){.profile = PROFILE_HTTP, .host = "a", .path = "/x"};
    ck_assert_int_eq(answer_read(&part.model, ANSWER_BODY, HELLO, strlen(HELLO),
                                 false, &why),
                     1);
    script_init(&script, &part);
}

static void tear_down(void)
{
    script_fini(&script);
    bytes_free(&came);
}

/* More comes. */
static enum match match(const char *bytes, size_t size)
{
    bytes_add(&came, bytes, size);
    return script_match(&script, &progress, &came, false, &verdict);
}

static enum match match_text(const char *text)
{
    return match(text, strlen(text));
}

START_TEST(messages_are_all_different)
{
    part.profile = PROFILE_ECHO;
    script_add_many(&script, 2);
    bytes_add(&script.said, "", 1);
    ck_assert_str_eq(script.said.data, "message 0 of berth-conform\n"
                                       "message 1 of berth-conform\n");
    ck_assert_uint_eq(script.replies.size, 0);
}
END_TEST

START_TEST(bulk_is_whole_messages)
{
    part.profile = PROFILE_LINE;
    script_add_bulk(&script, 1000000);
    ck_assert_uint_ge(script.said.size, 1000000);
    ck_assert_uint_lt(script.said.size, 2100000);
    ck_assert_int_eq(script.said.data[script.said.size - 1], '\n');
    script_fini(&script);
    script_fill(&script, &part, 3, 1000);
    ck_assert_uint_ge(script.said.size, 1000);
    ck_assert_uint_lt(script.said.size, 1100);
}
END_TEST

START_TEST(what_was_said_comes_back)
{
    part.profile = PROFILE_ECHO;
    bytes_add(&script.said, "ab\0cd", 5);
    ck_assert_int_eq(match("", 0), MATCH_MORE);
    ck_assert_int_eq(match("ab\0", 3), MATCH_MORE);
    ck_assert_uint_eq(progress.at, 3);
    ck_assert_int_eq(match("cd", 2), MATCH_WHOLE);
    ck_assert_int_eq(match("e", 1), MATCH_WRONG);
    ck_assert_str_eq(verdict.expected, "5 bytes and no more");
    ck_assert_str_eq(verdict.got, "1 more: \"e\"");
}
END_TEST

START_TEST(a_difference_is_told_where_it_is)
{
    part.profile = PROFILE_LINE;
    bytes_add(&script.said, "abcd\n", 5);
    ck_assert_int_eq(match("ab", 2), MATCH_MORE);
    ck_assert_int_eq(match("dd\n", 3), MATCH_WRONG);
    ck_assert_str_eq(verdict.expected, "at byte 2: \"cd\\n\"");
    ck_assert_str_eq(verdict.got, "at byte 2: \"dd\\n\"");
}
END_TEST

START_TEST(requests_are_written)
{
    script_request(&script, "HEAD", "A: b\r\n", REPLY_HEAD);
    bytes_add(&script.said, "", 1);
    ck_assert_str_eq(script.said.data,
                     "HEAD /x HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n");
    ck_assert_mem_eq(script.replies.data, "H", 1);
}
END_TEST

START_TEST(answers_come_in_order)
{
    script_request(&script, "GET", "", REPLY_GET);
    script_request(&script, "HEAD", "", REPLY_HEAD);
    script_request(&script, "GET", "", REPLY_GET);
    ck_assert_int_eq(match_text(HELLO "HTTP/1.1 2"), MATCH_MORE);
    ck_assert_uint_eq(progress.answers, 1);
    ck_assert_int_eq(match_text("00 OK\r\n\r\n" HELLO), MATCH_WHOLE);
    ck_assert_int_eq(match_text("x"), MATCH_WRONG);
    ck_assert_str_eq(verdict.expected, "3 answers and no more");
}
END_TEST

START_TEST(another_order_is_found)
{
    script_request(&script, "GET", "", REPLY_GET);
    script_request(&script, "HEAD", "", REPLY_HEAD);
    ck_assert_int_eq(match_text(HEAD HELLO), MATCH_WRONG);
    ck_assert_str_eq(verdict.expected, "answer 1: 200 with a body of 5 bytes");
    ck_assert_str_eq(verdict.got,
                     "200 with a body of 5 bytes, but other bytes");
}
END_TEST

START_TEST(an_interim_answer_is_none)
{
    script_request(&script, "GET", "", REPLY_GET);
    ck_assert_int_eq(match_text("HTTP/1.1 103 Early Hints\r\n\r\n"),
                     MATCH_MORE);
    ck_assert_int_eq(match_text(HELLO), MATCH_WHOLE);
}
END_TEST

START_TEST(unless_it_is_waited_for)
{
    script_request(&script, "POST", "", REPLY_CONTINUE);
    ck_assert_int_eq(match_text("HTTP/1.1 100 Continue\r\n\r\n"), MATCH_WHOLE);
    ck_assert_uint_eq(progress.last.status, 100);
    ck_assert_int_eq(match_text(HELLO), MATCH_WHOLE);
}
END_TEST

START_TEST(a_bad_request_is_400)
{
    script_request(&script, "NO", "", REPLY_BAD);
    ck_assert_int_eq(match_text(HELLO), MATCH_WRONG);
    ck_assert_str_eq(verdict.expected, "400");
    ck_assert_str_eq(verdict.got, "200");
}
END_TEST

START_TEST(how_much_came_is_told)
{
    char text[64];

    script_fill(&script, &part, 2, 1);
    script_expect(&script, &verdict);
    ck_assert_str_eq(verdict.expected, "2 answers");
    ck_assert_int_eq(match_text(HELLO), MATCH_MORE);
    script_tell(&script, &progress, text, sizeof(text));
    ck_assert_str_eq(text, "1 whole");
}
END_TEST

UNIT_MAIN_WITH("conform.script",
               set_up,
               tear_down,
               messages_are_all_different,
               bulk_is_whole_messages,
               what_was_said_comes_back,
               a_difference_is_told_where_it_is,
               requests_are_written,
               answers_come_in_order,
               another_order_is_found,
               an_interim_answer_is_none,
               unless_it_is_waited_for,
               a_bad_request_is_400,
               how_much_came_is_told)
