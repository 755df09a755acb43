/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <dirent.h>
#include <errno.h>
#include <sys/mman.h>

#include "driver.h"
#include "fixtures.h"
#include "simulator.h"
#include "unit.h"

/* What a transcript of the simulator begins with. */
#define TIME "time 1994-11-06T08:49:37.000Z\n"

static struct simulator simulator;
static struct recorder recorder;
static struct peer *peer;
static char found[65536];

/* ---------------------------------------------------------------- protocol */

static void close_file(void *arg)
{
    ck_assert_int_eq(close(*(int *)arg), 0);
}

static void send_file(berth_conn *c)
{
    static int fd;

    fd = memfd_create("test", MFD_CLOEXEC);
    ck_assert_int_eq(write(fd, "from a file", 11), 11);
    (void)berth_sendfile(c, fd, 5, 6, close_file, &fd);
}

/* A byte says what is to be done; what is not known is sent back. */
static ssize_t obey(berth_conn *c, char *data, size_t size)
{
    static char large[300000];

    switch (data[0]) {
    case 'L':
        memset(large, 'l', sizeof(large));
        (void)berth_write(c, large, sizeof(large));
        return 1;
    case 'S':
        memset(large, 's', sizeof(large));
        (void)berth_write(c, large, 20);
        return 1;
    case 'T':
        berth_deadline(c, 50);
        return 1;
    case 'F':
        send_file(c);
        return 1;
    case 'D':
        berth_shutdown(c);
        return 1;
    case 'Q':
        return -EPROTO;
    case 'A':
        berth_abort(c);
        return 1;
    case 'X':
        return berth_switch_to(c, "other", NULL, 0) == 0 ? 1 : -EIO;
    default:
        return berth_write(c, data, size);
    }
}

static void tick(berth_conn *c)
{
    (void)berth_write(c, "tick\n", 5);
}

static void say_goodbye(berth_conn *c, int reason)
{
    (void)berth_write(c, "bye\n", 4);
    if (reason == BERTH_EXIT) {
        berth_close(c);
    }
}

static const berth_protocol obedient =
    BERTH_PROTOCOL_INIT(.name = "obedient", .on_data = obey, .on_timer = tick);
static const berth_protocol polite =
    BERTH_PROTOCOL_INIT(.name = "po/li te",
                        .on_data = obey,
                        .on_stop = say_goodbye);
static const berth_protocol other =
    BERTH_PROTOCOL_INIT(.name = "other", .on_data = obey);

/* ------------------------------------------------------------------ set-up */

static void begin(const berth_protocol *protocol, enum selector_trigger trigger)
{
    const struct simulator_parts parts = {
        .protocol = protocol,
        .trigger = trigger,
        .log_path = "/dev/null",
    };

    fixtures_begin();
    ck_assert_int_eq(recorder_open(&recorder, fixtures_root, 1), 0);
    ck_assert_int_eq(simulator_init(&simulator, &parts), 0);
    ck_assert_int_eq(simulator_add(&simulator, &other, NULL), 0);
    simulator.connections.recorder = &recorder;
}

static void end(void)
{
    simulator_fini(&simulator);
    recorder_close(&recorder);
    fixtures_end();
}

static void connect_peer(void)
{
    peer = simulator_connect(&simulator);
    simulator_run(&simulator);
}

static void say(const char *text)
{
    peer_send(peer, text, strlen(text));
    simulator_run(&simulator);
}

