/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>

#include "amount.h"
#include "json.h"
#include "moment.h"

/* What is told of a distribution. */
static const struct quantile {
    const char *name;
    unsigned part;
} quantiles[] = {
    {"p50", 50000}, {"p75", 75000},   {"p90", 90000},    {"p95", 95000},
    {"p99", 99000}, {"p99.9", 99900}, {"p99.99", 99990},
};

#define QUANTILES (sizeof(quantiles) / sizeof(quantiles[0]))

static double per_second(const struct result *result, uint64_t count)
{
    return result->measured_ns == 0 ? 0
                                    : (double)count * (double)MOMENT_SECOND /
                                          (double)result->measured_ns;
}

static double cpu_of_message(const struct result *result,
                             const struct team_facts *facts)
{
    return (double)facts->cpu_ns / (double)result->messages;
}

/* -------------------------------------------------------------- for people */

static void
print_latency(FILE *stream, const char *name, const struct latency *latency)
{
    char text[AMOUNT_TEXT_MAX];

    (void)fprintf(stream, "%-12s", name);
    for (size_t i = 0; i < QUANTILES; i++) {
        amount_print_ns(text, latency_quantile_ns(latency, quantiles[i].part));
        (void)fprintf(stream, "%s %s  ", quantiles[i].name, text);
    }
    amount_print_ns(text, latency->most_ns);
    (void)fprintf(stream, "max %s\n", text);
}

static void print_faults(FILE *stream, const struct result *result)
{
    (void)fputs("faults      ", stream);
    if (result_faults(result) == 0) {
        (void)fputs("none\n", stream);
        return;
    }
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        if (result->faults[i] > 0) {
            (void)fprintf(stream, "%s %" PRIu64 "  ", fault_name((enum fault)i),
                          result->faults[i]);
        }
    }
    (void)fprintf(stream, "\n            the first: %s\n", result->note);
}

static void print_load(FILE *stream, const struct options *options)
{
    (void)fprintf(stream,
                  "%s, profile %s: %" PRIu64 " connections, depth %" PRIu64,
                  options->text, profile_name(options->profile),
                  options->connections, options->depth);
    if (options->profile != PROFILE_HTTP) {
        (void)fprintf(stream, ", %" PRIu64 " bytes", options->size);
    }
    if (options->active < options->connections) {
        (void)fprintf(stream, ", %" PRIu64 " at a time", options->active);
    }
    if (options->idle > 0) {
        (void)fprintf(stream, ", %" PRIu64 " idle", options->idle);
    }
    if (options->rate > 0) {
        (void)fprintf(stream, ", %" PRIu64 " messages/s", options->rate);
    }
    if (options->reconnect > 0) {
        (void)fprintf(stream, ", %" PRIu64 " messages a connection",
                      options->reconnect);
    }
    (void)fputc('\n', stream);
}

static void print_messages(FILE *stream,
                           const struct options *options,
                           const struct result *result,
                           const struct team_facts *facts)
{
    char text[AMOUNT_TEXT_MAX];

    (void)fprintf(stream, "messages    %" PRIu64 "  %.0f/s\n", result->messages,
                  per_second(result, result->messages));
    amount_print_bytes(text, (uint64_t)per_second(result, result->bytes));
    (void)fprintf(stream, "bytes       %" PRIu64 "  %s/s\n", result->bytes,
                  text);
    if (options->reconnect > 0) {
        (void)fprintf(stream, "connects    %" PRIu64 "  %.0f/s\n",
                      result->connects, per_second(result, result->connects));
    }
    print_latency(stream, "latency", &result->latency);
    if (options->rate > 0) {
        print_latency(stream, "lag", &result->lag);
        (void)fprintf(stream, "unsent      %" PRIu64 "\n", result->unsent);
    }
    if (facts->has_cpu && result->messages > 0) {
        (void)fprintf(stream, "server CPU  %.0f ns a message\n",
                      cpu_of_message(result, facts));
    }
}

static void print_text(FILE *stream,
                       const struct options *options,
                       const struct result *result,
                       const struct team_facts *facts)
{
    print_load(stream, options);
    (void)fprintf(stream,
                  "\nmeasured    %.3f s, %" PRIu64 " connections open%s\n",
                  (double)result->measured_ns / (double)MOMENT_SECOND,
                  result->open, facts->is_interrupted ? ", interrupted" : "");
    if (options->connections > 0) {
        print_messages(stream, options, result, facts);
    }
    print_faults(stream, result);
}

