/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static struct option_problem problem;

/* Stores a value; NULL, or what is wrong with it. */
static const char *
store(const berth_option *option, const char *text, size_t width, void *target)
{
    const struct option_text given = {.text = text};

    memset(&problem, 'x', sizeof(problem));
    return option_store(option, &given, width, target, &problem) == 0
               ? NULL
               : problem.text;
}

/* The texts are refused for the reason, with the hint; nothing is stored. */
static void check_refused(const berth_option *option,
                          size_t width,
                          const char *text,
                          const char *why,
                          const char *hint)
{
    uint64_t target = UINT64_C(0x1122334455667788);
    const char *said = store(option, text, width, &target);

    ck_assert_msg(said != NULL, "'%s' is taken", text);
    ck_assert_str_eq(said, why);
    ck_assert_str_eq(problem.hint, hint);
    ck_assert_uint_eq(target, UINT64_C(0x1122334455667788));
}

START_TEST(booleans_are_true_or_false_only)
{
    static const berth_option option = {.type = BERTH_BOOL};
    static const char why[] = "must be true or false";
    bool value = false;

    ck_assert_ptr_null(store(&option, "true", sizeof(value), &value));
    ck_assert(value);
    ck_assert_ptr_null(store(&option, "false", sizeof(value), &value));
    ck_assert(!value);
    check_refused(&option, sizeof(bool), "yes", why, "write true");
    check_refused(&option, sizeof(bool), "On", why, "write true");
    check_refused(&option, sizeof(bool), "1", why, "write true");
    check_refused(&option, sizeof(bool), "TRUE", why, "write true");
    check_refused(&option, sizeof(bool), "no", why, "write false");
    check_refused(&option, sizeof(bool), "off", why, "write false");
    check_refused(&option, sizeof(bool), "0", why, "write false");
    check_refused(&option, sizeof(bool), "False", why, "write false");
    check_refused(&option, sizeof(bool), "maybe", why, "");
    check_refused(&option, sizeof(bool), "", why, "");
}
END_TEST

START_TEST(integers_are_stored_in_their_width)
{
    static const berth_option option = {.type = BERTH_INT};
    int32_t narrow = 0;
    int64_t wide = 0;

    ck_assert_ptr_null(store(&option, "42", 4, &narrow));
    ck_assert_int_eq(narrow, 42);
    ck_assert_ptr_null(store(&option, "-2147483648", 4, &narrow));
    ck_assert_int_eq(narrow, INT32_MIN);
    ck_assert_ptr_null(store(&option, "2147483647", 4, &narrow));
    ck_assert_int_eq(narrow, INT32_MAX);
    ck_assert_ptr_null(store(&option, "-9223372036854775808", 8, &wide));
    ck_assert_int_eq(wide, INT64_MIN);
    ck_assert_ptr_null(store(&option, "9223372036854775807", 8, &wide));
    ck_assert_int_eq(wide, INT64_MAX);
    ck_assert_ptr_null(store(&option, "-0", 8, &wide));
    ck_assert_int_eq(wide, 0);
}
END_TEST

START_TEST(integers_are_decimal_only)
{
    static const berth_option option = {.type = BERTH_INT};
    static const char why[] = "must be a whole number";
    static const char hint[] = "write it in decimal, digits only";

    check_refused(&option, 8, "0x10", why, hint);
    check_refused(&option, 8, "1e3", why, hint);
    check_refused(&option, 8, "0o17", why, hint);
    check_refused(&option, 8, "1.5", why, hint);
    check_refused(&option, 8, "1_000", why, hint);
    check_refused(&option, 8, "1,000", why, hint);
    check_refused(&option, 8, "", why, "");
    check_refused(&option, 8, "-", why, "");
    check_refused(&option, 8, "+1", why, "");
    check_refused(&option, 8, " 1", why, "");
    check_refused(&option, 8, "1 ", why, "");
    check_refused(&option, 8, "ten", why, "");
    check_refused(&option, 8, "--1", why, "");
    check_refused(&option, 8, "010", "must not begin with 0",
                  "did you mean 10?");
    check_refused(&option, 8, "00", "must not begin with 0", "did you mean 0?");
}
END_TEST

