/* SPDX-License-Identifier: MIT */
#include "berth-try/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define FRESH 0xa5
#define STALE 0xdd

static volatile size_t nothing = 0; /* as a compiler must not see */

static void set_up(void)
{
    memory_begin();
    memory_set_callback(1);
    (void)memory_fail_at(0);
}

/* What a plugin has now. Check allocates, too: nothing is asserted on another
   side than the tool's. */
static void expect(size_t blocks, size_t bytes, size_t allocations)
{
    struct memory_count count = memory_count();

    ck_assert_uint_eq(count.blocks, blocks);
    ck_assert_uint_eq(count.bytes, bytes);
    ck_assert_uint_eq(count.allocations, allocations);
}

/* Each on the plugin's side. */
static void *take(size_t size)
{
    enum memory_side before = memory_enter(MEMORY_PLUGIN);
    void *block = malloc(size);

    (void)memory_enter(before);
    return block;
}

START_TEST(it_is_known_here)
{
    ck_assert(memory_is_known());
}
END_TEST

START_TEST(only_what_the_plugin_takes_is_counted)
{
    void *others = malloc(10);
    void *cores;
    void *blocks[2];

    ck_assert_int_eq(memory_enter(MEMORY_CORE), MEMORY_OTHERS);
    cores = malloc(20);
    ck_assert_int_eq(memory_enter(MEMORY_OTHERS), MEMORY_CORE);
    expect(0, 0, 0);
    blocks[0] = take(30);
    blocks[1] = take(nothing);
    ck_assert_ptr_nonnull(blocks[1]);
    expect(2, 30, 2);
    /* Whoever frees it. */
    free(blocks[0]);
    expect(1, 0, 2);
    free(blocks[1]);
    free(others);
    free(cores);
    expect(0, 0, 2);
}
END_TEST

START_TEST(each_callback_has_its_own)
{
    void *one = take(5);
    void *other;

    memory_set_callback(2);
    other = take(7);
    ck_assert_uint_eq(memory_count_of(1).bytes, 5);
    ck_assert_uint_eq(memory_count_of(2).blocks, 1);
    ck_assert_uint_eq(memory_count_of(3).blocks, 0);
    free(one);
    ck_assert_uint_eq(memory_count_of(1).blocks, 0);
    ck_assert_uint_eq(memory_count_of(2).bytes, 7);
    free(other);
}
END_TEST

START_TEST(what_was_before_a_run_counts_no_more)
{
    void *old = take(100);
    void *fresh;

    memory_begin();
    expect(0, 0, 0);
    fresh = take(1);
    free(old);
    expect(1, 1, 1);
    free(fresh);
    expect(0, 0, 1);
}
END_TEST

START_TEST(what_grows_is_counted_as_it_is)
{
    char *block = take(3);

    memcpy(block, "ab", 3);
    (void)memory_enter(MEMORY_PLUGIN);
    block = realloc(block, 1000);
    (void)memory_enter(MEMORY_OTHERS);
    ck_assert_str_eq(block, "ab");
    ck_assert_uint_eq(malloc_usable_size(block), 1000);
    expect(1, 1000, 2);
    (void)memory_enter(MEMORY_PLUGIN);
    block = realloc(block, 2);
    block = realloc(block, nothing);
    (void)memory_enter(MEMORY_OTHERS);
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it is freed by then */
    ck_assert_ptr_null(block);
    expect(0, 0, 3);
}
END_TEST

START_TEST(every_way_to_allocate_is_counted)
{
    void *blocks[7] = {NULL};
    int error;

    (void)memory_enter(MEMORY_PLUGIN);
    blocks[0] = malloc(1);
    blocks[1] = calloc(2, 3);
    blocks[2] = realloc(NULL, 4);
    blocks[3] = reallocarray(NULL, 5, 2);
    blocks[4] = aligned_alloc(256, 512);
    blocks[5] = memalign(4096, 6);
    error = posix_memalign(&blocks[6], 64, 7);
    (void)memory_enter(MEMORY_OTHERS);
    ck_assert_int_eq(error, 0);
    expect(7, 1 + 6 + 4 + 10 + 512 + 6 + 7, 7);
    ck_assert_uint_eq((uintptr_t)blocks[4] % 256, 0);
    ck_assert_uint_eq((uintptr_t)blocks[5] % 4096, 0);
    ck_assert_uint_eq((uintptr_t)blocks[6] % 64, 0);
    for (size_t i = 0; i < 7; i++) {
        ck_assert_uint_eq((uintptr_t)blocks[i] % 16, 0);
        free(blocks[i]);
    }
    expect(0, 0, 7);
}
END_TEST

