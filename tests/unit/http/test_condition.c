/* SPDX-License-Identifier: MIT */
#include "condition.h"

#include <string.h>

#include "unit.h"

/* 1994-11-06 08:49:37 is when it was modified; now it is a day later. */
#define MODIFIED INT64_C(784111777)
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define SAME_850 "Sunday, 06-Nov-94 08:49:37 GMT"
#define SAME_ASCTIME "Sun Nov  6 08:49:37 1994"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

static const struct validators there = {
    .etag = {"\"a\"", 3}, .modified = MODIFIED, .now = MODIFIED + 86400};
static const struct validators fresh = {
    .etag = {"\"a\"", 3}, .modified = MODIFIED, .now = MODIFIED + 1};
static const struct validators missing = {.now = MODIFIED + 86400};

/* Headers as in "If-Match: *", up to a NULL. */
static struct condition read_headers(const struct validators *validators,
                                     const char *const *headers)
{
    struct condition condition;

    condition_init(&condition, validators);
    for (; *headers != NULL; headers++) {
        const char *colon = strchr(*headers, ':');
        const struct http_header header = {
            .name = {*headers, (size_t)(colon - *headers)},
            .value = http_span_of(colon + 2),
        };

        condition_add(&condition, &header);
    }
    return condition;
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void check(const struct validators *validators,
                  const char *const *headers,
                  enum condition_result read,
                  enum condition_result change)
{
    const struct condition condition = read_headers(validators, headers);

    ck_assert_msg(condition_decide(&condition, true) == read, "GET, %s",
                  headers[0]);
    ck_assert_msg(condition_decide(&condition, false) == change, "PUT, %s",
                  headers[0]);
}

static void check_holds(const char *const *headers)
{
    check(&there, headers, CONDITION_HOLDS, CONDITION_HOLDS);
}

static void check_failed(const char *const *headers)
{
    check(&there, headers, CONDITION_FAILED, CONDITION_FAILED);
}

/* None: the range is to be ignored. */
static void check_range(const struct validators *validators,
                        const char *const *headers,
                        bool is_heeded)
{
    const struct condition condition = read_headers(validators, headers);
    const struct http_span range = condition_range(&condition);

    ck_assert_msg((range.data != NULL) == is_heeded, "%s", headers[0]);
    ck_assert_int_eq(condition_decide(&condition, true), CONDITION_HOLDS);
}

START_TEST(without_a_condition_all_goes_on)
{
    check_holds(HEADERS("Host: a", "Accept: *", "Range: bytes=1-2"));
    check_holds(HEADERS("If: *", "Ifmatch: *", ": a", "R: a"));
}
END_TEST

START_TEST(if_match_wants_one_of_the_list)
{
    check_holds(HEADERS("If-Match: \"a\""));
    check_holds(HEADERS("if-match: \"b\", \"a\""));
    check_holds(HEADERS("If-Match: ,,\"b\" ,\t\"a\", "));
    check_holds(HEADERS("If-Match: *"));
    check_holds(HEADERS("If-Match: \"b\"", "If-Match: \"a\""));
    check_holds(HEADERS("If-Match: \"a\"", "If-Match: \"b\""));
    check_failed(HEADERS("If-Match: \"b\""));
    check_failed(HEADERS("If-Match: \"A\""));
    check_failed(HEADERS("If-Match: \"a"));
    check_failed(HEADERS("If-Match: a"));
    check_failed(HEADERS("If-Match: "));
    check_failed(HEADERS("If-Match: \"b\" x \"a\""));
}
END_TEST

START_TEST(if_match_compares_strongly)
{
    check_failed(HEADERS("If-Match: W/\"a\""));
    check_holds(HEADERS("If-Match: W/\"a\", \"a\""));
}
END_TEST

START_TEST(if_none_match_wants_none_of_the_list)
{
    static const char *const listed[] = {
        "If-None-Match: \"a\"",
        "If-None-Match: W/\"a\"",
        "If-None-Match: *",
        "If-None-Match: \"b\", \"a\"",
        "If-None-Match: W/\"b\",\"a\"",
        "IF-NONE-MATCH: \"\",\"a\"",
    };

    for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
        check(&there, HEADERS(listed[i]), CONDITION_NOT_MODIFIED,
              CONDITION_FAILED);
    }
    check(&there, HEADERS("If-None-Match: \"b\"", "If-None-Match: \"a\""),
          CONDITION_NOT_MODIFIED, CONDITION_FAILED);
    check_holds(HEADERS("If-None-Match: \"b\""));
    check_holds(HEADERS("If-None-Match: w/\"a\""));
    check_holds(HEADERS("If-None-Match: a"));
    check_holds(HEADERS("If-None-Match: \"b,\\\"a\\\"\""));
}
END_TEST

