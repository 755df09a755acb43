/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <errno.h>
#include <string.h>

#include "simulator.h"
#include "unit.h"

/* What the protocols below leave behind; each test is a process of its own. */
static struct simulator simulator;
static char calls[4096]; /* one letter for each callback, in order */
static int open_result;
static ssize_t data_result = -1; /* -1: use everything */
static int end_result = BERTH_CLOSE;
static int stop_reason;
static const char *greeting = "";

static void note(const char *call)
{
    (void)strncat(calls, call, sizeof(calls) - strlen(calls) - 1);
}

static int note_open(berth_conn *c)
{
    note("o");
    if (greeting[0] != '\0') {
        (void)berth_write(c, greeting, strlen(greeting));
    }
    return open_result;
}

static ssize_t note_data(berth_conn *c, char *data, size_t size)
{
    note("d");
    if (data_result == -1) {
        return berth_write(c, data, size);
    }
    return data_result;
}

static int note_end(berth_conn *c, char *data, size_t size)
{
    note("e");
    if (size > 0) {
        (void)berth_write(c, data, size);
    }
    return end_result;
}

static void note_drain(berth_conn *c)
{
    (void)c;
    note("r");
}

static void note_timer(berth_conn *c)
{
    (void)berth_write(c, "tick", 4);
    note("t");
}

static void note_stop(berth_conn *c, int reason)
{
    (void)c;
    stop_reason = reason;
    note("s");
}

static void note_close(berth_conn *c, int why)
{
    (void)why;
    note("c");
    ck_assert_int_eq(berth_write(c, "x", 1), -EPIPE);
    berth_close(c);
    berth_finish(c);
    berth_abort(c);
    berth_pause(c);
    berth_resume(c);
}

static const berth_protocol noted = BERTH_PROTOCOL_INIT(.name = "noted",
                                                        .state_size = 24,
                                                        .on_open = note_open,
                                                        .on_data = note_data,
                                                        .on_end = note_end,
                                                        .on_drain = note_drain,
                                                        .on_timer = note_timer,
                                                        .on_stop = note_stop,
                                                        .on_close = note_close);

static ssize_t echo_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

/* Takes a word of three bytes for the last one, as its peer has said. */
static ssize_t part_on_word(berth_conn *c, char *data, size_t size)
{
    if (size < 3) {
        return 0;
    }
    (void)berth_write(c, data, 3);
    berth_finish(c);
    return 3;
}

static const berth_protocol parting =
    BERTH_PROTOCOL_INIT(.name = "parting", .on_data = part_on_word);

/* Takes all that comes first for the last of it. */
static ssize_t part_at_once(berth_conn *c, char *data, size_t size)
{
    (void)data;
    berth_finish(c);
    return (ssize_t)size;
}

static const berth_protocol brief =
    BERTH_PROTOCOL_INIT(.name = "brief", .on_data = part_at_once);

static const berth_protocol echo =
    BERTH_PROTOCOL_INIT(.name = "echo", .on_data = echo_data);

static void begin(const berth_protocol *protocol,
                  const struct limits *limits,
                  enum selector_trigger trigger)
{
    struct simulator_parts parts = {
        .protocol = protocol,
        .limits = limits,
        .trigger = trigger,
    };

    calls[0] = '\0';
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
}

static void expect(struct peer *peer, const char *text)
{
    size_t size;
    const char *data = peer_take(peer, &size);

    ck_assert_uint_eq(size, strlen(text));
    ck_assert_int_eq(memcmp(data, text, size), 0);
}

static void say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

/* Runs a test for both triggers. */
#define FOR_BOTH_TRIGGERS(trigger_)                                            \
    for (enum selector_trigger trigger_ = SELECTOR_LEVEL;                      \
         (trigger_) <= SELECTOR_EDGE; (trigger_)++)

