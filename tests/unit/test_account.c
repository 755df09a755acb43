/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"

static _Alignas(64) char memory[65536];
static const struct account_book book = {memory, sizeof(memory)};

static _Alignas(64) char past[65536];
static const struct account_book totals = {past, sizeof(past)};

static void begin(void)
{
    memset(memory, 0, sizeof(memory));
    memset(past, 0, sizeof(past));
}

static const berth_counter counters[] = {
    {.name = "lines", .help = "lines received"},
    {.name = "errors"},
    BERTH_COUNTERS_END,
};

static struct account_label label_of(const char *name, size_t counter_count)
{
    return (struct account_label){
        .name = name,
        .protocol = "line",
        .worker = 3,
        .counters = counters,
        .counter_count = counter_count,
    };
}

static struct account *add(const char *name)
{
    const struct account_label label = label_of(name, 2);
    struct account *account = account_add(&book, &label);

    ck_assert_ptr_nonnull(account);
    return account;
}

START_TEST(what_is_counted_is_read)
{
    struct account *account = add("mail");
    struct account_reading reading;
    struct account_view view;
    size_t offset = 0;

    account_raise(account, ACCOUNT_SENT, 7);
    account_raise(account, ACCOUNT_SENT, 3);
    account_count(&account->open, 2);
    account_count(&account->queued, 99);
    account_count(&account->counters[0].value, 5);
    histogram_add(&account->times, 1000);
    ck_assert(account_read(&book, &offset, &view));
    ck_assert_str_eq(view.name, "mail");
    ck_assert_str_eq(view.protocol, "line");
    ck_assert_uint_eq(view.worker, 3);
    ck_assert_uint_eq(view.values[ACCOUNT_SENT], 10);
    ck_assert_uint_eq(view.values[ACCOUNT_RECEIVED], 0);
    ck_assert_uint_eq(view.open, 2);
    ck_assert_uint_eq(view.queued, 99);
    ck_assert_uint_eq(histogram_count(&view.times), 1);
    ck_assert_uint_eq(view.counter_count, 2);
    ck_assert_ptr_eq(view.source, account);
    account_read_counter(&view, 0, &reading);
    ck_assert_str_eq(reading.name, "lines");
    ck_assert_str_eq(reading.help, "lines received");
    ck_assert_uint_eq(reading.value, 5);
    account_read_counter(&view, 1, &reading);
    ck_assert_str_eq(reading.help, "");
    ck_assert(!account_read(&book, &offset, &view));
}
END_TEST

START_TEST(accounts_follow_each_other)
{
    static const char *const names[] = {"a", "b", "c"};
    struct account_view view;
    size_t offset = 0;

    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq((uintptr_t)add(names[i]) % 64, 0);
    }
    for (size_t i = 0; i < 3; i++) {
        ck_assert(account_read(&book, &offset, &view));
        ck_assert_str_eq(view.name, names[i]);
    }
    ck_assert(!account_read(&book, &offset, &view));
}
END_TEST

START_TEST(a_full_book_takes_no_more_and_keeps_what_it_has)
{
    const struct account_label label = label_of("a", 2);
    struct account_view view;
    size_t count = 0;
    size_t offset = 0;

    while (account_add(&book, &label) != NULL) {
        count++;
    }
    ck_assert_uint_gt(count, 10);
    ck_assert_ptr_null(account_add(&book, &label));
    while (account_read(&book, &offset, &view)) {
        count--;
    }
    ck_assert_uint_eq(count, 0);
    ck_assert_uint_le(offset, sizeof(memory));
}
END_TEST

START_TEST(long_texts_are_cut)
{
    char name[200] = "";
    struct account_label label = label_of(name, 0);
    struct account_view view;
    size_t offset = 0;

    memset(name, 'x', sizeof(name) - 1);
    ck_assert_ptr_nonnull(account_add(&book, &label));
    ck_assert(account_read(&book, &offset, &view));
    ck_assert_uint_eq(strlen(view.name), ACCOUNT_NAME_SIZE - 1);
}
END_TEST

START_TEST(one_may_be_in_private)
{
    struct account_label label = label_of("a", 256);
    struct account *account;

    label.counters = NULL;
    account = account_new(&label);
    ck_assert_ptr_nonnull(account);
    account_count(&account->counters[255].value, 1);
    ck_assert_str_eq(account->counters[255].name, "");
    ck_assert_uint_eq(account->values[ACCOUNT_SENT], 0);
    free(account);
}
END_TEST

START_TEST(views_are_added_up)
{
    struct account_view sum = {.open = 1, .queued = 2, .name = "a"};
    struct account_view view = {.open = 10, .queued = 20, .name = "b"};

    view.values[ACCOUNT_VALUES - 1] = 4;
    view.times.counts[5] = 6;
    view.times.sum_ns = 7;
    account_view_add(&sum, &view);
    account_view_add(&sum, &view);
    ck_assert_uint_eq(sum.open, 21);
    ck_assert_uint_eq(sum.queued, 42);
    ck_assert_uint_eq(sum.values[ACCOUNT_VALUES - 1], 8);
    ck_assert_uint_eq(sum.times.counts[5], 12);
    ck_assert_uint_eq(sum.times.sum_ns, 14);
    ck_assert_str_eq(sum.name, "a");
}
END_TEST

/* ------------------------------------------------------------------ totals */

static struct account_view read_first(const struct account_book *from)
{
    struct account_view view;
    size_t offset = 0;

    ck_assert(account_read(from, &offset, &view));
    return view;
}

static size_t count_totals(void)
{
    struct account_view view;
    size_t offset = 0;
    size_t count = 0;

    while (account_read(&totals, &offset, &view)) {
        count++;
    }
    return count;
}

