/* SPDX-License-Identifier: MIT */
/* session.c with several clients; alone they are in the transcripts. */
#include <errno.h>
#include <string.h>

#include "example.h"
#include "unit.h"

#define MESSAGE_SIZE 129 /* the longest */
#define SESSIONS_MAX 1000
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

static void leave(struct peer *peer)
{
    send_packet(peer, "\xe0\0", 2);
    ck_assert_int_eq(peer->closes, 1);
}

/* The message with this number. */
static void make_message(char packet[MESSAGE_SIZE], int number)
{
    static const uint8_t head[] = {0x30, MESSAGE_SIZE - 2, 0, 1, 't'};

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

/* They have come, in this order, and nothing else. */
static void expect_messages(struct peer *peer, int first, int end)
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
    example_expect(peer, "");
}

START_TEST(messages_go_to_all_others)
{
    struct peer *one, *other, *stranger;

    begin(SELECTOR_EDGE, "{}");
    one = join('a', CLEAN, false);
    other = join('b', KEEPS, false);
    stranger = example_connect();
    leave(join('c', KEEPS, false));
    publish(one, 0, 3);
    expect_messages(one, 0, 0);
    expect_messages(other, 0, 3);
    publish(other, 3, 4);
    expect_messages(one, 3, 4);
    expect_messages(stranger, 0, 0);
    join('c', KEEPS, true); /* it has missed them */
    example_end();
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
    begin(SELECTOR_LEVEL, "{}");
    leave(join('a', CLEAN, false));
    leave(join('a', KEEPS, false)); /* nothing was kept */
    leave(join('a', CLEAN, false)); /* nothing is kept */
    leave(join('a', KEEPS, false));
    leave(join('a', KEEPS, true));
    example_end();
}
END_TEST

static void take_over(enum selector_trigger trigger)
{
    struct peer *peer, *again, *publisher;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
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

/* The old connection cannot be flushed: what comes meanwhile is for the new,
   and that the old one ends at last does not concern the session. */
static void take_over_from_stuck(enum selector_trigger trigger)
{
    struct peer *peer, *again, *publisher;

    begin(trigger, "{expiry: 10s}");
    publisher = join('p', CLEAN, false);
    peer = join('a', KEEPS, false);
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
    simulator_wait(&simulator, 20000);
    ck_assert_int_eq(again->closes, 0);
    publish(publisher, 2, 3);
    expect_messages(again, 2, 3);
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
    peer->window = 0;
    publish(publisher, 0, 1);
    send_packet(peer, "\xe0\0", 2);
    publish(publisher, 1, 2);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, BERTH_DONE);
    expect_messages(peer, 0, 1);
    join('a', KEEPS, true);
    example_end();
}

START_TEST(one_that_is_leaving_is_sent_no_more)
{
    publish_while_leaving(SELECTOR_LEVEL);
    publish_while_leaving(SELECTOR_EDGE);
}
END_TEST

static void read_slowly(enum selector_trigger trigger)
{
    struct peer *peer, *publisher;
    int sent = HIGH_MARK / MESSAGE_SIZE + 1;

    begin(trigger, "{}");
    publisher = join('p', CLEAN, false);
    peer = join('a', CLEAN, false);
    peer->window = 0;
    publish(publisher, 0, 100);
    ck_assert_int_eq(peer->closes, 0);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    expect_messages(peer, 0, sent);
    publish(publisher, 100, 103);
    expect_messages(peer, 100, 103);
    example_end();
}

START_TEST(one_that_reads_slowly_misses_the_newest)
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

/* Ids of two bytes. */
static struct peer *connect_number(int number, int kind)
{
    struct peer *peer = example_connect();
    char packet[] = "\x10\x0e\0\4MQTT\4\0\0\0\0\2??";

    packet[9] = kind == CLEAN ? 2 : 0;
    packet[14] = (char)(number / 256);
    packet[15] = (char)(number % 256);
    send_packet(peer, packet, 16);
    return peer;
}

START_TEST(there_is_no_room_until_a_session_expires)
{
    struct peer *peer;

    begin(SELECTOR_LEVEL, "{expiry: 10s}");
    for (int i = 0; i < SESSIONS_MAX; i++) {
        peer = connect_number(i, KEEPS);
        expect_welcome(peer, false);
        leave(peer);
    }
    peer = connect_number(SESSIONS_MAX, CLEAN);
    example_expect(peer, "");
    ck_assert_int_eq(peer->why, -EDQUOT);
    peer = connect_number(0, CLEAN); /* one that is known needs none */
    expect_welcome(peer, false);
    leave(peer); /* and makes room at once */
    peer = connect_number(SESSIONS_MAX, KEEPS);
    expect_welcome(peer, false);
    ck_assert_int_eq(connect_number(0, CLEAN)->why, -EDQUOT);
    simulator_wait(&simulator, 10000);
    expect_welcome(connect_number(SESSIONS_MAX, CLEAN), false);
    example_end();
}
END_TEST

START_TEST(the_server_ends_with_clients_there_and_absent)
{
    begin(SELECTOR_LEVEL, "{}");
    leave(join('a', KEEPS, false));
    publish(join('b', KEEPS, false), 0, 3);
    join('c', CLEAN, false);
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
          messages_go_to_all_others,
          a_session_outlives_a_reset_and_a_timeout,
          a_clean_session_ends_with_its_connection_and_begins_anew,
          a_client_that_connects_again_takes_over,
          a_client_takes_over_from_one_that_does_not_read,
          one_that_is_leaving_is_sent_no_more,
          one_that_reads_slowly_misses_the_newest,
          absent_clients_expire_each_at_its_time,
          of_two_that_are_absent_the_first_to_leave_expires_first,
          there_is_no_room_until_a_session_expires,
          the_server_ends_with_clients_there_and_absent,
          a_connect_is_its_own)
