/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "driver.h"
#include "simulator.h"
#include "unit.h"

static struct simulator simulator;
static struct peer *peer;
static char story[256]; /* what was called, in order */
static berth_conn *conn;
static int switch_result;
static bool writes_in_close;

static void tell(const char *what)
{
    strncat(story, what, sizeof(story) - strlen(story) - 1);
}

static void expect_story(const char *expected)
{
    ck_assert_str_eq(story, expected);
    story[0] = '\0';
}

/* ----------------------------------------------------------------- plugins */

struct state {
    char used[40];
};

static const berth_protocol inner;

/* Each byte is an order. */
static void obey(berth_conn *c, char order)
{
    switch (order) {
    case 's': /* to the second entry */
        switch_result = berth_switch_to(c, "second", "argument", 8);
        break;
    case 'f':
        switch_result = berth_switch_to(c, "first", NULL, 0);
        break;
    case 'i':
        switch_result = berth_switch_protocol(c, &inner, "inner", 5);
        break;
    case 'n':
        switch_result = berth_switch_to(c, "nobody", NULL, 0);
        break;
    case 'p':
        berth_pause(c);
        break;
    case 'd':
        (void)berth_deadline(c, 100);
        break;
    case 'c':
        berth_close(c);
        break;
    default:
        (void)berth_write(c, &order, 1);
        break;
    }
}

static int first_open(berth_conn *c)
{
    const struct state *state = c->state;

    conn = c;
    ck_assert_int_eq(state->used[0], 0);
    ck_assert_ptr_eq(c->entry, &simulator.entries[0].head);
    tell("(first");
    return 0;
}

static ssize_t first_data(berth_conn *c, char *data, size_t size)
{
    struct state *state = c->state;

    (void)size;
    memset(state->used, 1, sizeof(state->used));
    tell(".");
    if (*data == '!') {
        (void)berth_switch_to(c, "second", NULL, 0);
        return -EPROTO;
    }
    obey(c, *data);
    return 1;
}

static int first_end(berth_conn *c, char *data, size_t size)
{
    (void)data;
    tell("end");
    return size == 0 ? BERTH_CLOSE : berth_switch_to(c, "second", NULL, 0);
}

static void first_timer(berth_conn *c)
{
    (void)c;
    tell("timer");
}

static void tell_close(berth_conn *c, int why)
{
    tell(why == BERTH_SWITCHED ? "~)" : ")");
    if (writes_in_close) {
        ck_assert_int_eq(berth_write(c, "x", 1), -EPIPE);
        ck_assert_int_eq(berth_switch_to(c, "first", NULL, 0), -EPIPE);
        berth_pause(c);
        berth_close(c);
        berth_abort(c);
    }
}

static const berth_protocol first =
    BERTH_PROTOCOL_INIT(.name = "first",
                        .state_size = sizeof(struct state),
                        .on_open = first_open,
                        .on_data = first_data,
                        .on_end = first_end,
                        .on_timer = first_timer,
                        .on_close = tell_close);

/* Answers with its argument, then as the first in capitals. */
static int second_open(berth_conn *c)
{
    const char *state = c->state;
    char arg[16];
    ssize_t size = berth_get(c, BERTH_GET_ARG, arg, sizeof(arg));

    ck_assert_int_eq(state[0], 0);
    tell("(second");
    if (size > 0) {
        (void)berth_write(c, arg, (size_t)size);
    }
    return 0;
}

static ssize_t second_data(berth_conn *c, char *data, size_t size)
{
    (void)size;
    memset(c->state, 2, 3);
    tell(",");
    if (*data >= 'a' && *data <= 'z') {
        char capital = (char)(*data - 'a' + 'A');

        (void)berth_write(c, &capital, 1);
    } else if (*data == '1') {
        obey(c, 'f');
    }
    return 1;
}

static const berth_protocol second =
    BERTH_PROTOCOL_INIT(.name = "second",
                        .state_size = 3,
                        .on_open = second_open,
                        .on_data = second_data,
                        .on_close = tell_close);