START_TEST(integers_keep_to_their_range)
{
    static const berth_option ranged = {
        .type = BERTH_INT,
        .min = -5,
        .max = 10,
    };
    static const berth_option open = {
        .type = BERTH_INT,
        .min = 1,
        .max = INT64_MAX,
    };
    static const berth_option any = {.type = BERTH_INT};
    int64_t value = 0;

    ck_assert_ptr_null(store(&ranged, "-5", 8, &value));
    ck_assert_ptr_null(store(&ranged, "10", 8, &value));
    check_refused(&ranged, 8, "-6", "must be between -5 and 10", "");
    check_refused(&ranged, 8, "11", "must be between -5 and 10", "");
    check_refused(&ranged, 8, "99999999999999999999",
                  "must be between -5 and 10", "");
    check_refused(&open, 8, "0", "must be at least 1", "");
    check_refused(&any, 4, "2147483648",
                  "must be between -2147483648 and 2147483647", "");
    check_refused(&any, 4, "-2147483649",
                  "must be between -2147483648 and 2147483647", "");
    check_refused(&any, 8, "9223372036854775808",
                  "must be at least -9223372036854775808", "");
}
END_TEST

START_TEST(sizes_are_stored_in_their_width)
{
    static const berth_option option = {.type = BERTH_SIZE};
    uint32_t narrow = 0;
    uint64_t wide = 0;

    ck_assert_ptr_null(store(&option, "64KiB", 4, &narrow));
    ck_assert_uint_eq(narrow, 65536);
    ck_assert_ptr_null(store(&option, "4294967295", 4, &narrow));
    ck_assert_uint_eq(narrow, UINT32_MAX);
    ck_assert_ptr_null(store(&option, "18446744073709551615", 8, &wide));
    ck_assert_uint_eq(wide, UINT64_MAX);
    check_refused(&option, 4, "4GiB", "must be at most 4294967295", "");
    check_refused(&option, 8, "18446744073709551616",
                  "must be at most 18446744073709551615", "");
}
END_TEST

START_TEST(sizes_keep_to_their_range_and_say_it_in_units)
{
    static const berth_option option = {
        .type = BERTH_SIZE,
        .min = 16,
        .max = 1048576,
    };
    static const berth_option open = {
        .type = BERTH_SIZE,
        .min = 4096,
        .max = INT64_MAX,
    };
    static const berth_option any = {.type = BERTH_SIZE, .max = INT64_MAX};
    static const char range[] = "must be between 16 and 1MiB";

    check_refused(&option, 8, "15", range, "");
    check_refused(&option, 8, "0", range, "");
    check_refused(&option, 8, "2MiB", range, "");
    check_refused(&option, 8, "99999999TiB", range, "");
    check_refused(&option, 8, "64K", "has an ambiguous unit",
                  "write 64KiB (1024) or 64kB (1000)");
    check_refused(&open, 8, "1", "must be at least 4KiB", "");
    check_refused(&any, 8, "99999999TiB", "is too large", "");
}
END_TEST

START_TEST(durations_need_a_unit_and_keep_to_their_range)
{
    static const berth_option option = {
        .type = BERTH_DURATION,
        .min = 1000,
        .max = 3600000,
    };
    static const berth_option up = {.type = BERTH_DURATION, .max = 60000};
    uint32_t narrow = 0;

    ck_assert_ptr_null(store(&option, "1m30s", 4, &narrow));
    ck_assert_uint_eq(narrow, 90000);
    check_refused(&option, 4, "30", "needs a unit", "did you mean 30s?");
    check_refused(&option, 4, "999ms", "must be between 1s and 1h", "");
    check_refused(&option, 4, "2h", "must be between 1s and 1h", "");
    check_refused(&up, 4, "2m", "must be at most 1m", "");
}
END_TEST

START_TEST(microseconds_are_durations_of_a_smaller_unit)
{
    static const berth_option option = {
        .type = OPTION_MICROSECONDS,
        .min = 10,
        .max = 1500,
    };
    uint64_t value = 0;

    ck_assert_ptr_null(store(&option, "50us", 8, &value));
    ck_assert_uint_eq(value, 50);
    ck_assert_ptr_null(store(&option, "1ms500us", 8, &value));
    ck_assert_uint_eq(value, 1500);
    check_refused(&option, 8, "50", "needs a unit", "did you mean 50us?");
    check_refused(&option, 8, "9us", "must be between 10us and 1ms500us", "");
    check_refused(&option, 8, "1s", "must be between 10us and 1ms500us", "");
}
END_TEST