/* The one transcript that is there, and its name. */
static const char *read_only(char name[256])
{
    DIR *listing = opendir(fixtures_root);
    int count = 0;
    char path[512];
    int fd;
    ssize_t size;

    ck_assert_ptr_nonnull(listing);
    for (struct dirent *item; (item = readdir(listing)) != NULL;) {
        if (item->d_name[0] != '.') {
            (void)snprintf(name, 256, "%s", item->d_name);
            count++;
        }
    }
    ck_assert_int_eq(closedir(listing), 0);
    ck_assert_int_eq(count, 1);
    (void)snprintf(path, sizeof(path), "%s/%s", fixtures_root, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    size = read(fd, found, sizeof(found) - 1);
    ck_assert_int_ge(size, 0);
    found[size] = '\0';
    ck_assert_int_eq(close(fd), 0);
    return found;
}

/* All but the first line. */
static void expect(const char *text)
{
    char name[256];
    const char *rest = strchr(read_only(name), '\n') + 1;

    ck_assert_str_eq(rest, text);
}

/* Runs a test for both triggers. */
#define FOR_BOTH_TRIGGERS(trigger_)                                            \
    for (enum selector_trigger trigger_ = SELECTOR_LEVEL;                      \
         (trigger_) <= SELECTOR_EDGE; (trigger_)++)

/* ------------------------------------------------------------------- tests */

START_TEST(what_comes_and_goes_is_told_in_its_order)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        begin(&obedient, trigger);
        connect_peer();
        expect(TIME);
        say("hello\n");
        expect(TIME "> \"hello\\n\"\n< \"hello\\n\"\n");
        say("you\n");
        peer_finish(peer);
        simulator_run(&simulator);
        expect(TIME "> \"hello\\n\"\n< \"hello\\n\"\n> \"you\\n\"\n"
                    "< \"you\\n\"\nend\neof\nclosed 0\n");
        end();
    }
}
END_TEST

START_TEST(the_first_line_and_the_name_say_whose_it_is)
{
    char name[256];
    char expected[256];

    begin(&polite, SELECTOR_LEVEL);
    connect_peer();
    ck_assert_ptr_nonnull(
        strstr(read_only(name), ": connection 1 of 'po/li te' from unix:\n"));
    (void)snprintf(expected, sizeof(expected),
                   "po_li_te-19941106T084937-%d-1.transcript", (int)getpid());
    ck_assert_str_eq(name, expected);
    end();
}
END_TEST

START_TEST(time_that_passes_is_told)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    simulator_wait(&simulator, 9); /* too little, but it adds up */
    say("a");
    simulator_wait(&simulator, 9);
    say("b");
    simulator_wait(&simulator, 981);
    say("c");
    simulator_wait(&simulator, 1); /* another second begins */
    say("d");
    expect(TIME "> \"a\"\n< \"a\"\nwait 18ms\n> \"b\"\n< \"b\"\nwait 981ms\n"
                "> \"c\"\n< \"c\"\nwait 1ms\n> \"d\"\n< \"d\"\n");
    end();
}
END_TEST

START_TEST(what_a_timer_writes_comes_when_it_is_due)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    simulator_wait(&simulator, 3);
    say("T");
    simulator_wait(&simulator, 100);
    expect(TIME "> \"T\"\nwait 53ms\n< \"tick\\n\"\n");
    end();
}
END_TEST

/* How much later in a turn it is by the wall clock than by the loop's. */
static uint64_t late_ms;

static uint64_t read_late(void *arg)
{
    (void)arg;
    return SIMULATOR_WALL_MS + simulator.now_ms + late_ms;
}

/* In a replay there is one clock: it is set by what the wall clock said. */
START_TEST(a_timer_that_was_set_late_in_a_turn_is_due_late)
{
    begin(&obedient, SELECTOR_LEVEL);
    simulator.loop.wall = read_late;
    connect_peer();
    late_ms = 12;
    say("T");
    late_ms = 0;
    simulator_wait(&simulator, 100);
    read_only((char[256]){""});
    ck_assert_ptr_nonnull(
        strstr(found, "wait 12ms\n> \"T\"\nwait 50ms\n< \"tick\\n\"\n"));
    say("a");
    late_ms = 5;
    simulator_wait(&simulator, 100);
    say("b");
    ck_assert_ptr_nonnull(
        strstr(read_only((char[256]){""}),
               "wait 38ms\n> \"a\"\n< \"a\"\nwait 105ms\n> \"b\"\n"));
    end();
}
END_TEST

START_TEST(a_connection_that_idles_away_is_told)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    simulator_wait(&simulator, 300000);
    expect(TIME "wait 5m\neof\nclosed ETIMEDOUT\n");
    end();
}
END_TEST

