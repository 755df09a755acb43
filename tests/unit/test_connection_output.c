/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "simulator.h"
#include "unit.h"

#define KIB ((size_t)1024)
#define SMALL ((size_t)5)
#define BLOCK (12 * KIB)
#define LARGE (40 * KIB)

static struct simulator simulator;
static struct peer *peer;
static size_t calls;
static size_t room_seen;
static int commit_result;
static ssize_t write_result;

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

/* ------------------------------------------------------------------- loans */

static char loan[LARGE];
static int file = -1;
static size_t lent;
static size_t released;
static bool is_called; /* a callback of the plugin runs */

static void note_release(void *arg)
{
    const struct crumb *crumb = simulator.watch.crumb;

    ck_assert_ptr_eq(arg, &lent);
    ck_assert(!is_called);
    ck_assert_uint_eq(atomic_load(&crumb->sequence) % 2, 1);
    ck_assert_uint_eq(atomic_load(&crumb->callback), CRUMB_RELEASE);
    ck_assert_uint_ne(atomic_load(&crumb->connection), 0);
    released++;
}

static void lend_block(berth_conn *c, size_t size)
{
    if (berth_write_owned(c, loan, size, note_release, &lent) >= 0) {
        lent++;
    }
}

static void send_file(berth_conn *c, uint64_t offset, uint64_t size)
{
    if (berth_sendfile(c, file, offset, size, note_release, &lent) == 0) {
        lent++;
    }
}

static void obey_about_loans(berth_conn *c, char order)
{
    switch (order) {
    case 'k':
        lend_block(c, SMALL);
        break;
    case 'K':
        lend_block(c, LARGE);
        break;
    case 'z':
        lend_block(c, 0);
        send_file(c, 7, 0);
        break;
    case 'f':
        send_file(c, 1, LARGE);
        break;
    case 'F': /* longer than it is */
        send_file(c, LARGE, LARGE);
        break;
    case 'n': /* constant data: nobody is to be told */
        (void)berth_write_owned(c, loan, LARGE, NULL, NULL);
        break;
    default:
        break;
    }
}

static void obey(berth_conn *c, char order)
{
    switch (order) {
    case 's':
        write_block(c, SMALL, 's');
        break;
    case 'b':
        write_block(c, BLOCK, 'b');
        break;
    case 'l':
        write_block(c, LARGE, 'l');
        break;
    case 'r':
        reserve_block(c, 8 * KIB, SMALL);
        break;
    case 't': /* a write takes back what was reserved */
        (void)berth_reserve(c, 8);
        write_block(c, SMALL, 's');
        commit_result = berth_commit(c, 1);
        break;
    case 'm':
        reserve_block(c, 8, 9);
        break;
    case '0': /* nothing, from nowhere */
        ck_assert_int_eq(berth_write(c, NULL, 0), 0);
        break;
    case '!':
        write_result = berth_write(c, "", 0);
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
        obey_about_loans(c, order);
        break;
    }
}

static ssize_t obey_all(berth_conn *c, char *data, size_t size)
{
    calls++;
    is_called = true;
    for (size_t i = 0; i < size; i++) {
        obey(c, data[i]);
    }
    is_called = false;
    return (ssize_t)size;
}

static const berth_protocol obedient =
    BERTH_PROTOCOL_INIT(.name = "obedient", .on_data = obey_all);

/* What an order has the peer see: so many bytes of one kind. */
struct model {
    char order;
    char fill;
    size_t size;
};

static const struct model models[] = {
    {'s', 's', SMALL}, {'b', 'b', BLOCK}, {'l', 'l', LARGE},
    {'r', 'r', SMALL}, {'t', 's', SMALL}, {'k', 'L', SMALL},
    {'K', 'L', LARGE}, {'f', 'F', LARGE}, {'n', 'L', LARGE},
};

static size_t model_order(char *expected, char order)
{
    size_t size = 0;

    for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
        if (models[i].order == order) {
            memset(expected, models[i].fill, models[i].size);
            size = models[i].size;
        }
    }
    return size;
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
    char block[LARGE + 1];

    memset(loan, 'L', sizeof(loan));
    memset(block, 'F', sizeof(block));
    file = memfd_create("file", MFD_CLOEXEC);
    ck_assert_int_eq(write(file, block, sizeof(block)), sizeof(block));
    lent = 0;
    released = 0;
    begin_with(NULL);
}

static void tear_down(void)
{
    /* Whatever happened, no byte is left for the next connection. */
    ck_assert_ptr_eq(simulator.connections.cork_next,
                     simulator.connections.cork);
    ck_assert_ptr_null(simulator.connections.current);
    simulator_fini(&simulator);
    ck_assert_uint_eq(released, lent);
    ck_assert_int_eq(close(file), 0);
}

