/* SPDX-License-Identifier: MIT */
#include "head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))
#define MAX_HEADERS 4

static struct head head;
static struct message message;
static char text[512];

static void setup(void)
{
    ck_assert_int_eq(head_init(&head, MAX_HEADERS), 0);
}

static void teardown(void)
{
    head_fini(&head);
}

static int parse(const char *data)
{
    (void)snprintf(text, sizeof(text), "%s", data);
    return head_parse(&head, text, strlen(text), strcspn(text, "\n") + 1,
                      &message);
}

static bool is(struct http_span span, const char *expected)
{
    return span.size == strlen(expected) &&
           memcmp(span.data, expected, span.size) == 0;
}

/* --------------------------------------------------------------------- scan */

START_TEST(the_end_is_found_however_it_comes)
{
    static const char data[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
    const ssize_t size = sizeof(data) - 1 - 4;

    for (size_t cut = 0; cut < sizeof(data); cut++) {
        struct head_scan scan = {0};
        ssize_t first = head_scan(&scan, data, cut);

        ck_assert_int_eq(first, (ssize_t)cut >= size ? size : 0);
        if (first == 0) {
            ck_assert_int_eq(head_scan(&scan, data, sizeof(data) - 1), size);
        }
        ck_assert_uint_eq(scan.first, 16);
    }
}
END_TEST

START_TEST(lines_that_are_none_are_refused)
{
    static const char *const cases[] = {
        "\n",          "a\n",          "a\r\n\n",     "a\r\nb\n",
        "a\r\n b\r\n", "a\r\n\tb\r\n", "a\r\n:b\r\n",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct head_scan scan = {0};

        ck_assert_int_eq(head_scan(&scan, cases[i], strlen(cases[i])), -400);
    }
}
END_TEST

/* -------------------------------------------------------------------- parse */

START_TEST(a_head_becomes_a_request)
{
    struct http_request *request = &message.request;

    ck_assert_int_eq(
        parse("POST /a?b HTTP/1.1\r\nHost: h:1\r\nX-A: \t b c \t\r\n"
              "Empty:\r\nContent-Length: 12\r\n\r\n"),
        0);
    ck_assert_int_eq(request->method, HTTP_METHOD_POST);
    ck_assert(is(request->method_text, "POST"));
    ck_assert(is(request->target, "/a?b"));
    ck_assert(is(request->path, "/a"));
    ck_assert(is(request->query, "b"));
    ck_assert(is(request->host, "h:1"));
    ck_assert_uint_eq(request->minor, 1);
    ck_assert(request->keep_alive && !request->is_head && request->has_body);
    ck_assert_uint_eq(request->header_count, 4);
    ck_assert(is(*http_request_header(request, "x-a"), "b c"));
    ck_assert(is(*http_request_header(request, "EMPTY"), ""));
    ck_assert_ptr_null(http_request_header(request, "x-b"));
    ck_assert_uint_eq(message.body_size, 12);
    ck_assert(!message.is_chunked && !message.is_expecting);
}
END_TEST

START_TEST(nothing_of_the_head_before_is_left)
{
    ck_assert_int_eq(parse("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                           "chunked\r\nExpect: 100-continue\r\n\r\n"),
                     0);
    ck_assert(message.is_chunked && message.is_expecting);
    ck_assert_int_eq(parse("POST / HTTP/1.1\r\nX: \x01\r\n\r\n"), -400);
    ck_assert_int_eq(parse("GET / HTTP/1.0\r\n\r\n"), 0);
    ck_assert(!message.is_chunked && !message.is_expecting);
    ck_assert(!message.request.has_body && !message.request.keep_alive);
    ck_assert_uint_eq(message.request.header_count, 0);
    ck_assert_ptr_null(message.request.host.data);
}
END_TEST

START_TEST(a_host_is_judged_anew_when_it_differs)
{
    static const struct {
        const char *head;
        int result;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: good\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: good\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: go d\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: good\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost:\r\n\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: goodgood\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: good:\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: good:x\r\n\r\n", -400},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(parse(cases[i].head), cases[i].result);
    }
}
END_TEST

START_TEST(more_headers_than_there_is_room_for_are_refused)
{
    ck_assert_int_eq(
        parse("GET / HTTP/1.1\r\nHost: a\r\nB:\r\nC:\r\nD:\r\n\r\n"), 0);
    ck_assert_int_eq(
        parse("GET / HTTP/1.1\r\nHost: a\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n"),
        -431);
}
END_TEST

START_TEST(statuses_are_those_of_the_rfc)
{
    static const struct {
        const char *head;
        int result;
    } cases[] = {
        {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", -505},
        {"GET / HTTP/1.7\r\nHost: a\r\n\r\n", 0},
        {"GET / http/1.1\r\nHost: a\r\n\r\n", -400},
        {"FETCH / HTTP/1.1\r\nHost: a\r\n\r\n", -501},
        {"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", -501},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", -501},
        {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", -400},
        {"GET /\r\n\r\n", -400},
        {"\r\n", -400},
        {"GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", -417},
        {"GET / HTTP/1.0\r\nHost: a\r\nExpect: x\r\n\r\n", 0},
        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x, chunked\r\n\r\n",
         -501},
        {"GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x\r\n\r\n", -400},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(parse(cases[i].head) == cases[i].result, "%s",
                      cases[i].head);
    }
}
END_TEST

START_TEST(trailers_may_not_change_the_message)
{
    static const struct {
        const char *trailer;
        int result;
    } cases[] = {
        {"\r\n", 0},
        {"X: y\r\n\r\n", 0},
        {"Content-Length: 1\r\n\r\n", -400},
        {"transfer-encoding: chunked\r\n\r\n", -400},
        {"Host: a\r\n\r\n", -400},
        {"X y: z\r\n\r\n", -400},
        {"A:\r\nB:\r\nC:\r\nD:\r\nE:\r\n\r\n", -431},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(head_check_trailer(&head, cases[i].trailer,
                                         strlen(cases[i].trailer)) ==
                          cases[i].result,
                      "%s", cases[i].trailer);
    }
}
END_TEST

UNIT_MAIN_WITH("http_head",
               setup,
               teardown,
               the_end_is_found_however_it_comes,
               lines_that_are_none_are_refused,
               a_head_becomes_a_request,
               nothing_of_the_head_before_is_left,
               a_host_is_judged_anew_when_it_differs,
               more_headers_than_there_is_room_for_are_refused,
               statuses_are_those_of_the_rfc,
               trailers_may_not_change_the_message)
