/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "usage.h"

static const struct usage usage = {"berth-x", "berth-x --help"};
static const struct usage_time wait_time = {
    .name = "wait", .range = "up to 2s", .min_ms = 1, .max_ms = 2000};

static FILE *real;
static struct capture capture;

static void set_up(void)
{
    real = stderr;
    stderr = capture_begin(&capture);
}

static void tear_down(void)
{
    stderr = real;
    capture_free(&capture);
}

static void expect(const char *text)
{
    ck_assert_str_eq(capture_end(&capture), text);
}

START_TEST(what_is_wrong_is_told_and_where_to_read_on)
{
    ck_assert_int_eq(usage_refuse(&usage, "'%s' is no %d", "x", 7), -EINVAL);
    expect("berth-x: 'x' is no 7\ntry 'berth-x --help'\n");
}
END_TEST

START_TEST(a_value_that_is_missing)
{
    ck_assert_int_eq(usage_refuse_option(&usage, ':', "--wait"), -EINVAL);
    expect("berth-x: option '--wait' needs a value\ntry 'berth-x --help'\n");
}
END_TEST

START_TEST(an_option_that_is_none)
{
    ck_assert_int_eq(usage_refuse_option(&usage, '?', "--wit"), -EINVAL);
    expect("berth-x: option '--wit' is unknown, or takes no value\n"
           "try 'berth-x --help'\n");
}
END_TEST

START_TEST(a_time_in_its_range_is_read)
{
    uint64_t ms = 0;

    ck_assert_int_eq(usage_read_time(&usage, &wait_time, "1ms", &ms), 0);
    ck_assert_uint_eq(ms, 1);
    ck_assert_int_eq(usage_read_time(&usage, &wait_time, "2s", &ms), 0);
    ck_assert_uint_eq(ms, 2000);
    expect("");
}
END_TEST

START_TEST(a_time_beyond_its_range_is_not)
{
    uint64_t ms;

    ck_assert_int_eq(usage_read_time(&usage, &wait_time, "2001ms", &ms),
                     -EINVAL);
    expect("berth-x: '--wait 2001ms' is not up to 2s\n"
           "try 'berth-x --help'\n");
}
END_TEST

START_TEST(what_is_no_time_is_told_with_a_hint)
{
    uint64_t ms;
    const char *text;

    ck_assert_int_eq(usage_read_time(&usage, &wait_time, "2", &ms), -EINVAL);
    text = capture_end(&capture);
    ck_assert_msg(strncmp(text, "berth-x: '--wait 2' ", 20) == 0, "%s", text);
    ck_assert_msg(strstr(text, "2s") != NULL, "%s", text);
}
END_TEST

UNIT_MAIN_WITH("usage",
               set_up,
               tear_down,
               what_is_wrong_is_told_and_where_to_read_on,
               a_value_that_is_missing,
               an_option_that_is_none,
               a_time_in_its_range_is_read,
               a_time_beyond_its_range_is_not,
               what_is_no_time_is_told_with_a_hint)
