/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "simulator.h"
#include "unit.h"

static struct simulator simulator;
static size_t drains;
static size_t ticks;
static size_t produced;

#define STREAM_BYTES ((size_t)3 * 1024 * 1024)

static ssize_t use_all(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size;
}

static void count_tick(berth_entry *entry)
{
    ticks++;
    if (ticks < 3) {
        (void)berth_tick(entry, 100);
    }
}

static int start_ticking(berth_entry *entry, berth_error *error)
{
    if (entry->local == NULL || *(const int *)entry->local != 0) {
        return berth_refuse(error, NULL, -EINVAL, "local is not zeroed");
    }
    return berth_tick(entry, 100);
}

static const berth_counter counters[] = {
    {.name = "one", .help = "first"},
    {.name = "two", .help = "second"},
    BERTH_COUNTERS_END,
};

static const berth_protocol plain =
    BERTH_PROTOCOL_INIT(.name = "plain",
                        .state_size = 100,
                        .local_size = sizeof(int),
                        .counters = counters,
                        .init = start_ticking,
                        .on_tick = count_tick,
                        .on_data = use_all);

static struct peer *begin(const berth_protocol *protocol,
                          const struct limits *limits)
{
    struct simulator_parts parts = {
        .protocol = protocol,
        .limits = limits,
        .counter_count = 2,
    };

    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    return simulator_connect(&simulator);
}

static void expect(struct peer *peer, const char *text)
{
    size_t size;
    const char *data = peer_take(peer, &size);

    ck_assert_uint_eq(size, strlen(text));
    ck_assert_int_eq(memcmp(data, text, size), 0);
}

START_TEST(the_table_is_complete)
{
    struct host host;
    const char *table = (const char *)&host.table;

    host_init(&host);
    ck_assert_uint_eq(host.table.size, sizeof(berth_host));
    for (size_t at = sizeof(size_t); at < sizeof(berth_host);
         at += sizeof(void (*)(void))) {
        void (*function)(void);

        memcpy(&function, table + at, sizeof(function));
        ck_assert(function != NULL);
    }
}
END_TEST

