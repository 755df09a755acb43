/* SPDX-License-Identifier: MIT */
#include "listing.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "simulator.h"
#include "unit.h"

#define ROWS_MAX 512

static struct simulator simulator;
static struct listing_row rows[ROWS_MAX];

/* Of the connection that a callback has looked at itself from within. */
static struct listing_row inside;

/* Takes down all rows; returns how many there are. */
static size_t list(void)
{
    struct capture capture;
    size_t count;

    listing_write(&simulator.connections, capture_begin(&capture));
    (void)capture_end(&capture);
    count = capture.size / sizeof(rows[0]);
    ck_assert_uint_eq(capture.size, count * sizeof(rows[0]));
    ck_assert_uint_le(count, ROWS_MAX);
    memcpy(rows, capture.text, capture.size);
    capture_free(&capture);
    return count;
}

/* The only one that there is. */
static const struct listing_row *list_one(void)
{
    ck_assert_uint_eq(list(), 1);
    return &rows[0];
}

static void expect_wait(const char *text)
{
    ck_assert_str_eq(list_one()->waits, text);
}

/* ----------------------------------------------------------- the protocols */

/* What it does with its input: a letter is an order. */
static ssize_t obey(berth_conn *c, char *data, size_t size)
{
    switch (data[0]) {
    case 'p':
        berth_pause(c);
        break;
    case 'c':
        (void)berth_write(c, "bye", 3);
        berth_close(c);
        inside = *list_one();
        break;
    default:
        (void)berth_write(c, data, size);
        inside = *list_one();
    }
    return (ssize_t)size;
}

static int stay(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    (void)size;
    return BERTH_KEEP;
}

static const berth_protocol obedient =
    BERTH_PROTOCOL_INIT(.name = "obedient", .on_data = obey, .on_end = stay);

static void set_up(void)
{
    const struct simulator_parts parts = {.protocol = &obedient};

    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
}

static void tear_down(void)
{
    simulator_fini(&simulator);
}

static struct peer *connect_peer(void)
{
    struct peer *peer = simulator_connect(&simulator);

    ck_assert_ptr_nonnull(peer);
    return peer;
}

static void say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

/* ------------------------------------------------------------------ the rows */

START_TEST(without_connections_nothing_is_told)
{
    ck_assert_uint_eq(list(), 0);
}
END_TEST

START_TEST(each_connection_has_a_row_and_a_number_of_its_own)
{
    bool is_seen[ROWS_MAX] = {false};

    for (size_t i = 0; i < ROWS_MAX; i++) {
        (void)connect_peer();
    }
    ck_assert_uint_eq(list(), ROWS_MAX);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        ck_assert_uint_ge(rows[i].number, 1);
        ck_assert_uint_le(rows[i].number, ROWS_MAX);
        ck_assert(!is_seen[rows[i].number - 1]);
        is_seen[rows[i].number - 1] = true;
    }
}
END_TEST

START_TEST(entry_and_peer_are_named)
{
    struct peer *peer = connect_peer();
    char text[ADDRESS_TEXT_MAX];
    const struct listing_row *row = list_one();

    connection_peer_text(peer->connection, text, sizeof(text));
    ck_assert_str_ne(text, "");
    ck_assert_str_eq(row->peer, text);
    ck_assert_str_eq(row->entry, "obedient");
    ck_assert_uint_eq(row->number, connection_serial(peer->connection));
}
END_TEST

/* As ages.h promises. */
START_TEST(the_age_grows)
{
    (void)connect_peer();
    ck_assert_int_eq(list_one()->age_ms, 0);
    simulator_wait(&simulator, 100000);
    ck_assert_int_eq(list_one()->age_ms, 100000);
    simulator_wait(&simulator, 1);
    ck_assert_int_eq(list_one()->age_ms, 100001);
}
END_TEST

START_TEST(one_that_is_closed_is_not_told)
{
    struct peer *first = connect_peer();
    struct peer *second = connect_peer();

    ck_assert_uint_eq(list(), 2);
    peer_reset(first);
    simulator_run(&simulator);
    ck_assert_ptr_null(first->connection);
    ck_assert_uint_eq(list_one()->number,
                      connection_serial(second->connection));
}
END_TEST

/* The stream is closed, the memory stays until the turn's end. */
START_TEST(nor_one_that_is_about_to_be_freed)
{
    struct connection *c = connect_peer()->connection;
    const uint8_t phase = c->phase;

    c->phase = CONNECTION_DEAD;
    ck_assert_uint_eq(list(), 0);
    ck_assert_ptr_null(
        listing_find(&simulator.connections, connection_serial(c)));
    c->phase = phase;
    ck_assert_uint_eq(list(), 1);
}
END_TEST

START_TEST(what_cannot_be_written_is_the_streams_error)
{
    char room[sizeof(struct listing_row)];
    FILE *stream = fmemopen(room, sizeof(room), "w");

    ck_assert_ptr_nonnull(stream);
    (void)setvbuf(stream, NULL, _IONBF, 0);
    (void)connect_peer();
    (void)connect_peer();
    listing_write(&simulator.connections, stream);
    ck_assert_int_ne(ferror(stream), 0);
    (void)fclose(stream);
}
END_TEST

/* ----------------------------------------------------------------- the waits */

START_TEST(at_first_it_waits_for_a_byte)
{
    (void)connect_peer();
    expect_wait("the first byte");
}
END_TEST

START_TEST(then_for_the_next_bytes)
{
    say(connect_peer(), "hello");
    expect_wait("the next bytes");
}
END_TEST

