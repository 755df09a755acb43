/* SPDX-License-Identifier: MIT */
#include "berth-load/pattern.h"

#include <string.h>

#include "unit.h"

static struct pattern pattern;

static void fini(void)
{
    pattern_fini(&pattern);
}

/* A copy of the stream, byte by byte. */
static void copy_stream(char *bytes, uint64_t position, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        size_t one = 1;

        bytes[i] = *pattern_at(&pattern, position + i, &one);
    }
}

START_TEST(pieces_are_the_same_as_bytes)
{
    static char bytes[300000];
    size_t done = 0;

    ck_assert_int_eq(pattern_init_bytes(&pattern, 64), 0);
    copy_stream(bytes, 65500, sizeof(bytes));
    while (done < sizeof(bytes)) {
        size_t size = sizeof(bytes) - done;
        const char *piece = pattern_at(&pattern, 65500 + done, &size);

        ck_assert_uint_gt(size, 0);
        ck_assert_int_eq(memcmp(piece, bytes + done, size), 0);
        done += size;
    }
    ck_assert_uint_eq(pattern_match(&pattern, 65500, bytes, sizeof(bytes)),
                      sizeof(bytes));
}
END_TEST

/* Loses, doubles, changes or swaps at a place: it is seen within a few bytes. */
static void check_damage(size_t size, size_t place, size_t lost)
{
    static char bytes[40000], damaged[60000];

    copy_stream(bytes, 11, size);
    memcpy(damaged, bytes, place);
    memcpy(damaged + place, bytes + place + lost, size - place - lost);
    ck_assert_uint_lt(pattern_match(&pattern, 11, damaged, size - lost),
                      place + 8);
    memcpy(damaged, bytes, size);
    memcpy(damaged + place + lost, bytes + place, size - place);
    ck_assert_uint_lt(pattern_match(&pattern, 11, damaged, size + lost),
                      place + lost + 8);
    memcpy(damaged, bytes, size);
    damaged[place] ^= 1;
    ck_assert_uint_eq(pattern_match(&pattern, 11, damaged, size), place);
}

START_TEST(damage_is_seen)
{
    ck_assert_int_eq(pattern_init_bytes(&pattern, 64), 0);
    for (size_t lost = 1; lost <= 16384; lost *= 2) {
        check_damage(40000, 1000, lost);
        check_damage(40000, 20001, lost);
    }
    check_damage(40000, 0, 1);
}
END_TEST

START_TEST(connections_differ)
{
    char one[16];

    ck_assert_int_eq(pattern_init_bytes(&pattern, 64), 0);
    copy_stream(one, pattern_start(&pattern, 0), sizeof(one));
    for (uint64_t number = 1; number < 60000; number += 7) {
        if (pattern_match(&pattern, pattern_start(&pattern, number), one,
                          sizeof(one)) > 4) {
            ck_abort_msg("connection %d is like the first", (int)number);
        }
    }
}
END_TEST

/* Four lines: each ends where its message does, and has no other end. */
static void check_four(const char *bytes, size_t size)
{
    for (size_t i = 0; i < 4 * size; i++) {
        if ((bytes[i] == '\n') != (i % size == size - 1)) {
            ck_abort_msg("line %zu of %zu bytes", i / size, size);
        }
    }
    if (size > 7) {
        ck_assert_int_ne(memcmp(bytes, bytes + size, size), 0);
    }
}

/* Wherever a connection begins. */
static void check_lines(size_t size)
{
    static char bytes[4 * 70000];

    ck_assert_int_eq(pattern_init_lines(&pattern, size), 0);
    for (uint64_t number = 0; number < 5; number++) {
        copy_stream(bytes, pattern_start(&pattern, number), 4 * size);
        check_four(bytes, size);
    }
    pattern_fini(&pattern);
}

START_TEST(lines_end_with_the_message)
{
    static const size_t sizes[] = {1, 2, 64, 100, 4096, 65536};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        check_lines(sizes[i]);
    }
}
END_TEST

START_TEST(no_line_is_a_command)
{
    ck_assert_int_eq(pattern_init_lines(&pattern, 5), 0);
    for (size_t i = 0; i < pattern.period; i++) {
        if (strchr("aeiouAEIOU", pattern.bytes[i]) != NULL) {
            ck_abort_msg("a vowel at %zu", i);
        }
    }
}
END_TEST

START_TEST(a_text_repeats)
{
    size_t size = 6;

    ck_assert_int_eq(pattern_init_text(&pattern, "abc", 3), 0);
    ck_assert_int_eq(memcmp(pattern_at(&pattern, 4, &size), "bcabca", 6), 0);
    ck_assert_uint_eq(size, 6);
    ck_assert_uint_eq(pattern_start(&pattern, 77), 0);
}
END_TEST

START_TEST(a_piece_has_a_bound)
{
    size_t size = SIZE_MAX;

    ck_assert_int_eq(pattern_init_bytes(&pattern, 1), 0);
    (void)pattern_at(&pattern, 65520, &size);
    ck_assert_uint_eq(size, PATTERN_PIECE_MAX);
}
END_TEST

UNIT_MAIN_WITH("load.pattern",
               NULL,
               fini,
               pieces_are_the_same_as_bytes,
               damage_is_seen,
               connections_differ,
               lines_end_with_the_message,
               no_line_is_a_command,
               a_text_repeats,
               a_piece_has_a_bound)
