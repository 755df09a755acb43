/* SPDX-License-Identifier: MIT */
#include "metrics.h"

#include <inttypes.h>
#include <string.h>

#include "utf8.h"

/* Of the buckets of the histogram one in so many is told, so that bounds are
   four times as large as the ones before. berthctl top sees all. */
#define BUCKETS_TOLD ((size_t)2 * HISTOGRAM_STEPS)

/* -------------------------------------------------------------------- parts */

static void
put_head(FILE *stream, const char *family, const char *type, const char *help)
{
    (void)fprintf(stream, "# HELP %s %s\n# TYPE %s %s\n", family, help, family,
                  type);
}

/* Names are printable ASCII, else a plugin has written over them. */
static void put_label(FILE *stream, const char *name)
{
    for (; *name != '\0'; name++) {
        if (*name == '"' || *name == '\\') {
            (void)fputc('\\', stream);
        }
        (void)fputc(*name < ' ' || *name > '~' ? '?' : *name, stream);
    }
}

/* `family{entry="name",worker="0"`: more labels may follow. */
static void
put_sample(FILE *stream, const char *family, const char *entry, uint32_t worker)
{
    (void)fprintf(stream, "%s{entry=\"", family);
    put_label(stream, entry);
    (void)fprintf(stream, "\",worker=\"%" PRIu32 "\"", worker);
}

static void put_value(FILE *stream, uint64_t value)
{
    (void)fprintf(stream, "} %" PRIu64 "\n", value);
}

static void put_seconds(FILE *stream, uint64_t ns)
{
    (void)fprintf(stream, "%" PRIu64 ".%09" PRIu64, ns / 1000000000,
                  ns % 1000000000);
}

/* --------------------------------------------------------------- the server */

static void put_fact(FILE *stream, const char *family, uint64_t value)
{
    (void)fprintf(stream, "%s %" PRIu64 "\n", family, value);
}

static void put_moment(FILE *stream, const char *family, uint64_t ms)
{
    (void)fprintf(stream, "%s %" PRIu64 ".%03" PRIu64 "\n", family, ms / 1000,
                  ms % 1000);
}

static void put_reloads(const struct stats *stats, FILE *stream)
{
    put_head(stream, "berth_reloads_total", "counter",
             "Reloads, by how they ended.");
    put_fact(stream, "berth_reloads_total{result=\"ok\"}",
             stats_get(stats, STATS_RELOADS));
    put_fact(stream, "berth_reloads_total{result=\"failed\"}",
             stats_get(stats, STATS_RELOADS_FAILED));
    if (stats_get(stats, STATS_RELOADED_MS) != 0) {
        put_head(stream, "berth_last_reload_time_seconds", "gauge",
                 "When the last reload ended, since 1970.");
        put_moment(stream, "berth_last_reload_time_seconds",
                   stats_get(stats, STATS_RELOADED_MS));
        put_head(stream, "berth_last_reload_success", "gauge",
                 "Whether the last reload succeeded.");
        put_fact(stream, "berth_last_reload_success",
                 stats_get(stats, STATS_RELOAD_OK));
    }
}

static void put_server(const struct stats *stats, FILE *stream)
{
    put_head(stream, "berth_build_info", "gauge",
             "Always 1; the version is a label.");
    (void)fprintf(stream, "berth_build_info{version=\"%s\"} 1\n",
                  BERTH_VERSION);
    put_head(stream, "berth_start_time_seconds", "gauge",
             "When the server was started, since 1970.");
    put_moment(stream, "berth_start_time_seconds",
               stats_get(stats, STATS_STARTED_MS));
    put_head(stream, "berth_generation", "gauge",
             "The generation of workers that serves.");
    put_fact(stream, "berth_generation", stats_get(stats, STATS_GENERATION));
    put_reloads(stats, stream);
    put_head(stream, "berth_workers_replaced_total", "counter",
             "Workers that died and were replaced.");
    put_fact(stream, "berth_workers_replaced_total",
             stats_get(stats, STATS_REPLACED));
}

/* --------------------------------------------------------------- the entries */

static const char *name_refusal(unsigned index)
{
    static const char *const names[ACCOUNT_REFUSALS] = {
        [ACCOUNT_PER_IP] = "connections_per_ip",
        [ACCOUNT_SHORTAGE] = "shortage",
    };

    return names[index];
}

static const char *name_reason(unsigned index)
{
    return account_reason_name((enum account_reason)index);
}

static const char *name_limit(unsigned index)
{
    return name_reason(ACCOUNT_IDLE + index);
}