START_TEST(one_that_is_paused_waits_for_its_protocol)
{
    say(connect_peer(), "p");
    expect_wait("its protocol");
}
END_TEST

START_TEST(so_does_one_whose_peer_has_finished)
{
    struct peer *peer = connect_peer();

    say(peer, "hello");
    peer_finish(peer);
    simulator_run(&simulator);
    expect_wait("its protocol");
}
END_TEST

START_TEST(one_with_output_waits_for_the_peer_to_read)
{
    struct peer *peer = connect_peer();

    peer->window = 2;
    say(peer, "hello");
    expect_wait("the peer to read");
    ck_assert_int_eq(rows[0].queued, 3);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_wait("the next bytes");
    ck_assert_int_eq(rows[0].queued, 0);
}
END_TEST

/* Also after it was closed. */
START_TEST(the_peer_that_does_not_read_is_named_first)
{
    struct peer *peer = connect_peer();

    peer->window = 0;
    say(peer, "c");
    expect_wait("the peer to read");
    ck_assert_int_eq(rows[0].queued, 3);
}
END_TEST

START_TEST(one_that_is_closed_sends_then_waits_for_the_peers_end)
{
    struct peer *peer = connect_peer();

    say(peer, "c");
    ck_assert_str_eq(inside.waits, "its last bytes to leave");
    ck_assert_int_eq(inside.queued, 3);
    expect_wait("the peer's end");
    ck_assert_int_eq(rows[0].queued, 0);
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert_uint_eq(list(), 0);
}
END_TEST

START_TEST(what_is_gathered_counts_as_queued)
{
    say(connect_peer(), "hello");
    ck_assert_int_eq(inside.queued, 5);
    ck_assert_int_eq(list_one()->queued, 0);
}
END_TEST

/* ---------------------------------------------------------------- the traffic */

START_TEST(bytes_that_nobody_counts_are_not_known)
{
    say(connect_peer(), "hello");
    ck_assert_int_eq(list_one()->bytes_in, -1);
    ck_assert_int_eq(rows[0].bytes_out, -1);
}
END_TEST

START_TEST(those_of_the_access_log_are_counted)
{
    struct peer *peer;

    simulator.entry.logs_access = true;
    peer = connect_peer();
    peer->window = 3;
    say(peer, "hello");
    ck_assert_int_eq(list_one()->bytes_in, 5);
    ck_assert_int_eq(rows[0].bytes_out, 3);
}
END_TEST

static int traffic_result;

static int count_traffic(const struct stream *stream,
                         struct stream_traffic *traffic)
{
    (void)stream;
    *traffic = (struct stream_traffic){.received = 11, .sent = 22};
    return traffic_result;
}

START_TEST(else_what_the_stream_has_counted)
{
    struct connection *c = connect_peer()->connection;
    const struct stream_ops *before = c->stream.ops;
    struct stream_ops ops = *before;

    ops.traffic = count_traffic;
    c->stream.ops = &ops;
    ck_assert_int_eq(list_one()->bytes_in, 11);
    ck_assert_int_eq(rows[0].bytes_out, 22);
    traffic_result = -ENOTSUP;
    ck_assert_int_eq(list_one()->bytes_in, -1);
    ck_assert_int_eq(rows[0].bytes_out, -1);
    c->stream.ops = before;
}
END_TEST

/* ------------------------------------------------------------------- finding */

START_TEST(each_is_found_by_its_number)
{
    for (size_t i = 0; i < ROWS_MAX; i++) {
        struct connection *c = connect_peer()->connection;

        ck_assert_ptr_eq(
            listing_find(&simulator.connections, connection_serial(c)), c);
    }
    ck_assert_uint_eq(list(), ROWS_MAX);
    for (size_t i = 0; i < ROWS_MAX; i++) {
        const struct connection *c =
            listing_find(&simulator.connections, rows[i].number);

        ck_assert_ptr_nonnull(c);
        ck_assert_uint_eq(connection_serial(c), rows[i].number);
    }
}
END_TEST

START_TEST(numbers_that_nobody_has_are_not_found)
{
    struct peer *peer = connect_peer();
    const uint64_t number = connection_serial(peer->connection);

    ck_assert_ptr_null(listing_find(&simulator.connections, 0));
    ck_assert_ptr_null(listing_find(&simulator.connections, number + 1));
    ck_assert_ptr_null(listing_find(&simulator.connections, UINT64_MAX));
    peer_reset(peer);
    simulator_run(&simulator);
    ck_assert_ptr_null(listing_find(&simulator.connections, number));
}
END_TEST

UNIT_MAIN_WITH("listing",
               set_up,
               tear_down,
               without_connections_nothing_is_told,
               each_connection_has_a_row_and_a_number_of_its_own,
               entry_and_peer_are_named,
               the_age_grows,
               one_that_is_closed_is_not_told,
               nor_one_that_is_about_to_be_freed,
               what_cannot_be_written_is_the_streams_error,
               at_first_it_waits_for_a_byte,
               then_for_the_next_bytes,
               one_that_is_paused_waits_for_its_protocol,
               so_does_one_whose_peer_has_finished,
               one_with_output_waits_for_the_peer_to_read,
               the_peer_that_does_not_read_is_named_first,
               one_that_is_closed_sends_then_waits_for_the_peers_end,
               what_is_gathered_counts_as_queued,
               bytes_that_nobody_counts_are_not_known,
               those_of_the_access_log_are_counted,
               else_what_the_stream_has_counted,
               each_is_found_by_its_number,
               numbers_that_nobody_has_are_not_found)
