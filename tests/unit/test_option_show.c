/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <string.h>

#include "unit.h"

/* What is stored for the text is shown as the other. */
static void check(const berth_option *option,
                  size_t width,
                  const char *text,
                  const char *shown)
{
    const struct option_text given = {.text = text};
    struct option_problem problem;
    char buffer[OPTION_SHOWN_MAX];
    int64_t stored = -1;

    ck_assert_int_eq(option_store(option, &given, width, &stored, &problem), 0);
    ck_assert_str_eq(option_show(option, width, &stored, buffer), shown);
}

START_TEST(numbers_of_both_widths)
{
    const berth_option option = {.type = BERTH_INT};

    check(&option, 4, "-2147483648", "-2147483648");
    check(&option, 4, "7", "7");
    check(&option, 8, "-9223372036854775808", "-9223372036854775808");
    check(&option, 8, "9223372036854775807", "9223372036854775807");
}
END_TEST

START_TEST(amounts_of_both_widths)
{
    const berth_option size = {.type = BERTH_SIZE};
    const berth_option duration = {.type = BERTH_DURATION};
    const berth_option brief = {.type = OPTION_MICROSECONDS};

    check(&size, 4, "4294967295", "4294967295");
    check(&size, 4, "65536", "64KiB");
    check(&size, 8, "18446744073709551615", "18446744073709551615");
    check(&size, 8, "0", "0");
    check(&duration, 4, "90s", "1m30s");
    check(&duration, 8, "0", "0s");
    check(&brief, 8, "1500us", "1ms500us");
}
END_TEST

START_TEST(words_and_texts)
{
    static const char *const choices[] = {"level", "edge", NULL};
    const berth_option truth = {.type = BERTH_BOOL};
    const berth_option word = {.type = BERTH_ENUM, .choices = choices};
    const berth_option text = {.type = BERTH_STRING};

    check(&truth, sizeof(bool), "true", "true");
    check(&truth, sizeof(bool), "false", "false");
    check(&word, 4, "edge", "edge");
    check(&text, sizeof(char *), "none", "none");
    check(&(berth_option){.type = BERTH_INT, .flags = BERTH_AUTO, .max = 9}, 4,
          "auto", "auto");
    check(&text, sizeof(char *), "", "");
}
END_TEST

START_TEST(none_is_what_is_stored_for_it)
{
    const berth_option option = {
        .type = BERTH_DURATION,
        .flags = BERTH_NONE,
        .min = 1,
        .max = 1000,
    };
    const berth_option text = {.type = BERTH_PATH, .flags = BERTH_NONE};
    const int64_t zero = 0;
    const int64_t one = 1;

    check(&option, 4, "none", "none");
    check(&option, 8, "none", "none");
    check(&text, sizeof(char *), "none", "none");
    ck_assert(option_is_none(&option, 4, &zero));
    ck_assert(!option_is_none(&option, 4, &one));
    ck_assert(!option_is_none(&(berth_option){.type = BERTH_INT}, 4, &zero));
}
END_TEST

START_TEST(what_was_never_given_is_not_shown)
{
    const berth_option text = {.type = BERTH_STRING};
    const berth_option number = {.type = BERTH_INT, .min = 1, .max = 3};
    const berth_option size = {.type = BERTH_SIZE, .min = 1, .max = 3};
    const int64_t zero = 0;
    char buffer[OPTION_SHOWN_MAX];

    ck_assert_ptr_null(option_show(&text, sizeof(char *), &zero, buffer));
    ck_assert_ptr_null(option_show(&number, 4, &zero, buffer));
    ck_assert_ptr_null(option_show(&size, 8, &zero, buffer));
}
END_TEST

UNIT_MAIN("option_show",
          numbers_of_both_widths,
          amounts_of_both_widths,
          words_and_texts,
          none_is_what_is_stored_for_it,
          what_was_never_given_is_not_shown)
