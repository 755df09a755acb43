/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "simulator.h"
#include "unit.h"

#define KIB ((size_t)1024)
#define BLOCK (12 * KIB)
#define LARGE (40 * KIB)

static struct simulator simulator;
static struct peer *peer;
static size_t calls;
static size_t room_seen;
static int commit_result;

/* -------------------------------------------- a plugin that does as it is told */

static void write_block(berth_conn *c, size_t size, char fill)
{
    static char block[LARGE];

    memset(block, fill, size);
    (void)berth_write(c, block, size);
}

static void reserve_block(berth_conn *c, size_t size, size_t used)
{
    char *place = berth_reserve(c, size);

    if (place != NULL) {
        memset(place, 'r', size);
        commit_result = berth_commit(c, used);
    }
}

static void obey(berth_conn *c, char order)
{
    switch (order) {
    case 's':
        (void)berth_write(c, "small", 5);
        break;
    case 'b':
        write_block(c, BLOCK, 'b');
        break;
    case 'l':
        write_block(c, LARGE, 'l');
        break;
    case 'r':
        reserve_block(c, 8 * KIB, 5);
        break;
    case 't': /* a write takes back what was reserved */
        (void)berth_reserve(c, 8);
        (void)berth_write(c, "small", 5);
        commit_result = berth_commit(c, 1);
        break;
    case 'm':
        reserve_block(c, 8, 9);
        break;
    case '0': /* nothing, from nowhere */
        ck_assert_int_eq(berth_write(c, NULL, 0), 0);
        break;
    case '?':
        room_seen = berth_room(c);
        break;
    case 'c':
        berth_close(c);
        break;
    case 'a':
        berth_abort(c);
        break;
    default:
        break;
    }
}

static ssize_t obey_all(berth_conn *c, char *data, size_t size)
{
    calls++;
    for (size_t i = 0; i < size; i++) {
        obey(c, data[i]);
    }
    return (ssize_t)size;
}

static const berth_protocol obedient =
    BERTH_PROTOCOL_INIT(.name = "obedient", .on_data = obey_all);

static size_t model_order(char *expected, char order)
{
    static const size_t sizes[][2] = {
        {'s', 5}, {'b', BLOCK}, {'l', LARGE}, {'r', 5}, {'t', 5}};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        if (sizes[i][0] == (size_t)order) {
            memset(expected, order, sizes[i][1]);
            if (order == 's' || order == 't') {
                memcpy(expected, "small", 5);
            }
            return sizes[i][1];
        }
    }
    return 0;
}

/* ------------------------------------------------------------------- set-up */

static void begin_with(const struct limits *limits)
{
    struct simulator_parts parts = {.protocol = &obedient, .limits = limits};

    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    calls = 0;
    commit_result = 1;
}

static void set_up(void)
{
    begin_with(NULL);
}

static void tear_down(void)
{
    /* Whatever happened, no byte is left for the next connection. */
    ck_assert_uint_eq(simulator.connections.corked, 0);
    ck_assert_ptr_null(simulator.connections.current);
    simulator_fini(&simulator);
}

static void order(const char *orders)
{
    peer_send(peer, orders, strlen(orders));
    simulator_run(&simulator);
}

static void expect_obeyed(const char *orders)
{
    static char expected[1024 * KIB];
    size_t size = 0;
    size_t taken;
    const char *data = peer_take(peer, &taken);

    for (size_t i = 0; orders[i] != '\0'; i++) {
        size += model_order(expected + size, orders[i]);
    }
    ck_assert_uint_eq(taken, size);
    ck_assert_int_eq(memcmp(data, expected, size), 0);
}

/* -------------------------------------------------------------------- tests */

START_TEST(what_one_read_caused_leaves_in_one_call_without_an_output)
{
    order("ssrs");
    expect_obeyed("ssrs");
    ck_assert_uint_eq(peer->writes, 1);
    ck_assert_ptr_null(peer->connection->output);
    ck_assert_ptr_null(simulator.connections.outputs.outputs);
}
END_TEST

START_TEST(nothing_may_be_written_from_nowhere)
{
    order("0s0");
    expect_obeyed("s");
    order("sbb0"); /* behind a queue */
    expect_obeyed("sbb");
}
END_TEST

START_TEST(more_than_the_cork_holds_is_queued_in_order)
{
    order("sbbs");
    expect_obeyed("sbbs");
    ck_assert_uint_eq(peer->writes, 1);
    ck_assert_ptr_null(peer->connection->output);
}
END_TEST

START_TEST(a_large_write_takes_along_what_is_corked)
{
    order("sls");
    expect_obeyed("sls");
    ck_assert_uint_eq(peer->writes, 2);
}
END_TEST

START_TEST(what_the_stream_does_not_take_is_queued)
{
    peer->window = 3;
    order("ss");
    ck_assert_ptr_nonnull(peer->connection->output);
    ck_assert_uint_eq(connection_queued(peer->connection), 7);
    ck_assert_uint_eq(peer->watched, SELECTOR_READ | SELECTOR_WRITE);
    peer->window = 0;
    order("s");
    ck_assert_uint_eq(connection_queued(peer->connection), 12);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_obeyed("sss");
    ck_assert_ptr_null(peer->connection->output);
}
END_TEST

