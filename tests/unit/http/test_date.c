/* SPDX-License-Identifier: MIT */
#include "date.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* 1994-11-06 08:49:37, the date of RFC 9110; and 2026-07-01 00:00:00. */
#define EXAMPLE INT64_C(784111777)
#define NOW INT64_C(1782864000)

static int64_t parse(const char *text, int64_t now)
{
    int64_t seconds = -1;
    const int error = date_parse(text, strlen(text), now, &seconds);

    ck_assert_msg(error == 0, "%s: %d", text, error);
    return seconds;
}

static void check_bad(const char *text)
{
    int64_t seconds = 12345;
    const int error = date_parse(text, strlen(text), NOW, &seconds);

    ck_assert_msg(error == -EINVAL, "%s: %d", text, error);
    ck_assert_int_eq(seconds, 12345);
}

static void check_format(int64_t seconds, const char *expected)
{
    char text[DATE_SIZE + 1] = "";

    date_format(seconds, text);
    ck_assert_str_eq(text, expected);
}

START_TEST(writes_imf_fixdate)
{
    check_format(EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT");
    check_format(0, "Thu, 01 Jan 1970 00:00:00 GMT");
    check_format(-1, "Wed, 31 Dec 1969 23:59:59 GMT");
    check_format(951782400, "Tue, 29 Feb 2000 00:00:00 GMT");
    check_format(4107542400, "Mon, 01 Mar 2100 00:00:00 GMT");
}
END_TEST

START_TEST(writes_the_nearest_time_that_can_be_written)
{
    check_format(INT64_MIN, "Mon, 01 Jan 0001 00:00:00 GMT");
    check_format(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}
END_TEST

START_TEST(reads_all_three_forms)
{
    ck_assert_int_eq(parse("Sun, 06 Nov 1994 08:49:37 GMT", NOW), EXAMPLE);
    ck_assert_int_eq(parse("Sunday, 06-Nov-94 08:49:37 GMT", NOW), EXAMPLE);
    ck_assert_int_eq(parse("Sun Nov  6 08:49:37 1994", NOW), EXAMPLE);
    ck_assert_int_eq(parse("Wed Nov 16 08:49:37 1994", NOW),
                     EXAMPLE + INT64_C(864000));
}
END_TEST

static void check_against_libc(int64_t seconds)
{
    const time_t time = (time_t)seconds;
    char expected[160];
    char text[DATE_SIZE + 1] = "";
    char date[64];
    struct tm parts;

    ck_assert_ptr_nonnull(gmtime_r(&time, &parts));
    ck_assert_uint_gt(strftime(date, sizeof(date), "%a, %d %b", &parts), 0);
    (void)snprintf(expected, sizeof(expected), "%s %04d %02d:%02d:%02d GMT",
                   date, parts.tm_year + 1900, parts.tm_hour, parts.tm_min,
                   parts.tm_sec);
    date_format(seconds, text);
    ck_assert_str_eq(text, expected);
    ck_assert_int_eq(parse(text, NOW), seconds);
}

START_TEST(agrees_with_libc)
{
    srandom(1);
    for (int i = 0; i < 20000; i++) {
        /* The years 5 to 8038. */
        check_against_libc(((int64_t)random() * 118) - INT64_C(62000000000));
    }
}
END_TEST

START_TEST(two_digits_are_at_most_fifty_years_ahead)
{
    /* It is 2026-07-01. */
    ck_assert_int_eq(parse("Friday, 31-Dec-99 23:59:59 GMT", NOW), 946684799);
    ck_assert_int_eq(parse("Saturday, 01-Jan-00 00:00:00 GMT", NOW), 946684800);
    ck_assert_int_eq(parse("Wednesday, 01-Jul-76 00:00:00 GMT", NOW),
                     parse("Wed, 01 Jul 2076 00:00:00 GMT", NOW));
    ck_assert_int_eq(parse("Wednesday, 01-Jul-76 00:00:01 GMT", NOW),
                     parse("Thu, 01 Jul 1976 00:00:01 GMT", NOW));
    ck_assert_int_eq(parse("Sunday, 01-Jan-77 00:00:00 GMT", NOW),
                     parse("Sat, 01 Jan 1977 00:00:00 GMT", NOW));
}
END_TEST

START_TEST(two_digits_may_be_of_the_next_century)
{
    const int64_t now = parse("Sun, 01 Jan 2090 00:00:00 GMT", 0);

    ck_assert_int_eq(parse("Saturday, 01-Jan-05 00:00:00 GMT", now),
                     parse("Thu, 01 Jan 2105 00:00:00 GMT", now));
    ck_assert_int_eq(parse("Saturday, 01-Jan-89 00:00:00 GMT", now),
                     parse("Sat, 01 Jan 2089 00:00:00 GMT", now));
}
END_TEST

START_TEST(any_present_will_do)
{
    static const int64_t presents[] = {INT64_MIN, -1, 0, NOW, INT64_MAX};
    const char *text = "Sunday, 06-Nov-94 08:49:37 GMT";
    int64_t seconds;

    for (size_t i = 0; i < COUNT_OF(presents); i++) {
        ck_assert_int_eq(date_parse(text, strlen(text), presents[i], &seconds),
                         0);
    }
}
END_TEST

START_TEST(knows_leap_days)
{
    ck_assert_int_eq(parse("Tue, 29 Feb 2000 00:00:00 GMT", NOW), 951782400);
    (void)parse("Thu, 29 Feb 2024 00:00:00 GMT", NOW);
    check_bad("Mon, 29 Feb 2100 00:00:00 GMT");
    check_bad("Sun, 29 Feb 2026 00:00:00 GMT");
    check_bad("Sunday, 29-Feb-26 00:00:00 GMT");
}
END_TEST

START_TEST(takes_a_leap_second)
{
    ck_assert_int_eq(parse("Sat, 31 Dec 2016 23:59:60 GMT", NOW),
                     parse("Sun, 01 Jan 2017 00:00:00 GMT", NOW));
}
END_TEST

START_TEST(refuses_what_is_no_date)
{
    static const char *const cases[] = {
        "",
        "0",
        "Sun",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 gmt",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06 Nov 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun, 06 Nov 1994 08:49 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 06-Nov-1994 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 94",
        "Sun Nov  6 08:49:37 1994 GMT",
        "1994-11-06T08:49:37Z",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_bad(cases[i]);
    }
}
END_TEST

/* Without a NUL behind them, so that the sanitizer sees a step too far. */
START_TEST(reads_no_further_than_the_end)
{
    static const char *const cases[] = {
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t size = 0; size < strlen(cases[i]); size++) {
            char *text = malloc(size == 0 ? 1 : size);
            int64_t seconds;

            ck_assert_ptr_nonnull(text);
            memcpy(text, cases[i], size);
            ck_assert_int_eq(date_parse(text, size, NOW, &seconds), -EINVAL);
            free(text);
        }
    }
}
END_TEST

UNIT_MAIN("http.date",
          writes_imf_fixdate,
          writes_the_nearest_time_that_can_be_written,
          reads_all_three_forms,
          agrees_with_libc,
          two_digits_are_at_most_fifty_years_ahead,
          two_digits_may_be_of_the_next_century,
          any_present_will_do,
          knows_leap_days,
          takes_a_leap_second,
          refuses_what_is_no_date,
          reads_no_further_than_the_end)
