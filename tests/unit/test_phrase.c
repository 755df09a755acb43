/* SPDX-License-Identifier: MIT */
#include "phrase.h"

#include <string.h>

#include "capture.h"
#include "unit.h"

static const char *const choices[] = {"level", "edge", NULL};

static void check(const berth_option *option, const char *expected)
{
    struct line line = {.limit = LINE_SIZE};
    char text[256];

    phrase_value(&line, option);
    (void)snprintf(text, sizeof(text), "%.*s", (int)line.length, line.bytes);
    ck_assert_str_eq(text, expected);
}

START_TEST(scalars_tell_their_range)
{
    check(&(berth_option){.type = BERTH_BOOL}, "true, false");
    check(&(berth_option){.type = BERTH_INT}, "number");
    check(&(berth_option){.type = BERTH_INT, .min = -5, .max = 7},
          "number, -5 to 7");
    check(&(berth_option){.type = BERTH_INT, .max = 7}, "number, 0 to 7");
    check(&(berth_option){.type = BERTH_SIZE, .min = 1024, .max = 65536},
          "size, 1KiB to 64KiB");
    check(&(berth_option){.type = BERTH_SIZE, .min = 1, .max = INT64_MAX},
          "size, from 1");
    check(&(berth_option){.type = BERTH_DURATION,
                          .flags = BERTH_NONE,
                          .min = 1,
                          .max = 90000},
          "duration, 1ms to 1m30s, or none");
    check(&(berth_option){.type = BERTH_STRING, .min = 1, .max = 9},
          "text, 1 to 9 bytes");
    check(&(berth_option){.type = BERTH_STRING, .max = 9},
          "text, up to 9 bytes");
    check(&(berth_option){.type = BERTH_PATH, .flags = BERTH_SECRET},
          "path, secret");
    check(&(berth_option){.type = BERTH_ENUM, .choices = choices},
          "level, edge");
}
END_TEST

START_TEST(lists_tell_what_is_in_them)
{
    const berth_option path = {.type = BERTH_PATH};
    const berth_option number = {
        .type = BERTH_INT,
        .flags = BERTH_NONE,
        .min = 1,
        .max = 9,
    };
    const berth_option word = {.type = BERTH_ENUM, .choices = choices};

    check(&(berth_option){.type = BERTH_LIST, .items = &path}, "list of paths");
    check(&(berth_option){.type = BERTH_LIST, .items = &number, .max = 3},
          "list of numbers (1 to 9, or none), up to 3 items");
    check(&(berth_option){.type = BERTH_LIST, .items = &word},
          "list of words (level, edge)");
    check(&(berth_option){.type = BERTH_MAPPINGS, .min = 1, .max = 2},
          "list of mappings, 1 to 2 items");
    check(&(berth_option){.type = BERTH_MAPPING}, "mapping of texts");
    check(&(berth_option){.type = BERTH_GROUP}, "mapping");
}
END_TEST

START_TEST(the_servers_own_types_have_names)
{
    check(&(berth_option){.type = OPTION_ENTRIES, .min = 1, .max = 4},
          "list of mappings, 1 to 4 items");
    check(&(berth_option){.type = OPTION_LISTEN},
          "address, mapping, or list of these");
    check(&(berth_option){.type = OPTION_SETTINGS}, "mapping");
    check(&(berth_option){.type = OPTION_NODE}, "anything");
    check(&(berth_option){.type = OPTION_MICROSECONDS, .min = 1, .max = 1000},
          "duration, 1us to 1ms");
}
END_TEST

START_TEST(the_default_of_what_has_none_is_zero)
{
    ck_assert_str_eq(
        phrase_fallback(&(berth_option){.type = BERTH_INT, .fallback = "5"}),
        "5");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_INT}), "0");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_SIZE}), "0");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_DURATION}),
                     "0s");
    ck_assert_str_eq(
        phrase_fallback(&(berth_option){.type = OPTION_MICROSECONDS}), "0s");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_BOOL}),
                     "false");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_ENUM,
                                                     .choices = choices}),
                     "level");
    ck_assert_str_eq(phrase_fallback(&(berth_option){.type = BERTH_PATH,
                                                     .flags = BERTH_NONE}),
                     "none");
    ck_assert_ptr_null(phrase_fallback(&(berth_option){.type = BERTH_PATH}));
    ck_assert_ptr_null(phrase_fallback(&(berth_option){.type = BERTH_LIST}));
    ck_assert_ptr_null(phrase_fallback(
        &(berth_option){.type = BERTH_INT, .min = 1, .max = 2}));
    ck_assert_ptr_null(phrase_fallback(
        &(berth_option){.type = BERTH_INT, .flags = BERTH_REQUIRED}));
}
END_TEST

static void
check_wrapped(const char *lead, const char *text, const char *expected)
{
    struct line line = {.limit = LINE_SIZE};
    struct capture capture;

    line_put_text(&line, text);
    phrase_wrap(capture_begin(&capture), lead, &line);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
}

START_TEST(words_are_wrapped_at_80_columns)
{
    char text[256];
    char expected[256];

    check_wrapped("# ", "", "");
    check_wrapped("# ", "a b", "# a b\n");
    (void)snprintf(text, sizeof(text), "%078d b", 0);
    (void)snprintf(expected, sizeof(expected), "# %078d\n# b\n", 0);
    check_wrapped("# ", text, expected);
    (void)snprintf(text, sizeof(text), "%076d b c", 0);
    (void)snprintf(expected, sizeof(expected), "# %076d b\n# c\n", 0);
    check_wrapped("# ", text, expected);
    (void)snprintf(text, sizeof(text), "a %0100d b", 0);
    (void)snprintf(expected, sizeof(expected), "# a\n# %0100d\n# b\n", 0);
    check_wrapped("# ", text, expected);
}
END_TEST

UNIT_MAIN("phrase",
          scalars_tell_their_range,
          lists_tell_what_is_in_them,
          the_servers_own_types_have_names,
          the_default_of_what_has_none_is_zero,
          words_are_wrapped_at_80_columns)
