/* SPDX-License-Identifier: MIT */
/* resp.c with large values and several clients; transcripts show the rest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "output.h"
#include "unit.h"

#define MIB ((size_t)1 << 20)
#define OUTPUT_LIMIT MIB
#define HIGH_MARK (OUTPUT_LIMIT / 4)
#define HEAD_ROOM 100 /* for all around a value */

#define PING "*1\r\n$4\r\nPING\r\n"
#define GET_A "*2\r\n$3\r\nGET\r\n$1\r\na\r\n"
#define DEL_A "*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"

static char *value;

static void begin(enum selector_trigger trigger)
{
    const struct example_options options = {.trigger = trigger,
                                            .output_limit = OUTPUT_LIMIT};

    example_begin("resp", "{}", &options);
    value = malloc(MIB);
    ck_assert_ptr_nonnull(value);
}

static void end(void)
{
    free(value);
    example_end();
}

/* Fills the value so that each seed gives another, all of whose parts differ. */
static void make_value(uint32_t seed)
{
    for (size_t i = 0; i < MIB; i++) {
        seed = seed * 1664525u + 1013904223u;
        value[i] = (char)(seed >> 24);
    }
}

static void send_set(struct peer *peer, char key, size_t size)
{
    char head[HEAD_ROOM];

    (void)snprintf(head, sizeof(head),
                   "*3\r\n$3\r\nSET\r\n$1\r\n%c\r\n$%zu\r\n", key, size);
    example_send(peer, head);
    peer_send(peer, value, size);
    example_send(peer, "\r\n");
}

/* The next bytes that came are this text, or size bytes. */
static void take(struct peer *peer, const char *bytes, size_t size)
{
    struct bytes *received = &peer->received;

    ck_assert_uint_ge(received->size - received->taken, size);
    ck_assert_int_eq(memcmp(received->data + received->taken, bytes, size), 0);
    received->taken += size;
}

static void take_value(struct peer *peer, size_t size)
{
    char head[HEAD_ROOM];

    (void)snprintf(head, sizeof(head), "$%zu\r\n", size);
    take(peer, head, strlen(head));
    take(peer, value, size);
    take(peer, "\r\n", 2);
}

static void set_value(struct peer *peer, uint32_t seed)
{
    make_value(seed);
    send_set(peer, 'a', MIB);
    simulator_run(&simulator);
    example_expect(peer, "+OK\r\n");
}

static void pipeline_values(enum selector_trigger trigger)
{
    struct peer *peer;

    begin(trigger);
    peer = example_connect();
    for (uint32_t i = 0; i < 4; i++) {
        make_value(i);
        send_set(peer, 'a', MIB - i);
        example_send(peer, GET_A);
    }
    peer_finish(peer);
    simulator_run(&simulator);
    for (uint32_t i = 0; i < 4; i++) {
        make_value(i);
        take(peer, "+OK\r\n", 5);
        take_value(peer, MIB - i);
    }
    example_expect(peer, "");
    ck_assert_int_eq(peer->closes, 1);
    end();
}

START_TEST(large_values_are_pipelined)
{
    pipeline_values(SELECTOR_LEVEL);
    pipeline_values(SELECTOR_EDGE);
}
END_TEST

/* Whoever is in the middle of reading it reads it to its end. */
static void overwrite_and_delete(enum selector_trigger trigger)
{
    struct peer *first, *second, *writer;

    begin(trigger);
    writer = example_connect();
    first = example_connect();
    second = example_connect();
    set_value(writer, 1);
    first->window = 1000;
    second->window = 0;
    example_send(first, GET_A);
    simulator_run(&simulator);
    set_value(writer, 2);
    example_send(second, GET_A);
    simulator_run(&simulator);
    example_send(writer, DEL_A GET_A);
    simulator_run(&simulator);
    example_expect(writer, ":1\r\n$-1\r\n");

    first->window = PEER_READS_ALL;
    second->window = PEER_READS_ALL;
    simulator_run(&simulator);
    take_value(second, MIB);
    make_value(1);
    take_value(first, MIB);
    end();
}

START_TEST(a_value_that_is_sent_may_be_overwritten_and_deleted)
{
    overwrite_and_delete(SELECTOR_LEVEL);
    overwrite_and_delete(SELECTOR_EDGE);
}
END_TEST

