/* SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "simulator.h"
#include "unit.h"

static struct simulator simulator;
static struct limits limits = {.input = 65536, .output = 1048576};
static size_t offered_most;
static size_t calls;

static void begin(const berth_protocol *protocol, enum selector_trigger trigger)
{
    struct simulator_parts parts = {
        .protocol = protocol,
        .limits = &limits,
        .trigger = trigger,
    };

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

#define FOR_BOTH_TRIGGERS(trigger_)                                            \
    for (enum selector_trigger trigger_ = SELECTOR_LEVEL;                      \
         (trigger_) <= SELECTOR_EDGE; (trigger_)++)

/* One line at a time; upper-cases in place what it leaves. */
static ssize_t line_data(berth_conn *c, char *data, size_t size)
{
    const char *end = memchr(data, '\n', size);

    calls++;
    if (size > offered_most) {
        offered_most = size;
    }
    ck_assert_int_eq(data[size], '\0');
    if (end == NULL) {
        return 0;
    }
    (void)berth_write(c, data, (size_t)(end - data) + 1);
    return end - data + 1;
}

static int line_end(berth_conn *c, char *data, size_t size)
{
    ck_assert_int_eq(data[size], '\0');
    (void)berth_write(c, "[", 1);
    (void)berth_write(c, data, size);
    (void)berth_write(c, "]", 1);
    return BERTH_CLOSE;
}

static const berth_protocol line = BERTH_PROTOCOL_INIT(.name = "line",
                                                       .on_data = line_data,
                                                       .on_end = line_end);

START_TEST(a_partial_line_waits_for_the_rest)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&line, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "hel");
        expect(peer, "");
        ck_assert_uint_eq(peer->connection->input->size, 3);
        say(peer, "lo\nwor");
        expect(peer, "hello\n");
        say(peer, "ld\n");
        expect(peer, "world\n");
        ck_assert_ptr_null(peer->connection->input);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(many_lines_of_one_read_leave_in_one_write)
{
    struct peer *peer;

    begin(&line, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "a\nb\nc\nd\ne\nf\ng\nh\n");
    expect(peer, "a\nb\nc\nd\ne\nf\ng\nh\n");
    ck_assert_uint_eq(peer->writes, 1);
    ck_assert_uint_eq(peer->reads, 1);
    simulator_fini(&simulator);
}
END_TEST

START_TEST(on_end_gets_what_was_left_unused)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        begin(&line, trigger);
        peer = simulator_connect(&simulator);
        peer_send(peer, "whole\npart", 10);
        peer_finish(peer);
        simulator_run(&simulator);
        expect(peer, "whole\n[part]");
        ck_assert(peer->is_closed);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_message_as_long_as_the_limit_passes_at_any_pace)
{
    static const size_t paces[] = {1, 7, 100, 4095, 4096, 4097, 65536};

    limits.input = 20000;
    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
        static char message[20000];
        struct peer *peer;
        size_t size;

        memset(message, 'x', sizeof(message));
        message[sizeof(message) - 1] = '\n';
        begin(&line, SELECTOR_LEVEL);
        peer = simulator_connect(&simulator);
        for (size_t at = 0; at < sizeof(message); at += paces[i]) {
            size_t left = sizeof(message) - at;

            peer_send(peer, message + at, left < paces[i] ? left : paces[i]);
            simulator_run(&simulator);
        }
        ck_assert_int_eq(
            memcmp(peer_take(peer, &size), message, sizeof(message)), 0);
        ck_assert_uint_eq(size, sizeof(message));
        ck_assert_uint_le(offered_most, limits.input);
        ck_assert_int_eq(peer->closes, 0);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(a_longer_message_is_refused_at_any_pace)
{
    static const size_t paces[] = {1, 100, 1024, 5000};

    limits.input = 1024;
    for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++) {
        static char message[5000];
        struct peer *peer;

        memset(message, 'x', sizeof(message));
        begin(&line, SELECTOR_LEVEL);
        peer = simulator_connect(&simulator);
        for (size_t at = 0; at < sizeof(message); at += paces[i]) {
            size_t left = sizeof(message) - at;

            peer_send(peer, message + at, left < paces[i] ? left : paces[i]);
            simulator_run(&simulator);
        }
        ck_assert_int_eq(peer->closes, 1);
        ck_assert_int_eq(peer->why, -EMSGSIZE);
        simulator_fini(&simulator);
    }
}
END_TEST

