/* SPDX-License-Identifier: MIT */
/* session.c with several clients; alone they are in the transcripts. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "unit.h"

#define MESSAGE_SIZE 200
#define MESSAGE_COST (MESSAGE_SIZE + 16) /* as max_queue counts */
#define HIGH_MARK 4096

enum {
    KEEPS, /* a session that outlives its connection */
    CLEAN, /* one that does not */
};

static void begin(enum selector_trigger trigger, const char *settings)
{
    const struct example_options options = {
        .trigger = trigger,
        .output_limit = (uint64_t)4 * HIGH_MARK,
    };

    example_begin("session", settings, &options);
}

static void expect_bytes(struct peer *peer, const void *bytes, size_t size)
{
    size_t count;
    const char *came = peer_take(peer, &count);

    ck_assert_uint_eq(count, size);
    ck_assert_int_eq(memcmp(came, bytes, size), 0);
}

static void send_packet(struct peer *peer, const void *bytes, size_t size)
{
    peer_send(peer, bytes, size);
    simulator_run(&simulator);
}

static void send_connect(struct peer *peer, char id, int kind)
{
    char packet[] = "\x10\x0d\0\4MQTT\4\0\0\0\0\1?";

    packet[9] = kind == CLEAN ? 2 : 0;
    packet[14] = id;
    send_packet(peer, packet, 15);
}

static struct peer *connect_client(char id, int kind)
{
    struct peer *peer = example_connect();

    send_connect(peer, id, kind);
    return peer;
}

static void expect_welcome(struct peer *peer, bool is_present)
{
    const uint8_t packet[] = {0x20, 2, is_present, 0};

    expect_bytes(peer, packet, sizeof(packet));
}

/* A client that is there, alone or in its old session. */
static struct peer *join(char id, int kind, bool is_present)
{
    struct peer *peer = connect_client(id, kind);

    expect_welcome(peer, is_present);
    return peer;
}

static void subscribe(struct peer *peer)
{
    send_packet(peer, "\x82\x06\0\1\0\1t\0", 8);
    expect_bytes(peer, "\x90\3\0\1\0", 5);
}

static void leave(struct peer *peer)
{
    send_packet(peer, "\xe0\0", 2);
    ck_assert_int_eq(peer->closes, 1);
}

/* The message with this number. */
static void make_message(char packet[MESSAGE_SIZE], int number)
{
    static const uint8_t head[] = {0x30, 0xc5, 1, 0, 1, 't'};

    memset(packet, number, MESSAGE_SIZE);
    memcpy(packet, head, sizeof(head));
}

static void publish(struct peer *peer, int first, int end)
{
    char packet[MESSAGE_SIZE];

    for (int number = first; number < end; number++) {
        make_message(packet, number);
        send_packet(peer, packet, sizeof(packet));
    }
}

/* They have come next, in this order. */
static void take_messages(struct peer *peer, int first, int end)
{
    struct bytes *received = &peer->received;
    char packet[MESSAGE_SIZE];

    for (int number = first; number < end; number++) {
        ck_assert_uint_ge(received->size - received->taken, sizeof(packet));
        make_message(packet, number);
        ck_assert_int_eq(
            memcmp(received->data + received->taken, packet, sizeof(packet)),
            0);
        received->taken += sizeof(packet);
    }
}

/* The same, and nothing else. */
static void expect_messages(struct peer *peer, int first, int end)
{
    take_messages(peer, first, end);
    example_expect(peer, "");
}

START_TEST(messages_go_to_all_who_are_subscribed)
{
    struct peer *one, *other, *none;

    begin(SELECTOR_EDGE, "{}");
    one = join('a', CLEAN, false);
    other = join('b', KEEPS, false);
    none = join('c', CLEAN, false);
    subscribe(one);
    subscribe(other);
    publish(one, 0, 3);
    expect_messages(one, 0, 3);
    expect_messages(other, 0, 3);
    expect_messages(none, 0, 0);
    example_end();
}
END_TEST