/* A family of one or more values of an account. */
static const struct family {
    const char *name;
    const char *help;
    unsigned first;    /* enum account_value */
    unsigned count;    /* as many from there on, told apart by a label */
    const char *label; /* NULL: there is one */
    const char *(*label_value)(unsigned index);
} families[] = {
    {.name = "berth_connections_accepted_total",
     .help = "Connections, also those that another entry switched to this one.",
     .first = ACCOUNT_ACCEPTED,
     .count = 1},
    {.name = "berth_connections_refused_total",
     .help = "Newcomers that were not served.",
     .first = ACCOUNT_REFUSED,
     .count = ACCOUNT_REFUSALS,
     .label = "reason",
     .label_value = name_refusal},
    {.name = "berth_connections_closed_total",
     .help = "Connections that ended, by reason.",
     .first = ACCOUNT_CLOSED,
     .count = ACCOUNT_REASONS,
     .label = "reason",
     .label_value = name_reason},
    {.name = "berth_received_bytes_total",
     .help = "Bytes given to the protocol.",
     .first = ACCOUNT_RECEIVED,
     .count = 1},
    {.name = "berth_sent_bytes_total",
     .help = "Bytes that the kernel took for the peers.",
     .first = ACCOUNT_SENT,
     .count = 1},
    {.name = "berth_callbacks_total",
     .help = "Calls of the protocol.",
     .first = ACCOUNT_CALLBACKS,
     .count = 1},
    {.name = "berth_backpressure_pauses_total",
     .help = "How often a peer was not read any more, its output waiting.",
     .first = ACCOUNT_PAUSES,
     .count = 1},
    {.name = "berth_timeouts_total",
     .help = "Connections that were past a limit of time.",
     .first = ACCOUNT_TIMEOUTS,
     .count = ACCOUNT_LIMITS,
     .label = "limit",
     .label_value = name_limit},
    {.name = "berth_crashes_total",
     .help = "Workers that died of a callback of the protocol.",
     .first = ACCOUNT_CRASHES,
     .count = 1},
};

static void put_row(FILE *stream,
                    const struct family *family,
                    const struct account_view *row)
{
    for (unsigned i = 0; i < family->count; i++) {
        put_sample(stream, family->name, row->name, row->worker);
        if (family->label != NULL) {
            (void)fprintf(stream, ",%s=\"%s\"", family->label,
                          family->label_value(i));
        }
        put_value(stream, row->values[family->first + i]);
    }
}

static void put_families(const struct census *census, FILE *stream)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        put_head(stream, families[i].name, "counter", families[i].help);
        for (size_t row = 0; row < census->row_count; row++) {
            put_row(stream, &families[i], &census->rows[row]);
        }
    }
}

static void put_gauges(const struct census *census, FILE *stream)
{
    static const char open[] = "berth_connections_open";
    static const char queued[] = "berth_output_queued_bytes";

    put_head(stream, open, "gauge", "Connections that there are.");
    for (size_t i = 0; i < census->row_count; i++) {
        put_sample(stream, open, census->rows[i].name, census->rows[i].worker);
        put_value(stream, census->rows[i].open);
    }
    put_head(stream, queued, "gauge", "Bytes that wait for their peers.");
    for (size_t i = 0; i < census->row_count; i++) {
        put_sample(stream, queued, census->rows[i].name,
                   census->rows[i].worker);
        put_value(stream, census->rows[i].queued);
    }
}

/* --------------------------------------------------------------- the times */

static void put_times(FILE *stream, const struct account_view *row)
{
    static const char bucket[] = "berth_callback_seconds_bucket";
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += row->times.counts[i];
        if (i % BUCKETS_TOLD == 0) {
            put_sample(stream, bucket, row->name, row->worker);
            (void)fputs(",le=\"", stream);
            put_seconds(stream, histogram_bound_ns(i));
            (void)fputc('"', stream);
            put_value(stream, count);
        }
    }
    put_sample(stream, bucket, row->name, row->worker);
    (void)fputs(",le=\"+Inf\"", stream);
    put_value(stream, count);
    put_sample(stream, "berth_callback_seconds_sum", row->name, row->worker);
    (void)fputs("} ", stream);
    put_seconds(stream, row->times.sum_ns);
    (void)fputc('\n', stream);
    put_sample(stream, "berth_callback_seconds_count", row->name, row->worker);
    put_value(stream, count);
}

static void put_histogram(const struct census *census, FILE *stream)
{
    put_head(stream, "berth_callback_seconds", "histogram",
             "How long calls of the protocol took, one in 64.");
    for (size_t i = 0; i < census->row_count; i++) {
        put_times(stream, &census->rows[i]);
    }
}

/* -------------------------------------------------------- plugins' counters */

/* A plugin's text may be cut within a character, or written over. */
static void put_help(FILE *stream, const char *help)
{
    size_t left = strlen(help);

    while (left > 0) {
        uint32_t number = 0;
        size_t size = utf8_decode(help, left, &number);

        if (size == 0 || number < ' ') {
            (void)fputc('?', stream);
            size = 1;
        } else {
            (void)fputs(number == '\\' ? "\\" : "", stream);
            (void)fwrite(help, 1, size, stream);
        }
        help += size;
        left -= size;
    }
}

/* A prefix of their own: no protocol's counter is taken for one of ours. */
static void put_counters(const struct census *census, FILE *stream)
{
    char family[CENSUS_FAMILY_SIZE + 32];
    const char *last = "";

    for (size_t i = 0; i < census->counter_count; i++) {
        const struct census_counter *counter = &census->counters[i];

        (void)snprintf(family, sizeof(family), "berth_plugin_%s_total",
                       counter->family);
        if (strcmp(counter->family, last) != 0) {
            (void)fprintf(stream, "# HELP %s ", family);
            put_help(stream, counter->reading.help);
            (void)fprintf(stream, "\n# TYPE %s counter\n", family);
            last = counter->family;
        }
        put_sample(stream, family, counter->entry, counter->worker);
        put_value(stream, counter->reading.value);
    }
}

void metrics_print_prometheus(const struct stats *stats,
                              const struct census *census,
                              FILE *stream)
{
    put_server(stats, stream);
    put_gauges(census, stream);
    put_families(census, stream);
    put_histogram(census, stream);
    put_counters(census, stream);
}
