/* SPDX-License-Identifier: MIT */
#include "census.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often it is taken anew because the supervisor was moving accounts
   meanwhile, which takes it some microseconds. */
#define ATTEMPTS 16
#define CAPACITY_MIN 16

/* Room for one more item of that size. Returns the items, or NULL: no memory,
   they are as before. */
static void *make_room(void *items, size_t count, size_t item_size)
{
    /* It is full whenever the count is a power of two, from the least on. */
    if (count >= CAPACITY_MIN && (count & (count - 1)) == 0) {
        return realloc(items, 2 * count * item_size);
    }
    return items == NULL ? malloc(CAPACITY_MIN * item_size) : items;
}

static int add_row(struct census *census, const struct account_view *view)
{
    struct account_view *rows =
        make_room(census->rows, census->row_count, sizeof(*rows));

    if (rows == NULL) {
        return -ENOMEM;
    }
    census->rows = rows;
    rows[census->row_count++] = *view;
    return 0;
}

static void name_family(const struct account_view *view,
                        struct census_counter *counter)
{
    char *next = counter->family;

    (void)snprintf(next, sizeof(counter->family), "%s_%s", view->protocol,
                   counter->reading.name);
    for (; *next != '\0'; next++) {
        bool is_fine = (*next >= 'a' && *next <= 'z') ||
                       (*next >= 'A' && *next <= 'Z') ||
                       (*next >= '0' && *next <= '9');

        if (!is_fine) {
            *next = '_';
        }
    }
}

static int add_counter(struct census *census,
                       const struct account_view *view,
                       size_t index)
{
    struct census_counter counter = {.worker = view->worker};
    struct census_counter *counters;

    account_read_counter(view, index, &counter.reading);
    if (counter.reading.name[0] == '\0') {
        return 0;
    }
    name_family(view, &counter);
    memcpy(counter.entry, view->name, sizeof(counter.entry));
    counters =
        make_room(census->counters, census->counter_count, sizeof(*counters));
    if (counters == NULL) {
        return -ENOMEM;
    }
    census->counters = counters;
    counters[census->counter_count++] = counter;
    return 0;
}

static int
take_account(void *arg, const struct account_view *view, uint64_t generation)
{
    struct census *census = arg;
    int error;

    if (generation == STATS_TRIAL) {
        return 0;
    }
    error = add_row(census, view);
    for (size_t i = 0; i < view->counter_count && error == 0; i++) {
        error = add_counter(census, view, i);
    }
    return error;
}

/* ------------------------------------------------------------ order, sums */

static int compare_numbers(uint32_t left, uint32_t right)
{
    return (left > right) - (left < right);
}

static int compare_rows(const void *left, const void *right)
{
    const struct account_view *one = left;
    const struct account_view *other = right;
    int order = strcmp(one->name, other->name);

    return order != 0 ? order : compare_numbers(one->worker, other->worker);
}

static int compare_counters(const void *left, const void *right)
{
    const struct census_counter *one = left;
    const struct census_counter *other = right;
    int order = strcmp(one->family, other->family);

    if (order == 0) {
        order = strcmp(one->entry, other->entry);
    }
    return order != 0 ? order : compare_numbers(one->worker, other->worker);
}

/* The same entry and worker: of several generations, and totals. */
static void merge_rows(struct census *census)
{
    size_t kept = 0;

    for (size_t i = 1; i < census->row_count; i++) {
        struct account_view *row = &census->rows[i];

        if (compare_rows(&census->rows[kept], row) == 0) {
            account_view_add(&census->rows[kept], row);
        } else {
            census->rows[++kept] = *row;
        }
    }
    census->row_count = census->row_count == 0 ? 0 : kept + 1;
}

static void merge_counters(struct census *census)
{
    size_t kept = 0;

    for (size_t i = 1; i < census->counter_count; i++) {
        struct census_counter *counter = &census->counters[i];

        if (compare_counters(&census->counters[kept], counter) == 0) {
            census->counters[kept].reading.value += counter->reading.value;
        } else {
            census->counters[++kept] = *counter;
        }
    }
    census->counter_count = census->counter_count == 0 ? 0 : kept + 1;
}

static void sort(void *items,
                 size_t count,
                 size_t size,
                 int (*compare)(const void *, const void *))
{
    if (count > 0) { /* qsort(3) takes no NULL */
        qsort(items, count, size, compare);
    }
}

/* ------------------------------------------------------------------- whole */

static int collect(const struct stats *stats, struct census *census)
{
    census->row_count = 0;
    census->counter_count = 0;
    return stats_visit(stats, take_account, census);
}

/* If accounts keep being moved, what was read last has to do. */
static int collect_undisturbed(const struct stats *stats, struct census *census)
{
    int error = 0;

    for (int i = 0; i < ATTEMPTS && error == 0; i++) {
        uint64_t before = stats_moves(stats);

        error = collect(stats, census);
        if (before % 2 == 0 && before == stats_moves(stats)) {
            break;
        }
        (void)sched_yield();
    }
    return error;
}

int census_take(const struct stats *stats, struct census *census)
{
    int error;

    *census = (struct census){.row_count = 0};
    error = collect_undisturbed(stats, census);
    if (error < 0) {
        census_free(census);
        return error;
    }
    sort(census->rows, census->row_count, sizeof(*census->rows), compare_rows);
    sort(census->counters, census->counter_count, sizeof(*census->counters),
         compare_counters);
    merge_rows(census);
    merge_counters(census);
    return 0;
}

void census_free(struct census *census)
{
    free(census->rows);
    free(census->counters);
    *census = (struct census){.row_count = 0};
}