/* ------------------------------------------------------------------- as JSON */

/* 0 stands for what was not asked for. */
static void add_or_null(struct json *json, const char *name, uint64_t number)
{
    json_key(json, name);
    if (number == 0) {
        json_raw(json, "null");
    } else {
        json_number(json, (int64_t)number);
    }
}

static void add_fraction(struct json *json, const char *name, double number)
{
    char text[64];

    (void)snprintf(text, sizeof(text), "%.3f", number);
    json_key(json, name);
    json_raw(json, text);
}

static void add_settings(struct json *json, const struct options *options)
{
    json_key_begin(json, "settings", '{');
    json_key_number(json, "connections", (int64_t)options->connections);
    json_key_number(json, "active", (int64_t)options->active);
    json_key_number(json, "idle", (int64_t)options->idle);
    json_key_number(json, "depth", (int64_t)options->depth);
    add_or_null(json, "size",
                options->profile == PROFILE_HTTP ? 0 : options->size);
    add_or_null(json, "rate", options->rate);
    add_or_null(json, "reconnect", options->reconnect);
    add_or_null(json, "sources", options->sources);
    json_key_number(json, "workers", (int64_t)options->workers);
    json_key_number(json, "time_ms", (int64_t)options->time_ms);
    json_key_number(json, "warmup_ms", (int64_t)options->warmup_ms);
    json_key_number(json, "timeout_ms", (int64_t)options->timeout_ms);
    json_end(json, '}');
}

static void
add_latency(struct json *json, const char *name, const struct latency *latency)
{
    json_key_begin(json, name, '{');
    json_key_number(json, "count", (int64_t)latency->count);
    json_key_number(json, "mean", (int64_t)latency_mean_ns(latency));
    json_key_number(json, "min", (int64_t)latency->least_ns);
    for (size_t i = 0; i < QUANTILES; i++) {
        json_key_number(
            json, quantiles[i].name,
            (int64_t)latency_quantile_ns(latency, quantiles[i].part));
    }
    json_key_number(json, "max", (int64_t)latency->most_ns);
    json_end(json, '}');
}

static void add_faults(struct json *json, const struct result *result)
{
    json_key_begin(json, "faults", '{');
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        json_key_number(json, fault_name((enum fault)i),
                        (int64_t)result->faults[i]);
    }
    json_end(json, '}');
    json_key(json, "first_fault");
    if (result->note[0] == '\0') {
        json_raw(json, "null");
    } else {
        json_text(json, result->note);
    }
}

static void add_figures(struct json *json,
                        const struct options *options,
                        const struct result *result,
                        const struct team_facts *facts)
{
    json_key(json, "interrupted");
    json_bool(json, facts->is_interrupted);
    json_key_number(json, "measured_ns", (int64_t)result->measured_ns);
    json_key_number(json, "open", (int64_t)result->open);
    json_key_number(json, "messages", (int64_t)result->messages);
    add_fraction(json, "messages_per_second",
                 per_second(result, result->messages));
    json_key_number(json, "bytes", (int64_t)result->bytes);
    json_key_number(json, "connects", (int64_t)result->connects);
    json_key_number(json, "unsent", (int64_t)result->unsent);
    add_latency(json, "latency_ns", &result->latency);
    if (options->rate > 0) {
        add_latency(json, "lag_ns", &result->lag);
    } else {
        add_or_null(json, "lag_ns", 0);
    }
    if (facts->has_cpu && result->messages > 0) {
        json_key_number(json, "cpu_ns", (int64_t)facts->cpu_ns);
        add_fraction(json, "cpu_ns_per_message", cpu_of_message(result, facts));
    } else {
        add_or_null(json, "cpu_ns", 0);
        add_or_null(json, "cpu_ns_per_message", 0);
    }
}

static void print_json(FILE *stream,
                       const struct options *options,
                       const struct result *result,
                       const struct team_facts *facts)
{
    struct json json = {.stream = stream};

    json_begin(&json, '{');
    json_key_text(&json, "version", BERTH_VERSION);
    json_key_text(&json, "address", options->text);
    json_key_text(&json, "profile", profile_name(options->profile));
    add_settings(&json, options);
    add_figures(&json, options, result, facts);
    add_faults(&json, result);
    json_end(&json, '}');
}

void report_print(FILE *stream,
                  const struct options *options,
                  const struct result *result,
                  const struct team_facts *facts)
{
    if (options->is_json) {
        print_json(stream, options, result, facts);
    } else {
        print_text(stream, options, result, facts);
    }
}