static ssize_t pausing_data(berth_conn *c, char *data, size_t size)
{
    calls++;
    (void)berth_write(c, data, 1);
    (void)size;
    berth_pause(c);
    return 1;
}

static const berth_protocol pausing =
    BERTH_PROTOCOL_INIT(.name = "pausing", .on_data = pausing_data);

START_TEST(a_pause_holds_the_rest_until_resume)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        calls = 0;
        begin(&pausing, trigger);
        peer = simulator_connect(&simulator);
        peer_send(peer, "abc", 3);
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_uint_eq(calls, 1);
        expect(peer, "a");
        berth_resume(&peer->connection->head);
        simulator_run(&simulator);
        ck_assert_uint_eq(calls, 2);
        berth_resume(&peer->connection->head);
        simulator_run(&simulator);
        expect(peer, "bc");
        ck_assert(!peer->has_end); /* paused again: the end waits */
        berth_resume(&peer->connection->head);
        simulator_run(&simulator);
        ck_assert(peer->is_closed);
        simulator_fini(&simulator);
    }
}
END_TEST

static ssize_t waiting_data(berth_conn *c, char *data, size_t size)
{
    calls++;
    if (calls == 1) {
        data[0] = 'X'; /* the change stays */
        berth_pause(c);
        return 0;
    }
    return berth_write(c, data, size);
}

static const berth_protocol waiting =
    BERTH_PROTOCOL_INIT(.name = "waiting", .on_data = waiting_data);

START_TEST(resume_offers_again_what_was_seen_with_its_changes)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        calls = 0;
        limits.input = 4;
        begin(&waiting, trigger);
        peer = simulator_connect(&simulator);
        say(peer, "abcd"); /* the limit, but paused: not closed */
        ck_assert_int_eq(peer->closes, 0);
        say(peer, "ef");
        ck_assert_uint_eq(calls, 1);
        berth_resume(&peer->connection->head);
        simulator_run(&simulator);
        expect(peer, "Xbcdef");
        simulator_fini(&simulator);
    }
}
END_TEST

static ssize_t greedy_data(berth_conn *c, char *data, size_t size)
{
    (void)c;
    (void)data;
    return (ssize_t)size + 1;
}

static const berth_protocol greedy =
    BERTH_PROTOCOL_INIT(.name = "greedy", .on_data = greedy_data);

START_TEST(using_more_than_offered_aborts)
{
    struct peer *peer;

    begin(&greedy, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "x");
    ck_assert_int_eq(peer->closes, 1);
    ck_assert(peer->is_closed_by_reset);
    ck_assert_int_eq(peer->why, -EPROTO);
    simulator_fini(&simulator);
}
END_TEST

static ssize_t closing_data(berth_conn *c, char *data, size_t size)
{
    calls++;
    (void)size;
    (void)berth_write(c, data, 1);
    berth_close(c);
    return 1;
}

static const berth_protocol closing =
    BERTH_PROTOCOL_INIT(.name = "closing", .on_data = closing_data);

START_TEST(nothing_is_offered_after_close)
{
    struct peer *peer;

    begin(&closing, SELECTOR_LEVEL);
    peer = simulator_connect(&simulator);
    say(peer, "abc");
    ck_assert_uint_eq(calls, 1);
    expect(peer, "a");
    ck_assert(peer->has_end);
    simulator_fini(&simulator);
}
END_TEST

/* Each byte is answered with 1 KiB. */
static ssize_t wordy_data(berth_conn *c, char *data, size_t size)
{
    static char answer[1024];

    (void)size;
    calls++;
    memset(answer, data[0], sizeof(answer));
    (void)berth_write(c, answer, sizeof(answer));
    return 1;
}

static const berth_protocol wordy =
    BERTH_PROTOCOL_INIT(.name = "wordy", .on_data = wordy_data);