START_TEST(echoes_and_closes_after_half_close)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&echo, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "hello\n");
        expect(peer, "hello\n");
        ck_assert(!peer->has_end);
        peer_send(peer, "last", 4);
        peer_finish(peer);
        simulator_run(&simulator);
        expect(peer, "last");
        ck_assert(peer->is_closed);
        ck_assert(!peer->is_closed_by_reset);
        ck_assert_int_eq(peer->closes, 1);
        ck_assert_int_eq(peer->why, 0);
        ck_assert_uint_eq(simulator.connections.open, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_message_costs_one_read_and_one_write)
{
    struct peer *peer;

    begin(&echo, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    for (int i = 0; i < 100; i++) {
        say(peer, "hello");
    }
    ck_assert_uint_eq(peer->reads, 100);
    ck_assert_uint_eq(peer->writes, 100);
    simulator_fini(&simulator);
}
END_TEST

/* Sends what it gets to all others. */
static berth_conn *everyone[3];

static int take_place(berth_conn *c)
{
    for (size_t i = 0; i < 3; i++) {
        if (everyone[i] == NULL) {
            everyone[i] = c;
            return 0;
        }
    }
    return -EUSERS;
}

static ssize_t spread_data(berth_conn *c, char *data, size_t size)
{
    for (size_t i = 0; i < 3; i++) {
        if (everyone[i] != c) {
            (void)berth_write(everyone[i], data, size);
        }
    }
    return (ssize_t)size;
}

static const berth_protocol spread =
    BERTH_PROTOCOL_INIT(.name = "spread",
                        .on_open = take_place,
                        .on_data = spread_data);

/* The second one's event comes between those of the two who write to it. */
START_TEST(what_comes_from_elsewhere_in_a_turn_leaves_in_one_write)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peers[3];

        begin(&spread, NULL, trigger);
        memset(everyone, 0, sizeof(everyone));
        for (size_t i = 0; i < 3; i++) {
            peers[i] = simulator_connect(&simulator);
        }
        simulator_run(&simulator);
        peer_send(peers[0], "a", 1);
        peer_send(peers[1], "b", 1);
        peer_send(peers[2], "c", 1);
        (void)simulator_turn(&simulator);
        expect(peers[0], "bc");
        expect(peers[1], "ac");
        expect(peers[2], "ab");
        for (size_t i = 0; i < 3; i++) {
            ck_assert_uint_eq(peers[i]->writes, 1);
        }
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(an_idle_connection_holds_no_buffer)
{
    struct peer *peer;

    begin(&echo, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "hello");
    ck_assert_ptr_null(peer->connection->input);
    ck_assert_ptr_null(peer->connection->output);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(follows_the_grammar)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "a");
        say(peer, "b");
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oddec");
        simulator_fini(&simulator);
        ck_assert_str_eq(calls, "oddec");
    }
}
END_TEST

START_TEST(a_failed_open_is_closed_after_its_output)
{
    struct peer *peer;

    open_result = -EACCES;
    greeting = "go away\n";
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    expect(peer, "go away\n");
    ck_assert_str_eq(calls, "oc");
    ck_assert_int_eq(peer->why, -EACCES);
    ck_assert(peer->has_end);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(an_error_of_on_data_closes_with_its_number)
{
    struct peer *peer;

    data_result = -EPROTO;
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "nonsense");
    ck_assert_str_eq(calls, "odc");
    ck_assert_int_eq(peer->why, -EPROTO);
    ck_assert(peer->has_end);
    ck_assert(!peer->is_closed); /* lingers: the peer may still be sending */
    say(peer, "more nonsense");
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert(peer->is_closed);
    ck_assert(!peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

/* It was told the end, and its own is waited for. */
static void expect_lingering(struct peer *peer)
{
    ck_assert(peer->has_end);
    ck_assert(!peer->is_closed);
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert(peer->is_closed);
    ck_assert(!peer->is_closed_by_reset);
}

START_TEST(who_has_finished_is_not_waited_for)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&parting, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "by");
        ck_assert(!peer->is_closed);
        say(peer, "e");
        expect(peer, "bye");
        ck_assert(peer->is_closed);
        ck_assert(!peer->is_closed_by_reset);
        ck_assert_int_eq(peer->why, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

/* The read was a short one: there is no need to look once more. */
START_TEST(who_has_finished_is_read_once)
{
    struct peer *peer;

    begin(&parting, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "bye");
    expect(peer, "bye");
    ck_assert(peer->is_closed);
    ck_assert(!peer->is_closed_by_reset);
    ck_assert_uint_eq(peer->reads, 1);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(who_said_so_and_sent_more_is_waited_for)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&parting, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "bye!");
        expect(peer, "bye");
        expect_lingering(peer);
        simulator_fini(&simulator);
    }
}
END_TEST

