/* SPDX-License-Identifier: MIT */
#include "berth-try/pages.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

static int ends[2]; /* of a pipe */

static void set_up(void)
{
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(pages_init(), 0);
    pages_guard(true);
}

static void tear_down(void)
{
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Whether a byte can be read: the kernel tells, where a program would end. */
static bool is_readable(const void *address)
{
    char byte;

    if (write(ends[1], address, 1) < 0) {
        ck_assert_int_eq(errno, EFAULT);
        return false;
    }
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    return true;
}

static bool is_writable(void *address)
{
    ck_assert_int_eq(write(ends[1], "w", 1), 1);
    if (read(ends[0], address, 1) == 1) {
        return true;
    }
    ck_assert_int_eq(errno, EFAULT);
    ck_assert_int_eq(read(ends[0], &(char){0}, 1), 1);
    return false;
}

static void expect_input(const void *address, ptrdiff_t offset, uint64_t call)
{
    struct pages_place place = pages_find(address);

    ck_assert_int_eq(place.kind, PAGES_INPUT);
    ck_assert_int_eq(place.offset, offset);
    ck_assert_uint_eq(place.call, call);
    ck_assert_uint_eq(place.callback, 3);
}

START_TEST(what_is_lent_can_be_touched_up_to_its_end)
{
    char *data = pages_lend("hello", 5, 7, 3);

    ck_assert_ptr_nonnull(data);
    ck_assert_mem_eq(data, "hello", 6);
    ck_assert(is_writable(data));
    ck_assert(is_writable(data + 5));
    ck_assert(!is_readable(data + 6));
    ck_assert_int_eq(pages_find(data + 6).kind, PAGES_BEHIND_INPUT);
    ck_assert_int_eq(pages_find(data + 6).offset, 6);
    ck_assert_uint_eq(pages_find(data + 6).size, 5);
    pages_take_back();
}
END_TEST

START_TEST(what_was_taken_back_is_known_and_out_of_reach)
{
    char *first = pages_lend("hello", 5, 7, 3);
    char *second;

    pages_take_back();
    ck_assert(!is_readable(first));
    expect_input(first + 1, 1, 7);
    second = pages_lend("again", 5, 8, 3);
    ck_assert_ptr_ne(first, second);
    ck_assert(!is_readable(first));
    ck_assert(is_readable(second));
    expect_input(first, 0, 7);
    expect_input(second, 0, 8);
    pages_take_back();
}
END_TEST

/* Round and round: of each only the latest is accessible. */
START_TEST(there_is_always_room)
{
    static char bytes[300000];

    memset(bytes, 'x', sizeof(bytes));
    for (uint64_t call = 1; call < 200; call++) {
        const size_t size = (size_t)(call * 1501 % sizeof(bytes));
        char *data = pages_lend(bytes, size, call, 3);

        ck_assert_ptr_nonnull(data);
        ck_assert_uint_eq(strlen(data), size);
        expect_input(data, 0, call);
        expect_input(data + size, (ptrdiff_t)size, call);
        ck_assert(!is_readable(data + size + 1));
        pages_take_back();
        ck_assert(!is_readable(data));
    }
}
END_TEST

START_TEST(what_is_larger_than_all_of_it_is_lent_too)
{
    const size_t size = (size_t)16 << 20;
    char *bytes = calloc(1, size);
    char *data;

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, 'x', size);
    data = pages_lend(bytes, size, 1, 3);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(strlen(data), size);
    ck_assert(!is_readable(data + size + 1));
    pages_take_back();
    ck_assert(!is_readable(data));
    free(bytes);
}
END_TEST

START_TEST(unguarded_only_the_end_is_out_of_reach)
{
    char *data;

    pages_guard(false);
    data = pages_lend("hello", 5, 7, 3);
    ck_assert_mem_eq(data, "hello", 6);
    ck_assert(!is_readable(data + 6));
    ck_assert_int_eq(pages_find(data + 6).kind, PAGES_BEHIND_INPUT);
    pages_take_back();
    /* Whoever reads it still, reads something else. */
    ck_assert(is_readable(data));
    ck_assert_mem_ne(data, "hello", 5);
    ck_assert_int_ne(data[5], '\0');
}
END_TEST

START_TEST(a_state_is_zeroed_and_has_an_end)
{
    struct pages_state *state = pages_state_new(100, "state");
    char *bytes;

    ck_assert_ptr_nonnull(state);
    bytes = state->state;
    ck_assert_uint_eq((uintptr_t)bytes % 16, 0);
    for (size_t i = 0; i < 100; i++) {
        ck_assert_int_eq(bytes[i], 0);
    }
    ck_assert(is_writable(bytes));
    ck_assert(is_writable(bytes + 99));
    ck_assert(!is_readable(bytes + 112)); /* it is aligned */
    ck_assert_int_eq(pages_find(bytes + 10).kind, PAGES_STATE);
    ck_assert_int_eq(pages_find(bytes + 10).offset, 10);
    ck_assert_ptr_eq(pages_find(bytes + 10).state, state);
    ck_assert_str_eq(state->what, "state");
    ck_assert_int_eq(pages_find(bytes + 112).kind, PAGES_BEHIND_STATE);
    pages_state_end(state);
    ck_assert(!is_readable(bytes));
    ck_assert(pages_find(bytes).state->is_over);
    pages_forget_states();
}
END_TEST

START_TEST(states_are_hidden_while_jobs_run)
{
    struct pages_state *over = pages_state_new(8, "state");
    struct pages_state *state = pages_state_new(8, "local");

    pages_state_end(over);
    memset(state->state, 5, 8);
    pages_hide_states(true);
    ck_assert(!is_readable(state->state));
    pages_hide_states(false);
    ck_assert_int_eq(*(char *)state->state, 5);
    ck_assert(!is_readable(over->state));
    pages_state_end(state);
    pages_forget_states();
}
END_TEST

START_TEST(a_state_that_is_forgotten_is_used_again)
{
    struct pages_state *state = pages_state_new(100, "state");
    char *bytes = state->state;

    memset(bytes, 5, 100);
    pages_state_end(state);
    ck_assert_int_eq(pages_find(bytes).kind, PAGES_STATE);
    pages_forget_states();
    ck_assert_int_eq(pages_find(bytes).kind, PAGES_UNKNOWN);
    state = pages_state_new(90, "other");
    bytes = state->state;
    for (size_t i = 0; i < 90; i++) {
        ck_assert_int_eq(bytes[i], 0);
    }
    ck_assert(!pages_find(bytes).state->is_over);
    ck_assert_str_eq(pages_find(bytes).state->what, "other");
    pages_state_end(state);
    pages_forget_states();
}
END_TEST

START_TEST(what_is_none_of_it_is_unknown)
{
    int here = 0;

    ck_assert_int_eq(pages_find(&here).kind, PAGES_UNKNOWN);
    ck_assert_int_eq(pages_find(NULL).kind, PAGES_UNKNOWN);
}
END_TEST

UNIT_MAIN_WITH("try.pages",
               set_up,
               tear_down,
               what_is_lent_can_be_touched_up_to_its_end,
               what_was_taken_back_is_known_and_out_of_reach,
               there_is_always_room,
               what_is_larger_than_all_of_it_is_lent_too,
               unguarded_only_the_end_is_out_of_reach,
               a_state_is_zeroed_and_has_an_end,
               states_are_hidden_while_jobs_run,
               a_state_that_is_forgotten_is_used_again,
               what_is_none_of_it_is_unknown)