static int inner_open(berth_conn *c)
{
    ck_assert_ptr_eq(c->entry, &simulator.entries[0].head);
    ck_assert_ptr_null(c->state);
    tell("(inner");
    return 0;
}

static void inner_close(berth_conn *c, int why)
{
    (void)c;
    tell(why == BERTH_SWITCHED ? "~)" : ")");
}

static ssize_t inner_data(berth_conn *c, char *data, size_t size)
{
    tell(":");
    if (*data == '1') {
        obey(c, 'f');
        return 1;
    }
    return berth_write(c, data, size);
}

static const berth_protocol inner =
    BERTH_PROTOCOL_INIT(.name = "inner",
                        .on_open = inner_open,
                        .on_data = inner_data,
                        .on_close = inner_close);

/* ------------------------------------------------------------------ set-up */

static void begin_with(enum selector_trigger trigger,
                       const struct limits *limits)
{
    struct simulator_parts parts = {
        .protocol = &first, .trigger = trigger, .limits = limits};

    story[0] = '\0';
    switch_result = 1;
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    ck_assert_int_eq(simulator_add(&simulator, &second, NULL), 0);
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
    expect_story("(first");
}

static void set_up(void)
{
    writes_in_close = false;
    begin_with(SELECTOR_LEVEL, NULL);
}

static void tear_down(void)
{
    simulator_fini(&simulator);
}

