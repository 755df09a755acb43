/* SPDX-License-Identifier: MIT */
#include "berth-conform/bytes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

START_TEST(they_become_more)
{
    struct bytes bytes = {.size = 0};
    char piece[1000];

    memset(piece, 'x', sizeof(piece));
    for (size_t i = 0; i < 100; i++) {
        piece[0] = (char)('0' + i % 10);
        bytes_add(&bytes, piece, sizeof(piece));
    }
    ck_assert(!bytes.is_broken);
    ck_assert_uint_eq(bytes.size, 100000);
    ck_assert_uint_ge(bytes.capacity, bytes.size);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(bytes.data[i * 1000], (char)('0' + i % 10));
        ck_assert_int_eq(bytes.data[i * 1000 + 999], 'x');
    }
    bytes_free(&bytes);
    ck_assert_uint_eq(bytes.size, 0);
    bytes_add(&bytes, "again", 5);
    ck_assert_mem_eq(bytes.data, "again", 5);
    bytes_free(&bytes);
}
END_TEST

START_TEST(nothing_is_fine)
{
    struct bytes bytes = {.size = 0};

    bytes_add(&bytes, "", 0);
    ck_assert_uint_eq(bytes.size, 0);
    ck_assert(!bytes.is_broken);
    bytes_free(&bytes);
}
END_TEST

START_TEST(texts_have_no_nul)
{
    struct bytes bytes = {.size = 0};

    bytes_format(&bytes, "%s %d\n", "message", 7);
    bytes_format(&bytes, "%0*d", 5000, 1);
    ck_assert_uint_eq(bytes.size, 5010);
    ck_assert_mem_eq(bytes.data, "message 7\n0", 11);
    ck_assert_int_eq(bytes.data[5009], '1');
    bytes_free(&bytes);
}
END_TEST

START_TEST(room_is_where_they_grow)
{
    struct bytes bytes = {.size = 0};
    char *room;

    bytes_add(&bytes, "ab", 2);
    room = bytes_room(&bytes, 70000);
    ck_assert_ptr_nonnull(room);
    ck_assert_uint_eq(bytes.size, 2);
    memset(room, 'c', 70000);
    bytes_grow(&bytes, 3);
    bytes_add(&bytes, "d", 1);
    ck_assert_uint_eq(bytes.size, 6);
    ck_assert_mem_eq(bytes.data, "abcccd", 6);
    bytes_free(&bytes);
}
END_TEST

START_TEST(without_memory_nothing_is_added_any_more)
{
    struct bytes bytes = {.size = 0};

    bytes_add(&bytes, "ab", 2);
    bytes.is_broken = true;
    bytes_add(&bytes, "cd", 2);
    bytes_format(&bytes, "%d", 7);
    ck_assert_ptr_null(bytes_room(&bytes, 1));
    ck_assert_uint_eq(bytes.size, 2);
    bytes_free(&bytes);
}
END_TEST

UNIT_MAIN("conform.bytes",
          they_become_more,
          nothing_is_fine,
          texts_have_no_nul,
          room_is_where_they_grow,
          without_memory_nothing_is_added_any_more)
