/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <string.h>

#include "census.h"
#include "worker_process.h"

static const berth_counter counters[] = {
    {.name = "lines", .help = "lines received"},
    {.name = "errors"},
    BERTH_COUNTERS_END,
};

static struct stats *stats;

static void begin(void)
{
    ck_assert_int_eq(stats_new(16, &stats), 0);
}

static void end(void)
{
    stats_free(stats);
}

/* An entry of a worker that counted n of everything. */
struct told {
    const char *name;
    const char *protocol;
    uint64_t n;
};

static void tell(struct stats *own, const void *arg)
{
    const struct told *told = arg;
    const struct account_label label = {
        .name = told->name,
        .protocol = told->protocol,
        .counters = counters,
        .counter_count = 2,
    };
    struct account *account = stats_open_account(own, &label);

    account_raise(account, ACCOUNT_ACCEPTED, told->n);
    account_count(&account->open, told->n);
    account_count(&account->counters[0].value, 10 * told->n);
    account_count(&account->counters[1].value, 100 * told->n);
}

static unsigned
count_in(uint32_t worker, uint64_t generation, const struct told *told)
{
    int slot = stats_claim(stats, worker, generation);

    ck_assert_int_ge(slot, 0);
    ck_assert_int_eq(worker_process_run(stats, (unsigned)slot, tell, told), 0);
    return (unsigned)slot;
}

START_TEST(an_empty_one_is_fine)
{
    struct census census;

    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.row_count, 0);
    ck_assert_uint_eq(census.counter_count, 0);
    census_free(&census);
}
END_TEST

START_TEST(what_only_tries_is_not_seen)
{
    static const struct told told = {"a", "line", 1};
    struct census census;

    (void)count_in(0, STATS_TRIAL, &told);
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.row_count, 0);
    ck_assert_uint_eq(census.counter_count, 0);
    census_free(&census);
}
END_TEST

static void check_row(const struct census *census,
                      size_t index,
                      const char *name,
                      uint32_t worker,
                      uint64_t accepted)
{
    const struct account_view *row = &census->rows[index];

    ck_assert_uint_lt(index, census->row_count);
    ck_assert_str_eq(row->name, name);
    ck_assert_uint_eq(row->worker, worker);
    ck_assert_uint_eq(row->values[ACCOUNT_ACCEPTED], accepted);
}

START_TEST(rows_are_in_order_by_name_and_worker)
{
    const struct told b = {"b", "line", 1};
    const struct told a = {"a", "line", 2};
    struct census census;

    (void)count_in(10, 1, &b);
    (void)count_in(9, 1, &b);
    (void)count_in(9, 1, &a);
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.row_count, 3);
    check_row(&census, 0, "a", 9, 2);
    check_row(&census, 1, "b", 9, 1);
    check_row(&census, 2, "b", 10, 1);
    census_free(&census);
}
END_TEST

START_TEST(generations_and_those_that_are_gone_are_added_up)
{
    const struct told first = {"a", "line", 1};
    const struct told second = {"a", "line", 20};
    struct census census;

    stats_retire(stats, count_in(0, 1, &first));
    (void)count_in(0, 2, &first);
    (void)count_in(0, 3, &second);
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.row_count, 1);
    check_row(&census, 0, "a", 0, 22);
    ck_assert_uint_eq(census.rows[0].open, 21);
    ck_assert_uint_eq(census.counter_count, 2);
    ck_assert_uint_eq(census.counters[0].reading.value, 2200);
    ck_assert_uint_eq(census.counters[1].reading.value, 220);
    census_free(&census);
}
END_TEST

static void check_counter(const struct census *census,
                          size_t index,
                          const char *family,
                          const char *entry,
                          uint32_t worker)
{
    ck_assert_uint_lt(index, census->counter_count);
    ck_assert_str_eq(census->counters[index].family, family);
    ck_assert_str_eq(census->counters[index].entry, entry);
    ck_assert_uint_eq(census->counters[index].worker, worker);
}

START_TEST(counters_are_in_order_by_family_entry_and_worker)
{
    const struct told one = {"z", "line", 1};
    const struct told other = {"b", "line", 1};
    struct census census;

    (void)count_in(1, 1, &one);
    (void)count_in(0, 1, &one);
    (void)count_in(0, 1, &other);
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.counter_count, 6);
    check_counter(&census, 0, "line_errors", "b", 0);
    check_counter(&census, 1, "line_errors", "z", 0);
    check_counter(&census, 2, "line_errors", "z", 1);
    check_counter(&census, 3, "line_lines", "b", 0);
    ck_assert_str_eq(census.counters[3].reading.name, "lines");
    ck_assert_str_eq(census.counters[3].reading.help, "lines received");
    census_free(&census);
}
END_TEST

/* Else one family would be told twice. */
START_TEST(a_family_is_one_whatever_it_is_made_of)
{
    const struct told one = {"a", "my-line", 1};
    const struct told between = {"b", "my.line", 1};
    const struct told other = {"a", "my_line", 1};
    struct census census;

    (void)count_in(0, 1, &one);
    (void)count_in(0, 1, &between);
    (void)count_in(0, 1, &other);
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.counter_count, 4);
    check_counter(&census, 0, "my_line_errors", "a", 0);
    check_counter(&census, 1, "my_line_errors", "b", 0);
    check_counter(&census, 2, "my_line_lines", "a", 0);
    ck_assert_uint_eq(census.counters[0].reading.value, 200);
    census_free(&census);
}
END_TEST

static void tell_many(struct stats *own, const void *arg)
{
    (void)arg;
    for (int i = 0; i < 300; i++) {
        char name[16];
        struct told told = {name, "line", 1};

        (void)snprintf(name, sizeof(name), "entry-%03d", i);
        tell(own, &told);
    }
}

START_TEST(there_may_be_many)
{
    struct census census;

    for (uint32_t worker = 0; worker < 8; worker++) {
        int slot = stats_claim(stats, worker, 1);

        ck_assert_int_eq(
            worker_process_run(stats, (unsigned)slot, tell_many, NULL), 0);
    }
    ck_assert_int_eq(census_take(stats, &census), 0);
    ck_assert_uint_eq(census.row_count, 2400);
    ck_assert_uint_eq(census.counter_count, 4800);
    for (size_t i = 0; i < census.row_count; i++) {
        ck_assert_uint_eq(census.rows[i].worker, i % 8);
        ck_assert_uint_eq(census.rows[i].values[ACCOUNT_ACCEPTED], 1);
    }
    census_free(&census);
}
END_TEST

UNIT_MAIN_WITH("census",
               begin,
               end,
               an_empty_one_is_fine,
               what_only_tries_is_not_seen,
               rows_are_in_order_by_name_and_worker,
               generations_and_those_that_are_gone_are_added_up,
               counters_are_in_order_by_family_entry_and_worker,
               a_family_is_one_whatever_it_is_made_of,
               there_may_be_many)