START_TEST(if_modified_since_is_for_reading)
{
    static const char *const not_modified[] = {
        "If-Modified-Since: " SAME,
        "If-Modified-Since: " SAME_850,
        "If-Modified-Since: " SAME_ASCTIME,
        "If-Modified-Since: " AFTER,
        "If-Modified-Since: Fri, 31 Dec 9999 23:59:59 GMT",
    };

    for (size_t i = 0; i < sizeof(not_modified) / sizeof(not_modified[0]);
         i++) {
        check(&there, HEADERS(not_modified[i]), CONDITION_NOT_MODIFIED,
              CONDITION_HOLDS);
    }
    check_holds(HEADERS("If-Modified-Since: " BEFORE));
}
END_TEST

START_TEST(if_unmodified_since_wants_no_change)
{
    check_holds(HEADERS("If-Unmodified-Since: " SAME));
    check_holds(HEADERS("If-Unmodified-Since: " AFTER));
    check_failed(HEADERS("If-Unmodified-Since: " BEFORE));
}
END_TEST

START_TEST(what_is_no_date_is_ignored)
{
    check_holds(HEADERS("If-Modified-Since: yesterday"));
    check_holds(HEADERS("If-Modified-Since: "));
    check_holds(HEADERS("If-Modified-Since: " SAME ", " SAME));
    check_holds(HEADERS("If-Unmodified-Since: yesterday"));
}
END_TEST

START_TEST(a_single_value_that_comes_twice_is_ignored)
{
    check_holds(
        HEADERS("If-Modified-Since: " SAME, "If-Modified-Since: " SAME));
    check_holds(HEADERS("If-Unmodified-Since: " BEFORE,
                        "If-Unmodified-Since: " BEFORE));
    check_holds(HEADERS("If-Modified-Since: " SAME, "If-Modified-Since: " SAME,
                        "If-Modified-Since: " SAME));
}
END_TEST

START_TEST(etags_come_before_dates)
{
    check_holds(HEADERS("If-Match: \"a\"", "If-Unmodified-Since: " BEFORE));
    check_failed(HEADERS("If-Unmodified-Since: " SAME, "If-Match: \"b\""));
    check_holds(HEADERS("If-None-Match: \"b\"", "If-Modified-Since: " SAME));
    check(&there, HEADERS("If-Modified-Since: " BEFORE, "If-None-Match: \"a\""),
          CONDITION_NOT_MODIFIED, CONDITION_FAILED);
}
END_TEST

START_TEST(what_must_hold_comes_before_what_must_not)
{
    check_failed(HEADERS("If-None-Match: \"a\"", "If-Match: \"b\""));
    check_failed(
        HEADERS("If-None-Match: \"a\"", "If-Unmodified-Since: " BEFORE));
    check(&there, HEADERS("If-Match: \"a\"", "If-None-Match: \"a\""),
          CONDITION_NOT_MODIFIED, CONDITION_FAILED);
    check(&there,
          HEADERS("If-Unmodified-Since: " SAME, "If-Modified-Since: " SAME),
          CONDITION_NOT_MODIFIED, CONDITION_HOLDS);
}
END_TEST

