/* SPDX-License-Identifier: MIT */
/* producer.c looked at from inside; what a peer sees is also in
   tests/transcripts/producer. */
#include <stdio.h>
#include <string.h>

#include "example.h"
#include "unit.h"

#define KIB ((size_t)1024)
#define HIGH_MARK (16 * KIB)
#define SOME ((size_t)40000)
#define MUCH (200 * KIB + 5)

static const enum selector_trigger triggers[] = {SELECTOR_LEVEL, SELECTOR_EDGE};

static berth_host real_host;
static size_t committed;

/* What is written at once fits. */
static int commit_what_fits(berth_conn *c, size_t size)
{
    ck_assert_uint_le(size, real_host.room(c));
    committed += size;
    return real_host.commit(c, size);
}

static ssize_t refuse_write(berth_conn *c, const void *data, size_t size)
{
    (void)c;
    (void)data;
    ck_abort_msg("%zu bytes are written, not committed", size);
}

static void begin(enum selector_trigger trigger)
{
    const struct example_options options = {
        .trigger = trigger,
        .output_limit = 4 * HIGH_MARK,
    };

    example_begin("producer", "{}", &options);
    real_host = simulator.host.table;
    simulator.host.table.commit = commit_what_fits;
    simulator.host.table.write = refuse_write;
    committed = 0;
}

/* size bytes of the text from its beginning; returns what follows them. */
static const char *expect_text(const char *bytes, size_t size)
{
    char line[32];

    for (size_t offset = 0; offset < size; offset += 16) {
        size_t part = size - offset < 16 ? size - offset : 16;

        (void)snprintf(line, sizeof(line), "%015zu\n", offset);
        ck_assert_msg(memcmp(bytes + offset, line, part) == 0,
                      "other bytes at %zu", offset);
    }
    return bytes + size;
}

static size_t queued(const struct peer *peer)
{
    const struct connection *c = peer->connection;

    return c == NULL || c->output == NULL ? 0 : c->output->queued;
}

/* Turn after turn, the peer taking so much in each; 0: all. */
static void read_slowly(struct peer *peer, size_t step, size_t size)
{
    size_t turns = 0;

    while (peer->received.size < size) {
        peer->window = step == 0 ? PEER_READS_ALL : step;
        (void)simulator_turn(&simulator);
        ck_assert_uint_le(queued(peer), HIGH_MARK);
        ck_assert_uint_le(turns++, 10000);
    }
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
}

static void check_readers(enum selector_trigger trigger, size_t step)
{
    struct peer *peer;
    char request[32];

    begin(trigger);
    peer = example_connect();
    (void)snprintf(request, sizeof(request), "%zu\n", MUCH);
    example_send(peer, request);
    peer_finish(peer);
    read_slowly(peer, step, MUCH);
    ck_assert_uint_eq(peer->received.size, MUCH);
    (void)expect_text(peer->received.data, MUCH);
    ck_assert(peer->has_end);
    ck_assert_int_eq(peer->why, 0);
    example_end();
}

START_TEST(every_byte_arrives_however_fast_the_peer_reads)
{
    static const size_t steps[] = {0, 100, 4096, 20 * KIB, MUCH};

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
            check_readers(triggers[i], steps[k]);
        }
    }
}
END_TEST

static void check_silence(enum selector_trigger trigger)
{
    struct peer *peer;

    begin(trigger);
    peer = example_connect();
    peer->window = 0;
    example_send(peer, "17179869184\n");
    simulator_run(&simulator);
    ck_assert_uint_eq(queued(peer), HIGH_MARK);
    ck_assert_uint_eq(committed, HIGH_MARK);
    for (int i = 0; i < 10; i++) {
        peer->window = KIB;
        simulator_run(&simulator);
    }
    ck_assert_uint_le(queued(peer), HIGH_MARK);
    ck_assert_uint_le(committed, HIGH_MARK + 10 * KIB);
    peer_reset(peer);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, -ECONNRESET);
    ck_assert_uint_le(committed, HIGH_MARK + 10 * KIB);
    example_end();
}

START_TEST(a_peer_that_does_not_read_costs_the_high_mark_until_it_leaves)
{
    check_silence(SELECTOR_LEVEL);
    check_silence(SELECTOR_EDGE);
}
END_TEST

/* The first of 16 GiB are looked at. */
START_TEST(one_peer_does_not_keep_another_waiting)
{
    struct peer *greedy;
    struct peer *modest;

    begin(SELECTOR_LEVEL);
    greedy = example_connect();
    modest = example_connect();
    example_send(greedy, "17179869184\n");
    example_send(modest, "40000\n");
    for (int turns = 0; turns < 4; turns++) {
        (void)simulator_turn(&simulator);
    }
    ck_assert_uint_eq(modest->received.size, SOME);
    (void)expect_text(modest->received.data, SOME);
    (void)expect_text(greedy->received.data, greedy->received.size);
    ck_assert_uint_ge(greedy->received.size, SOME);
    ck_assert_uint_le(greedy->received.size, 5 * HIGH_MARK);
    example_end();
}
END_TEST

static void check_pipeline(enum selector_trigger trigger, size_t cut)
{
    static const char requests[] = "20\n0\n20000\n7\n";
    struct peer *peer;
    const char *bytes;

    begin(trigger);
    peer = example_connect();
    peer->window = 100; /* the last ones wait for room */
    peer_send(peer, requests, cut);
    simulator_run(&simulator);
    example_send(peer, requests + cut);
    peer_finish(peer);
    simulator_run(&simulator);
    peer->window = PEER_READS_ALL;
    simulator_run(&simulator);
    ck_assert_uint_eq(peer->received.size, 20 + 20000 + 7);
    bytes = expect_text(peer->received.data, 20);
    bytes = expect_text(bytes, 20000);
    (void)expect_text(bytes, 7);
    ck_assert(peer->has_end);
    example_end();
}

START_TEST(pipelined_requests_are_answered_in_order_at_every_split)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t cut = 0; cut < sizeof("20\n0\n20000\n7\n"); cut++) {
            check_pipeline(triggers[i], cut);
        }
    }
}
END_TEST

UNIT_MAIN("producer",
          every_byte_arrives_however_fast_the_peer_reads,
          a_peer_that_does_not_read_costs_the_high_mark_until_it_leaves,
          one_peer_does_not_keep_another_waiting,
          pipelined_requests_are_answered_in_order_at_every_split)