START_TEST(the_nth_allocation_fails)
{
    for (size_t n = 1; n <= 3; n++) {
        void *blocks[3];

        (void)memory_fail_at(n);
        (void)memory_enter(MEMORY_CORE);
        blocks[0] = malloc(8);
        (void)memory_enter(MEMORY_OTHERS);
        free(malloc(8)); /* not one of them */
        (void)memory_enter(MEMORY_PLUGIN);
        blocks[1] = calloc(1, 8);
        errno = 0;
        blocks[2] = realloc(NULL, 8);
        (void)memory_enter(MEMORY_OTHERS);
        ck_assert_int_eq(errno, n == 3 ? ENOMEM : 0);
        for (size_t i = 0; i < 3; i++) {
            ck_assert_msg((blocks[i] == NULL) == (i + 1 == n), "%zu of %zu", i,
                          n);
            free(blocks[i]);
        }
        ck_assert_uint_eq(memory_fail_at(0), 3);
        ck_assert_uint_eq(memory_fail_at(0), 0);
    }
}
END_TEST

START_TEST(a_block_stays_if_it_cannot_grow)
{
    char *block = take(3);
    char *moved;

    memcpy(block, "ab", 3);
    (void)memory_fail_at(1);
    (void)memory_enter(MEMORY_PLUGIN);
    moved = realloc(block, 1000);
    (void)memory_enter(MEMORY_OTHERS);
    ck_assert_ptr_null(moved);
    ck_assert_str_eq(block, "ab");
    expect(1, 3, 1);
    free(block);
}
END_TEST

START_TEST(what_the_tool_takes_never_fails)
{
    enum memory_side side;
    void *block;

    (void)memory_fail_at(1);
    (void)memory_enter(MEMORY_PLUGIN);
    block = memory_reallocate(NULL, 10);
    block = block == NULL ? NULL : memory_reallocate(block, 1000);
    side = memory_enter(MEMORY_OTHERS);
    ck_assert_int_eq(side, MEMORY_PLUGIN);
    ck_assert_ptr_nonnull(block);
    ck_assert_uint_eq(memory_fail_at(0), 0);
    expect(0, 0, 0);
    free(block);
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
    /* The compiler must not see that they are too much. */
    volatile size_t most = SIZE_MAX;
    volatile size_t alignment = 24;
    char here;
    void *const before = &here;
    void *block = before;

    errno = 0;
    ck_assert_ptr_null(malloc(most));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(calloc(most / 2, 3));
    ck_assert_ptr_null(reallocarray(NULL, most / 2, 3));
    ck_assert_int_eq(posix_memalign(&block, alignment, 8), EINVAL);
    ck_assert_int_eq(posix_memalign(&block, 64, most), ENOMEM);
    ck_assert_mem_eq(&block, &before, sizeof(block));
    free(NULL);
}
END_TEST

START_TEST(what_is_not_cleared_and_what_is_freed_is_spoilt)
{
    unsigned char *block = take(64);
    unsigned char *volatile gone = block;
    unsigned char expected[64];

    memset(expected, FRESH, sizeof(expected));
    ck_assert_int_eq(memcmp(block, expected, 64), 0);
    memset(block, 1, 64);
    free(block);
    /* NOLINTBEGIN(clang-analyzer-unix.Malloc): that is what is looked at. libc
       keeps its own numbers in the first bytes. */
    ck_assert_uint_eq(gone[40], STALE);
    ck_assert_uint_eq(gone[63], STALE);
    /* NOLINTEND(clang-analyzer-unix.Malloc) */
}
END_TEST

UNIT_MAIN_WITH("try.memory",
               set_up,
               NULL,
               it_is_known_here,
               only_what_the_plugin_takes_is_counted,
               each_callback_has_its_own,
               what_was_before_a_run_counts_no_more,
               what_grows_is_counted_as_it_is,
               every_way_to_allocate_is_counted,
               the_nth_allocation_fails,
               a_block_stays_if_it_cannot_grow,
               what_the_tool_takes_never_fails,
               what_cannot_be_is_refused,
               what_is_not_cleared_and_what_is_freed_is_spoilt)
