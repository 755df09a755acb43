/* SPDX-License-Identifier: MIT */
/* chat.c with several members; alone it is in tests/transcripts/chat. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver.h"
#include "example.h"
#include "unit.h"

#define CROWD 301
#define SLOW 20   /* of these, who do not read */
#define TALKERS 5 /* of these, who speak in one turn */
#define LINES 3   /* of each of them */
#define BURST 200 /* lines, far more than there is room for */
#define HIGH_MARK 4096
#define LINE_BYTES ((size_t)100)

enum {
    COUNT_LINES,
    COUNT_DROPPED
};

static const enum selector_trigger triggers[] = {SELECTOR_LEVEL, SELECTOR_EDGE};

static void begin(enum selector_trigger trigger, const char *settings)
{
    const struct example_options options = {
        .trigger = trigger,
        .output_limit = (uint64_t)4 * HIGH_MARK,
    };

    example_begin("chat", settings, &options);
}

/* One that has got its name. */
static struct peer *join(const char *name)
{
    struct peer *peer = example_connect();

    example_send(peer, name);
    example_send(peer, "\n");
    simulator_run(&simulator);
    example_expect(peer, "* welcome\n");
    return peer;
}

static void forget_received(struct peer *const *peers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        peers[i]->received.size = 0;
        peers[i]->received.taken = 0;
        peers[i]->writes = 0;
    }
}

static void gather_crowd(struct peer **peers)
{
    for (int i = 0; i < CROWD; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "m%d", i);
        peers[i] = join(name);
    }
    forget_received(peers, CROWD);
}

/* ------------------------------------------------------------------- lines */

START_TEST(a_line_goes_to_all_others_who_have_a_name)
{
    struct peer *ann;
    struct peer *bob;
    struct peer *cem;
    struct peer *nobody;

    begin(SELECTOR_LEVEL, "{}");
    nobody = example_connect();
    ann = join("ann");
    bob = join("bob");
    cem = join("cem");
    example_expect(ann, "* bob joined\n* cem joined\n");
    example_expect(bob, "* cem joined\n");
    example_send(bob, "hello\n\nbye\n");
    simulator_run(&simulator);
    example_expect(ann, "bob: hello\nbob: \nbob: bye\n");
    example_expect(cem, "bob: hello\nbob: \nbob: bye\n");
    example_expect(bob, "");
    example_expect(nobody, "");
    ck_assert_uint_eq(simulator.entry.account->counters[COUNT_LINES].value, 3);
    ck_assert_uint_eq(simulator.entry.account->counters[COUNT_DROPPED].value,
                      0);
    example_end();
}
END_TEST

START_TEST(a_name_is_given_once_and_is_free_again_when_its_owner_left)
{
    struct peer *first;
    struct peer *second;

    begin(SELECTOR_LEVEL, "{}");
    first = join("ann");
    second = example_connect();
    example_send(second, "ann\n");
    simulator_run(&simulator);
    example_expect(second, "* choose another name\n");
    peer_finish(first);
    simulator_run(&simulator);
    example_send(second, "ann\n");
    simulator_run(&simulator);
    example_expect(second, "* welcome\n");
    example_end();
}
END_TEST

START_TEST(one_that_leaves_is_told_to_those_who_stay)
{
    struct peer *peers[4];

    begin(SELECTOR_LEVEL, "{}");
    peers[0] = join("ann");
    peers[1] = join("bob");
    peers[2] = join("cem");
    peers[3] = join("dan");
    forget_received(peers, 4);
    peer_finish(peers[1]); /* in the middle of the list, then its ends */
    simulator_run(&simulator);
    peer_reset(peers[3]);
    simulator_run(&simulator);
    example_expect(peers[0], "* bob left\n* dan left\n");
    example_expect(peers[2], "* bob left\n* dan left\n");
    peer_reset(peers[0]);
    simulator_run(&simulator);
    example_expect(peers[2], "* ann left\n");
    example_end();
}
END_TEST

START_TEST(no_more_than_max_members_get_a_name)
{
    struct peer *bob;
    struct peer *cem;

    begin(SELECTOR_LEVEL, "{max_members: 2}");
    (void)join("ann");
    bob = join("bob");
    cem = example_connect();
    example_send(cem, "cem\n");
    simulator_run(&simulator);
    example_expect(cem, "* full\n");
    ck_assert_int_eq(cem->closes, 1);
    peer_finish(bob);
    simulator_run(&simulator);
    (void)join("cem");
    example_end();
}
END_TEST