START_TEST(none_is_zero_where_it_is_allowed)
{
    static const berth_option duration = {
        .type = BERTH_DURATION,
        .flags = BERTH_NONE,
        .min = 1,
        .max = 60000,
    };
    static const berth_option number = {
        .type = BERTH_INT,
        .flags = BERTH_NONE,
        .min = 1,
        .max = 10,
    };
    static const berth_option text = {
        .type = BERTH_STRING,
        .flags = BERTH_NONE,
        .min = 10,
        .max = 20,
    };
    static const berth_option plain = {.type = BERTH_DURATION};
    uint64_t value = 7;
    int32_t narrow = 7;
    const char *string = "x";

    ck_assert_ptr_null(store(&duration, "none", 8, &value));
    ck_assert_uint_eq(value, 0);
    ck_assert_ptr_null(store(&number, "none", 4, &narrow));
    ck_assert_int_eq(narrow, 0);
    ck_assert_ptr_null(store(&text, "none", sizeof(string), &string));
    ck_assert_ptr_null(string);
    check_refused(&duration, 8, "0s", "must be between 1ms and 1m",
                  "did you mean none?");
    check_refused(&plain, 8, "none", "must be a duration",
                  "write it as 30s, 1m30s or 250ms");
    check_refused(&duration, 8, "None", "must be a duration",
                  "write it as 30s, 1m30s or 250ms");
}
END_TEST

START_TEST(auto_is_minus_one_where_it_is_allowed)
{
    static const berth_option number = {
        .type = BERTH_INT,
        .flags = BERTH_AUTO,
        .min = 1,
        .max = 10,
    };
    static const berth_option plain = {.type = BERTH_INT, .max = 10};
    int32_t narrow = 7;
    int64_t wide = 7;

    ck_assert_ptr_null(store(&number, "auto", 4, &narrow));
    ck_assert_int_eq(narrow, -1);
    ck_assert_ptr_null(store(&number, "auto", 8, &wide));
    ck_assert_int_eq(wide, -1);
    check_refused(&plain, 4, "auto", "must be a whole number", "");
}
END_TEST

START_TEST(a_quoted_none_is_a_text_but_no_number)
{
    static const berth_option text = {
        .type = BERTH_STRING,
        .flags = BERTH_NONE,
    };
    static const berth_option number = {.type = BERTH_INT, .flags = BERTH_NONE};
    const struct option_text quoted = {.text = "none", .is_quoted = true};
    const char *string = NULL;
    int64_t value = 7;

    ck_assert_int_eq(
        option_store(&text, &quoted, sizeof(string), &string, &problem), 0);
    ck_assert_str_eq(string, "none");
    ck_assert_int_eq(
        option_store(&number, &quoted, sizeof(value), &value, &problem), 0);
    ck_assert_int_eq(value, 0);
}
END_TEST

START_TEST(strings_are_any_text_of_their_length)
{
    static const berth_option any = {.type = BERTH_STRING};
    static const berth_option ranged = {
        .type = BERTH_STRING,
        .min = 2,
        .max = 4,
    };
    static const berth_option long_enough = {
        .type = BERTH_STRING,
        .min = 1,
        .max = INT64_MAX,
    };
    static const berth_option short_enough = {.type = BERTH_STRING, .max = 1};
    static const char given[] = "abc";
    const char *value = NULL;

    ck_assert_ptr_null(store(&any, given, sizeof(value), &value));
    ck_assert_ptr_eq(value, given);
    ck_assert_ptr_null(store(&any, "", sizeof(value), &value));
    ck_assert_ptr_null(store(&ranged, "ab", sizeof(value), &value));
    ck_assert_ptr_null(store(&ranged, "abcd", sizeof(value), &value));
    check_refused(&ranged, sizeof(value), "a",
                  "must be between 2 and 4 bytes long", "");
    check_refused(&ranged, sizeof(value), "abcde",
                  "must be between 2 and 4 bytes long", "");
    check_refused(&long_enough, sizeof(value), "",
                  "must be at least 1 byte long", "");
    check_refused(&short_enough, sizeof(value), "ab",
                  "must be at most 1 byte long", "");
}
END_TEST

START_TEST(paths_are_not_empty)
{
    static const berth_option option = {.type = BERTH_PATH};
    const char *value = NULL;

    ck_assert_ptr_null(store(&option, "./www", sizeof(value), &value));
    ck_assert_str_eq(value, "./www");
    check_refused(&option, sizeof(value), "", "must not be empty", "");
}
END_TEST

START_TEST(choices_are_stored_as_their_index)
{
    static const char *const choices[] = {"error", "warning", "info", NULL};
    static const berth_option option = {
        .type = BERTH_ENUM,
        .choices = choices,
    };
    static const char why[] = "must be error, warning or info";
    int32_t value = -1;

    ck_assert_ptr_null(store(&option, "error", sizeof(value), &value));
    ck_assert_int_eq(value, 0);
    ck_assert_ptr_null(store(&option, "info", sizeof(value), &value));
    ck_assert_int_eq(value, 2);
    check_refused(&option, sizeof(value), "inof", why, "did you mean info?");
    check_refused(&option, sizeof(value), "Info", why, "did you mean info?");
    check_refused(&option, sizeof(value), "warn", why, "did you mean warning?");
    check_refused(&option, sizeof(value), "loud", why, "");
}
END_TEST