static void come_back(enum selector_trigger trigger)
{
    struct peer *peer, *publisher;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    leave(peer);
    publish(publisher, 0, 5);
    peer = connect_client('a', KEEPS);
    ck_assert_int_eq(memcmp(peer->received.data, "\x20\2\1\0", 4), 0);
    peer->received.taken = 4;
    expect_messages(peer, 0, 5);
    publish(publisher, 5, 6);
    expect_messages(peer, 5, 6); /* it is subscribed as before */
    example_end();
}

START_TEST(messages_wait_for_a_client_to_come_back)
{
    come_back(SELECTOR_LEVEL);
    come_back(SELECTOR_EDGE);
}
END_TEST

/* However a connection ends, the session stays. */
START_TEST(a_session_outlives_a_reset_and_a_timeout)
{
    struct peer *peer;

    begin(SELECTOR_LEVEL, "{}");
    peer = join('a', KEEPS, false);
    peer_reset(peer);
    simulator_run(&simulator);
    peer = join('a', KEEPS, true);
    peer_finish(peer);
    simulator_run(&simulator);
    peer = join('a', KEEPS, true);
    simulator_wait(&simulator, 300000);
    ck_assert_int_eq(peer->why, -ETIMEDOUT);
    join('a', KEEPS, true);
    example_end();
}
END_TEST

START_TEST(a_clean_session_ends_with_its_connection_and_begins_anew)
{
    struct peer *peer, *publisher;

    begin(SELECTOR_LEVEL, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', CLEAN, false);
    subscribe(peer);
    leave(peer);
    peer = join('a', KEEPS, false); /* nothing was kept */
    publish(publisher, 0, 1);
    expect_messages(peer, 0, 0);
    subscribe(peer);
    leave(peer);
    publish(publisher, 1, 2);
    peer = join('a', CLEAN, false); /* nothing is kept */
    publish(publisher, 2, 3);
    expect_messages(peer, 0, 0);
    leave(peer);
    join('a', KEEPS, false);
    example_end();
}
END_TEST

static void take_over(enum selector_trigger trigger)
{
    struct peer *peer, *again, *publisher;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    again = join('a', KEEPS, true);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, BERTH_DONE);
    ck_assert(peer->has_end && !peer->is_closed_by_reset);
    publish(publisher, 0, 1);
    expect_messages(peer, 0, 0);
    expect_messages(again, 0, 1);
    peer = join('a', CLEAN, false);
    ck_assert_int_eq(again->closes, 1);
    again = join('a', KEEPS, false); /* the one before was clean */
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(again->closes, 0);
    example_end();
}

START_TEST(a_client_that_connects_again_takes_over)
{
    take_over(SELECTOR_LEVEL);
    take_over(SELECTOR_EDGE);
}
END_TEST

/* The old connection cannot be flushed: what comes meanwhile is for the new. */
static void take_over_from_stuck(enum selector_trigger trigger)
{
    struct peer *peer, *again, *publisher;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    peer->window = 0;
    publish(publisher, 0, 1);
    again = join('a', KEEPS, true);
    ck_assert_int_eq(peer->closes, 0);
    publish(publisher, 1, 2);
    expect_messages(again, 1, 2);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_messages(peer, 0, 1);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(again->closes, 0);
    example_end();
}

START_TEST(a_client_takes_over_from_one_that_does_not_read)
{
    take_over_from_stuck(SELECTOR_LEVEL);
    take_over_from_stuck(SELECTOR_EDGE);
}
END_TEST

/* It said DISCONNECT, but is not gone yet. */
static void publish_while_leaving(enum selector_trigger trigger)
{
    struct peer *peer, *publisher;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    peer->window = 0;
    publish(publisher, 0, 1);
    send_packet(peer, "\xe0\0", 2);
    publish(publisher, 1, 2);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    expect_messages(peer, 0, 1);
    peer = connect_client('a', KEEPS);
    peer->received.taken = 4;
    expect_messages(peer, 1, 2);
    example_end();
}