/* It filled the buffer: the stream holds more. */
START_TEST(who_said_so_and_has_more_on_the_way_is_waited_for)
{
    struct peer *peer;
    char *flood = calloc(1, ENTRY_READ_SIZE + 1);

    ck_assert_ptr_nonnull(flood);
    begin(&brief, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer_send(peer, flood, ENTRY_READ_SIZE + 1);
    simulator_run(&simulator);
    expect_lingering(peer);
    free(flood);
    simulator_fini(&simulator);
}
END_TEST

static void check_more_while_paused(bool is_some_read)
{
    struct peer *peer = simulator_connect(&simulator);

    if (is_some_read) {
        say(peer, "m");
    }
    berth_pause(&peer->connection->head);
    say(peer, is_some_read ? "" : "more");
    berth_finish(&peer->connection->head);
    simulator_run(&simulator);
    expect_lingering(peer);
}

START_TEST(who_said_so_and_sent_more_while_paused_is_waited_for)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        begin(&parting, NULL, trigger);
        check_more_while_paused(true);
        check_more_while_paused(false);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(who_has_finished_still_reads_all_of_the_answer)
{
    struct peer *peer;

    begin(&parting, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->window = 1;
    say(peer, "bye");
    expect(peer, "b");
    ck_assert(!peer->is_closed);
    peer->window = 10;
    simulator_run(&simulator);
    expect(peer, "ye");
    ck_assert(peer->is_closed);
    ck_assert(!peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

/* That read is long ago when the last of the answer leaves. */
START_TEST(who_said_so_and_sent_more_before_he_read_is_waited_for)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&parting, NULL, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 1;
        say(peer, "bye");
        expect(peer, "b");
        say(peer, "more");
        peer->window = 10;
        simulator_run(&simulator);
        expect(peer, "ye");
        expect_lingering(peer);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(lingering_ends_when_the_peer_is_quiet)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        data_result = -EPROTO;
        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "x");
        simulator_wait(&simulator, CONNECTION_LINGER_QUIET_MS - 1);
        ck_assert(!peer->is_closed);
        say(peer, "y");
        simulator_wait(&simulator, CONNECTION_LINGER_QUIET_MS - 1);
        ck_assert(!peer->is_closed);
        simulator_wait(&simulator, 2);
        ck_assert(peer->is_closed);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(lingering_ends_though_the_peer_goes_on)
{
    struct peer *peer;

    data_result = -EPROTO;
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "x");
    for (int i = 0; i < CONNECTION_LINGER_TOTAL_MS / 1000; i++) {
        ck_assert(!peer->is_closed);
        say(peer, "and on");
        simulator_wait(&simulator, 1000);
    }
    simulator_wait(&simulator, 1);
    ck_assert(peer->is_closed);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(an_exit_shortens_the_lingering_that_has_begun)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        data_result = -EPROTO;
        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "x");
        driver_stop_all(&simulator.connections, BERTH_EXIT);
        simulator_wait(&simulator, CONNECTION_LINGER_EXIT_MS - 1);
        ck_assert(!peer->is_closed);
        simulator_wait(&simulator, 2);
        ck_assert(peer->is_closed);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_reset_is_told_once)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        peer_reset(peer);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oc");
        ck_assert_int_eq(peer->why, -ECONNRESET);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_reset_is_told_to_a_paused_connection)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        berth_pause(&peer->connection->head);
        say(peer, "unread");
        peer_reset(peer);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oc");
        ck_assert_int_eq(peer->why, -ECONNRESET);
        simulator_fini(&simulator);
    }
}
END_TEST

