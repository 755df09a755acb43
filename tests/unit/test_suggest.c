/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

#include "unit.h"

START_TEST(counts_edits)
{
    static const struct {
        const char *word, *other;
        unsigned distance;
    } cases[] = {
        {"limits", "limits", 0},
        {"limits", "LIMITS", 0},
        {"limts", "limits", 1},
        {"limitss", "limits", 1},
        {"limats", "limits", 1},
        {"limist", "limits", 1},
        {"lmiist", "limits", 2},
        {"Lmits", "limits", 1},
        {"plugin_pth", "plugin_path", 1},
        {"drain_tiemotu", "drain_timeout", 2},
        {"conections_per_pi", "connections_per_ip", 2},
        {"connectoin_perip", "connections_per_ip", 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_uint_eq(suggest_distance(cases[i].word, cases[i].other),
                          cases[i].distance);
        ck_assert_uint_eq(suggest_distance(cases[i].other, cases[i].word),
                          cases[i].distance);
    }
}
END_TEST

START_TEST(words_that_are_not_alike_are_far)
{
    static const char *const pairs[][2] = {
        {"a", "b"},       {"", "a"},           {"", "abc"},
        {"ab", "cd"},     {"idle", "stall"},   {"input", "output"},
        {"port", "name"}, {"trigger", "user"}, {"abcdefghi", "abXdXfXXi"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        ck_assert_uint_eq(suggest_distance(pairs[i][0], pairs[i][1]),
                          SUGGEST_FAR);
    }
}
END_TEST

START_TEST(a_beginning_of_three_letters_is_begun)
{
    ck_assert_uint_eq(suggest_distance("warn", "warning"), SUGGEST_BEGUN);
    ck_assert_uint_eq(suggest_distance("Conn", "connections"), SUGGEST_BEGUN);
    ck_assert_uint_eq(suggest_distance("co", "connections"), SUGGEST_FAR);
    ck_assert_uint_eq(suggest_distance("connect_to", "connections"),
                      SUGGEST_FAR);
}
END_TEST

START_TEST(words_of_64_bytes_are_compared_and_longer_ones_are_far)
{
    char word[66], other[66];

    memset(word, 'x', sizeof(word));
    memset(other, 'x', sizeof(other));
    word[64] = '\0';
    other[64] = '\0';
    other[10] = 'y';
    ck_assert_uint_eq(suggest_distance(word, other), 1);
    word[64] = 'x';
    word[65] = '\0';
    ck_assert_uint_eq(suggest_distance(word, word), SUGGEST_FAR);
}
END_TEST

START_TEST(bytes_that_are_not_ascii_are_compared_as_they_are)
{
    ck_assert_uint_eq(
        suggest_distance("gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"), 0);
    ck_assert_uint_eq(suggest_distance("\xff\xfe", "\x01\x02"), SUGGEST_FAR);
}
END_TEST

START_TEST(the_nearest_word_is_found)
{
    static const char *const words[] = {"input", "output", "idle", "stall"};

    ck_assert_str_eq(suggest_nearest("inptu", words, 4), "input");
    ck_assert_str_eq(suggest_nearest("outputs", words, 4), "output");
    ck_assert_str_eq(suggest_nearest("IDLE", words, 4), "idle");
    ck_assert_str_eq(suggest_nearest("stal", words, 4), "stall");
    ck_assert_ptr_null(suggest_nearest("backlog", words, 4));
    ck_assert_ptr_null(suggest_nearest("input", words, 0));
}
END_TEST

START_TEST(an_equal_word_wins_over_a_near_one_and_the_first_of_equals)
{
    static const char *const words[] = {"list", "last", "lost", "LUST"};

    ck_assert_str_eq(suggest_nearest("lust", words, 4), "LUST");
    ck_assert_str_eq(suggest_nearest("lest", words, 4), "list");
}
END_TEST

START_TEST(an_edit_wins_over_a_beginning)
{
    static const char *const words[] = {"logging", "lag"};

    ck_assert_str_eq(suggest_nearest("log", words, 2), "lag");
    ck_assert_str_eq(suggest_nearest("log", words, 1), "logging");
}
END_TEST

UNIT_MAIN("suggest",
          counts_edits,
          words_that_are_not_alike_are_far,
          a_beginning_of_three_letters_is_begun,
          words_of_64_bytes_are_compared_and_longer_ones_are_far,
          bytes_that_are_not_ascii_are_compared_as_they_are,
          the_nearest_word_is_found,
          an_equal_word_wins_over_a_near_one_and_the_first_of_equals,
          an_edit_wins_over_a_beginning)
