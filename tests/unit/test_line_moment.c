/* SPDX-License-Identifier: MIT */
#include "moment.h"

#include <string.h>
#include <time.h>

#include "unit.h"

static void check_as_libc(uint64_t seconds)
{
    const time_t moment = (time_t)seconds;
    char expected[MOMENT_SIZE], text[MOMENT_SIZE];
    struct tm parts;

    (void)gmtime_r(&moment, &parts);
    (void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%SZ", &parts);
    /* ck_assert() writes to a pipe each time: too slow for so many days. */
    if (moment_format(seconds * 1000 + 999, text) != strlen(expected) ||
        strcmp(text, expected) != 0) {
        ck_abort_msg("expected %s, got %s", expected, text);
    }
}

START_TEST(it_is_as_the_c_library_has_it)
{
    const uint64_t day_s = 86400, days = 330000;

    /* Each day of 900 years, at another time of the day. */
    for (uint64_t day = 0; day < days; day++) {
        check_as_libc(day * day_s + day * 7919 % day_s);
    }
}
END_TEST

START_TEST(a_day_begins_and_ends_as_it_should)
{
    char text[MOMENT_SIZE];

    ck_assert_uint_eq(moment_format(0, text), 20);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
    (void)moment_format(UINT64_C(951868799999), text);
    ck_assert_str_eq(text, "2000-02-29T23:59:59Z");
    (void)moment_format(UINT64_C(951868800000), text);
    ck_assert_str_eq(text, "2000-03-01T00:00:00Z");
}
END_TEST

START_TEST(the_farthest_moment_fits)
{
    char text[MOMENT_SIZE];

    ck_assert_uint_lt(moment_format(UINT64_MAX, text), MOMENT_SIZE);
}
END_TEST

UNIT_MAIN("line_moment",
          it_is_as_the_c_library_has_it,
          a_day_begins_and_ends_as_it_should,
          the_farthest_moment_fits)
