/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <string.h>

#include "bytes.h"
#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static bool is(struct http_span span, const char *text)
{
    return span.size == strlen(text) && memcmp(span.data, text, span.size) == 0;
}

static int read_target(struct http_request *request, const char *text)
{
    request->target = http_span_of(text);
    return target_read(request);
}

START_TEST(hosts_are_told_from_what_is_none)
{
    static const char *const good[] = {
        "a",        "a.b-c",   "127.0.0.1",       "127.0.0.1:80",
        "a:",       "a:65535", "[::1]",           "[::1]:80",
        "[v1.a:b]", "%41",     "a_b~!$&'()*+,;=",
    };
    static const char *const bad[] = {
        "",     ":80",    "a:65536", "a:b",    "a b",   "a/b",   "a@b",
        "[::1", "::1",    "[]",      "[::1]a", "a:1:2", "%4",    "%zz",
        "%00",  "a\x80-", "a?b",     "a#b",    "[a%1]", "a:80 ", "[::1]80",
    };

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        ck_assert_msg(target_is_host(http_span_of(good[i])), "%s", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_msg(!target_is_host(http_span_of(bad[i])), "%s", bad[i]);
    }
}
END_TEST

START_TEST(a_target_is_split)
{
    static const struct {
        const char *target, *path, *query, *host;
    } cases[] = {
        {"/", "/", NULL, NULL},
        {"/a/b?c?d/e", "/a/b", "c?d/e", NULL},
        {"/a?", "/a", "", NULL},
        {"http://h/a?b", "/a", "b", "h"},
        {"HTTP://h:80", "/", NULL, "h:80"},
        {"http://h?b", "/", "b", "h"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = {.method = HTTP_METHOD_GET};

        ck_assert_int_eq(read_target(&request, cases[i].target), 0);
        ck_assert(is(request.path, cases[i].path));
        ck_assert((request.query.data == NULL) == (cases[i].query == NULL));
        ck_assert(cases[i].query == NULL || is(request.query, cases[i].query));
        ck_assert(cases[i].host == NULL || is(request.host, cases[i].host));
    }
}
END_TEST

START_TEST(what_is_no_target_is_refused)
{
    static const char *const cases[] = {
        "",           "a",           "*",
        "/a#b",       "/a?b#c",      "/a ",
        "http://",    "http:///",    "http:/a",
        "https://h/", "ftp://h/a",   "http://u@h",
        "h:80",       "http://h/#",  "/a b",
        "/a  ",       "/a?b ",       "/a?b c",
        "/a\tb",      "/a\x7f",      "/a\x80",
        "/\xff",      "/\x01?b",     "/a?\x01",
        "/a?b\x7f",   "/a?\xc3\xa9", " /a",
        "* ",         "http://h ",   "http://h/a b",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = {.method = HTTP_METHOD_GET};

        ck_assert_msg(read_target(&request, cases[i]) == -400, "%s", cases[i]);
    }
}
END_TEST

START_TEST(a_star_is_for_options)
{
    static const char *const cases[] = {"*", "http://h"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = {.method = HTTP_METHOD_OPTIONS};

        ck_assert_int_eq(read_target(&request, cases[i]), 0);
        ck_assert(is(request.path, "*"));
        ck_assert(!request.is_plain);
    }
}
END_TEST

START_TEST(paths_are_made_the_same)
{
    static const struct {
        const char *path, *normal;
    } cases[] = {
        {"/%61", "/a"},         {"//a", "/a"},
        {"/a//b", "/a/b"},      {"/./a", "/a"},
        {"/a/./b", "/a/b"},     {"/a/../b", "/b"},
        {"/a/b/../../c", "/c"}, {"/a/..", "/"},
        {"/a/b/..", "/a/"},     {"/a/.", "/a/"},
        {"/a//", "/a/"},        {"//", "/"},
        {"/%2e%2E/a", NULL},    {"/a/../..", NULL},
        {"/..", NULL},          {"/%", NULL},
        {"/%4", NULL},          {"/%4g", NULL},
        {"/%00", NULL},         {"/.a/..b/...", "/.a/..b/..."},
        {"/a%2fb", "/a/b"},     {"/%25%34%31", "/%41"},
        {"/a/%2e./b", "/b"},    {"/\xff%ff", "/\xff\xff"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_span path = http_span_of(cases[i].path);
        char room[32];
        int result = target_normalise(&path, room);

        ck_assert_msg(result == (cases[i].normal == NULL ? -400 : 0), "%s",
                      cases[i].path);
        ck_assert_msg(result < 0 || is(path, cases[i].normal), "%s: %.*s",
                      cases[i].path, (int)path.size, path.data);
    }
}
END_TEST

START_TEST(only_what_is_plain_already_is_called_so)
{
    static const struct {
        const char *target;
        bool is_plain;
    } cases[] = {
        {"/", true},        {"/a/b.c/", true}, {"/a?%41//..", true},
        {"/%61", false},    {"//", false},     {"/a//", false},
        {"/.a", false},     {"/a/..", false},  {"/a\\b", false},
        {"/a.b/?\\", true},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_request request = {.method = HTTP_METHOD_GET};

        ck_assert_int_eq(read_target(&request, cases[i].target), 0);
        ck_assert_msg(request.is_plain == cases[i].is_plain, "%s",
                      cases[i].target);
    }
}
END_TEST

static void check_set(const struct byte_set *set, const char *marks)
{
    for (int c = 0; c < 256; c++) {
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool is_digit = c >= '0' && c <= '9';
        bool is_mark = c != 0 && strchr(marks, c) != NULL;

        ck_assert_msg(byte_is_in((char)c, set) ==
                          (is_letter || is_digit || is_mark),
                      "%d", c);
    }
}

START_TEST(sets_of_bytes_are_what_they_are_called)
{
    check_set(&bytes_token, "!#$%&'*+-.^_`|~");
    check_set(&bytes_name, "-._~!$&'()*+,;=");
    check_set(&bytes_literal, "-._~!$&'()*+,;=:");
    for (int c = 0; c < 256; c++) {
        bool is_visible = c > 0x20 && c < 0x7f;
        bool is_plain = c != 0 && strchr("/?#%\\", c) == NULL;

        ck_assert(byte_is_in((char)c, &bytes_target) ==
                  (is_visible && c != '#'));
        ck_assert(byte_is_in((char)c, &bytes_plain) ==
                  (is_visible && is_plain));
    }
}
END_TEST

UNIT_MAIN("http_target",
          hosts_are_told_from_what_is_none,
          a_target_is_split,
          what_is_no_target_is_refused,
          a_star_is_for_options,
          paths_are_made_the_same,
          only_what_is_plain_already_is_called_so,
          sets_of_bytes_are_what_they_are_called)
