/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "metrics.h"
#include "worker_process.h"

static const berth_counter counters[] = {
    {.name = "lines", .help = "lines \\ received\nand more"},
    BERTH_COUNTERS_END,
};

static struct stats *stats;

static void begin(void)
{
    ck_assert_int_eq(stats_new(4, &stats), 0);
}

static void end(void)
{
    stats_free(stats);
}

/* arg: the entry's name. */
static void count_some(struct stats *own, const void *arg)
{
    const struct account_label label = {
        .name = arg,
        .protocol = "my-line",
        .counters = counters,
        .counter_count = 1,
    };
    struct account *account = stats_open_account(own, &label);

    account_raise(account, ACCOUNT_ACCEPTED, 12);
    account_raise(account, ACCOUNT_REFUSED + ACCOUNT_PER_IP, 3);
    account_raise(account, ACCOUNT_CLOSED + ACCOUNT_PEER, 2);
    account_raise(account, ACCOUNT_TIMEOUTS + ACCOUNT_STALL - ACCOUNT_IDLE, 1);
    account_raise(account, ACCOUNT_RECEIVED, 1000);
    account_count(&account->open, 10);
    account_count(&account->queued, 77);
    account_count(&account->counters[0].value, 5);
    histogram_add(&account->times, 200);
    histogram_add(&account->times, 1500);
    histogram_add(&account->times, 1500);
    histogram_add(&account->times, UINT64_C(3000000000));
}

static void count_in(uint32_t worker, const char *name)
{
    int slot = stats_claim(stats, worker, 1);

    ck_assert_int_ge(slot, 0);
    ck_assert_int_eq(
        worker_process_run(stats, (unsigned)slot, count_some, name), 0);
}

static void print(struct capture *capture, enum berth_metrics_format format)
{
    FILE *stream = capture_begin(capture);

    ck_assert_int_eq(metrics_print(stats, format, stream), 0);
    (void)capture_end(capture);
}

/* Is it a whole line of the text? */
static bool has_line(const char *text, const char *line)
{
    size_t length = strlen(line);

    for (const char *at = strstr(text, line); at != NULL;
         at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && at[length] == '\n') {
            return true;
        }
    }
    return false;
}

static void check_lines(const char *text, const char *const *lines)
{
    for (; *lines != NULL; lines++) {
        ck_assert_msg(has_line(text, *lines), "no line '%s' in:\n%s", *lines,
                      text);
    }
}

START_TEST(prometheus_is_told_of_each_entry_and_worker)
{
    static const char *const lines[] = {
        "# TYPE berth_connections_accepted_total counter",
        "berth_connections_accepted_total{entry=\"a\",worker=\"0\"} 12",
        "berth_connections_accepted_total{entry=\"a\",worker=\"3\"} 12",
        "# TYPE berth_connections_open gauge",
        "berth_connections_open{entry=\"a\",worker=\"0\"} 10",
        "berth_output_queued_bytes{entry=\"a\",worker=\"0\"} 77",
        "berth_received_bytes_total{entry=\"a\",worker=\"0\"} 1000",
        "berth_connections_refused_total{entry=\"a\",worker=\"0\",reason="
        "\"connections_per_ip\"} 3",
        "berth_connections_closed_total{entry=\"a\",worker=\"0\",reason="
        "\"peer\"} 2",
        "berth_connections_closed_total{entry=\"a\",worker=\"0\",reason="
        "\"ended\"} 0",
        "berth_timeouts_total{entry=\"a\",worker=\"0\",limit=\"stall\"} 1",
        "berth_timeouts_total{entry=\"a\",worker=\"0\",limit=\"deadline\"} 0",
        NULL,
    };
    struct capture capture;

    count_in(0, "a");
    count_in(3, "a");
    print(&capture, BERTH_METRICS_PROMETHEUS);
    check_lines(capture.text, lines);
    capture_free(&capture);
}
END_TEST

START_TEST(prometheus_is_told_of_the_server)
{
    static const char *const lines[] = {
        "# TYPE berth_build_info gauge",
        "berth_start_time_seconds 1234.005",
        "berth_generation 4",
        "berth_reloads_total{result=\"ok\"} 3",
        "berth_reloads_total{result=\"failed\"} 2",
        "berth_last_reload_time_seconds 2000.250",
        "berth_last_reload_success 1",
        "berth_workers_replaced_total 9",
        NULL,
    };
    struct capture capture;

    print(&capture, BERTH_METRICS_PROMETHEUS);
    ck_assert_ptr_null(strstr(capture.text, "berth_last_reload"));
    capture_free(&capture);
    stats_set(stats, STATS_STARTED_MS, 1234005);
    stats_set(stats, STATS_GENERATION, 4);
    stats_set(stats, STATS_RELOADS, 3);
    stats_set(stats, STATS_RELOADS_FAILED, 2);
    stats_set(stats, STATS_RELOADED_MS, 2000250);
    stats_set(stats, STATS_RELOAD_OK, 1);
    stats_set(stats, STATS_REPLACED, 9);
    print(&capture, BERTH_METRICS_PROMETHEUS);
    check_lines(capture.text, lines);
    capture_free(&capture);
}
END_TEST