START_TEST(totals_grow)
{
    struct account *account = add("a");
    struct account_reading reading;
    struct account_view view;

    account_raise(account, ACCOUNT_RECEIVED, 5);
    account_count(&account->open, 1);
    account_count(&account->counters[1].value, 8);
    histogram_add(&account->times, 400);
    view = read_first(&book);
    ck_assert_int_eq(account_total(&totals, &view), 0);
    ck_assert_int_eq(account_total(&totals, &view), 0);
    ck_assert_uint_eq(count_totals(), 1);
    view = read_first(&totals);
    ck_assert_str_eq(view.name, "a");
    ck_assert_uint_eq(view.worker, 3);
    ck_assert_uint_eq(view.values[ACCOUNT_RECEIVED], 10);
    ck_assert_uint_eq(view.open, 0); /* nothing of what is gone is open */
    ck_assert_uint_eq(histogram_count(&view.times), 2);
    account_read_counter(&view, 1, &reading);
    ck_assert_str_eq(reading.name, "errors");
    ck_assert_uint_eq(reading.value, 16);
}
END_TEST

START_TEST(what_is_not_the_same_has_a_total_of_its_own)
{
    struct account *account = add("a");
    struct account_view view = read_first(&book);

    ck_assert_int_eq(account_total(&totals, &view), 0);
    view.worker++;
    ck_assert_int_eq(account_total(&totals, &view), 0);
    view.name[0] = 'b';
    ck_assert_int_eq(account_total(&totals, &view), 0);
    view.protocol[0] = 'b';
    ck_assert_int_eq(account_total(&totals, &view), 0);
    view.counter_count--;
    ck_assert_int_eq(account_total(&totals, &view), 0);
    account->counters[0].name[0] = 'b';
    ck_assert_int_eq(account_total(&totals, &view), 0);
    ck_assert_uint_eq(count_totals(), 6);
}
END_TEST

START_TEST(a_full_book_of_totals_says_so)
{
    struct account_view view = {.name = "a"};
    int error = 0;

    for (uint32_t i = 0; error == 0 && i < 1000; i++) {
        view.worker = i;
        error = account_total(&totals, &view);
    }
    ck_assert_int_eq(error, -ENOSPC);
}
END_TEST

/* ------------------------------------------------------------- broken books */

/* xorshift64: the same bytes in each run. */
static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static void read_counters(const struct account_view *view)
{
    struct account_reading reading;

    for (size_t i = 0; i < view->counter_count; i++) {
        account_read_counter(view, i, &reading);
        ck_assert_uint_lt(strlen(reading.name), ACCOUNT_NAME_SIZE);
        ck_assert_uint_lt(strlen(reading.help), ACCOUNT_HELP_SIZE);
    }
}

/* Reads all of it; ASan sees to it that no read leaves the book. */
static size_t read_all(const struct account_book *from)
{
    struct account_view view;
    size_t offset = 0;
    size_t accounts = 0;

    while (account_read(from, &offset, &view)) {
        ck_assert_uint_lt(strlen(view.name), ACCOUNT_NAME_SIZE);
        ck_assert_uint_lt(strlen(view.protocol), ACCOUNT_NAME_SIZE);
        read_counters(&view);
        accounts++;
        ck_assert_uint_le(offset, from->size);
    }
    return accounts;
}

START_TEST(any_bytes_are_read_within_the_book)
{
    const size_t size = 8192;
    char *base = aligned_alloc(64, size); /* by itself, for ASan */
    const struct account_book broken = {base, size};
    const struct account_label label = label_of("a", 2);
    uint64_t state = 88172645463325252;
    size_t accounts = 0;

    for (int round = 0; round < 2000; round++) {
        memset(base, 0, size);
        for (int i = 0; i < 3; i++) {
            ck_assert_ptr_nonnull(account_add(&broken, &label));
        }
        for (size_t i = next_random(&state) % 64; i > 0; i--) {
            base[next_random(&state) % size] = (char)next_random(&state);
        }
        accounts += read_all(&broken);
        (void)account_add(&broken, &label);
    }
    ck_assert_uint_gt(accounts, 2000); /* not all were beyond recognition */
    free(base);
}
END_TEST

START_TEST(sizes_and_counts_are_bounded)
{
    static const uint32_t sizes[] = {1,  63,    64,         65536,   65537,
                                     12, 65472, UINT32_MAX, 1u << 31};
    struct account *account = add("a");
    uint32_t size = account->size;

    account->counter_count = UINT32_MAX;
    ck_assert_uint_eq(read_all(&book), 1);
    ck_assert_uint_le(read_first(&book).counter_count, 3);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        account->size = sizes[i];
        (void)read_all(&book);
    }
    account->size = size + 1;
    ck_assert_uint_eq(read_all(&book), 0);
}
END_TEST

START_TEST(reasons_have_names)
{
    ck_assert_str_eq(account_reason_name(ACCOUNT_ENDED), "ended");
    ck_assert_str_eq(account_reason_name(ACCOUNT_CRASHED), "crashed");
    for (int i = 0; i < ACCOUNT_REASONS; i++) {
        ck_assert_ptr_nonnull(account_reason_name((enum account_reason)i));
    }
}
END_TEST

UNIT_MAIN_WITH("account",
               begin,
               NULL,
               what_is_counted_is_read,
               accounts_follow_each_other,
               a_full_book_takes_no_more_and_keeps_what_it_has,
               long_texts_are_cut,
               one_may_be_in_private,
               views_are_added_up,
               totals_grow,
               what_is_not_the_same_has_a_total_of_its_own,
               a_full_book_of_totals_says_so,
               any_bytes_are_read_within_the_book,
               sizes_and_counts_are_bounded,
               reasons_have_names)