static void say(const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

static void expect(const char *text)
{
    size_t size;
    const char *data = peer_take(peer, &size);

    ck_assert_uint_eq(size, strlen(text));
    ck_assert_int_eq(memcmp(data, text, size), 0);
}

/* ------------------------------------------------------------------- tests */

START_TEST(the_next_protocol_has_the_unused_bytes_and_a_state_of_its_own)
{
    for (int trigger = SELECTOR_LEVEL; trigger <= SELECTOR_EDGE; trigger++) {
        simulator_fini(&simulator);
        begin_with((enum selector_trigger)trigger, NULL);
        say("asbc");
        ck_assert_int_eq(switch_result, 0);
        expect_story("..~)(second,,");
        expect("aargumentBC");
        say("d");
        expect("D");
        ck_assert_uint_eq(simulator.entries[0].open, 0);
        ck_assert_uint_eq(simulator.entries[1].open, 1);
        peer_finish(peer);
        simulator_run(&simulator);
        expect_story(",)");
        ck_assert_int_eq(peer->why, 0);
    }
}
END_TEST

START_TEST(every_cut_of_the_bytes_gives_the_same)
{
    static const char text[] = "abscd1efsg";

    for (size_t cut = 1; cut < sizeof(text) - 1; cut++) {
        tear_down();
        set_up();
        peer_send(peer, text, cut);
        simulator_run(&simulator);
        say(text + cut);
        expect("abargumentCDeargumentG");
    }
}
END_TEST

START_TEST(another_protocol_of_the_plugin_is_under_the_same_entry)
{
    say("aixy1b");
    expect_story("..~)(inner:");
    expect("axy1b");
    say("1b");
    expect_story(":~)(first.");
    expect("b");
    say("i");
    say("z");
    expect("z");
    ck_assert_uint_eq(simulator.entries[0].open, 1);
    /* It is asked for once. */
    ck_assert_ptr_eq(simulator.entries[0].service.next->given, &inner);
    ck_assert_ptr_null(simulator.entries[0].service.next->next);
}
END_TEST

START_TEST(an_entry_that_is_not_there_is_told)
{
    say("na");
    ck_assert_int_eq(switch_result, -ENOENT);
    expect_story("..");
    expect("a");
}
END_TEST

START_TEST(a_protocol_that_is_broken_is_refused)
{
    static const berth_protocol broken = BERTH_PROTOCOL_INIT(.name = "broken");
    static const berth_protocol other = {.size = sizeof(other), .abi = 7};

    ck_assert_int_eq(berth_switch_protocol(conn, &broken, NULL, 0), -EINVAL);
    ck_assert_int_eq(berth_switch_protocol(conn, &other, NULL, 0), -ENOTSUP);
    say("a");
    expect("a");
}
END_TEST

START_TEST(an_error_or_a_close_wins_over_the_switch)
{
    say("!");
    expect_story(".)");
    ck_assert_int_eq(peer->why, -EPROTO);
    tear_down();
    set_up();
    ck_assert_int_eq(berth_switch_to(conn, "second", "x", 1), 0);
    berth_close(conn);
    simulator_run(&simulator);
    expect_story(")");
    ck_assert_int_eq(peer->why, 0);
}
END_TEST

START_TEST(nothing_but_on_close_comes_once_a_switch_was_asked_for)
{
    say("d");
    expect_story(".");
    simulator.now_ms += 100;
    simulator.loop.now_ms += 100;
    ck_assert_int_eq(berth_switch_to(conn, "second", NULL, 0), 0);
    peer_send(peer, "a", 1);
    simulator_run(&simulator);
    expect_story("~)(second,");
}
END_TEST

START_TEST(a_pause_and_a_deadline_end_with_the_protocol)
{
    say("d");
    say("p");
    expect_story("..");
    ck_assert_int_eq(berth_switch_to(conn, "second", NULL, 0), 0);
    say("a");
    simulator_wait(&simulator, 1000);
    expect_story("~)(second,");
    expect("A");
}
END_TEST

START_TEST(on_end_may_switch_and_the_next_one_is_told_too)
{
    say("p");
    peer_send(peer, "ab", 2);
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert_int_eq(berth_switch_to(conn, "second", NULL, 0), 0);
    simulator_run(&simulator);
    expect_story(".~)(second,,)");
    expect("AB");
    ck_assert(!peer->is_closed_by_reset);
    ck_assert_int_eq(peer->switches, 1);
}
END_TEST

START_TEST(the_last_of_several_switches_counts)
{
    ck_assert_int_eq(berth_switch_to(conn, "first", "long argument", 13), 0);
    ck_assert_int_eq(berth_switch_to(conn, "second", "yes", 3), 0);
    simulator_run(&simulator);
    expect_story("~)(second");
    expect("yes");
}
END_TEST

START_TEST(on_close_of_the_old_one_can_change_nothing)
{
    writes_in_close = true;
    say("sa");
    expect_story(".~)(second,");
    expect("argumentA");
    peer_finish(peer);
    simulator_run(&simulator);
    expect_story(")");
    ck_assert_int_eq(peer->why, 0);
    ck_assert(!peer->is_closed_by_reset);
}
END_TEST

START_TEST(two_that_hand_it_to_and_fro_do_not_keep_the_others_waiting)
{
    for (size_t i = 0; i < 100; i++) {
        peer_send(peer, "s1", 2);
    }
    for (int turns = 0; turns < 100; turns++) {
        story[0] = '\0';
        ck_assert(simulator_turn(&simulator));
    }
    simulator_run(&simulator);
    ck_assert_int_eq(peer->switches, 200);
    ck_assert_uint_eq(simulator.entries[0].open, 1);
    ck_assert_uint_eq(simulator.entries[1].open, 0);
}
END_TEST

START_TEST(refs_of_the_old_protocol_differ_for_ever)
{
    struct connection *c = peer->connection;
    uint64_t serial = connection_serial(c);
    uint64_t id = c->id;

    say("s");
    ck_assert_uint_ne(c->id, id);
    ck_assert_uint_eq(connection_serial(c), serial);
    c->id |= (UINT64_C(1) << CONNECTION_SWITCH_BITS) - 1;
    id = c->id;
    say("1");
    ck_assert_uint_ne(c->id, id);
    ck_assert_uint_gt(connection_serial(c), serial);
    ck_assert_uint_eq(connection_serial(c), simulator.connections.serial);
}
END_TEST

START_TEST(the_limit_of_the_other_entry_holds)
{
    simulator.entries[1].limits.connections = 1;
    say("s");
    ck_assert_int_eq(switch_result, 0);
    peer = simulator_connect(&simulator);
    say("s");
    ck_assert_int_eq(switch_result, -EDQUOT);
    say("a");
    expect("a");
}
END_TEST

START_TEST(a_newcomer_while_the_server_stops_is_told_after_each_switch)
{
    driver_stop_all(&simulator.connections, BERTH_RELOAD);
    say("sb");
    expect("argumentB");
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    ck_assert_int_eq(peer->closes, 1);
    ck_assert_int_eq(peer->why, 0);
}
END_TEST

START_TEST(a_connection_served_by_its_entry_has_no_extra)
{
    ck_assert_ptr_null(peer->connection->extra);
    say("s");
    ck_assert_ptr_nonnull(peer->connection->extra); /* the argument */
    say("1");
    ck_assert_ptr_null(peer->connection->extra);
    ck_assert_uint_eq(simulator.connections.extras.used, 0);
}
END_TEST

/* How many of the lines in the log say that. */
static size_t count_lines(int log, const char *what)
{
    static char text[4096];
    ssize_t size = pread(log, text, sizeof(text) - 1, 0);
    size_t count = 0;

    ck_assert_int_ge(size, 0);
    text[size] = '\0';
    for (const char *at = text; (at = strstr(at, what)) != NULL; at++) {
        count++;
    }
    return count;
}

START_TEST(who_goes_where_no_access_is_logged_has_its_line_before)
{
    int log = memfd_create("log", MFD_CLOEXEC);

    simulator.log.fd = log;
    simulator.entries[0].logs_access = true;
    for (int to = 0; to < 2; to++) {
        simulator.entries[1].logs_access = to == 1;
        peer = simulator_connect(&simulator);
        say("s");
        ck_assert_uint_eq(count_lines(log, "first"), 1);
        peer_finish(peer);
        simulator_run(&simulator);
        ck_assert_uint_eq(count_lines(log, "access"), 1 + (size_t)to);
    }
    ck_assert_uint_eq(count_lines(log, "in=1 out=0 why=switched"), 1);
    ck_assert_uint_eq(count_lines(log, "in=1 out=8 why=done"), 1);
    simulator.entries[0].is_gate = true;
    simulator.entries[1].logs_access = false;
    peer = simulator_connect(&simulator);
    say("s");
    ck_assert_uint_eq(count_lines(log, "access"), 2);
    simulator.log.fd = STDERR_FILENO;
    ck_assert_int_eq(close(log), 0);
}
END_TEST

START_TEST(what_was_switched_to_frees_all_when_it_is_killed)
{
    say("i");
    ck_assert_int_eq(berth_switch_to(conn, "second", "x", 1), 0);
    driver_kill_all(&simulator.connections);
    expect_story(".~)(inner)");
    ck_assert_uint_eq(simulator.connections.extras.used, 0);
}
END_TEST

UNIT_MAIN_WITH("service",
               set_up,
               tear_down,
               the_next_protocol_has_the_unused_bytes_and_a_state_of_its_own,
               every_cut_of_the_bytes_gives_the_same,
               another_protocol_of_the_plugin_is_under_the_same_entry,
               an_entry_that_is_not_there_is_told,
               a_protocol_that_is_broken_is_refused,
               an_error_or_a_close_wins_over_the_switch,
               nothing_but_on_close_comes_once_a_switch_was_asked_for,
               a_pause_and_a_deadline_end_with_the_protocol,
               on_end_may_switch_and_the_next_one_is_told_too,
               the_last_of_several_switches_counts,
               on_close_of_the_old_one_can_change_nothing,
               two_that_hand_it_to_and_fro_do_not_keep_the_others_waiting,
               refs_of_the_old_protocol_differ_for_ever,
               the_limit_of_the_other_entry_holds,
               a_newcomer_while_the_server_stops_is_told_after_each_switch,
               a_connection_served_by_its_entry_has_no_extra,
               who_goes_where_no_access_is_logged_has_its_line_before,
               what_was_switched_to_frees_all_when_it_is_killed)
