/* SPDX-License-Identifier: MIT */
#include "units.h"

#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

struct good {
    const char *text;
    uint64_t value;
};

struct bad {
    const char *text;
    int error;
    const char *why, *hint;
};

typedef int parse_fn(const char *text,
                     uint64_t *value,
                     const char **why,
                     char *hint,
                     size_t size);

static void check_one_good(parse_fn *parse, const struct good *good)
{
    const char *why = "";
    uint64_t value = 12345;
    char hint[128];
    const int error = parse(good->text, &value, &why, hint, sizeof(hint));

    ck_assert_msg(error == 0, "%s: %s", good->text, why);
    ck_assert_msg(value == good->value, "%s", good->text);
    ck_assert_str_eq(hint, "");
}

static void check_good(parse_fn *parse, const struct good *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_one_good(parse, &cases[i]);
    }
}

static void check_one_bad(parse_fn *parse, const struct bad *bad)
{
    const char *why = "";
    uint64_t value = 12345;
    char hint[128];
    const int error = parse(bad->text, &value, &why, hint, sizeof(hint));

    ck_assert_msg(error == bad->error, "%s: %d", bad->text, error);
    ck_assert_str_eq(why, bad->why);
    ck_assert_str_eq(hint, bad->hint);
    ck_assert_msg(value == 12345, "%s", bad->text);
}

static void check_bad(parse_fn *parse, const struct bad *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_one_bad(parse, &cases[i]);
    }
}