START_TEST(many_choices_are_cut)
{
    static const char *choices[100];
    const berth_option option = {.type = BERTH_ENUM, .choices = choices};
    int32_t value;

    for (size_t i = 0; i + 1 < COUNT_OF(choices); i++) {
        choices[i] = "something-long";
    }
    ck_assert_ptr_nonnull(store(&option, "x", sizeof(value), &value));
    ck_assert_uint_lt(strlen(problem.text), sizeof(problem.text) - 1);
    ck_assert_str_eq(problem.text + strlen(problem.text) - 4, " ...");
}
END_TEST

START_TEST(lists_and_mappings_are_not_one_value)
{
    const uint32_t types[] = {BERTH_LIST,  BERTH_MAPPINGS, BERTH_MAPPING,
                              BERTH_GROUP, OPTION_NODE,    0,
                              12};

    for (size_t i = 0; i < COUNT_OF(types); i++) {
        const berth_option option = {.type = types[i]};

        ck_assert(!option_is_scalar(&option));
        check_refused(&option, 8, "x", "must not be one value", "");
    }
}
END_TEST

START_TEST(items_of_lists_have_the_widths_of_the_contract)
{
    static const struct {
        uint32_t type;
        size_t width;
    } cases[] = {
        {BERTH_BOOL, sizeof(bool)},
        {BERTH_INT, sizeof(int64_t)},
        {BERTH_SIZE, sizeof(uint64_t)},
        {BERTH_DURATION, sizeof(uint64_t)},
        {OPTION_MICROSECONDS, sizeof(uint64_t)},
        {BERTH_STRING, sizeof(const char *)},
        {BERTH_PATH, sizeof(const char *)},
        {BERTH_ENUM, sizeof(int32_t)},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const berth_option option = {.type = cases[i].type};

        ck_assert(option_is_scalar(&option));
        ck_assert_uint_eq(option_item_width(&option), cases[i].width);
    }
}
END_TEST

START_TEST(numbers_of_items_keep_to_their_range)
{
    static const berth_option ranged = {
        .type = BERTH_LIST,
        .min = 1,
        .max = 3,
    };
    static const berth_option one = {
        .type = BERTH_LIST,
        .min = 1,
        .max = INT64_MAX,
    };
    static const berth_option any = {.type = BERTH_LIST};

    ck_assert_int_eq(option_check_count(&ranged, 1, &problem), 0);
    ck_assert_int_eq(option_check_count(&ranged, 3, &problem), 0);
    ck_assert_int_eq(option_check_count(&ranged, 0, &problem), -EINVAL);
    ck_assert_str_eq(problem.text, "must be between 1 and 3 items long");
    ck_assert_int_eq(option_check_count(&ranged, 4, &problem), -EINVAL);
    ck_assert_int_eq(option_check_count(&one, 0, &problem), -EINVAL);
    ck_assert_str_eq(problem.text, "must be at least 1 item long");
    ck_assert_str_eq(problem.hint, "");
    ck_assert_int_eq(option_check_count(&any, 100000, &problem), 0);
}
END_TEST

START_TEST(options_are_found_by_name)
{
    static const berth_option table[] = {
        {.name = "a", .type = BERTH_BOOL},
        {.name = "b", .type = BERTH_BOOL},
        BERTH_OPTIONS_END,
    };

    ck_assert_ptr_eq(option_find(table, "b"), &table[1]);
    ck_assert_ptr_null(option_find(table, "c"));
    ck_assert_ptr_null(option_find(table + 2, "a"));
    ck_assert_ptr_null(option_find(NULL, "a"));
}
END_TEST

UNIT_MAIN("option",
          booleans_are_true_or_false_only,
          integers_are_stored_in_their_width,
          integers_are_decimal_only,
          integers_keep_to_their_range,
          sizes_are_stored_in_their_width,
          sizes_keep_to_their_range_and_say_it_in_units,
          durations_need_a_unit_and_keep_to_their_range,
          microseconds_are_durations_of_a_smaller_unit,
          none_is_zero_where_it_is_allowed,
          auto_is_minus_one_where_it_is_allowed,
          a_quoted_none_is_a_text_but_no_number,
          strings_are_any_text_of_their_length,
          paths_are_not_empty,
          choices_are_stored_as_their_index,
          many_choices_are_cut,
          lists_and_mappings_are_not_one_value,
          items_of_lists_have_the_widths_of_the_contract,
          numbers_of_items_keep_to_their_range,
          options_are_found_by_name)