static void order(const char *orders)
{
    peer_send(peer, orders, strlen(orders));
    simulator_run(&simulator);
}

static void expect_obeyed(const char *orders)
{
    static char expected[2048 * KIB];
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

START_TEST(writing_nothing_fails_when_it_is_over)
{
    order("sc!");
    expect_obeyed("s");
    ck_assert_int_eq(write_result, -EPIPE);
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

    connection_enter(peer->connection, true);
    ck_assert_ptr_nonnull(berth_reserve(c, 8));
    ck_assert(connection_leave(peer->connection, &simulator.entry));
    ck_assert_int_eq(berth_commit(c, 8), -EINVAL);
    ck_assert_int_eq(berth_commit(c, 0), 0);
    connection_enter(peer->connection, true);
    ck_assert_int_eq(berth_commit(c, 8), -EINVAL);
    ck_assert(connection_leave(peer->connection, &simulator.entry));
}
END_TEST

START_TEST(room_counts_what_is_corked)
{
    size_t mark = simulator.entry.high_mark;

    order("?");
    ck_assert_uint_eq(room_seen, mark);
    order("s?");
    ck_assert_uint_eq(room_seen, mark - SMALL);
    order("sb?");
    ck_assert_uint_eq(room_seen, mark - SMALL - BLOCK);
    order("sbl?");
    ck_assert_uint_eq(room_seen, mark - SMALL - BLOCK - LARGE);
}
END_TEST

/* The whole reads come one after the other: each is full. */
START_TEST(no_more_is_read_once_the_output_is_above_the_mark)
{
    static char orders[8 * ENTRY_READ_USUAL];
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

START_TEST(what_is_lent_is_released_after_the_callback_whatever_becomes_of_it)
{
    order("kKz");
    expect_obeyed("kKz");
    ck_assert_uint_eq(lent, 4);
    ck_assert_uint_eq(released, 4);
    peer->window = 10;
    order("kK");
    ck_assert_uint_eq(released, 5); /* a small one is copied */
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_obeyed("kK");
    ck_assert_uint_eq(released, 6);
    peer->window = 10;
    order("Kfsa");
    ck_assert_uint_eq(lent, 8);
    ck_assert_uint_eq(released, 8);
}
END_TEST

START_TEST(a_failed_call_takes_nothing_over)
{
    order("cKkzf");
    ck_assert_uint_eq(lent, 0);
    ck_assert_int_eq(peer->why, 0);
    ck_assert(peer->is_closed || peer->has_end);
}
END_TEST

START_TEST(a_head_and_a_file_leave_as_one)
{
    order("s");
    ck_assert(!peer->is_corked);
    peer->window = 3;
    order("sf");
    ck_assert(peer->is_corked);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_obeyed("ssf");
}
END_TEST

START_TEST(a_large_file_that_is_taken_is_sent_without_asking_for_room)
{
    const int large = memfd_create("large", MFD_CLOEXEC);
    size_t watches;

    ck_assert_int_eq(ftruncate(large, 5120 * KIB), 0);
    order("s");
    watches = peer->watches;
    ck_assert_int_eq(berth_sendfile(&peer->connection->head, large, 0,
                                    5120 * KIB, NULL, NULL),
                     0);
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->received.size, SMALL + 5120 * KIB);
    ck_assert_uint_eq(peer->watches, watches);
    ck_assert_int_eq(close(large), 0);
}
END_TEST

START_TEST(a_file_that_is_shorter_aborts)
{
    order("sF");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -EIO);
    ck_assert(peer->is_closed_by_reset);
}
END_TEST

START_TEST(a_file_that_cannot_be_is_refused_at_once)
{
    berth_conn *c = &peer->connection->head;

    ck_assert_int_eq(berth_sendfile(c, -1, 0, 1, NULL, NULL), -EBADF);
    ck_assert_int_eq(berth_sendfile(c, file, UINT64_MAX, 1, NULL, NULL),
                     -EINVAL);
    ck_assert_int_eq(berth_sendfile(c, file, 1, UINT64_MAX, NULL, NULL),
                     -EINVAL);
    order("s");
    expect_obeyed("s");
}
END_TEST