START_TEST(a_stream_that_fails_ends_the_connection)
{
    peer->fail_write = -EPIPE;
    order("ss");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -EPIPE);
    expect_obeyed("");
}
END_TEST

START_TEST(an_abort_drops_what_is_corked)
{
    order("sa");
    ck_assert_int_eq(peer->why, -ECONNABORTED);
    ck_assert(peer->is_closed_by_reset);
    expect_obeyed("");
}
END_TEST

START_TEST(a_close_sends_what_is_corked)
{
    order("scs");
    ck_assert_int_eq(peer->why, 0);
    ck_assert(peer->has_end);
    expect_obeyed("s");
}
END_TEST

START_TEST(a_write_takes_back_what_was_reserved)
{
    order("t");
    ck_assert_int_eq(commit_result, -EINVAL);
    expect_obeyed("t");
}
END_TEST

START_TEST(more_than_was_reserved_is_refused)
{
    order("m");
    ck_assert_int_eq(commit_result, -EINVAL);
    order("bb?m");
    ck_assert_int_eq(commit_result, -EINVAL);
    expect_obeyed("bb");
}
END_TEST

START_TEST(what_was_reserved_in_an_earlier_callback_is_gone)
{
    berth_conn *c = &peer->connection->head;

    connection_enter(peer->connection);
    ck_assert_ptr_nonnull(berth_reserve(c, 8));
    connection_leave(peer->connection);
    ck_assert_int_eq(berth_commit(c, 8), -EINVAL);
    ck_assert_int_eq(berth_commit(c, 0), 0);
    connection_enter(peer->connection);
    ck_assert_int_eq(berth_commit(c, 8), -EINVAL);
    connection_leave(peer->connection);
}
END_TEST

START_TEST(room_counts_what_is_corked)
{
    size_t mark = simulator.entry.high_mark;

    order("?");
    ck_assert_uint_eq(room_seen, mark);
    order("s?");
    ck_assert_uint_eq(room_seen, mark - 5);
    order("sb?");
    ck_assert_uint_eq(room_seen, mark - 5 - BLOCK);
    order("sbl?");
    ck_assert_uint_eq(room_seen, mark - 5 - BLOCK - LARGE);
}
END_TEST

/* The whole reads come one after the other: each is full. */
START_TEST(no_more_is_read_once_the_output_is_above_the_mark)
{
    static char orders[8 * ENTRY_READ_SIZE];
    struct limits limits = simulator.limits;

    simulator_fini(&simulator);
    limits.output = 64 * KIB;
    begin_with(&limits);
    peer->window = 0;
    memset(orders, '.', sizeof(orders));
    orders[0] = 'l';
    peer_send(peer, orders, sizeof(orders));
    simulator_run(&simulator);
    ck_assert_uint_eq(calls, 1);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(calls, 8);
    expect_obeyed("l");
}
END_TEST

/* A mark below what the cork holds. */
START_TEST(a_low_limit_holds_back_what_is_corked_too)
{
    struct limits limits = simulator.limits;

    simulator_fini(&simulator);
    limits.output = 16 * KIB;
    begin_with(&limits);
    peer->window = 0;
    order("b?");
    ck_assert_uint_eq(room_seen, 0);
    order("s");
    ck_assert_uint_eq(calls, 1);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(calls, 2);
    expect_obeyed("bs");
}
END_TEST

static void order_random(char *orders, size_t count)
{
    static const char choices[] = "sblrt";

    for (size_t i = 0; i < count; i++) {
        orders[i] = choices[(size_t)random() % (sizeof(choices) - 1)];
    }
    orders[count] = '\0';
}

START_TEST(all_bytes_come_in_order_whatever_the_stream_takes)
{
    srandom(1);
    for (int round = 0; round < 500; round++) {
        char orders[13];

        order_random(orders, (size_t)random() % 12 + 1);
        peer->write_most =
            random() % 2 == 0 ? SIZE_MAX : 1 + (size_t)random() % (20 * KIB);
        for (const char *next = orders; *next != '\0'; next++) {
            char one[2] = {*next, '\0'};

            peer->window = (size_t)random() % (30 * KIB);
            if (random() % 2 == 0) {
                order(one);
            } else {
                peer_send(peer, one, 1);
            }
        }
        peer->window = PEER_READS_ALL;
        simulator_run(&simulator);
        expect_obeyed(orders);
    }
}
END_TEST

UNIT_MAIN_WITH("connection_output",
               set_up,
               tear_down,
               what_one_read_caused_leaves_in_one_call_without_an_output,
               nothing_may_be_written_from_nowhere,
               more_than_the_cork_holds_is_queued_in_order,
               a_large_write_takes_along_what_is_corked,
               what_the_stream_does_not_take_is_queued,
               a_stream_that_fails_ends_the_connection,
               an_abort_drops_what_is_corked,
               a_close_sends_what_is_corked,
               a_write_takes_back_what_was_reserved,
               more_than_was_reserved_is_refused,
               what_was_reserved_in_an_earlier_callback_is_gone,
               room_counts_what_is_corked,
               no_more_is_read_once_the_output_is_above_the_mark,
               a_low_limit_holds_back_what_is_corked_too,
               all_bytes_come_in_order_whatever_the_stream_takes)
