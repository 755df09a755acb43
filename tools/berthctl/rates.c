/* SPDX-License-Identifier: MIT */
#include "rates.h"

#include <stdlib.h>

#include "columns.h"

#define NS_IN_SECOND UINT64_C(1000000000)

void sample_free(struct sample *sample)
{
    sheet_free(&sample->status);
    sheet_free(&sample->entries);
    sheet_free(&sample->workers);
    sample->at_ns = 0;
}

/* The same row of a sheet now and before. */
struct pair {
    const struct sheet *now;
    const struct sheet *before;
    size_t row;
    size_t earlier; /* SIZE_MAX: there was none */
    uint64_t ns;    /* between them */
    enum columns_table table;
};

static const char *name_of(const struct pair *pair, int column)
{
    size_t count;

    return columns_get(pair->table, &count)[column].name;
}

static struct pair pair_up(const struct sample *now,
                           const struct sample *before,
                           enum columns_table table,
                           size_t row)
{
    const struct sheet *const sheets[][2] = {
        [COLUMNS_STATUS] = {&now->status, &before->status},
        [COLUMNS_ENTRIES] = {&now->entries, &before->entries},
        [COLUMNS_WORKERS] = {&now->workers, &before->workers},
    };

    return (struct pair){
        .now = sheets[table][0],
        .before = sheets[table][1],
        .row = row,
        .earlier = SIZE_MAX,
        .ns = now->at_ns - before->at_ns,
        .table = table,
    };
}

/* Rows are the same if they have the same text in this column. */
static void match(struct pair *pair, int column)
{
    const char *name = name_of(pair, column);
    const char *text = sheet_text(pair->now, pair->row, name);

    if (text != NULL && *text != '\0') {
        pair->earlier = sheet_find(pair->before, name, text);
    }
}

static const char *text_of(const struct pair *pair, int column)
{
    const char *text = sheet_text(pair->now, pair->row, name_of(pair, column));

    return text == NULL ? "" : text;
}

static int64_t number_of(const struct pair *pair, int column)
{
    return sheet_number(pair->now, pair->row, name_of(pair, column));
}

static int64_t rate_of(const struct pair *pair, int column)
{
    const char *name = name_of(pair, column);
    const int64_t now = sheet_number(pair->now, pair->row, name);
    const int64_t before = sheet_number(pair->before, pair->earlier, name);

    if (pair->ns == 0 || now == SHEET_NONE || before == SHEET_NONE ||
        now < before) {
        return RATES_NONE;
    }
    return (int64_t)((double)(now - before) * (double)NS_IN_SECOND /
                     (double)pair->ns);
}

static void read_times(const struct sheet *sheet,
                       size_t row,
                       const char *name,
                       struct buckets *buckets)
{
    const char *text = sheet_text(sheet, row, name);

    buckets->count = 0;
    if (text != NULL) {
        (void)buckets_parse(buckets, text);
    }
}

/* Of what was sampled in between; of all that was, without an earlier one. */
static uint64_t p99_of(const struct pair *pair, int column)
{
    const char *name = name_of(pair, column);
    struct buckets now;
    struct buckets before;

    read_times(pair->now, pair->row, name, &now);
    read_times(pair->before, pair->earlier, name, &before);
    buckets_subtract(&now, &before);
    return buckets_quantile(&now, 990);
}

void rates_of_entry(struct entry_rates *rates,
                    const struct sample *now,
                    const struct sample *before,
                    size_t row)
{
    struct pair pair = pair_up(now, before, COLUMNS_ENTRIES, row);

    match(&pair, COLUMNS_ENTRY_NAME);
    *rates = (struct entry_rates){
        .name = text_of(&pair, COLUMNS_ENTRY_NAME),
        .state = text_of(&pair, COLUMNS_ENTRY_STATE),
        .open = number_of(&pair, COLUMNS_ENTRY_OPEN),
        .accepted = rate_of(&pair, COLUMNS_ENTRY_ACCEPTED),
        .in = rate_of(&pair, COLUMNS_ENTRY_IN),
        .out = rate_of(&pair, COLUMNS_ENTRY_OUT),
        .callbacks = rate_of(&pair, COLUMNS_ENTRY_CALLBACKS),
        .queued = number_of(&pair, COLUMNS_ENTRY_QUEUED),
        .p99_ns = p99_of(&pair, COLUMNS_ENTRY_TIMES),
    };
}

void rates_of_worker(struct worker_rates *rates,
                     const struct sample *now,
                     const struct sample *before,
                     size_t row)
{
    struct pair pair = pair_up(now, before, COLUMNS_WORKERS, row);

    match(&pair, COLUMNS_WORKER_PID);
    *rates = (struct worker_rates){
        .pid = text_of(&pair, COLUMNS_WORKER_PID),
        .state = text_of(&pair, COLUMNS_WORKER_STATE),
        .number = number_of(&pair, COLUMNS_WORKER_NUMBER),
        .generation = number_of(&pair, COLUMNS_WORKER_GENERATION),
        .cpu = rate_of(&pair, COLUMNS_WORKER_CPU),
        .open = number_of(&pair, COLUMNS_WORKER_OPEN),
        .accepted = rate_of(&pair, COLUMNS_WORKER_ACCEPTED),
    };
}

int64_t rates_of_server(const struct sample *now, const struct sample *before)
{
    struct pair pair = pair_up(now, before, COLUMNS_STATUS, 0);

    pair.earlier = 0;
    return rate_of(&pair, COLUMNS_STATUS_ACCEPTED);
}