START_TEST(messages_wait_for_a_client_that_is_leaving)
{
    publish_while_leaving(SELECTOR_LEVEL);
    publish_while_leaving(SELECTOR_EDGE);
}
END_TEST

/* A large message is sent at once, so that it is known that it was not. */
START_TEST(a_message_that_cannot_be_sent_waits)
{
    static const uint8_t head[] = {0x30, 0xa3, 0x9c, 1, 0, 1, 't'};
    char packet[4 + 20003] = {0};
    struct peer *peer, *publisher;

    memcpy(packet, head, sizeof(head));
    example_begin("session", "{}", &(struct example_options){0});
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    peer->fail_write = -ECONNRESET;
    send_packet(publisher, packet, sizeof(packet));
    ck_assert_int_eq(peer->why, -ECONNRESET);
    peer = example_connect();
    peer->fail_write = -ECONNRESET;
    send_connect(peer, 'a', KEEPS);
    ck_assert_int_eq(peer->why, -ECONNRESET);
    peer = connect_client('a', KEEPS);
    peer->received.taken = 4;
    expect_bytes(peer, packet, sizeof(packet));
    example_end();
}
END_TEST

START_TEST(the_oldest_messages_are_dropped)
{
    struct peer *peer, *publisher;
    char settings[64];

    (void)snprintf(settings, sizeof(settings), "{max_queue: %d}",
                   10 * MESSAGE_COST);
    begin(SELECTOR_LEVEL, settings);
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    leave(peer);
    publish(publisher, 0, 50);
    peer = connect_client('a', KEEPS);
    peer->received.taken = 4;
    expect_messages(peer, 40, 50);
    example_end();
}
END_TEST

START_TEST(a_message_beyond_max_queue_does_not_wait)
{
    struct peer *peer, *publisher;
    char settings[64];

    (void)snprintf(settings, sizeof(settings), "{max_queue: %d}",
                   MESSAGE_COST - 1);
    begin(SELECTOR_LEVEL, settings);
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
    subscribe(peer);
    publish(publisher, 0, 1);
    expect_messages(peer, 0, 1);
    leave(peer);
    publish(publisher, 1, 2);
    join('a', KEEPS, true);
    example_end();
}
END_TEST

/* Its messages wait as those of one that is absent, and come in order. */
static void read_slowly(enum selector_trigger trigger)
{
    struct peer *peer, *publisher;
    char settings[64];
    int sent = HIGH_MARK / MESSAGE_SIZE + 1;

    (void)snprintf(settings, sizeof(settings), "{max_queue: %d}",
                   10 * MESSAGE_COST);
    begin(trigger, settings);
    publisher = join('p', CLEAN, false);
    peer = join('a', CLEAN, false);
    subscribe(peer);
    peer->window = 0;
    publish(publisher, 0, 100);
    ck_assert_int_eq(peer->closes, 0);
    /* There is room, but on_drain has not come: nothing overtakes. */
    peer->window = HIGH_MARK / 4;
    simulator_run(&simulator);
    publish(publisher, 100, 101);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    take_messages(peer, 0, sent);
    expect_messages(peer, 91, 101);
    publish(publisher, 101, 103);
    expect_messages(peer, 101, 103);
    example_end();
}

START_TEST(one_that_reads_slowly_misses_the_oldest)
{
    read_slowly(SELECTOR_LEVEL);
    read_slowly(SELECTOR_EDGE);
}
END_TEST