START_TEST(reads_sizes)
{
    static const struct good cases[] = {
        {"0", 0},
        {"1", 1},
        {"65536", 65536},
        {"512B", 512},
        {"0B", 0},
        {"64KiB", 65536},
        {"64kB", 64000},
        {"1MiB", 1048576},
        {"1MB", 1000000},
        {"2GiB", UINT64_C(2) << 30},
        {"2GB", 2000000000},
        {"3TiB", UINT64_C(3) << 40},
        {"3TB", UINT64_C(3000000000000)},
        {"18446744073709551615", UINT64_MAX},
        {"16777215TiB", UINT64_C(16777215) << 40},
    };

    check_good(units_parse_size, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(refuses_what_is_no_size)
{
    static const char usage[] = "write it as 64KiB, 64kB or plain bytes";
    static const struct bad cases[] = {
        {"", -EINVAL, "must be a size", usage},
        {"abc", -EINVAL, "must be a size", usage},
        {"KiB", -EINVAL, "must be a size", usage},
        {"64KiB ", -EINVAL, "must be a size", usage},
        {" 64KiB", -EINVAL, "must be a size", usage},
        {"+64", -EINVAL, "must be a size", usage},
        {"64KiB1", -EINVAL, "must be a size", usage},
        {"-1", -EINVAL, "must not be negative", ""},
        {"-", -EINVAL, "must be a size", usage},
        {"010", -EINVAL, "must not begin with 0", ""},
        {"00", -EINVAL, "must not begin with 0", ""},
        {"1.5MiB", -EINVAL, "must be a whole number", "use a smaller unit"},
        {"1,5MiB", -EINVAL, "must be a whole number", "use a smaller unit"},
        {"64 KiB", -EINVAL, "must not have a blank before its unit",
         "did you mean 64KiB?"},
        {"64K", -EINVAL, "has an ambiguous unit",
         "write 64KiB (1024) or 64kB (1000)"},
        {"64k", -EINVAL, "has an ambiguous unit",
         "write 64KiB (1024) or 64kB (1000)"},
        {"64KB", -EINVAL, "has an ambiguous unit",
         "write 64KiB (1024) or 64kB (1000)"},
        {"1m", -EINVAL, "has an ambiguous unit",
         "write 1MiB (1024) or 1MB (1000)"},
        {"1Gb", -EINVAL, "has an ambiguous unit",
         "write 1GiB (1024) or 1GB (1000)"},
        {"1t", -EINVAL, "has an ambiguous unit",
         "write 1TiB (1024) or 1TB (1000)"},
        {"64kib", -EINVAL, "has an unknown unit", "did you mean 64KiB?"},
        {"64MIB", -EINVAL, "has an unknown unit", "did you mean 64MiB?"},
        {"64b", -EINVAL, "has an unknown unit", "did you mean 64B?"},
        {"64bytes", -EINVAL, "has an unknown unit", ""},
        {"64s", -EINVAL, "has an unknown unit", ""},
        {"18446744073709551616", -ERANGE, "is too large", ""},
        {"99999999999999999999999999", -ERANGE, "is too large", ""},
        {"16777216TiB", -ERANGE, "is too large", ""},
    };

    check_bad(units_parse_size, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(reads_durations)
{
    static const struct good cases[] = {
        {"0", 0},
        {"0s", 0},
        {"250ms", 250},
        {"30s", 30000},
        {"1m", 60000},
        {"1m30s", 90000},
        {"2h", 7200000},
        {"1d", 86400000},
        {"1d2h3m4s5ms", 93784005},
        {"90s", 90000},
        {"1h500ms", 3600500},
        {"18446744073709551615ms", UINT64_MAX},
    };

    check_good(units_parse_duration, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(refuses_what_is_no_duration)
{
    static const char usage[] = "write it as 30s, 1m30s or 250ms";
    static const char order[] = "must have each unit once, the larger first";
    static const char units[] = "the units are d, h, m, s and ms";
    static const struct bad cases[] = {
        {"", -EINVAL, "must be a duration", usage},
        {"soon", -EINVAL, "must be a duration", usage},
        {"30s ", -EINVAL, "must be a duration", usage},
        {"30s,1ms", -EINVAL, "must be a duration", usage},
        {"30", -EINVAL, "needs a unit", "did you mean 30s?"},
        {"1m30", -EINVAL, "needs a unit", "did you mean 30s?"},
        {"-5s", -EINVAL, "must not be negative", ""},
        {"05s", -EINVAL, "must not begin with 0", ""},
        {"1.5s", -EINVAL, "must be a whole number", "use a smaller unit"},
        {"5 s", -EINVAL, "must not have a blank before its unit",
         "did you mean 5s?"},
        {"5min", -EINVAL, "has an unknown unit", "did you mean 5m?"},
        {"5M", -EINVAL, "has an unknown unit", "did you mean 5m?"},
        {"2hours", -EINVAL, "has an unknown unit", "did you mean 2h?"},
        {"30sec", -EINVAL, "has an unknown unit", "did you mean 30s?"},
        {"1w", -EINVAL, "has an unknown unit", units},
        {"1us", -EINVAL, "has an unknown unit", units},
        {"1usec", -EINVAL, "has an unknown unit", units},
        {"30s1m", -EINVAL, order, ""},
        {"1s1s", -EINVAL, order, ""},
        {"1ms1s", -EINVAL, order, ""},
        {"99999999999999999999s", -ERANGE, "is too large", ""},
        {"18446744073709551615s", -ERANGE, "is too large", ""},
        {"213503982335d", -ERANGE, "is too large", ""},
        {"213503982334d99999999999h", -ERANGE, "is too large", ""},
    };

    check_bad(units_parse_duration, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(reads_microseconds)
{
    static const struct good cases[] = {
        {"0", 0},
        {"50us", 50},
        {"1ms", 1000},
        {"1ms500us", 1500},
        {"1d2h3m4s5ms6us", UINT64_C(93784005006)},
        {"18446744073709551615us", UINT64_MAX},
    };

    check_good(units_parse_microseconds, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(refuses_what_are_no_microseconds)
{
    static const char usage[] = "write it as 50us or 1ms";
    static const struct bad cases[] = {
        {"soon", -EINVAL, "must be a duration", usage},
        {"50", -EINVAL, "needs a unit", "did you mean 50us?"},
        {"50usec", -EINVAL, "has an unknown unit", "did you mean 50us?"},
        {"1msec", -EINVAL, "has an unknown unit", "did you mean 1ms?"},
        {"5ns", -EINVAL, "has an unknown unit",
         "the units are d, h, m, s, ms and us"},
        {"1us1ms", -EINVAL, "must have each unit once, the larger first", ""},
        {"213503983d", -ERANGE, "is too large", ""},
    };

    check_bad(units_parse_microseconds, cases, COUNT_OF(cases));
}
END_TEST

START_TEST(hints_stay_short_however_long_the_text)
{
    static char text[10000];
    const char *why;
    uint64_t value;
    char hint[128];

    memset(text, '7', sizeof(text) - 2);
    text[sizeof(text) - 2] = 'K';
    ck_assert_int_eq(units_parse_size(text, &value, &why, hint, sizeof(hint)),
                     -ERANGE);
    memset(text, 'K', sizeof(text) - 1);
    text[0] = '1';
    ck_assert_int_eq(units_parse_size(text, &value, &why, hint, sizeof(hint)),
                     -EINVAL);
    ck_assert_int_eq(
        units_parse_duration(text, &value, &why, hint, sizeof(hint)), -EINVAL);
    ck_assert_uint_lt(strlen(hint), sizeof(hint) - 1);
}
END_TEST

START_TEST(a_hint_is_cut_to_its_buffer)
{
    const char *why;
    uint64_t value;
    char hint[8];

    ck_assert_int_eq(units_parse_size("64K", &value, &why, hint, sizeof(hint)),
                     -EINVAL);
    ck_assert_str_eq(hint, "write 6");
}
END_TEST

START_TEST(writes_sizes)
{
    static const struct good cases[] = {
        {"0", 0},         {"16", 16},
        {"1KiB", 1024},   {"64KiB", 65536},
        {"64kB", 64000},  {"1MiB", 1048576},
        {"1025", 1025},   {"1TiB", UINT64_C(1) << 40},
        {"3MB", 3000000}, {"18446744073709551615", UINT64_MAX},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[UNITS_TEXT_MAX];
        const size_t length =
            units_format_size(cases[i].value, text, sizeof(text));

        ck_assert_str_eq(text, cases[i].text);
        ck_assert_uint_eq(length, strlen(text));
    }
}
END_TEST

START_TEST(writes_durations)
{
    static const struct good cases[] = {
        {"0s", 0},
        {"1ms", 1},
        {"30s", 30000},
        {"1m30s", 90000},
        {"5m", 300000},
        {"24d", UINT64_C(24) * 86400000},
        {"1d2h3m4s5ms", 93784005},
        {"213503982334d14h25m51s615ms", UINT64_MAX},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[UNITS_TEXT_MAX];
        const size_t length =
            units_format_duration(cases[i].value, text, sizeof(text));

        ck_assert_str_eq(text, cases[i].text);
        ck_assert_uint_eq(length, strlen(text));
    }
}
END_TEST

START_TEST(writes_microseconds)
{
    static const struct good cases[] = {
        {"0s", 0},
        {"50us", 50},
        {"1ms", 1000},
        {"1s2ms3us", 1002003},
        {"213503982d8h1m49s551ms615us", UINT64_MAX},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[UNITS_TEXT_MAX];

        (void)units_format_microseconds(cases[i].value, text, sizeof(text));
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(a_text_is_cut_to_its_buffer_and_its_length_told)
{
    char text[4];

    ck_assert_uint_eq(units_format_size(65536, text, sizeof(text)), 5);
    ck_assert_str_eq(text, "64K");
    ck_assert_uint_eq(units_format_duration(90000, text, sizeof(text)), 5);
    ck_assert_str_eq(text, "1m3");
    ck_assert_uint_eq(units_format_size(65536, NULL, 0), 5);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    for (uint64_t value = 1; value < UINT64_MAX / 7; value = value * 7 + 13) {
        char text[UNITS_TEXT_MAX], hint[128];
        const char *why;
        uint64_t read = 0;

        (void)units_format_size(value, text, sizeof(text));
        ck_assert_int_eq(
            units_parse_size(text, &read, &why, hint, sizeof(hint)), 0);
        ck_assert_uint_eq(read, value);
        (void)units_format_duration(value, text, sizeof(text));
        ck_assert_int_eq(
            units_parse_duration(text, &read, &why, hint, sizeof(hint)), 0);
        ck_assert_uint_eq(read, value);
        (void)units_format_microseconds(value, text, sizeof(text));
        ck_assert_int_eq(
            units_parse_microseconds(text, &read, &why, hint, sizeof(hint)), 0);
        ck_assert_uint_eq(read, value);
    }
}
END_TEST

START_TEST(patterns_take_what_is_read_and_nothing_else)
{
    static const struct {
        const char *text;
        bool is_size, is_duration;
    } cases[] = {
        {"0", true, false},       {"65536", true, false},
        {"64KiB", true, false},   {"64kB", true, false},
        {"1TiB", true, false},    {"7B", true, false},
        {"64K", false, false},    {"64 KiB", false, false},
        {"1.5MiB", false, false}, {"064B", false, false},
        {"30s", false, true},     {"1m30s", false, true},
        {"250ms", false, true},   {"1d2h3m4s5ms", false, true},
        {"30", true, false},      {"30 s", false, false},
        {"5min", false, false},   {"30s1m", false, false},
        {"01s", false, false},    {"none", false, false},
        {"-1s", false, false},    {"1s ", false, false},
    };
    char size_pattern[UNITS_PATTERN_MAX], duration_pattern[UNITS_PATTERN_MAX];
    regex_t size, duration;

    units_size_pattern(size_pattern);
    units_duration_pattern(duration_pattern);
    ck_assert_int_eq(regcomp(&size, size_pattern, REG_EXTENDED), 0);
    ck_assert_int_eq(regcomp(&duration, duration_pattern, REG_EXTENDED), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *text = cases[i].text;

        ck_assert_msg((regexec(&size, text, 0, NULL, 0) == 0) ==
                          cases[i].is_size,
                      "%s: %s", text, size_pattern);
        ck_assert_msg((regexec(&duration, text, 0, NULL, 0) == 0) ==
                          cases[i].is_duration,
                      "%s: %s", text, duration_pattern);
    }
    regfree(&size);
    regfree(&duration);
}
END_TEST

START_TEST(the_pattern_of_microseconds_knows_their_unit)
{
    char pattern[UNITS_PATTERN_MAX];
    regex_t regex;

    units_microseconds_pattern(pattern);
    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED), 0);
    ck_assert_int_eq(regexec(&regex, "50us", 0, NULL, 0), 0);
    ck_assert_int_eq(regexec(&regex, "1ms500us", 0, NULL, 0), 0);
    ck_assert_int_ne(regexec(&regex, "500us1ms", 0, NULL, 0), 0);
    ck_assert_int_ne(regexec(&regex, "50ns", 0, NULL, 0), 0);
    regfree(&regex);
}
END_TEST

UNIT_MAIN("units",
          reads_sizes,
          refuses_what_is_no_size,
          reads_durations,
          refuses_what_is_no_duration,
          reads_microseconds,
          refuses_what_are_no_microseconds,
          hints_stay_short_however_long_the_text,
          a_hint_is_cut_to_its_buffer,
          writes_sizes,
          writes_durations,
          writes_microseconds,
          a_text_is_cut_to_its_buffer_and_its_length_told,
          what_is_written_is_read_back,
          patterns_take_what_is_read_and_nothing_else,
          the_pattern_of_microseconds_knows_their_unit)
