/* SPDX-License-Identifier: MIT */
#include "arena.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "unit.h"

static struct arena arena;

static void set_up(void)
{
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_fini(&arena);
}

START_TEST(memory_is_zeroed)
{
    static const char zeros[5000];

    for (size_t size = 1; size <= sizeof(zeros); size += 499) {
        const char *piece = arena_alloc(&arena, size);

        ck_assert_ptr_nonnull(piece);
        ck_assert_mem_eq(piece, zeros, size);
    }
}
END_TEST

START_TEST(memory_is_aligned_for_any_type)
{
    for (size_t size = 0; size < 100; size++) {
        const void *piece = arena_alloc(&arena, size);

        ck_assert_ptr_nonnull(piece);
        ck_assert_uint_eq((uintptr_t)piece % _Alignof(max_align_t), 0);
    }
}
END_TEST

START_TEST(pieces_do_not_overlap)
{
    enum {
        PIECES = 300
    };
    unsigned char *pieces[PIECES];

    for (size_t i = 0; i < PIECES; i++) {
        pieces[i] = arena_alloc(&arena, i * 7 + 1);
        ck_assert_ptr_nonnull(pieces[i]);
        memset(pieces[i], (int)(i % 256), i * 7 + 1);
    }
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t k = 0; k <= i * 7; k++) {
            ck_assert_uint_eq(pieces[i][k], i % 256);
        }
    }
}
END_TEST

START_TEST(a_large_piece_leaves_the_block_in_use_in_front)
{
    char *first = arena_alloc(&arena, 16);
    char *large = arena_alloc(&arena, 1000000);
    const char *second = arena_alloc(&arena, 16);

    ck_assert_ptr_nonnull(large);
    memset(large, 1, 1000000);
    ck_assert_ptr_eq(second, first + sizeof(max_align_t));
    ck_assert_int_eq(second[0], 0);
}
END_TEST

START_TEST(a_large_piece_may_be_the_first)
{
    char *large = arena_alloc(&arena, 1000000);

    ck_assert_ptr_nonnull(large);
    memset(large, 1, 1000000);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 1));
}
END_TEST

START_TEST(sizes_that_overflow_are_refused)
{
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 8));
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX, 2));
    ck_assert_ptr_null(arena_array(&arena, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(arena_text(&arena, "", SIZE_MAX));
}
END_TEST

START_TEST(an_array_has_room_for_its_elements)
{
    uint64_t *numbers = arena_array(&arena, 10000, sizeof(*numbers));

    ck_assert_ptr_nonnull(numbers);
    for (size_t i = 0; i < 10000; i++) {
        ck_assert_uint_eq(numbers[i], 0);
        numbers[i] = i;
    }
    ck_assert_ptr_nonnull(arena_array(&arena, 0, 8));
    ck_assert_ptr_nonnull(arena_array(&arena, 8, 0));
}
END_TEST

START_TEST(a_text_is_copied_with_a_nul)
{
    char text[] = "echo.so";
    const char *copy = arena_text(&arena, text, 4);

    text[0] = 'x';
    ck_assert_str_eq(copy, "echo");
    ck_assert_str_eq(arena_text(&arena, "", 0), "");
    ck_assert_mem_eq(arena_text(&arena, "a\0b", 3), "a\0b\0", 4);
}
END_TEST

START_TEST(an_arena_may_be_used_after_fini)
{
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
    arena_fini(&arena);
    ck_assert_ptr_null(arena.blocks);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100));
}
END_TEST

UNIT_MAIN_WITH("arena",
               set_up,
               tear_down,
               memory_is_zeroed,
               memory_is_aligned_for_any_type,
               pieces_do_not_overlap,
               a_large_piece_leaves_the_block_in_use_in_front,
               a_large_piece_may_be_the_first,
               sizes_that_overflow_are_refused,
               an_array_has_room_for_its_elements,
               a_text_is_copied_with_a_nul,
               an_arena_may_be_used_after_fini)