/* File bytes count towards the mark, not towards the cap. */
START_TEST(a_file_holds_back_but_is_not_capped)
{
    struct limits limits = simulator.limits;

    simulator_fini(&simulator);
    limits.output = 16 * KIB;
    begin_with(&limits);
    peer->window = 0;
    order("f");
    ck_assert_uint_eq(connection_queued(peer->connection), LARGE);
    ck_assert_uint_eq(peer->connection->output->left, 0);
    order("s");
    ck_assert_uint_eq(calls, 1);
    ck_assert_int_eq(berth_write(&peer->connection->head, "small", SMALL),
                     SMALL);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(calls, 2);
    ck_assert_uint_eq(peer->received.size, LARGE + 2 * SMALL);
}
END_TEST

START_TEST(a_peer_that_does_not_read_a_file_stalls)
{
    peer->window = 100;
    order("f");
    simulator_wait(&simulator, 29999);
    ck_assert_int_eq(peer->closes, 0);
    /* Its other output is no progress. */
    order("s");
    simulator_wait(&simulator, 10000);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
}
END_TEST

/* ------------------------------------------- the selector does not tell all */

static void begin_edge_triggered(void)
{
    struct simulator_parts parts = {.protocol = &obedient,
                                    .trigger = SELECTOR_EDGE};

    simulator_fini(&simulator);
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
}

/* Too much in the queue for the large write to go along: the stream was not
   asked, so no edge will tell that it has room. */
START_TEST(a_long_queue_is_no_full_stream)
{
    static char orders[2 * STREAM_IOV_MAX + 2];

    begin_edge_triggered();
    memset(orders, 'b', sizeof(orders) - 1);
    orders[sizeof(orders) - 2] = 'l';
    order(orders);
    expect_obeyed(orders);
    ck_assert_ptr_null(peer->connection->output);
}
END_TEST

/* More than one flush may send. */
START_TEST(a_flush_that_has_sent_its_share_goes_on)
{
    static char orders[600];

    begin_edge_triggered();
    memset(orders, 'b', sizeof(orders) - 1);
    order(orders);
    ck_assert_uint_eq(peer->received.size, (sizeof(orders) - 1) * BLOCK);
    ck_assert_ptr_null(peer->connection->output);
}
END_TEST

START_TEST(an_interrupted_call_is_made_again)
{
    for (int trigger = SELECTOR_LEVEL; trigger <= SELECTOR_EDGE; trigger++) {
        if (trigger == SELECTOR_EDGE) {
            begin_edge_triggered();
        }
        peer->fail_read = -EINTR;
        order("s");
        peer->fail_write = -EINTR;
        order("s");
        peer->fail_write = -EINTR;
        order("l");
        peer->window = 1;
        order("s");
        peer->window = PEER_READS_ALL;
        peer->fail_write = -EINTR;
        simulator_run(&simulator);
        expect_obeyed("ssls");
        order("c");
        peer->fail_read = -EINTR;
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert(peer->is_closed);
    }
}
END_TEST

static void order_random(char *orders, size_t count)
{
    static const char choices[] = "sblrtkKfnz";

    for (size_t i = 0; i < count; i++) {
        orders[i] = choices[(size_t)random() % (sizeof(choices) - 1)];
    }
    orders[count] = '\0';
}

/* Each order by itself or together with those that follow. */
static void send_at_random(const char *orders)
{
    for (const char *next = orders; *next != '\0'; next++) {
        peer->window = (size_t)random() % (30 * KIB);
        peer_send(peer, next, 1);
        if (random() % 2 == 0) {
            simulator_run(&simulator);
        }
    }
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
}

START_TEST(all_bytes_come_in_order_whatever_the_stream_takes)
{
    srandom(1);
    for (int round = 0; round < 500; round++) {
        char orders[13];

        order_random(orders, (size_t)random() % 12 + 1);
        peer->write_most =
            random() % 2 == 0 ? SIZE_MAX : 1 + (size_t)random() % (20 * KIB);
        send_at_random(orders);
        expect_obeyed(orders);
    }
}
END_TEST

UNIT_MAIN_WITH(
    "connection_output",
    set_up,
    tear_down,
    what_one_read_caused_leaves_in_one_call_without_an_output,
    nothing_may_be_written_from_nowhere,
    writing_nothing_fails_when_it_is_over,
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
    what_is_lent_is_released_after_the_callback_whatever_becomes_of_it,
    a_failed_call_takes_nothing_over,
    a_head_and_a_file_leave_as_one,
    a_large_file_that_is_taken_is_sent_without_asking_for_room,
    a_file_that_is_shorter_aborts,
    a_file_that_cannot_be_is_refused_at_once,
    a_file_holds_back_but_is_not_capped,
    a_peer_that_does_not_read_a_file_stalls,
    a_long_queue_is_no_full_stream,
    a_flush_that_has_sent_its_share_goes_on,
    an_interrupted_call_is_made_again,
    all_bytes_come_in_order_whatever_the_stream_takes)
