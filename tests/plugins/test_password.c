/* SPDX-License-Identifier: MIT */
/*
 * password.c with several connections, and with jobs that last until the test
 * lets them end: the plugin finds this program's crypt_rn().
 */
#include <crypt.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "example.h"
#include "unit.h"

#define THREADS_AND_QUEUE 18 /* of the simulator's pool */

/* As in password.c. */
enum {
    COUNT_RIGHT,
    COUNT_WRONG,
    COUNT_GONE
};

#define USERS "{users: {ann: hash of ann, bob: hash of bob}"

static int gate[2]; /* a check of "slow" reads a byte from it */
static _Atomic(const char *) last_hash;

/* "right" is right for everyone, "slow" takes its time and is right, too. */
char *crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
    char byte;

    (void)size;
    atomic_store(&last_hash, setting);
    if (strcmp(phrase, "slow") == 0) {
        (void)!read(gate[0], &byte, 1);
    } else if (strcmp(phrase, "right") != 0) {
        return NULL;
    }
    return memcpy(((struct crypt_data *)data)->output, setting,
                  strlen(setting) + 1);
}

/* ------------------------------------------------------------------ set-up */

/* Tells its argument, then what it receives. */
static int greet(berth_conn *c)
{
    char name[16];
    ssize_t size = berth_get(c, BERTH_GET_ARG, name, sizeof(name));

    (void)berth_write(c, "hello ", 6);
    (void)berth_write(c, name, (size_t)size);
    return 0;
}