/* That nothing is lost or used again is what the sanitizers look at. */
static void go_meanwhile(enum selector_trigger trigger)
{
    struct peer *peers[3];

    begin(trigger);
    set_value(example_connect(), 1);
    for (size_t i = 0; i < 3; i++) {
        peers[i] = example_connect();
        peers[i]->window = 1000;
        example_send(peers[i], GET_A);
        example_send(peers[i], "*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$9\r\nhalf");
    }
    simulator_run(&simulator);
    peer_reset(peers[0]);
    peer_finish(peers[1]);
    simulator_run(&simulator);
    ck_assert_int_eq(peers[0]->closes, 1);
    example_send(example_connect(), DEL_A);
    simulator_run(&simulator);
    end(); /* while it is sent to the third */
}

START_TEST(clients_go_while_a_value_is_sent_and_another_comes)
{
    go_meanwhile(SELECTOR_LEVEL);
    go_meanwhile(SELECTOR_EDGE);
}
END_TEST

/* At most one value is queued beyond the mark, and it is not a copy. */
static void ask_without_reading(enum selector_trigger trigger)
{
    enum {
        TIMES = 50
    };
    struct peer *peer;
    const struct output *output;

    begin(trigger);
    peer = example_connect();
    set_value(peer, 1);
    peer->window = 0;
    for (size_t i = 0; i < TIMES; i++) {
        example_send(peer, GET_A);
    }
    simulator_run(&simulator);
    output = peer->connection->output;
    ck_assert_uint_le(output->queued, HIGH_MARK + MIB + HEAD_ROOM);
    ck_assert_ptr_nonnull(output->first->lent);

    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    for (size_t i = 0; i < TIMES; i++) {
        take_value(peer, MIB);
    }
    example_expect(peer, "");
    end();
}

START_TEST(one_who_asks_and_does_not_read_is_not_heard)
{
    ask_without_reading(SELECTOR_LEVEL);
    ask_without_reading(SELECTOR_EDGE);
}
END_TEST

/* All that comes with one read leaves with one write. */
static void count_writes(enum selector_trigger trigger)
{
    struct peer *peer;

    begin(trigger);
    peer = example_connect();
    make_value(1);
    send_set(peer, 'a', 10);
    example_send(peer, PING GET_A PING);
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->writes, 1);
    take(peer, "+OK\r\n+PONG\r\n", 12);
    take_value(peer, 10);
    example_expect(peer, "+PONG\r\n");
    end();
}

START_TEST(answers_leave_together)
{
    count_writes(SELECTOR_LEVEL);
    count_writes(SELECTOR_EDGE);
}
END_TEST

/* So many that the tree is deep, and in the order that is worst for one. */
START_TEST(keys_are_told_apart)
{
    enum {
        KEYS = 10000
    };
    struct peer *peer;
    char text[HEAD_ROOM];

    example_begin("resp", "{}", &(struct example_options){0});
    peer = example_connect();
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(text, sizeof(text),
                       "*3\r\n$3\r\nSET\r\n$4\r\n%04d\r\n$4\r\n%04d\r\n", i,
                       KEYS - 1 - i);
        example_send(peer, text);
    }
    for (int i = 0; i < KEYS; i += 2) {
        (void)snprintf(text, sizeof(text), "*2\r\n$3\r\nDEL\r\n$4\r\n%04d\r\n",
                       i);
        example_send(peer, text);
    }
    simulator_run(&simulator);
    peer->received.taken = peer->received.size;
    for (int i = 0; i < KEYS; i++) {
        (void)snprintf(text, sizeof(text), "*2\r\n$3\r\nGET\r\n$4\r\n%04d\r\n",
                       i);
        example_send(peer, text);
        simulator_run(&simulator);
        (void)snprintf(text, sizeof(text), "$4\r\n%04d\r\n", KEYS - 1 - i);
        example_expect(peer, i % 2 == 0 ? "$-1\r\n" : text);
    }
    example_end();
}
END_TEST

UNIT_MAIN("resp",
          large_values_are_pipelined,
          a_value_that_is_sent_may_be_overwritten_and_deleted,
          clients_go_while_a_value_is_sent_and_another_comes,
          one_who_asks_and_does_not_read_is_not_heard,
          answers_leave_together,
          keys_are_told_apart)
