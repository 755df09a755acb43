/* SPDX-License-Identifier: MIT */
#include "buckets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

static struct buckets buckets;
static char text[BUCKETS_MAX * BUCKETS_TEXT_EACH + 1];

static const char *format(void)
{
    ck_assert_uint_eq(buckets_format(&buckets, text, sizeof(text)),
                      strlen(text));
    return text;
}

START_TEST(what_is_written_is_read)
{
    static const char *const texts[] = {
        "",
        "1024:17",
        "1024:17,1280:5,inf:1",
        "inf:18446744073709551615",
        "0:1,18446744073709551614:1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_int_eq(buckets_parse(&buckets, texts[i]), 0);
        ck_assert_str_eq(format(), texts[i]);
    }
}
END_TEST

START_TEST(empty_buckets_are_left_out)
{
    buckets_add(&buckets, 256, 0);
    buckets_add(&buckets, 320, 2);
    buckets_add(&buckets, BUCKETS_INFINITE, 0);
    ck_assert_str_eq(format(), "320:2");
    ck_assert_int_eq(buckets_parse(&buckets, "256:0,320:2"), 0);
    ck_assert_str_eq(format(), "320:2");
}
END_TEST

START_TEST(what_is_no_such_text_is_refused)
{
    static const char *const texts[] = {
        "1",
        "1:",
        ":1",
        "a:1",
        "1:1x",
        "-1:1",
        "1:-1",
        " 1:1",
        "1: 1",
        "2:1,1:1",
        "1:1,1:1",
        "inf:1,2:1",
        "1:1;",
        "infi:1",
        "18446744073709551615:1",
        "18446744073709551616:1",
        "1:18446744073709551616",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        buckets.count = 1;
        ck_assert_int_eq(buckets_parse(&buckets, texts[i]), -EINVAL);
        ck_assert_uint_eq(buckets.count, 0);
    }
}
END_TEST

START_TEST(one_too_many_is_not_kept)
{
    char more[sizeof(text) + 8];
    struct buckets again;

    for (uint64_t i = 1; i <= BUCKETS_MAX + 1; i++) {
        buckets_add(&buckets, UINT64_MAX - 1000 + i, UINT64_MAX);
    }
    ck_assert_uint_eq(buckets.count, BUCKETS_MAX);
    ck_assert_uint_lt(strlen(format()), sizeof(text));
    ck_assert_int_eq(buckets_parse(&again, text), 0);
    ck_assert_uint_eq(again.count, BUCKETS_MAX);
    (void)snprintf(more, sizeof(more), "%s,inf:1", text);
    ck_assert_int_eq(buckets_parse(&again, more), -EINVAL);
}
END_TEST

START_TEST(a_short_buffer_holds_a_beginning)
{
    char small[6];

    ck_assert_int_eq(buckets_parse(&buckets, "1024:17,1280:5"), 0);
    ck_assert_uint_eq(buckets_format(&buckets, small, sizeof(small)), 14);
    ck_assert_str_eq(small, "1024:");
    ck_assert_uint_eq(buckets_format(&buckets, NULL, 0), 14);
}
END_TEST

START_TEST(the_difference_is_never_negative)
{
    struct buckets earlier;

    ck_assert_int_eq(buckets_parse(&earlier, "10:5,20:7,30:1"), 0);
    ck_assert_int_eq(buckets_parse(&buckets, "10:8,20:6,30:1,inf:2"), 0);
    buckets_subtract(&buckets, &earlier);
    ck_assert_str_eq(format(), "10:3,inf:2");
}
END_TEST

START_TEST(a_quantile_is_a_bound)
{
    ck_assert_uint_eq(buckets_quantile(&buckets, 990), 0);
    ck_assert_int_eq(buckets_parse(&buckets, "10:98,20:1,inf:1"), 0);
    ck_assert_uint_eq(buckets_quantile(&buckets, 500), 10);
    ck_assert_uint_eq(buckets_quantile(&buckets, 980), 10);
    ck_assert_uint_eq(buckets_quantile(&buckets, 981), 20);
    ck_assert_uint_eq(buckets_quantile(&buckets, 990), 20);
    ck_assert_uint_eq(buckets_quantile(&buckets, 991), BUCKETS_INFINITE);
}
END_TEST

UNIT_MAIN("buckets",
          what_is_written_is_read,
          empty_buckets_are_left_out,
          what_is_no_such_text_is_refused,
          one_too_many_is_not_kept,
          a_short_buffer_holds_a_beginning,
          the_difference_is_never_negative,
          a_quantile_is_a_bound)