static void expire(enum selector_trigger trigger)
{
    struct peer *a, *b;

    begin(trigger, "{expiry: 10s}");
    a = join('a', KEEPS, false);
    b = join('b', KEEPS, false);
    leave(a);
    simulator_wait(&simulator, 4000);
    leave(b);
    simulator_wait(&simulator, 5999);
    a = join('a', KEEPS, true);
    leave(a); /* anew */
    simulator_wait(&simulator, 4000);
    join('b', KEEPS, true);
    simulator_wait(&simulator, 5999);
    a = join('a', KEEPS, true);
    leave(a);
    simulator_wait(&simulator, 10000);
    join('a', KEEPS, false);
    simulator_wait(&simulator, 100000);
    join('b', KEEPS, true); /* it was there all the time */
    example_end();
}

START_TEST(absent_clients_expire_each_at_its_time)
{
    expire(SELECTOR_LEVEL);
    expire(SELECTOR_EDGE);
}
END_TEST

/* The first to go is the first that ended, in whichever order they came. */
static void expire_two(char first, char second)
{
    struct peer *a, *b;

    begin(SELECTOR_LEVEL, "{expiry: 10s}");
    a = join(first, KEEPS, false);
    b = join(second, KEEPS, false);
    leave(first == 'a' ? a : b);
    simulator_wait(&simulator, 4000);
    leave(first == 'a' ? b : a);
    simulator_wait(&simulator, 6000);
    join('a', KEEPS, false);
    simulator_wait(&simulator, 3999);
    join('b', KEEPS, true);
    example_end();
}

START_TEST(of_two_that_are_absent_the_first_to_leave_expires_first)
{
    expire_two('a', 'b');
    expire_two('b', 'a');
}
END_TEST

START_TEST(a_clean_session_makes_room_at_once)
{
    begin(SELECTOR_LEVEL, "{max_sessions: 1}");
    leave(join('a', CLEAN, false));
    join('b', CLEAN, false);
    example_end();
}
END_TEST

START_TEST(a_session_that_expired_makes_room)
{
    struct peer *peer;

    begin(SELECTOR_LEVEL, "{expiry: 10s, max_sessions: 2}");
    leave(join('a', KEEPS, false));
    leave(join('b', KEEPS, false));
    peer = connect_client('c', CLEAN);
    expect_bytes(peer, "\x20\2\0\3", 4);
    ck_assert_int_eq(peer->why, -EPROTO);
    leave(join('b', KEEPS, true)); /* one that is known needs none */
    simulator_wait(&simulator, 10000);
    join('c', CLEAN, false);
    join('d', CLEAN, false);
    example_end();
}
END_TEST

START_TEST(the_server_ends_with_clients_there_and_absent)
{
    struct peer *peer;

    begin(SELECTOR_LEVEL, "{}");
    peer = join('a', KEEPS, false);
    subscribe(peer);
    leave(peer);
    peer = join('b', KEEPS, false);
    subscribe(peer);
    publish(peer, 0, 3);
    example_end();
}
END_TEST

START_TEST(a_connect_is_its_own)
{
    begin(SELECTOR_LEVEL, "{}");
    ck_assert_int_eq(example_plugin->protocol.sniff("\x10", 1), BERTH_YES);
    ck_assert_int_eq(example_plugin->protocol.sniff("*1", 2), BERTH_NO);
    example_end();
}
END_TEST

UNIT_MAIN("session",
          messages_go_to_all_who_are_subscribed,
          messages_wait_for_a_client_to_come_back,
          a_session_outlives_a_reset_and_a_timeout,
          a_clean_session_ends_with_its_connection_and_begins_anew,
          a_client_that_connects_again_takes_over,
          a_client_takes_over_from_one_that_does_not_read,
          messages_wait_for_a_client_that_is_leaving,
          a_message_that_cannot_be_sent_waits,
          the_oldest_messages_are_dropped,
          a_message_beyond_max_queue_does_not_wait,
          one_that_reads_slowly_misses_the_oldest,
          absent_clients_expire_each_at_its_time,
          of_two_that_are_absent_the_first_to_leave_expires_first,
          a_clean_session_makes_room_at_once,
          a_session_that_expired_makes_room,
          the_server_ends_with_clients_there_and_absent,
          a_connect_is_its_own)