/* However the bytes of one are cut, and if another gets them one by one. */
static void check_cut(enum selector_trigger trigger, size_t cut)
{
    static const char said[] = "bob\nhello\n\nbye\n";
    static const char heard[] = "* bob joined\nbob: hello\nbob: \nbob: bye\n"
                                "* bob left\n";
    struct peer *ann;
    struct peer *slow;
    struct peer *bob;

    begin(trigger, "{}");
    slow = join("slow");
    slow->write_most = 1;
    ann = join("ann");
    bob = example_connect();
    example_expect(slow, "* ann joined\n");
    peer_send(bob, said, cut);
    simulator_run(&simulator);
    example_send(bob, said + cut);
    peer_finish(bob);
    simulator_run(&simulator);
    example_expect(bob, "* welcome\n");
    example_expect(ann, heard);
    example_expect(slow, heard);
    example_end();
}

START_TEST(at_every_split_the_same_is_heard)
{
    for (size_t i = 0; i < 2; i++) {
        for (size_t cut = 0; cut < sizeof("bob\nhello\n\nbye\n"); cut++) {
            check_cut(triggers[i], cut);
        }
    }
}
END_TEST

START_TEST(when_the_server_stops_all_is_sent_and_everyone_leaves)
{
    struct peer *ann;
    struct peer *bob;

    begin(SELECTOR_LEVEL, "{}");
    ann = join("ann");
    bob = join("bob");
    example_expect(ann, "* bob joined\n");
    example_send(ann, "bye\n");
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    ck_assert_int_eq(ann->closes, 1);
    ck_assert_int_eq(bob->closes, 1);
    ck_assert_int_eq(
        strncmp(bob->received.data + bob->received.taken, "ann: bye\n", 9), 0);
    example_end();
}
END_TEST

/* ------------------------------------------------------------ system calls */

/* Each of the crowd has got so many bytes, by one write. */
static void check_one_write(struct peer *const *peers, size_t from, size_t size)
{
    for (size_t i = from; i < CROWD; i++) {
        ck_assert_msg(peers[i]->writes == 1, "member %zu: %zu writes", i,
                      peers[i]->writes);
        ck_assert_uint_eq(peers[i]->received.size, size);
    }
}

static void check_crowd(enum selector_trigger trigger)
{
    struct peer *peers[CROWD];

    begin(trigger, "{}");
    gather_crowd(peers);
    example_send(peers[0], "hello\n");
    (void)simulator_turn(&simulator);
    check_one_write(peers, 1, strlen("m0: hello\n"));
    ck_assert_uint_eq(peers[0]->writes, 0);

    forget_received(peers, CROWD);
    example_send(peers[0], "hello\nhello\nhello\n");
    (void)simulator_turn(&simulator);
    check_one_write(peers, 1, 3 * strlen("m0: hello\n"));
    ck_assert_uint_eq(peers[0]->writes, 0);
    example_end();
}

START_TEST(lines_of_one_turn_cost_one_write_for_each_of_300_others)
{
    check_crowd(SELECTOR_LEVEL);
    check_crowd(SELECTOR_EDGE);
}
END_TEST

/* Also those who speak themselves: what is written to them from elsewhere does
   not leave before the turn's end. */
static void check_talkers(enum selector_trigger trigger)
{
    const size_t each = LINES * strlen("m0: hello\n");
    struct peer *peers[CROWD];

    begin(trigger, "{}");
    gather_crowd(peers);
    for (size_t i = 0; i < TALKERS; i++) {
        example_send(peers[i], "hello\nhello\nhello\n");
    }
    (void)simulator_turn(&simulator);
    check_one_write(peers, TALKERS, TALKERS * each);
    for (size_t i = 0; i < TALKERS; i++) {
        ck_assert_msg(peers[i]->writes == 1, "talker %zu: %zu writes", i,
                      peers[i]->writes);
        ck_assert_uint_eq(peers[i]->received.size, (TALKERS - 1) * each);
    }
    example_end();
}

START_TEST(so_do_lines_of_several_who_speak_in_one_turn)
{
    check_talkers(SELECTOR_LEVEL);
    check_talkers(SELECTOR_EDGE);
}
END_TEST

/* ------------------------------------------------------------ slow readers */

static void send_line(struct peer *peer, int number)
{
    char line[LINE_BYTES + 1];

    /* "m0: " comes before it. */
    (void)snprintf(line, sizeof(line), "%0*d\n", (int)LINE_BYTES - 5, number);
    example_send(peer, line);
    simulator_run(&simulator);
}

/* Reads "m0: NUMBER" from number on. Returns the number of the line that does
   not come, and what comes in its place. */
static int read_lines(const char **text, int number)
{
    char line[LINE_BYTES + 1];

    for (;; number++) {
        (void)snprintf(line, sizeof(line), "m0: %0*d\n", (int)LINE_BYTES - 5,
                       number);
        if (strncmp(*text, line, LINE_BYTES) != 0) {
            return number;
        }
        *text += LINE_BYTES;
    }
}

