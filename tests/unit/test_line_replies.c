/* SPDX-License-Identifier: MIT */
#include "replies.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define MANY 200

static struct replies replies;
static berth_error error;

static int begin(const berth_pair *pairs, size_t count, bool is_case_sensitive)
{
    const berth_list list = {count, pairs};

    error = (berth_error){.size = sizeof(error)};
    return replies_init(&replies, &list, is_case_sensitive, &error);
}

static void check_refusal(const berth_pair *pairs,
                          size_t count,
                          const char *option,
                          const char *text)
{
    ck_assert_int_eq(begin(pairs, count, false), -EINVAL);
    ck_assert_str_eq(error.option, option);
    ck_assert_msg(strstr(error.text, text) != NULL, "%s", error.text);
}

START_TEST(without_any_none_is_found)
{
    struct span args;

    ck_assert_int_eq(begin(NULL, 0, false), 0);
    ck_assert_ptr_null(replies_find(&replies, (struct span){"", 0}, &args));
    ck_assert_ptr_null(replies_find(&replies, (struct span){"a", 1}, &args));
    replies_fini(&replies);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_place)
{
    static const berth_pair unknown[] = {{"a", "x"}, {"b", "{lime}"}};
    static const berth_pair open_brace[] = {{"a", "{"}};
    static const berth_pair over_lines[] = {{"a", "{\nline}"}};
    static const berth_pair twice[] = {{"Ping", "1"}, {"a", "2"}, {"pING", ""}};
    static const berth_pair stars[] = {{"b*", "1"}, {"a*", "2"}, {"A*", "3"}};
    static const berth_pair longest[] = {
        {"a", "{xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}"}};

    check_refusal(unknown, 2, "replies[1]", "'{lime}' is not known: there are");
    check_refusal(open_brace, 1, "replies[0]", "'{' without '}'");
    check_refusal(over_lines, 1, "replies[0]", "'{' without '}'");
    check_refusal(twice, 3, "replies[2]", "has an answer already");
    check_refusal(stars, 3, "replies[2]", "has an answer already");
    check_refusal(longest, 1, "replies[0]", "write {{ for a brace");
}
END_TEST

START_TEST(case_makes_a_difference_if_it_is_asked_for)
{
    static const berth_pair pairs[] = {{"Ping", "1"}, {"pING", "2"}};
    struct span args;

    ck_assert_int_eq(begin(pairs, 2, true), 0);
    ck_assert_ptr_null(replies_find(&replies, (struct span){"ping", 4}, &args));
    ck_assert_ptr_nonnull(
        replies_find(&replies, (struct span){"pING", 4}, &args));
    replies_fini(&replies);
}
END_TEST

/* ------------------------------------------------------------- a naive model */

static char keys[MANY][8];
static berth_pair many[MANY];

static uint32_t roll(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static bool is_there(const char *key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(keys[i], key) == 0) {
            return true;
        }
    }
    return false;
}

/* Keys of few letters: many are the beginning of others. */
static size_t make_pairs(uint32_t *seed)
{
    size_t count = 0;

    for (size_t i = 0; i < MANY; i++) {
        char key[8] = "";
        size_t length = roll(seed) % 6;

        for (size_t k = 0; k < length; k++) {
            key[k] = "abc"[roll(seed) % 3];
        }
        key[length] = roll(seed) % 2 == 0 ? '*' : '\0';
        if (!is_there(key, count)) {
            memcpy(keys[count], key, sizeof(key));
            many[count] = (berth_pair){keys[count], keys[count]};
            count++;
        }
    }
    return count;
}

/* The number of bytes of the line that the best key has; -1: none is right. */
static int find_best(size_t count, const char *line, bool *is_whole)
{
    int best = -1;

    *is_whole = is_there(line, count);
    if (*is_whole) {
        return (int)strlen(line);
    }
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(keys[i]);

        if (length > 0 && keys[i][length - 1] == '*' &&
            strncmp(keys[i], line, length - 1) == 0 && (int)length - 1 > best) {
            best = (int)length - 1;
        }
    }
    return best;
}

static void check_line(size_t count, const char *line)
{
    bool is_whole;
    const int best = find_best(count, line, &is_whole);
    struct span args = {NULL, 0};
    const struct answer *answer =
        replies_find(&replies, (struct span){line, strlen(line)}, &args);

    ck_assert_msg((answer != NULL) == (best >= 0), "%s", line);
    if (answer != NULL) {
        ck_assert_msg(args.data == line + best, "%s: %s", line, args.data);
        ck_assert_uint_eq(args.size, strlen(line) - (size_t)best);
    }
}

/* Two bits of the number are a letter; a NUL ends the line. */
static void spell(uint32_t number, char line[8])
{
    memset(line, 0, 8);
    for (int i = 0; i < 6 && (number >> (2 * i) & 3) < 3; i++) {
        line[i] = "abc"[number >> (2 * i) & 3];
    }
}

START_TEST(the_whole_line_then_its_longest_beginning_is_found)
{
    uint32_t seed = 1;

    for (int round = 0; round < 20; round++) {
        size_t count = make_pairs(&seed);

        ck_assert_int_eq(begin(many, count, round % 2 == 0), 0);
        for (uint32_t number = 0; number < 4096; number++) {
            char line[8];

            spell(number, line);
            check_line(count, line);
        }
        replies_fini(&replies);
    }
}
END_TEST

UNIT_MAIN("line_replies",
          without_any_none_is_found,
          what_is_wrong_is_told_with_its_place,
          case_makes_a_difference_if_it_is_asked_for,
          the_whole_line_then_its_longest_beginning_is_found)
