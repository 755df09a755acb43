/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "amount.h"

/* 99 of 100 are faster. */
#define SLOW_THOUSANDTHS 990

static void put_server(const struct stats *stats, FILE *stream)
{
    uint64_t started_s = stats_get(stats, STATS_STARTED_MS) / 1000;
    uint64_t now_s = (uint64_t)time(NULL);
    char up[AMOUNT_TEXT_MAX];

    amount_print_seconds(up, now_s < started_s ? 0 : now_s - started_s);
    (void)fprintf(
        stream,
        "berth %s, up %s, generation %" PRIu64 ", %" PRIu64 " reloads, %" PRIu64
        " failed, %" PRIu64 " workers replaced\n",
        BERTH_VERSION, up, stats_get(stats, STATS_GENERATION),
        stats_get(stats, STATS_RELOADS), stats_get(stats, STATS_RELOADS_FAILED),
        stats_get(stats, STATS_REPLACED));
}

static uint64_t
add_values(const struct account_view *view, unsigned first, unsigned count)
{
    uint64_t sum = 0;

    for (unsigned i = first; i < first + count; i++) {
        sum += view->values[i];
    }
    return sum;
}

static void put_times(const struct histogram_sum *times, FILE *stream)
{
    uint64_t ns = histogram_quantile_ns(times, SLOW_THOUSANDTHS);
    char text[AMOUNT_TEXT_MAX];

    if (ns != 0) {
        amount_print_ns(text, ns);
        (void)fprintf(stream, ", p99 %s", text);
    }
}

/* Those of all workers are next to each other. Returns the next one. */
static size_t
put_counter(const struct census *census, size_t index, FILE *stream)
{
    const struct census_counter *first = &census->counters[index];
    uint64_t sum = 0;

    for (; index < census->counter_count; index++) {
        const struct census_counter *counter = &census->counters[index];

        if (strcmp(counter->family, first->family) != 0 ||
            strcmp(counter->entry, first->entry) != 0) {
            break;
        }
        sum += counter->reading.value;
    }
    (void)fprintf(stream, ", %s %" PRIu64, first->reading.name, sum);
    return index;
}

static void
put_counters(const struct census *census, const char *entry, FILE *stream)
{
    size_t i = 0;

    while (i < census->counter_count) {
        i = strcmp(census->counters[i].entry, entry) == 0
                ? put_counter(census, i, stream)
                : i + 1;
    }
}

static void put_entry(const struct census *census,
                      const struct account_view *view,
                      FILE *stream)
{
    const uint64_t *values = view->values;

    (void)fprintf(stream,
                  "%s: open %" PRIu64 ", accepted %" PRIu64 ", refused %" PRIu64
                  ", closed %" PRIu64 ", timeouts %" PRIu64
                  ", crashes %" PRIu64,
                  view->name, view->open, values[ACCOUNT_ACCEPTED],
                  add_values(view, ACCOUNT_REFUSED, ACCOUNT_REFUSALS),
                  add_values(view, ACCOUNT_CLOSED, ACCOUNT_REASONS),
                  add_values(view, ACCOUNT_TIMEOUTS, ACCOUNT_LIMITS),
                  values[ACCOUNT_CRASHES]);
    (void)fprintf(stream,
                  ", bytes in %" PRIu64 ", bytes out %" PRIu64
                  ", queued %" PRIu64 ", callbacks %" PRIu64,
                  values[ACCOUNT_RECEIVED], values[ACCOUNT_SENT], view->queued,
                  values[ACCOUNT_CALLBACKS]);
    put_times(&view->times, stream);
    put_counters(census, view->name, stream);
    (void)fputc('\n', stream);
}

void metrics_print_summary(const struct stats *stats,
                           const struct census *census,
                           FILE *stream)
{
    size_t i = 0;

    put_server(stats, stream);
    while (i < census->row_count) {
        struct account_view sum = census->rows[i++];

        while (i < census->row_count &&
               strcmp(census->rows[i].name, sum.name) == 0) {
            account_view_add(&sum, &census->rows[i++]);
        }
        put_entry(census, &sum, stream);
    }
}
