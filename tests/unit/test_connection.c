/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <string.h>

#include "simulator.h"
#include "unit.h"

static struct simulator simulator;

static ssize_t use_all(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size;
}

static const berth_protocol sink =
    BERTH_PROTOCOL_INIT(.name = "sink", .on_data = use_all);

static struct connection *begin(enum selector_trigger trigger,
                                struct peer **peer)
{
    struct simulator_parts parts = {.protocol = &sink, .trigger = trigger};

    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    *peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    return (*peer)->connection;
}

static void say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

static int write_text(struct connection *c, const char *text)
{
    ssize_t result = connection_write(c, text, strlen(text));

    return result < 0 ? (int)result : 0;
}

START_TEST(level_watches_what_is_wanted)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    ck_assert_uint_eq(peer->watched, SELECTOR_READ);
    peer->window = 0;
    ck_assert_int_eq(write_text(c, "x"), 0);
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->watched, SELECTOR_READ | SELECTOR_WRITE);
    c->flags |= CONNECTION_PAUSED;
    connection_watch(c);
    ck_assert_uint_eq(peer->watched, SELECTOR_WRITE);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->watched, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(edge_watches_all_and_is_never_changed)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_EDGE, &peer);
    uint32_t all = peer->watched;

    ck_assert_uint_eq(all & (SELECTOR_READ | SELECTOR_WRITE),
                      SELECTOR_READ | SELECTOR_WRITE);
    peer->watch_error = -EIO; /* any further call would fail */
    peer->window = 0;
    ck_assert_int_eq(write_text(c, "x"), 0);
    c->flags |= CONNECTION_PAUSED;
    simulator_run(&simulator);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->watched, all);
    ck_assert_int_eq(peer->closes, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(close_is_begun_once)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    connection_close(c, -EPROTO);
    connection_close(c, 0);
    ck_assert_int_eq(c->why, -EPROTO);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -EPROTO);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(reset_wins_over_a_close_that_waits)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    peer->window = 0;
    ck_assert_int_eq(write_text(c, "x"), 0);
    connection_close(c, 0);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 0);
    connection_reset(c, -ETIMEDOUT);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    ck_assert(peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_close_that_waits_for_a_peer_stalls_too)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    peer->window = 0;
    ck_assert_int_eq(write_text(c, "x"), 0);
    connection_close(c, 0);
    simulator_wait(&simulator, 29999);
    ck_assert_int_eq(peer->closes, 0);
    simulator_wait(&simulator, 1);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(nothing_is_written_once_it_closes)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    connection_close(c, 0);
    ck_assert_int_eq(write_text(c, "x"), -EPIPE);
    ck_assert_ptr_null(connection_reserve(c, 1));
    simulator_run(&simulator);
    ck_assert_int_eq(peer->why, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_write_through_that_breaks_ends_it)
{
    static char block[OUTPUT_DIRECT_SIZE];
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    peer->fail_write = -ECONNRESET;
    ck_assert_int_eq(connection_write(c, block, sizeof(block)), -ECONNRESET);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ECONNRESET);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(idle_time_counts_from_the_last_byte_of_either_side)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);

    simulator_wait(&simulator, 500);
    ck_assert_uint_eq(connection_idle_ms(c), 500);
    say(peer, "x");
    ck_assert_uint_eq(connection_idle_ms(c), 0);
    simulator_wait(&simulator, 100);
    ck_assert_int_eq(write_text(c, "y"), 0);
    simulator_run(&simulator);
    ck_assert_uint_eq(connection_idle_ms(c), 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(serial_numbers_differ)
{
    struct peer *peer;
    struct connection *c = begin(SELECTOR_LEVEL, &peer);
    struct peer *other = simulator_connect(&simulator);

    ck_assert_uint_ne(connection_serial(c),
                      connection_serial(other->connection));
    simulator_fini(&simulator);
}
END_TEST

static uint64_t count_closed_as(enum account_reason reason)
{
    return simulator.entry.account->values[ACCOUNT_CLOSED + reason];
}

/* The peer is not blamed for what this side has no memory for. */
START_TEST(whose_fault_a_broken_stream_is_shows_in_the_count)
{
    static const struct {
        int error;
        enum account_reason reason;
    } rows[] = {
        {-ECONNRESET, ACCOUNT_PEER}, {-EPIPE, ACCOUNT_PEER},
        {-ETIMEDOUT, ACCOUNT_PEER},  {-EHOSTUNREACH, ACCOUNT_PEER},
        {-ENOMEM, ACCOUNT_ERROR},    {-ENOBUFS, ACCOUNT_ERROR},
        {-ENODATA, ACCOUNT_ERROR},   {-EIO, ACCOUNT_ERROR},
        {-EBADF, ACCOUNT_ERROR},     {-EINVAL, ACCOUNT_ERROR},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peer *peer;

        (void)begin(SELECTOR_LEVEL, &peer);
        peer->fail_read = rows[i].error;
        say(peer, "x");
        ck_assert_int_eq(peer->closes, 1);
        ck_assert_int_eq(peer->why, rows[i].error);
        ck_assert_uint_eq(count_closed_as(rows[i].reason), 1);
        simulator_fini(&simulator);
    }
}
END_TEST

UNIT_MAIN("connection",
          level_watches_what_is_wanted,
          edge_watches_all_and_is_never_changed,
          close_is_begun_once,
          reset_wins_over_a_close_that_waits,
          a_close_that_waits_for_a_peer_stalls_too,
          nothing_is_written_once_it_closes,
          a_write_through_that_breaks_ends_it,
          idle_time_counts_from_the_last_byte_of_either_side,
          serial_numbers_differ,
          whose_fault_a_broken_stream_is_shows_in_the_count)