/* One that did not read has got lines, then how many it has missed. */
static void check_slow(struct peer *peer)
{
    static const char note[] = "* you missed ";
    char *received = strndup(peer->received.data, peer->received.size);
    const char *text = received;
    unsigned long missed;
    char *rest;
    int count = read_lines(&text, 0);

    ck_assert_int_gt(count, (int)(HIGH_MARK / LINE_BYTES) - 1);
    ck_assert_int_lt(count, BURST);
    ck_assert_int_eq(strncmp(text, note, strlen(note)), 0);
    missed = strtoul(text + strlen(note), &rest, 10);
    ck_assert_uint_eq((unsigned long)count + missed, BURST);
    ck_assert_int_eq(strncmp(rest, " lines\n", 7), 0);
    text = rest + 7;
    ck_assert_int_eq(read_lines(&text, BURST), BURST + 1);
    ck_assert_str_eq(text, "");
    free(received);
}

static void check_queues(struct peer *const *peers)
{
    for (size_t i = 1; i <= SLOW; i++) {
        ck_assert_uint_lt(peers[i]->connection->output->queued,
                          HIGH_MARK + LINE_BYTES);
    }
}

static void open_windows(struct peer *const *peers)
{
    for (size_t i = 1; i <= SLOW; i++) {
        ck_assert_uint_le(peers[i]->writes, 1); /* it tried, then it waited */
        peers[i]->window = PEER_READS_ALL;
    }
    simulator_run(&simulator);
}

static void check_slow_readers(enum selector_trigger trigger)
{
    struct peer *peers[CROWD];

    begin(trigger, "{}");
    gather_crowd(peers);
    for (size_t i = 1; i <= SLOW; i++) {
        peers[i]->window = 0;
    }
    for (int i = 0; i < BURST; i++) {
        send_line(peers[0], i);
        check_queues(peers);
    }
    for (size_t i = SLOW + 1; i < CROWD; i++) {
        ck_assert_uint_eq(peers[i]->writes, BURST);
        ck_assert_uint_eq(peers[i]->received.size, BURST * LINE_BYTES);
    }
    open_windows(peers);
    send_line(peers[0], BURST);
    for (size_t i = 1; i <= SLOW; i++) {
        check_slow(peers[i]);
    }
    example_end();
}

/* Room for a line is not enough: all that is missed is told at once. */
static void check_gap(enum selector_trigger trigger)
{
    struct peer *ann;
    struct peer *bob;

    begin(trigger, "{}");
    ann = join("m0");
    bob = join("bob");
    forget_received(&bob, 1);
    bob->window = 0;
    for (int i = 0; i < BURST; i++) {
        if (i == BURST - 1) {
            bob->window = HIGH_MARK / 2; /* the rest is above the low mark */
            simulator_run(&simulator);
        }
        send_line(ann, i);
    }
    bob->window = PEER_READS_ALL;
    simulator_run(&simulator);
    send_line(ann, BURST);
    check_slow(bob);
    example_end();
}

START_TEST(lines_are_missed_until_the_output_has_drained)
{
    check_gap(SELECTOR_LEVEL);
    check_gap(SELECTOR_EDGE);
}
END_TEST

START_TEST(slow_readers_miss_lines_are_told_so_and_disturb_nobody)
{
    check_slow_readers(SELECTOR_LEVEL);
    check_slow_readers(SELECTOR_EDGE);
}
END_TEST

START_TEST(one_that_never_reads_is_ended_and_its_name_is_free)
{
    struct peer *ann;
    struct peer *bob;

    begin(SELECTOR_LEVEL, "{}");
    ann = join("ann");
    bob = join("bob");
    example_expect(ann, "* bob joined\n");
    bob->window = 0;
    example_send(ann, "hello\n");
    simulator_wait(&simulator, 40000);
    ck_assert_int_eq(bob->closes, 1);
    ck_assert_int_eq(bob->why, -ETIMEDOUT);
    example_expect(ann, "* bob left\n");
    example_end();
}
END_TEST

UNIT_MAIN("chat",
          a_line_goes_to_all_others_who_have_a_name,
          a_name_is_given_once_and_is_free_again_when_its_owner_left,
          one_that_leaves_is_told_to_those_who_stay,
          no_more_than_max_members_get_a_name,
          at_every_split_the_same_is_heard,
          when_the_server_stops_all_is_sent_and_everyone_leaves,
          lines_of_one_turn_cost_one_write_for_each_of_300_others,
          so_do_lines_of_several_who_speak_in_one_turn,
          slow_readers_miss_lines_are_told_so_and_disturb_nobody,
          lines_are_missed_until_the_output_has_drained,
          one_that_never_reads_is_ended_and_its_name_is_free)