START_TEST(messages_already_read_wait_while_output_is_above_the_mark)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        static char questions[2000];
        struct peer *peer;
        size_t size;
        size_t total = 0;

        calls = 0;
        limits.output = 65536;
        memset(questions, 'q', sizeof(questions));
        begin(&wordy, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 0;
        peer_send(peer, questions, sizeof(questions));
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_uint_ge(calls, 16);
        ck_assert_uint_le(calls, 17);
        while (total < sizeof(questions) * 1024) {
            peer->window = 10000;
            simulator_run(&simulator);
            (void)peer_take(peer, &size);
            ck_assert_uint_gt(size, 0);
            total += size;
        }
        ck_assert_uint_eq(calls, sizeof(questions));
        ck_assert(peer->is_closed);
        ck_assert(!peer->is_closed_by_reset);
        simulator_fini(&simulator);
    }
}
END_TEST

/* Waits paused with its first bytes; then answers all with too much. */
static ssize_t lavish_data(berth_conn *c, char *data, size_t size)
{
    static char answer[2000];

    (void)data;
    if (calls++ == 0) {
        berth_pause(c);
        return 0;
    }
    (void)berth_write(c, answer, sizeof(answer));
    return (ssize_t)size;
}

static void lavish_timer(berth_conn *c)
{
    berth_resume(c);
}

static int lavish_open(berth_conn *c)
{
    return berth_deadline(c, 1000);
}

static void lavish_stop(berth_conn *c, int reason)
{
    static char farewell[2000];

    (void)reason;
    berth_resume(c);
    (void)berth_write(c, farewell, sizeof(farewell));
}

static const berth_protocol lavish =
    BERTH_PROTOCOL_INIT(.name = "lavish",
                        .on_open = lavish_open,
                        .on_data = lavish_data,
                        .on_timer = lavish_timer,
                        .on_stop = lavish_stop);

START_TEST(no_more_is_offered_when_what_waited_was_answered_with_too_much)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        static char questions[3000];
        struct peer *peer;

        calls = 0;
        limits = (struct limits){.input = 1024, .output = 4096};
        begin(&lavish, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 0;
        peer_send(peer, questions, sizeof(questions));
        simulator_wait(&simulator, 999);
        ck_assert_uint_eq(calls, 1);
        simulator_wait(&simulator, 1);
        ck_assert_uint_eq(calls, 2); /* the rest is held back */
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(what_waits_is_not_offered_when_on_stop_wrote_too_much)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        struct peer *peer;

        calls = 0;
        limits = (struct limits){.input = 1024, .output = 4096};
        begin(&lavish, trigger);
        peer = simulator_connect(&simulator);
        peer->window = 0;
        say(peer, "question");
        ck_assert_uint_eq(calls, 1);
        driver_stop_all(&simulator.connections, BERTH_EXIT);
        simulator_run(&simulator);
        ck_assert_uint_eq(calls, 1);
        peer->window = 2000;
        simulator_run(&simulator);
        ck_assert_uint_eq(calls, 2);
        simulator_fini(&simulator);
    }
}
END_TEST

START_TEST(one_connection_does_not_starve_the_others)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        static char block[1024 * 1024];
        struct peer *loud;
        struct peer *quiet;

        begin(&wordy, trigger);
        simulator.protocols[0].on_data = line_data;
        memset(block, '\n', sizeof(block));
        loud = simulator_connect(&simulator);
        quiet = simulator_connect(&simulator);
        (void)simulator_turn(&simulator);
        peer_send(loud, block, sizeof(block));
        peer_send(quiet, "hi\n", 3);
        (void)simulator_turn(&simulator);
        expect(quiet, "hi\n");
        ck_assert_uint_le(loud->sent.taken, (size_t)512 * 1024);
        simulator_run(&simulator);
        ck_assert_uint_eq(loud->sent.taken, sizeof(block));
        simulator_fini(&simulator);
    }
}
END_TEST

UNIT_MAIN("delivery",
          a_partial_line_waits_for_the_rest,
          many_lines_of_one_read_leave_in_one_write,
          on_end_gets_what_was_left_unused,
          a_message_as_long_as_the_limit_passes_at_any_pace,
          a_longer_message_is_refused_at_any_pace,
          a_pause_holds_the_rest_until_resume,
          resume_offers_again_what_was_seen_with_its_changes,
          using_more_than_offered_aborts,
          nothing_is_offered_after_close,
          messages_already_read_wait_while_output_is_above_the_mark,
          no_more_is_offered_when_what_waited_was_answered_with_too_much,
          what_waits_is_not_offered_when_on_stop_wrote_too_much,
          one_connection_does_not_starve_the_others)