START_TEST(ends_of_all_kinds_are_told)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("Q");
    say("not heard");
    peer_finish(peer);
    simulator_run(&simulator);
    expect(TIME "> \"Q\"\neof\nclosed EPROTO\n");
    end();
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("A");
    expect(TIME "> \"A\"\nclosed ECONNABORTED\n");
    end();
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("D");
    expect(TIME "> \"D\"\neof\n");
    say("still");
    peer_finish(peer);
    simulator_run(&simulator);
    ck_assert_ptr_nonnull(strstr(found, "eof\n"));
    end();
}
END_TEST

START_TEST(a_reset_is_told)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        begin(&obedient, trigger);
        connect_peer();
        say("a");
        peer_reset(peer);
        simulator_run(&simulator);
        expect(TIME "> \"a\"\n< \"a\"\nreset\nclosed ECONNRESET\n");
        end();
    }
}
END_TEST

START_TEST(an_answer_that_the_peer_did_not_wait_for_is_not_awaited)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    peer->fail_write = -EPIPE;
    say("a");
    expect(TIME "> \"a\"\nreset\n# there was more to be written\ncut\n");
    end();
}
END_TEST

/* To who reads at once all of it comes before the next act; so each act that
   comes while some waits has to stand before it. */
START_TEST(what_a_slow_reader_sends_stands_before_what_he_has_yet_to_read)
{
    FOR_BOTH_TRIGGERS(trigger)
    {
        begin(&obedient, trigger);
        connect_peer();
        peer->window = 5;
        say("S");
        expect(TIME "> \"S\"\n< \"sssss\"\n");
        simulator_wait(&simulator, 20);
        say("abc");
        expect(TIME "> \"S\"\nwait 20ms\n> \"abc\"\n< \"sssss\"\n");
        peer->window = 5;
        peer->reported = 0;
        simulator_run(&simulator);
        simulator_wait(&simulator, 20);
        peer->window = PEER_READS_ALL;
        peer->reported = 0;
        simulator_run(&simulator);
        say("d");
        expect(TIME "> \"S\"\nwait 20ms\n> \"abc\"\n< \"sssss\"\n"
                    "< \"sssss\"\n< \"ssssssssssabc\"\nwait 20ms\n"
                    "> \"d\"\n< \"d\"\n");
        end();
    }
}
END_TEST

START_TEST(what_was_not_sent_is_not_known)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    peer->window = 5;
    say("S");
    peer_reset(peer);
    simulator_run(&simulator);
    expect(TIME "> \"S\"\n< \"sssss\"\n# the peer reset the connection\ncut\n");
    end();
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    peer->window = 5;
    say("S");
    simulator_wait(&simulator, 31000); /* limits.stall */
    expect(TIME "> \"S\"\n< \"sssss\"\n"
                "# the peer did not take all that was written\ncut\n");
    end();
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    peer->window = 0;
    say("S");
    simulator_wait(&simulator, 31000);
    expect(TIME "> \"S\"\n"
                "# the peer did not take all that was written\ncut\n");
    end();
}
END_TEST

START_TEST(large_writes_and_files_are_told)
{
    size_t lines = 0;
    char name[256];

    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("F");
    expect(TIME "> \"F\"\n< \"a file\"\n");
    say("L");
    (void)read_only(name);
    for (const char *at = found; (at = strstr(at, "\n< \"lll")) != NULL; at++) {
        lines++;
    }
    ck_assert_uint_ge(lines, sizeof(found) / 100);
    end();
}
END_TEST

START_TEST(a_stop_is_told_when_the_plugin_has_heard_of_it)
{
    begin(&polite, SELECTOR_LEVEL);
    connect_peer();
    say("a");
    driver_stop_all(&simulator.connections, BERTH_RELOAD);
    simulator_run(&simulator);
    expect(TIME "> \"a\"\n< \"a\"\nstop reload\n< \"bye\\n\"\n");
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    expect(TIME "> \"a\"\n< \"a\"\nstop reload\n< \"bye\\n\"\nstop exit\n"
                "< \"bye\\n\"\neof\nclosed 0\n");
    end();
}
END_TEST