START_TEST(what_does_not_exist_matches_nothing)
{
    check(&missing, HEADERS("If-Match: *"), CONDITION_FAILED, CONDITION_FAILED);
    check(&missing, HEADERS("If-Match: \"\""), CONDITION_FAILED,
          CONDITION_FAILED);
    check(&missing, HEADERS("If-None-Match: *"), CONDITION_HOLDS,
          CONDITION_HOLDS);
    check(&missing, HEADERS("If-Modified-Since: " SAME), CONDITION_HOLDS,
          CONDITION_HOLDS);
    check(&missing, HEADERS("If-Unmodified-Since: " BEFORE), CONDITION_HOLDS,
          CONDITION_HOLDS);
}
END_TEST

START_TEST(a_range_is_heeded_without_if_range)
{
    const struct condition condition =
        read_headers(&there, HEADERS("Range: bytes=1-2"));
    const struct http_span range = condition_range(&condition);

    ck_assert(http_span_is(range, "bytes=1-2"));
    check_range(&there, HEADERS("Host: a"), false);
    check_range(&there, HEADERS("If-Range: \"a\""), false);
}
END_TEST

START_TEST(if_range_wants_the_same)
{
    const char *range = "Range: bytes=1-2";

    check_range(&there, HEADERS("If-Range: \"a\"", range), true);
    check_range(&there, HEADERS(range, "If-Range: " SAME), true);
    check_range(&there, HEADERS(range, "If-Range: " SAME_850), true);
    check_range(&there, HEADERS(range, "If-Range: \"b\""), false);
    check_range(&there, HEADERS(range, "If-Range: " BEFORE), false);
    check_range(&there, HEADERS(range, "If-Range: " AFTER), false);
    check_range(&there, HEADERS(range, "If-Range: a"), false);
    check_range(&there, HEADERS(range, "If-Range: "), false);
    check_range(&there, HEADERS(range, "If-Range: *"), false);
    check_range(&there, HEADERS(range, "If-Range: \"b\", \"a\""), false);
}
END_TEST

START_TEST(if_range_compares_strongly)
{
    check_range(&there, HEADERS("Range: bytes=1-2", "If-Range: W/\"a\""),
                false);
    check_range(&fresh, HEADERS("Range: bytes=1-2", "If-Range: " SAME), false);
    check_range(&fresh, HEADERS("Range: bytes=1-2", "If-Range: \"a\""), true);
}
END_TEST

START_TEST(several_ranges_or_if_ranges_are_ignored)
{
    check_range(&there, HEADERS("Range: bytes=1-2", "Range: bytes=1-2"), false);
    check_range(
        &there,
        HEADERS("Range: bytes=1-2", "If-Range: \"a\"", "If-Range: \"a\""),
        false);
}
END_TEST

/* The look that saves reading the others overlooks none. */
START_TEST(no_name_in_whatever_case_is_overlooked)
{
    static const char *const names[] = {
        "If-Match",
        "IF-MATCH",
        "if-none-match",
        "If-None-Match",
        "If-Modified-Since",
        "iF-mODIFIED-sINCE",
        "If-Unmodified-Since",
        "If-Range",
        "IF-RANGE",
        "Range",
        "RANGE",
        "range",
        "raNge",
    };
    struct http_header header = {.value = {NULL, 0}};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        header.name = http_span_of(names[i]);
        ck_assert_msg(condition_may_be(&header), "%s", names[i]);
    }
    header.name = http_span_of("Host");
    ck_assert(!condition_may_be(&header));
    header.name = (struct http_span){"", 0};
    ck_assert(!condition_may_be(&header));
}
END_TEST

UNIT_MAIN("http.condition",
          no_name_in_whatever_case_is_overlooked,
          without_a_condition_all_goes_on,
          if_match_wants_one_of_the_list,
          if_match_compares_strongly,
          if_none_match_wants_none_of_the_list,
          if_modified_since_is_for_reading,
          if_unmodified_since_wants_no_change,
          what_is_no_date_is_ignored,
          a_single_value_that_comes_twice_is_ignored,
          etags_come_before_dates,
          what_must_hold_comes_before_what_must_not,
          what_does_not_exist_matches_nothing,
          a_range_is_heeded_without_if_range,
          if_range_wants_the_same,
          if_range_compares_strongly,
          several_ranges_or_if_ranges_are_ignored)
