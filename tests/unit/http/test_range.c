/* SPDX-License-Identifier: MIT */
#include "range.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

struct part {
    const char *text;
    uint64_t whole, first, size;
};

static enum range_kind parse(const char *text, uint64_t whole)
{
    struct range range = {.first = 77, .size = 77};
    const enum range_kind kind = range_parse(text, strlen(text), whole, &range);

    ck_assert(kind == RANGE_PART || (range.first == 77 && range.size == 77));
    return kind;
}

START_TEST(reads_parts)
{
    static const struct part cases[] = {
        {"bytes=0-0", 10, 0, 1},
        {"bytes=0-9", 10, 0, 10},
        {"bytes=0-10", 10, 0, 10},
        {"bytes=5-", 10, 5, 5},
        {"bytes=9-", 10, 9, 1},
        {"bytes=9-9", 10, 9, 1},
        {"bytes=-1", 10, 9, 1},
        {"bytes=-10", 10, 0, 10},
        {"bytes=-11", 10, 0, 10},
        {"bytes=2-00000000000000000000000000004", 10, 2, 3},
        {"bytes=2-99999999999999999999999999999", 10, 2, 8},
        {"bytes=-99999999999999999999999999999", 10, 0, 10},
        {"bytes=0-18446744073709551615", 10, 0, 10},
        {"bytes=0-18446744073709551616", 10, 0, 10},
        {"bytes=1-", UINT64_MAX, 1, UINT64_MAX - 1},
        {"BYTES=1-2", 10, 1, 2},
        {"bytes= 1-2 ", 10, 1, 2},
        {"bytes=,1-2 , ,", 10, 1, 2},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct part *part = &cases[i];
        struct range range = {0};

        ck_assert_msg(range_parse(part->text, strlen(part->text), part->whole,
                                  &range) == RANGE_PART,
                      "%s", part->text);
        ck_assert_msg(range.first == part->first && range.size == part->size,
                      "%s: %llu, %llu", part->text,
                      (unsigned long long)range.first,
                      (unsigned long long)range.size);
    }
}
END_TEST

START_TEST(knows_what_is_beyond_the_end)
{
    static const char *const cases[] = {
        "bytes=10-",
        "bytes=10-20",
        "bytes=-0",
        "bytes=18446744073709551615-",
        "bytes=99999999999999999999999-",
        "bytes=99999999999999999999999-99999999999999999999999",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(parse(cases[i], 10) == RANGE_UNSATISFIABLE, "%s",
                      cases[i]);
    }
}
END_TEST

START_TEST(an_empty_file_has_no_parts)
{
    ck_assert_int_eq(parse("bytes=0-", 0), RANGE_UNSATISFIABLE);
    ck_assert_int_eq(parse("bytes=0-0", 0), RANGE_UNSATISFIABLE);
    ck_assert_int_eq(parse("bytes=-0", 0), RANGE_UNSATISFIABLE);
    ck_assert_int_eq(parse("bytes=-5", 0), RANGE_WHOLE);
}
END_TEST

START_TEST(ignores_what_it_does_not_do)
{
    static const char *const cases[] = {
        "",          "bytes",        "bytes=",        "bytes=-",
        "bytes=,",   "bytes=a-b",    "bytes=1",       "bytes=1-2-3",
        "bytes=2-1", "bytes=1 - 2",  "bytes=--1",     "bytes=+1-2",
        "bytes=1-x", "bytes=0x1-2",  "bytes=1-2,4-5", "bytes=-1,-2",
        "bytes:1-2", "bytes =1-2",   " bytes=1-2",    "items=1-2",
        "lines=-1",  "bytes=1-2;a=b"};

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_msg(parse(cases[i], 10) == RANGE_WHOLE, "%s", cases[i]);
    }
    ck_assert_int_eq(range_parse(NULL, 0, 10, NULL), RANGE_WHOLE);
}
END_TEST

static void check_model(unsigned whole, unsigned first, unsigned last)
{
    struct range range = {.first = first, .size = 0};
    char text[40];
    unsigned count = 0;
    enum range_kind kind;

    for (unsigned i = 0; i < whole; i++) {
        count += i >= first && i <= last ? 1 : 0;
    }
    (void)snprintf(text, sizeof(text), "bytes=%u-%u", first, last);
    kind = range_parse(text, strlen(text), whole, &range);
    ck_assert_int_eq(kind, count == 0 ? RANGE_UNSATISFIABLE : RANGE_PART);
    ck_assert_uint_eq(range.first, first);
    ck_assert_uint_eq(range.size, count);
}

/* What is said must be the same as what counting byte by byte gives. */
START_TEST(agrees_with_a_model)
{
    for (unsigned i = 0; i < 12 * 15 * 15; i++) {
        const unsigned first = i % 15;
        const unsigned last = i / 15 % 15;

        if (first <= last) {
            check_model(i / 225, first, last);
        }
    }
}
END_TEST

START_TEST(writes_content_range)
{
    const struct range part = {.first = 2, .size = 3};
    const struct range largest = {.first = UINT64_MAX - 2, .size = 2};
    char text[RANGE_TEXT_MAX];

    ck_assert_uint_eq(range_format(&part, 10, text), strlen("bytes 2-4/10"));
    ck_assert_str_eq(text, "bytes 2-4/10");
    (void)range_format(NULL, 10, text);
    ck_assert_str_eq(text, "bytes */10");
    (void)range_format(&largest, UINT64_MAX, text);
    ck_assert_str_eq(text, "bytes 18446744073709551613-18446744073709551614/"
                           "18446744073709551615");
}
END_TEST

UNIT_MAIN("http.range",
          reads_parts,
          knows_what_is_beyond_the_end,
          an_empty_file_has_no_parts,
          ignores_what_it_does_not_do,
          agrees_with_a_model,
          writes_content_range)