static ssize_t pausing_data(berth_conn *c, char *data, size_t size)
{
    (void)data;
    berth_pause(c);
    return (ssize_t)size;
}

static const berth_protocol pausing =
    BERTH_PROTOCOL_INIT(.name = "pausing", .on_data = pausing_data);

START_TEST(a_reset_is_told_to_one_that_pauses_at_what_came_before_it)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct limits limits = {.input = 1024, .output = 65536};
        static char block[2048]; /* more than one read */
        struct peer *peer;

        begin(&pausing, &limits, trigger);
        peer = simulator_connect(&simulator);
        peer_send(peer, block, sizeof(block));
        peer_reset(peer);
        simulator_run(&simulator);
        ck_assert_int_eq(peer->closes, 1);
        ck_assert_int_eq(peer->why, -ECONNRESET);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(output_waits_for_a_slow_reader_and_all_of_it_comes)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&echo, NULL, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 3;
        say(peer, "hello\n");
        expect(peer, "hel");
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert(!peer->has_end);
        peer->window = PEER_READS_ALL;
        simulator_run(&simulator);
        expect(peer, "lo\n");
        ck_assert(peer->is_closed);
        ck_assert(!peer->is_closed_by_reset);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_full_output_stops_reading_until_the_low_mark)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        static char block[65536];
        struct peer *peer;
        size_t size;
        size_t total = 0;

        begin(&echo, NULL, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 0;
        for (int i = 0; i < 64; i++) {
            peer_send(peer, block, sizeof(block));
        }
        simulator_run(&simulator);
        ck_assert_uint_le(peer->sent.taken, (size_t)512 * 1024);
        ck_assert_uint_gt(connection_queued(peer->connection),
                          (size_t)256 * 1024);
        while (total < 64 * sizeof(block)) {
            peer->window = 30000;
            simulator_run(&simulator);
            (void)peer_take(peer, &size);
            ck_assert_uint_gt(size, 0);
            total += size;
        }
        ck_assert_uint_eq(total, 64 * sizeof(block));
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_peer_that_never_reads_is_ended_by_stall)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->window = 2;
    say(peer, "hello");
    simulator_wait(&simulator, 29999);
    ck_assert_int_eq(peer->closes, 0);
    simulator_wait(&simulator, 1);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    ck_assert(peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

/* Written by someone else in the turn in which a time passes: a flush comes only
   at the turn's end. */
START_TEST(what_was_just_written_is_not_stalled)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    ck_assert_int_eq(berth_deadline(&peer->connection->head, 10), 0);
    simulator.now_ms += 10;
    (void)berth_write(&peer->connection->head, "x", 1);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "ot");
    expect(peer, "xtick");
    ck_assert(!peer->has_end);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(what_was_just_written_is_sent_though_it_is_idle)
{
    struct limits limits = {.input = 65536, .output = 65536, .idle_ms = 1000};
    struct peer *peer;

    begin(&noted, &limits, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    simulator.now_ms += 1000;
    (void)berth_write(&peer->connection->head, "x", 1);
    simulator_run(&simulator);
    expect(peer, "x");
    ck_assert(peer->has_end && !peer->is_closed_by_reset);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_slow_reader_is_not_stalled)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->window = 0;
    say(peer, "hello");
    for (int i = 0; i < 5; i++) {
        simulator_wait(&simulator, 29000);
        ck_assert_int_eq(peer->closes, 0);
        peer->window = 1;
        simulator_run(&simulator);
    }
    expect(peer, "hello");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(an_idle_connection_is_closed_at_its_limit)
{
    struct limits limits = {.input = 65536, .output = 65536, .idle_ms = 1000};
    struct peer *peer;

    begin(&noted, &limits, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    simulator_wait(&simulator, 999);
    say(peer, "x");
    simulator_wait(&simulator, 999);
    ck_assert_int_eq(peer->closes, 0);
    simulator_wait(&simulator, 1);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    ck_assert(peer->has_end);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(first_byte_ends_those_who_say_nothing)
{
    struct limits limits = {
        .input = 65536, .output = 65536, .first_byte_ms = 500};
    struct peer *silent;
    struct peer *talker;

    greeting = "hello\n"; /* what we send does not count */
    begin(&noted, &limits, SELECTOR_LEVEL);
    silent = simulator_connect(&simulator);
    talker = simulator_connect(&simulator);
    simulator_wait(&simulator, 100);
    say(talker, "x");
    simulator_wait(&simulator, 399);
    ck_assert_int_eq(silent->closes, 0);
    simulator_wait(&simulator, 1);
    ck_assert_int_eq(silent->closes, 1);
    simulator_wait(&simulator, 100000);
    ck_assert_int_eq(talker->closes, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(first_byte_leaves_the_rest_to_idle)
{
    struct limits limits = {
        .input = 1024, .output = 4096, .first_byte_ms = 100, .idle_ms = 1000};
    struct peer *peer;

    greeting = "hello";
    begin(&noted, &limits, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->window = 0; /* the close waits for it */
    simulator_wait(&simulator, 500);
    ck_assert_int_eq(peer->closes, 0);
    ck_assert_int_gt(timer_wheel_next(&simulator.loop.wheel), 1);
    simulator_wait(&simulator, 500);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    ck_assert(peer->is_closed_by_reset);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_deadline_passes_once_and_its_output_leaves)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    ck_assert_int_eq(berth_deadline(&peer->connection->head, 100), 0);
    simulator_wait(&simulator, 99);
    ck_assert_str_eq(calls, "o");
    simulator_wait(&simulator, 1);
    ck_assert_str_eq(calls, "ot");
    expect(peer, "tick");
    simulator_wait(&simulator, 1000);
    ck_assert_str_eq(calls, "ot");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_deadline_can_be_moved_and_lifted)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    (void)berth_deadline(&peer->connection->head, 100);
    simulator_wait(&simulator, 50);
    (void)berth_deadline(&peer->connection->head, 100);
    simulator_wait(&simulator, 99);
    ck_assert_str_eq(calls, "o");
    (void)berth_deadline(&peer->connection->head, 0);
    simulator_wait(&simulator, 1000);
    ck_assert_str_eq(calls, "o");
    (void)berth_deadline(&peer->connection->head, 5000);
    (void)berth_deadline(&peer->connection->head, 10);
    simulator_wait(&simulator, 10);
    ck_assert_str_eq(calls, "ot");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_deadline_without_on_timer_closes)
{
    struct peer *peer;

    begin(&echo, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    (void)berth_deadline(&peer->connection->head, 10);
    simulator_wait(&simulator, 10);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(exit_answers_what_the_kernel_holds)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *idle;
        struct peer *busy;

        begin(&echo, NULL, trigger);
        idle = simulator_connect(&simulator);
        busy = simulator_connect(&simulator);
        simulator_run(&simulator);
        peer_send(busy, "last words", 10);
        driver_stop_all(&simulator.connections, BERTH_EXIT);
        simulator_run(&simulator);
        expect(busy, "last words");
        ck_assert(busy->has_end);
        ck_assert(idle->has_end);
        ck_assert_int_eq(busy->why, 0);
        ck_assert_int_eq(idle->closes, 1);
        simulator_wait(&simulator, CONNECTION_LINGER_EXIT_MS);
        ck_assert_uint_eq(simulator.connections.open, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(stop_is_told_once_for_each_reason_and_to_newcomers)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    driver_stop_all(&simulator.connections, BERTH_RELOAD);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "os");
    ck_assert_int_eq(stop_reason, BERTH_RELOAD);
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "oss");
    ck_assert_int_eq(stop_reason, BERTH_EXIT);
    ck_assert_int_eq(peer->closes, 0); /* the plugin decides */
    calls[0] = '\0';
    (void)simulator_connect(&simulator);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "os");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(exit_waits_for_a_paused_connection)
{
    struct peer *peer;

    begin(&echo, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    berth_pause(&peer->connection->head);
    say(peer, "held");
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 0);
    berth_resume(&peer->connection->head);
    simulator_run(&simulator);
    expect(peer, "held");
    ck_assert_int_eq(peer->closes, 1);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(kill_ends_all_with_stopped)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    driver_kill_all(&simulator.connections);
    ck_assert_str_eq(calls, "oc");
    ck_assert_int_eq(peer->why, BERTH_STOPPED);
    ck_assert_uint_eq(simulator.connections.open, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(keep_lets_the_plugin_close)
{
    struct peer *peer;
    berth_conn *c;

    end_result = BERTH_KEEP;
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "oe");
    ck_assert(!peer->has_end);
    c = &peer->connection->head;
    ck_assert_int_eq(berth_write(c, "late", 4), 4);
    simulator_run(&simulator);
    expect(peer, "late");
    berth_shutdown(c);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "oec");
    ck_assert(peer->is_closed);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(shutdown_sends_all_then_the_end_and_goes_on_reading)
{
    struct peer *peer;
    berth_conn *c;

    data_result = 1;
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    c = &peer->connection->head;
    peer->window = 1;
    (void)berth_write(c, "bye", 3);
    berth_shutdown(c);
    simulator_run(&simulator);
    ck_assert(!peer->has_end);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect(peer, "bye");
    ck_assert(peer->has_end);
    say(peer, "1");
    ck_assert_str_eq(calls, "od");
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "odec");
    ck_assert(peer->is_closed);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(the_end_waits_while_paused)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;
        berth_conn *c;

        begin(&noted, NULL, trigger);
        peer = simulator_connect(&simulator);
        c = &peer->connection->head;
        berth_pause(c);
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "o");
        (void)berth_write(c, "answer", 6);
        berth_resume(c);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oec");
        expect(peer, "answer");
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_hang_up_while_paused_does_not_spin)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    berth_pause(&peer->connection->head);
    berth_shutdown(&peer->connection->head);
    peer_finish(peer);
    simulator_run(&simulator); /* aborts if it never comes to rest */
    ck_assert_str_eq(calls, "o");
    berth_resume(&peer->connection->head);
    simulator_run(&simulator);
    ck_assert_str_eq(calls, "oec");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(abort_resets_and_drops_what_is_queued)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    (void)berth_write(&peer->connection->head, "never", 5);
    berth_abort(&peer->connection->head);
    simulator_run(&simulator);
    expect(peer, "");
    ck_assert(peer->is_closed_by_reset);
    ck_assert_int_eq(peer->why, -ECONNABORTED);
    ck_assert_str_eq(calls, "oc");
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_failed_write_ends_the_connection_with_its_error)
{
    struct peer *peer;

    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->fail_write = -EHOSTUNREACH;
    say(peer, "x");
    ck_assert_str_eq(calls, "odc");
    ck_assert_int_eq(peer->why, -EHOSTUNREACH);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(a_selector_that_refuses_costs_only_the_newcomer)
{
    struct limits limits = {.input = 65536, .output = 65536};
    struct driver_newcomer newcomer = {.peer_slot = CONNECTIONS_NO_PEER};
    struct peer *peer;

    begin(&noted, &limits, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    newcomer.entry = &simulator.entry;
    newcomer.stream = peer->connection->stream;
    peer->watch_error = -ENOSPC;
    ck_assert_int_eq(driver_open(&newcomer), -ENOSPC);
    ck_assert_str_eq(calls, "o"); /* of the first one */
    ck_assert_uint_eq(simulator.connections.open, 1);
    simulator_run(&simulator);
    simulator_fini(&simulator);
}
END_TEST

static berth_conn *pair[2];
static size_t pair_count;

static int pair_open(berth_conn *c)
{
    pair[pair_count++] = c;
    return berth_deadline(c, 1000);
}

static void pair_timer(berth_conn *c)
{
    (void)berth_write(c == pair[0] ? pair[1] : pair[0], "tick", 4);
}

static const berth_protocol paired =
    BERTH_PROTOCOL_INIT(.name = "paired",
                        .on_open = pair_open,
                        .on_data = echo_data,
                        .on_timer = pair_timer);

START_TEST(what_was_written_a_moment_ago_has_not_stalled)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peers[2];

        pair_count = 0;
        begin(&paired, NULL, trigger);
        peers[0] = simulator_connect(&simulator);
        peers[1] = simulator_connect(&simulator);
        /* Both timers fire in one turn: each writes before the other's limits
           are looked at, and nothing is flushed before its end. */
        simulator_wait(&simulator, 1000);
        expect(peers[0], "tick");
        expect(peers[1], "tick");
        ck_assert_int_eq(peers[0]->closes + peers[1]->closes, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(one_that_lingers_and_cannot_be_watched_does_not_spin)
{
    struct peer *peer;

    data_result = -EBADMSG;
    greeting = "hello";
    begin(&noted, NULL, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    peer->window = 0;
    say(peer, "x");
    ck_assert_str_eq(calls, "od");
    peer->window = PEER_READS_ALL;
    peer->watch_error = -ENOMEM;
    simulator_run(&simulator); /* aborts if it never comes to rest */
    expect(peer, "hello");
    ck_assert_int_eq(peer->why, -EBADMSG);
    ck_assert(peer->is_closed);
    ck_assert_uint_eq(simulator.connections.open, 0);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(exit_closes_what_is_kept_after_the_end)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        end_result = BERTH_KEEP;
        begin(&noted, NULL, trigger);
        simulator.protocols[0].on_stop = NULL;
        peer = simulator_connect(&simulator);
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oe");
        driver_stop_all(&simulator.connections, BERTH_EXIT);
        simulator_run(&simulator);
        ck_assert_str_eq(calls, "oec");
        ck_assert_int_eq(peer->why, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

UNIT_MAIN("driver",
          echoes_and_closes_after_half_close,
          a_message_costs_one_read_and_one_write,
          what_comes_from_elsewhere_in_a_turn_leaves_in_one_write,
          an_idle_connection_holds_no_buffer,
          follows_the_grammar,
          a_failed_open_is_closed_after_its_output,
          an_error_of_on_data_closes_with_its_number,
          who_has_finished_is_not_waited_for,
          who_has_finished_is_read_once,
          who_said_so_and_sent_more_is_waited_for,
          who_said_so_and_has_more_on_the_way_is_waited_for,
          who_said_so_and_sent_more_while_paused_is_waited_for,
          who_has_finished_still_reads_all_of_the_answer,
          who_said_so_and_sent_more_before_he_read_is_waited_for,
          lingering_ends_when_the_peer_is_quiet,
          lingering_ends_though_the_peer_goes_on,
          an_exit_shortens_the_lingering_that_has_begun,
          a_reset_is_told_once,
          a_reset_is_told_to_a_paused_connection,
          a_reset_is_told_to_one_that_pauses_at_what_came_before_it,
          output_waits_for_a_slow_reader_and_all_of_it_comes,
          a_full_output_stops_reading_until_the_low_mark,
          a_peer_that_never_reads_is_ended_by_stall,
          what_was_just_written_is_not_stalled,
          what_was_just_written_is_sent_though_it_is_idle,
          a_slow_reader_is_not_stalled,
          an_idle_connection_is_closed_at_its_limit,
          first_byte_ends_those_who_say_nothing,
          first_byte_leaves_the_rest_to_idle,
          a_deadline_passes_once_and_its_output_leaves,
          a_deadline_can_be_moved_and_lifted,
          a_deadline_without_on_timer_closes,
          exit_answers_what_the_kernel_holds,
          stop_is_told_once_for_each_reason_and_to_newcomers,
          exit_waits_for_a_paused_connection,
          kill_ends_all_with_stopped,
          keep_lets_the_plugin_close,
          shutdown_sends_all_then_the_end_and_goes_on_reading,
          the_end_waits_while_paused,
          a_hang_up_while_paused_does_not_spin,
          abort_resets_and_drops_what_is_queued,
          a_failed_write_ends_the_connection_with_its_error,
          a_selector_that_refuses_costs_only_the_newcomer,
          what_was_written_a_moment_ago_has_not_stalled,
          one_that_lingers_and_cannot_be_watched_does_not_spin,
          exit_closes_what_is_kept_after_the_end)