/* A replay would close before the bytes came. */
START_TEST(a_stop_comes_behind_what_is_answered_nevertheless)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    peer_send(peer, "a", 1);
    driver_stop_all(&simulator.connections, BERTH_EXIT);
    simulator_run(&simulator);
    expect(TIME "> \"a\"\n< \"a\"\nstop exit\neof\nclosed 0\n");
    end();
}
END_TEST

START_TEST(what_the_server_ends_by_force_is_cut)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("a");
    driver_kill_all(&simulator.connections);
    expect(TIME "> \"a\"\n< \"a\"\n# the server ended the connection\ncut\n");
    end();
}
END_TEST

START_TEST(a_switch_is_told)
{
    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    say("X");
    say("a");
    expect(TIME "> \"X\"\n# switched to 'other'\n> \"a\"\n< \"a\"\n");
    end();
}
END_TEST

START_TEST(behind_a_gate_it_is_the_entrys)
{
    char name[256];

    begin(&obedient, SELECTOR_LEVEL);
    simulator.entry.is_gate = true;
    connect_peer();
    say("X");
    (void)read_only(name);
    ck_assert_int_eq(strncmp(name, "obedient-", 9), 0);
    say("a");
    expect(TIME "# switched to 'other'\n> \"X\"\n> \"a\"\n< \"a\"\n");
    (void)read_only(name);
    ck_assert_int_eq(strncmp(name, "other-", 6), 0);
    end();
}
END_TEST

START_TEST(the_limit_of_input_is_told_if_it_is_another)
{
    begin(&obedient, SELECTOR_LEVEL);
    simulator.entry.limits.input = 100;
    connect_peer();
    expect(TIME "input 100\n");
    end();
}
END_TEST

START_TEST(after_so_many_connections_no_more_are_recorded)
{
    begin(&obedient, SELECTOR_LEVEL);
    recorder.most = 1;
    connect_peer();
    connect_peer();
    connect_peer();
    say("a");
    ck_assert_uint_eq(peer->received.size, 1);
    expect(TIME);
    end();
}
END_TEST

START_TEST(serving_goes_on_where_recording_does_not)
{
    char name[256];
    char path[512];

    begin(&obedient, SELECTOR_LEVEL);
    connect_peer();
    (void)read_only(name);
    (void)snprintf(path, sizeof(path), "%s/%s", fixtures_root, name);
    ck_assert_int_eq(unlink(path), 0);
    say("a");
    say("b");
    ck_assert_uint_eq(peer->received.size, 2);
    ck_assert_int_eq(rmdir(fixtures_root), 0);
    connect_peer();
    say("c");
    ck_assert_uint_eq(peer->received.size, 1);
    ck_assert_int_eq(mkdir(fixtures_root, 0700), 0);
    end();
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_to_is_refused)
{
    struct recorder refused = {.settings = NULL};

    fixtures_begin();
    ck_assert_int_eq(recorder_open(&refused, "/nowhere/at/all", 1), -ENOENT);
    ck_assert_int_eq(recorder_open(&refused, "/dev/null", 1), -ENOTDIR);
    recorder_close(&refused);
    fixtures_end();
}
END_TEST

UNIT_MAIN("recorder",
          what_comes_and_goes_is_told_in_its_order,
          the_first_line_and_the_name_say_whose_it_is,
          time_that_passes_is_told,
          what_a_timer_writes_comes_when_it_is_due,
          a_timer_that_was_set_late_in_a_turn_is_due_late,
          a_connection_that_idles_away_is_told,
          ends_of_all_kinds_are_told,
          a_reset_is_told,
          an_answer_that_the_peer_did_not_wait_for_is_not_awaited,
          what_a_slow_reader_sends_stands_before_what_he_has_yet_to_read,
          what_was_not_sent_is_not_known,
          large_writes_and_files_are_told,
          a_stop_is_told_when_the_plugin_has_heard_of_it,
          a_stop_comes_behind_what_is_answered_nevertheless,
          what_the_server_ends_by_force_is_cut,
          a_switch_is_told,
          behind_a_gate_it_is_the_entrys,
          the_limit_of_input_is_told_if_it_is_another,
          after_so_many_connections_no_more_are_recorded,
          serving_goes_on_where_recording_does_not,
          a_folder_that_cannot_be_written_to_is_refused)