START_TEST(state_is_zeroed_for_each_connection)
{
    static const char zeroes[100];
    struct peer *peer = begin(&plain, NULL);

    memset(peer->connection->head.state, 1, sizeof(zeroes));
    peer_reset(peer);
    simulator_run(&simulator);
    peer = simulator_connect(&simulator);
    ck_assert_int_eq(
        memcmp(peer->connection->head.state, zeroes, sizeof(zeroes)), 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(writes_from_elsewhere_leave_in_one_call_at_the_turns_end)
{
    struct peer *peer = begin(&plain, NULL);
    berth_conn *c = &peer->connection->head;
    struct iovec iov[] = {{.iov_base = (void *)(uintptr_t) "c", .iov_len = 1},
                          {.iov_base = (void *)(uintptr_t) "de", .iov_len = 2}};

    ck_assert_int_eq(berth_write(c, "ab", 2), 2);
    ck_assert_int_eq(berth_writev(c, iov, 2), 3);
    ck_assert_int_eq(berth_write(c, "", 0), 0);
    expect(peer, "");
    simulator_run(&simulator);
    expect(peer, "abcde");
    ck_assert_uint_eq(peer->writes, 1);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(writev_refuses_what_the_kernel_would)
{
    struct peer *peer = begin(&plain, NULL);

    ck_assert_int_eq(berth_writev(&peer->connection->head, NULL, -1), -EINVAL);
    ck_assert_int_eq(berth_writev(&peer->connection->head, NULL, IOV_MAX + 1),
                     -EINVAL);
    ck_assert_int_eq(berth_writev(&peer->connection->head, NULL, 0), 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_large_write_goes_out_at_once_and_whole)
{
    static char block[1024 * 1024];
    struct peer *peer = begin(&plain, NULL);
    berth_conn *c = &peer->connection->head;
    size_t size;
    const char *data;

    memset(block, 'b', sizeof(block));
    peer->window = 100000;
    (void)berth_write(c, "head", 4);
    ck_assert_int_eq(berth_write(c, block, sizeof(block)), sizeof(block));
    ck_assert_uint_eq(peer->writes, 1);
    ck_assert_uint_eq(peer->received.size, 100000);
    memset(block, 'z', sizeof(block)); /* it was copied or sent */
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    data = peer_take(peer, &size);
    ck_assert_uint_eq(size, 4 + sizeof(block));
    ck_assert_int_eq(memcmp(data, "head", 4), 0);
    for (size_t i = 4; i < size; i++) {
        ck_assert_int_eq(data[i], 'b');
    }
    simulator_fini(&simulator);
}
END_TEST

START_TEST(reserve_and_commit_send_what_was_committed)
{
    struct peer *peer = begin(&plain, NULL);
    berth_conn *c = &peer->connection->head;
    char *room;

    ck_assert_int_eq(berth_commit(c, 0), 0);
    ck_assert_int_eq(berth_commit(c, 1), -EINVAL);
    room = berth_reserve(c, 100);
    ck_assert_ptr_nonnull(room);
    (void)snprintf(room, 100, "hello, more than is committed");
    ck_assert_int_eq(berth_commit(c, 101), -EINVAL);
    ck_assert_int_eq(berth_commit(c, 5), 0);
    ck_assert_int_eq(berth_commit(c, 1), -EINVAL);
    ck_assert_ptr_nonnull(berth_reserve(c, 100000));
    simulator_run(&simulator);
    expect(peer, "hello");
    simulator_fini(&simulator);
}
END_TEST

/* Produces as long as there is room, now and whenever there is again. */
static void produce(berth_conn *c)
{
    static char block[1000];

    while (berth_room(c) > 0 && produced < STREAM_BYTES) {
        ck_assert_int_eq(berth_write(c, block, sizeof(block)), sizeof(block));
        produced += sizeof(block);
    }
    if (produced >= STREAM_BYTES) {
        berth_close(c);
    }
}

static int start_producing(berth_conn *c)
{
    produce(c);
    return 0;
}

static void go_on_producing(berth_conn *c)
{
    drains++;
    produce(c);
}

static const berth_protocol producer =
    BERTH_PROTOCOL_INIT(.name = "producer",
                        .on_open = start_producing,
                        .on_data = use_all,
                        .on_drain = go_on_producing);

START_TEST(a_producer_that_asks_room_is_called_until_it_is_done)
{
    struct peer *peer = begin(&producer, NULL);
    size_t size;

    ck_assert_uint_le(produced, 262144 + 1000);
    simulator_run(&simulator);
    (void)peer_take(peer, &size);
    ck_assert_uint_eq(size, produced);
    ck_assert_uint_ge(size, STREAM_BYTES);
    ck_assert_uint_gt(drains, 5);
    ck_assert(peer->has_end);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(on_drain_comes_at_most_once_a_turn)
{
    struct peer *peer = begin(&producer, NULL);

    for (size_t turn = 1; turn < 8; turn++) {
        (void)simulator_turn(&simulator);
        ck_assert_uint_le(drains, turn);
    }
    ck_assert_uint_gt(drains, 0);
    (void)peer;
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_producer_waits_for_the_low_mark)
{
    struct peer *peer = begin(&producer, NULL);

    peer->window = 0;
    simulator_run(&simulator);
    ck_assert_uint_eq(drains, 0);
    ck_assert_uint_eq(berth_room(&peer->connection->head), 0);
    peer->window = 100000; /* still above 64 KiB */
    simulator_run(&simulator);
    ck_assert_uint_eq(drains, 0);
    peer->window = 100000;
    simulator_run(&simulator);
    ck_assert_uint_eq(drains, 1);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(the_cap_judges_what_the_last_flush_left)
{
    static char block[100000];
    struct limits limits = {.input = 1024, .output = 50000};
    struct peer *peer = begin(&plain, &limits);
    berth_conn *c = &peer->connection->head;

    peer->window = 0;
    /* One callback may write any amount, in any number of calls. */
    ck_assert_int_eq(berth_write(c, block, sizeof(block)), sizeof(block));
    ck_assert_int_eq(berth_write(c, block, sizeof(block)), sizeof(block));
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 0);
    ck_assert_int_eq(berth_write(c, "x", 1), -ENOBUFS);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ENOBUFS);
    ck_assert(peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_write_after_shutdown_fails_and_ends)
{
    struct peer *peer = begin(&plain, NULL);
    berth_conn *c = &peer->connection->head;

    (void)berth_write(c, "last", 4);
    berth_shutdown(c);
    ck_assert_int_eq(berth_write(c, "x", 1), -EPIPE);
    ck_assert_ptr_null(berth_reserve(c, 1));
    simulator_run(&simulator);
    expect(peer, "last");
    ck_assert_int_eq(peer->why, -EPIPE);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(ticks_come_as_asked)
{
    (void)begin(&plain, NULL);
    simulator_wait(&simulator, 99);
    ck_assert_uint_eq(ticks, 0);
    simulator_wait(&simulator, 1);
    ck_assert_uint_eq(ticks, 1);
    simulator_wait(&simulator, 1000);
    ck_assert_uint_eq(ticks, 3);
    ck_assert_int_eq(berth_tick(&simulator.entry.head, (uint64_t)INT_MAX + 1),
                     -EINVAL);
    ck_assert_int_eq(berth_tick(&simulator.entry.head, 100), 0);
    ck_assert_int_eq(berth_tick(&simulator.entry.head, 0), 0);
    simulator_wait(&simulator, 1000);
    ck_assert_uint_eq(ticks, 3);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_deadline_has_a_range)
{
    struct peer *peer = begin(&plain, NULL);
    berth_conn *c = &peer->connection->head;

    ck_assert_int_eq(berth_deadline(c, INT_MAX), 0);
    ck_assert_int_eq(berth_deadline(c, (uint64_t)INT_MAX + 1), -EINVAL);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(now_is_the_turns_time)
{
    const berth_entry *entry = &simulator.entry.head;
    uint64_t monotonic_ms, real_ms;

    (void)begin(&plain, NULL);
    simulator_run(&simulator);
    monotonic_ms = berth_now(entry, BERTH_MONOTONIC);
    real_ms = berth_now(entry, BERTH_REALTIME);
    ck_assert_uint_ne(monotonic_ms, real_ms);
    simulator_wait(&simulator, 123);
    ck_assert_uint_eq(berth_now(entry, BERTH_MONOTONIC), monotonic_ms + 123);
    ck_assert_uint_eq(berth_now(entry, BERTH_REALTIME), real_ms + 123);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(get_answers_as_snprintf)
{
    struct peer *peer = begin(&plain, NULL);
    const berth_conn *c = &peer->connection->head;
    char text[32];

    ck_assert_int_eq(berth_get(c, BERTH_GET_LISTENER, text, sizeof(text)), 9);
    ck_assert_str_eq(text, "simulator");
    ck_assert_int_eq(berth_get(c, BERTH_GET_LISTENER, text, 4), 9);
    ck_assert_str_eq(text, "sim");
    ck_assert_int_eq(berth_get(c, BERTH_GET_PEER, text, sizeof(text)), 5);
    ck_assert_str_eq(text, "unix:");
    ck_assert_int_eq(berth_get(c, BERTH_GET_PEER_IP, text, sizeof(text)),
                     -ENOENT);
    ck_assert_int_eq(berth_get(c, BERTH_GET_ARG, text, sizeof(text)), -ENOENT);
    ck_assert_int_eq(berth_get(c, BERTH_GET_TLS, text, sizeof(text)), -ENOENT);
    ck_assert_int_eq(berth_get(c, (enum berth_what)99, text, sizeof(text)),
                     -ENOENT);
    ck_assert_int_gt(berth_get(c, BERTH_GET_ID, text, sizeof(text)), 0);
    ck_assert_int_ge(text[0], '1');
    simulator_fini(&simulator);
}
END_TEST

static size_t count_lines(const char *path)
{
    FILE *file = fopen(path, "re");
    size_t lines = 0;
    int byte;

    ck_assert_ptr_nonnull(file);
    while ((byte = fgetc(file)) != EOF) {
        lines += byte == '\n' ? 1 : 0;
    }
    ck_assert_int_eq(fclose(file), 0);
    return lines;
}

/* More than any rate lets pass, and at a level that is not wanted. */
START_TEST(records_are_all_written)
{
    char path[] = "/tmp/berth-test-XXXXXX";
    int fd = mkstemp(path);

    ck_assert_int_ge(fd, 0);
    (void)begin(&plain, NULL);
    log_close(&simulator.log);
    ck_assert_int_eq(log_open(&simulator.log, path, LOG_ERROR, LOG_TEXT), 0);
    for (int i = 0; i < 10 * LOG_BURST; i++) {
        berth_record(&simulator.entry.head, "record %d", i);
        berth_entry_log(&simulator.entry.head, BERTH_INFO, "no record");
    }
    ck_assert_uint_eq(count_lines(path), (size_t)10 * LOG_BURST);
    simulator_fini(&simulator);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(close(fd), 0);
}
END_TEST

/* A server that is older than the plugin's header has a shorter table. */
START_TEST(a_server_without_records_is_left_alone)
{
    struct berth_host old = {.size = offsetof(berth_host, record)};
    berth_entry entry = {.host = &old};

    berth_record(&entry, "nobody writes this");
}
END_TEST

static unsigned closes;

static void count_close(berth_conn *c)
{
    (void)c;
    closes++;
}

START_TEST(a_server_that_cannot_finish_closes)
{
    const berth_host old = {
        .size = offsetof(berth_host, finish),
        .close = count_close,
    };
    berth_conn c = {.host = &old};

    berth_finish(&c);
    ck_assert_uint_eq(closes, 1);
}
END_TEST

START_TEST(counters_count_and_ignore_what_they_do_not_know)
{
    (void)begin(&plain, NULL);
    berth_count(&simulator.entry.head, 1, 5);
    berth_count(&simulator.entry.head, 1, 2);
    berth_count(&simulator.entry.head, 2, 9);
    ck_assert_uint_eq(simulator.entry.account->counters[0].value, 0);
    ck_assert_uint_eq(simulator.entry.account->counters[1].value, 7);
    simulator_fini(&simulator);
}
END_TEST

UNIT_MAIN("host",
          the_table_is_complete,
          state_is_zeroed_for_each_connection,
          writes_from_elsewhere_leave_in_one_call_at_the_turns_end,
          writev_refuses_what_the_kernel_would,
          a_large_write_goes_out_at_once_and_whole,
          reserve_and_commit_send_what_was_committed,
          a_producer_that_asks_room_is_called_until_it_is_done,
          on_drain_comes_at_most_once_a_turn,
          a_producer_waits_for_the_low_mark,
          the_cap_judges_what_the_last_flush_left,
          a_write_after_shutdown_fails_and_ends,
          ticks_come_as_asked,
          a_deadline_has_a_range,
          now_is_the_turns_time,
          get_answers_as_snprintf,
          records_are_all_written,
          a_server_without_records_is_left_alone,
          a_server_that_cannot_finish_closes,
          counters_count_and_ignore_what_they_do_not_know)