static ssize_t send_back(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

static const berth_protocol greeter = BERTH_PROTOCOL_INIT(.name = "greeter",
                                                          .on_open = greet,
                                                          .on_data = send_back);

/* settings: more of them, behind a comma. */
static void serve(const char *settings)
{
    char yaml[128];

    (void)snprintf(yaml, sizeof(yaml), USERS "%s}", settings);
    example_begin("password", yaml, &(struct example_options){0});
    ck_assert_int_eq(simulator_add(&simulator, &greeter, NULL), 0);
}

static void set_up(void)
{
    ck_assert_int_eq(pipe(gate), 0);
    serve("");
}

static void tear_down(void)
{
    example_end();
    ck_assert_int_eq(close(gate[0]), 0);
    ck_assert_int_eq(close(gate[1]), 0);
}

/* A client that says this; the server has seen it, jobs may be running. */
static struct peer *log_in(const char *text)
{
    struct peer *peer = example_connect();

    example_send(peer, text);
    simulator_run(&simulator);
    return peer;
}

static void open_gate(int jobs)
{
    for (int i = 0; i < jobs; i++) {
        ck_assert_int_eq(write(gate[1], "x", 1), 1);
    }
    simulator_settle(&simulator);
}

static void expect_counts(uint64_t right, uint64_t wrong, uint64_t gone)
{
    const struct account_counter *counters = simulator.entry.account->counters;

    ck_assert_uint_eq(counters[COUNT_RIGHT].value, right);
    ck_assert_uint_eq(counters[COUNT_WRONG].value, wrong);
    ck_assert_uint_eq(counters[COUNT_GONE].value, gone);
}

/* ------------------------------------------------------------------- tests */

START_TEST(who_is_checked_waits_and_others_do_not)
{
    struct peer *ann = log_in("USER ann\nPASS slow\nPASS x\nUSER bob\n"
                              "PASS right\n");
    struct peer *bob;

    bob = log_in("USER bob\nPASS right\n");
    while (bob->received.size == 0) {
        simulator_await(&simulator);
    }
    example_expect(bob, "OK bob\n");
    example_expect(ann, "");
    open_gate(1);
    example_expect(ann, "OK ann\nERR wrong\nOK bob\n");
    expect_counts(3, 1, 0);
}
END_TEST

START_TEST(one_too_many_is_told_so_and_may_try_again)
{
    struct peer *peers[THREADS_AND_QUEUE];
    struct peer *late;

    for (int i = 0; i < THREADS_AND_QUEUE; i++) {
        peers[i] = log_in("USER ann\nPASS slow\n");
    }
    late = log_in("USER bob\nPASS right\nPASS right\n");
    example_expect(late, "ERR busy\nERR busy\n");
    open_gate(THREADS_AND_QUEUE);
    for (int i = 0; i < THREADS_AND_QUEUE; i++) {
        example_expect(peers[i], "OK ann\n");
    }
    example_send(late, "PASS right\n");
    simulator_settle(&simulator);
    example_expect(late, "OK bob\n");
    expect_counts(THREADS_AND_QUEUE + 1, 0, 0);
}
END_TEST

START_TEST(a_client_that_leaves_is_counted_and_nobody_gets_its_answer)
{
    struct peer *ann = log_in("USER ann\nPASS slow\n");
    berth_conn *gone = &ann->connection->head;
    struct peer *bob;

    peer_reset(ann);
    simulator_run(&simulator);
    ck_assert_int_eq(ann->closes, 1);
    bob = log_in("USER bob\n");
    ck_assert_ptr_eq(&bob->connection->head, gone); /* the same memory */
    open_gate(1);
    example_expect(bob, "");
    expect_counts(0, 0, 1);
}
END_TEST

START_TEST(all_may_leave_while_their_words_are_checked)
{
    for (int i = 0; i < THREADS_AND_QUEUE; i++) {
        peer_reset(log_in("USER ann\nPASS slow\n"));
    }
    simulator_run(&simulator);
    open_gate(THREADS_AND_QUEUE);
    expect_counts(0, 0, THREADS_AND_QUEUE);
}
END_TEST

START_TEST(what_waits_when_the_server_ends_is_answered_first)
{
    struct peer *ann = log_in("USER ann\nPASS slow\nPASS x\n");

    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    ck_assert(!ann->has_end);
    open_gate(1);
    example_expect(ann, "OK ann\nERR wrong\n");
    ck_assert(ann->has_end && !ann->is_closed_by_reset);
}
END_TEST

/* tear_down() ends the server, whether they are checked by then or not. */
START_TEST(words_that_nobody_checks_any_more_are_given_up)
{
    (void)log_in("USER ann\nPASS right\n");
    (void)log_in("USER bob\nPASS x\n");
}
END_TEST

START_TEST(who_is_right_is_handed_over_with_all_that_follows)
{
    struct peer *ann;

    example_end();
    serve(", next: greeter");
    ann = log_in("USER ann\nPASS x\nPASS right\nPASS on\n");
    simulator_settle(&simulator);
    example_expect(ann, "ERR wrong\nhello annPASS on\n");
    ck_assert_int_eq(ann->switches, 1);
}
END_TEST

START_TEST(who_cannot_be_handed_over_is_closed)
{
    struct peer *ann;

    example_end();
    serve(", next: nowhere");
    simulator.log.level = LOG_ERROR; /* the warning is not for our stderr */
    ann = log_in("USER ann\nPASS right\nPASS right\n");
    simulator_settle(&simulator);
    example_expect(ann, "");
    ck_assert(ann->has_end && !ann->is_closed_by_reset);
    ck_assert_int_eq(ann->why, 0);
}
END_TEST

START_TEST(a_name_that_nobody_has_takes_as_long)
{
    struct peer *eve = log_in("USER bob\nUSER eve\nPASS right\n");

    simulator_settle(&simulator);
    example_expect(eve, "ERR wrong\n");
    ck_assert_str_eq(atomic_load(&last_hash), "hash of ann");
}
END_TEST

START_TEST(the_word_does_not_stay_in_the_buffer)
{
    const struct connections *all = &simulator.connections;

    (void)log_in("USER bob\nPASS right\n");
    ck_assert_ptr_null(memmem(all->buffer, ENTRY_READ_SIZE, "right", 5));
    simulator_settle(&simulator);
    expect_counts(1, 0, 0);
}
END_TEST

UNIT_MAIN_WITH("password",
               set_up,
               tear_down,
               who_is_checked_waits_and_others_do_not,
               one_too_many_is_told_so_and_may_try_again,
               a_client_that_leaves_is_counted_and_nobody_gets_its_answer,
               all_may_leave_while_their_words_are_checked,
               what_waits_when_the_server_ends_is_answered_first,
               words_that_nobody_checks_any_more_are_given_up,
               who_is_right_is_handed_over_with_all_that_follows,
               who_cannot_be_handed_over_is_closed,
               a_name_that_nobody_has_takes_as_long,
               the_word_does_not_stay_in_the_buffer)
