/* SPDX-License-Identifier: MIT */
#include "berth-conform/verdict.h"

#include <string.h>

#include "unit.h"

START_TEST(the_first_failure_stays)
{
    struct verdict verdict = {.kind = VERDICT_PASS};

    verdict_expect(&verdict, "%d", 1);
    verdict_expect(&verdict, "%d", 2);
    verdict_when(&verdict, ", too early");
    ck_assert(!verdict_fail(&verdict, "%s", "three"));
    verdict_when(&verdict, ", at %d", 4);
    verdict_expect(&verdict, "five");
    ck_assert(!verdict_fail(&verdict, "six"));
    verdict_skip(&verdict, "seven");
    ck_assert_int_eq(verdict.kind, VERDICT_FAIL);
    ck_assert_str_eq(verdict.expected, "2");
    ck_assert_str_eq(verdict.got, "three, at 4");
}
END_TEST

START_TEST(what_is_skipped_has_a_reason)
{
    struct verdict verdict = {.kind = VERDICT_PASS};

    verdict_skip(&verdict, "no %s", "way");
    ck_assert_int_eq(verdict.kind, VERDICT_SKIP);
    ck_assert_str_eq(verdict.note, "no way");
    ck_assert_str_eq(verdict_name(verdict.kind), "skip");
}
END_TEST

START_TEST(texts_are_cut_where_they_must)
{
    struct verdict verdict = {.kind = VERDICT_PASS};

    (void)verdict_fail(&verdict, "%0*d", 2 * VERDICT_TEXT_MAX, 1);
    verdict_when(&verdict, "more");
    ck_assert_uint_eq(strlen(verdict.got), VERDICT_TEXT_MAX - 1);
}
END_TEST

START_TEST(bytes_are_quoted)
{
    char text[64];

    ck_assert_str_eq(verdict_quote(text, sizeof(text), "a\"\\\r\n\t", 6),
                     "\"a\\\"\\\\\\r\\n\\t\"");
    ck_assert_str_eq(verdict_quote(text, sizeof(text), "\0\x1b\x7f\xff", 4),
                     "\"\\x00\\x1b\\x7f\\xff\"");
    ck_assert_str_eq(verdict_quote(text, sizeof(text), "", 0), "\"\"");
}
END_TEST

START_TEST(many_bytes_are_cut)
{
    char text[16];

    ck_assert_str_eq(verdict_quote(text, sizeof(text), "0123456789abcdef", 16),
                     "\"0123456789\"...");
    ck_assert_str_eq(verdict_quote(text, sizeof(text), "01234567\0", 10),
                     "\"01234567\"...");
}
END_TEST

UNIT_MAIN("conform.verdict",
          the_first_failure_stays,
          what_is_skipped_has_a_reason,
          texts_are_cut_where_they_must,
          bytes_are_quoted,
          many_bytes_are_cut)