/* Bounds rise by four; what a bucket counts, all after it count, too. */
START_TEST(a_histogram_has_cumulative_buckets)
{
    static const char *const lines[] = {
        "# TYPE berth_callback_seconds histogram",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"0.000000256\"} 1",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"0.000001024\"} 1",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"0.000004096\"} 3",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"1.073741824\"} 3",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"17.179869184\"} 4",
        "berth_callback_seconds_bucket{entry=\"a\",worker=\"0\",le="
        "\"+Inf\"} 4",
        "berth_callback_seconds_sum{entry=\"a\",worker=\"0\"} 3.000003200",
        "berth_callback_seconds_count{entry=\"a\",worker=\"0\"} 4",
        NULL,
    };
    struct capture capture;

    count_in(0, "a");
    print(&capture, BERTH_METRICS_PROMETHEUS);
    check_lines(capture.text, lines);
    capture_free(&capture);
}
END_TEST

START_TEST(a_plugins_counter_is_a_family_of_its_own)
{
    static const char *const lines[] = {
        "# HELP berth_plugin_my_line_lines_total lines \\\\ received?and more",
        "# TYPE berth_plugin_my_line_lines_total counter",
        "berth_plugin_my_line_lines_total{entry=\"a\",worker=\"0\"} 5",
        NULL,
    };
    struct capture capture;
    const char *head;

    count_in(0, "a");
    count_in(1, "a");
    print(&capture, BERTH_METRICS_PROMETHEUS);
    check_lines(capture.text, lines);
    head = strstr(capture.text, lines[0]);
    ck_assert_ptr_null(strstr(head + 1, lines[0])); /* told once */
    capture_free(&capture);
}
END_TEST

START_TEST(labels_are_escaped)
{
    static const char *const lines[] = {
        "berth_connections_open{entry=\"\\\"\\\\??\",worker=\"0\"} 10",
        NULL,
    };
    struct capture capture;

    count_in(0, "\"\\\n\xff");
    print(&capture, BERTH_METRICS_PROMETHEUS);
    check_lines(capture.text, lines);
    capture_free(&capture);
}
END_TEST

START_TEST(a_summary_has_a_line_for_each_entry)
{
    static const char *const lines[] = {
        "a: open 20, accepted 24, refused 6, closed 4, timeouts 2, crashes 0, "
        "bytes in 2000, bytes out 0, queued 154, callbacks 0, p99 3.2 s, lines "
        "10",
        "b: open 10, accepted 12, refused 3, closed 2, timeouts 1, crashes 0, "
        "bytes in 1000, bytes out 0, queued 77, callbacks 0, p99 3.2 s, lines "
        "5",
        NULL,
    };
    struct capture capture;

    count_in(0, "a");
    count_in(1, "a");
    count_in(1, "b");
    stats_set(stats, STATS_GENERATION, 4);
    print(&capture, BERTH_METRICS_SUMMARY);
    check_lines(capture.text, lines);
    ck_assert_ptr_nonnull(strstr(capture.text, ", generation 4, 0 reloads, "));
    capture_free(&capture);
}
END_TEST

START_TEST(a_buffer_gets_what_fits_and_the_length_is_told)
{
    char text[65536];
    char small[10];
    ssize_t length;

    stats_set(stats, STATS_STARTED_MS, 0); /* else it may change meanwhile */
    length = metrics_write(stats, BERTH_METRICS_PROMETHEUS, text, sizeof(text));
    ck_assert_int_eq(length, (ssize_t)strlen(text));
    ck_assert_int_eq(
        metrics_write(stats, BERTH_METRICS_PROMETHEUS, small, sizeof(small)),
        length);
    ck_assert_uint_eq(strlen(small), 9);
    ck_assert_int_eq(strncmp(small, text, 9), 0);
    ck_assert_int_eq(metrics_write(stats, BERTH_METRICS_PROMETHEUS, NULL, 0),
                     length);
}
END_TEST

START_TEST(there_are_no_other_formats)
{
    char text[16];

    ck_assert_int_eq(
        metrics_write(stats, (enum berth_metrics_format)0, text, sizeof(text)),
        -EINVAL);
    ck_assert_int_eq(
        metrics_write(stats, (enum berth_metrics_format)3, text, sizeof(text)),
        -EINVAL);
}
END_TEST

UNIT_MAIN_WITH("metrics",
               begin,
               end,
               prometheus_is_told_of_each_entry_and_worker,
               prometheus_is_told_of_the_server,
               a_histogram_has_cumulative_buckets,
               a_plugins_counter_is_a_family_of_its_own,
               labels_are_escaped,
               a_summary_has_a_line_for_each_entry,
               a_buffer_gets_what_fits_and_the_length_is_told,
               there_are_no_other_formats)
