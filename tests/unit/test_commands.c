/* SPDX-License-Identifier: MIT */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listing.h"
#include "unit.h"

#define MEMBERS 3
#define ANSWERS_MAX 4

/* Made by hand; the members' other ends are the test's. */
static struct loop loop;
static struct log server_log = {.fd = -1, .level = LOG_INFO};
static struct stats *stats;
static struct list generations;
static struct generation serving;
static struct generation *current;
static struct member members[MEMBERS];
static struct report_entry entries[2] = {{.name = "first"}, {.name = "second"}};
static struct config top = {.source = "server.yaml"};
static int far_ends[MEMBERS];
static struct commands commands;
static uint64_t clock_ms = 5000;

/* What the owner was asked to do. */
static int reloads;
static int stops;
static int drained = -1;
static int level = -1;

/* By request. */
static char *answers[ANSWERS_MAX];
static size_t sizes[ANSWERS_MAX];

static void note_reload(void *owner)
{
    ck_assert_ptr_eq(owner, &reloads);
    reloads++;
}

static void note_stop(void *owner)
{
    ck_assert_ptr_eq(owner, &reloads);
    stops++;
}

static void note_level(void *owner, enum log_level wanted)
{
    ck_assert_ptr_eq(owner, &reloads);
    level = (int)wanted;
}

static void note_drain(void *owner, size_t entry)
{
    ck_assert_ptr_eq(owner, &reloads);
    drained = (int)entry;
}

static const char *tell_state(void *owner)
{
    ck_assert_ptr_eq(owner, &reloads);
    return "reloading";
}

static const struct commands_ops ops = {
    .reload = note_reload,
    .stop = note_stop,
    .set_level = note_level,
    .drain = note_drain,
    .state = tell_state,
};

static uint64_t tell_time(void *arg)
{
    (void)arg;
    return clock_ms;
}

/* The loop never waits. */
static bool end_turn(void *arg)
{
    (void)arg;
    return true;
}

static void make_member(uint32_t i)
{
    int ends[2];

    ck_assert_int_eq(channel_pair(ends), 0);
    members[i] = (struct member){
        .number = i,
        .pid = 5000001 + (pid_t)i, /* more than the kernel gives */
        .slot = (int)i,
        .state = MEMBER_READY,
        .channel = {.fd = ends[0]},
    };
    far_ends[i] = ends[1];
}

static void set_up(void)
{
    ck_assert_int_eq(loop_open(&loop, tell_time, NULL, end_turn, NULL), 0);
    loop.is_busy = true;
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_int_eq(stats_new(MEMBERS, &stats), 0);
    list_init(&generations);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        make_member(i);
    }
    serving = (struct generation){
        .number = 7,
        .state = GENERATION_SERVING,
        .top = &top,
        .report = {.entries = entries, .entry_count = 2},
        .members = members,
        .member_count = MEMBERS,
    };
    list_append(&generations, &serving.link);
    current = &serving;
    commands = (struct commands){
        .ops = &ops,
        .owner = &reloads,
        .loop = &loop,
        .log = &server_log,
        .stats = stats,
        .generations = &generations,
        .current = &current,
    };
    commands_init(&commands);
}

static void tear_down(void)
{
    commands_fini(&commands);
    for (size_t i = 0; i < ANSWERS_MAX; i++) {
        free(answers[i]);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        (void)close(members[i].channel.fd);
        (void)close(far_ends[i]);
    }
    stats_free(stats);
    loop_close(&loop);
}

static void keep_answer(void *client, char *bytes, size_t size)
{
    const size_t i = (size_t)((char **)client - answers);

    ck_assert_ptr_null(answers[i]);
    answers[i] = realloc(bytes, size + 1);
    ck_assert_ptr_nonnull(answers[i]);
    answers[i][size] = '\0';
    sizes[i] = size;
}

/* Request i, which may be answered at any later time. */
static void ask(size_t i, const char *line)
{
    struct control_request *request =
        control_request_new(keep_answer, &answers[i]);
    const char *why;

    ck_assert_ptr_nonnull(request);
    request->length = strlen(line);
    memcpy(request->line, line, request->length);
    ck_assert_int_eq(control_request_read(request, &why), 0);
    commands_handle(&commands, request);
}

/* It has been answered; and can be used anew. */
static void expect(size_t i, const char *text)
{
    ck_assert_msg(answers[i] != NULL, "no answer yet: %s", text);
    ck_assert_msg(sizes[i] == strlen(text) &&
                      memcmp(answers[i], text, sizes[i]) == 0,
                  "'%.*s' is not '%s'", (int)sizes[i], answers[i], text);
    free(answers[i]);
    answers[i] = NULL;
}

static void refused(const char *line, const char *message)
{
    char text[256];

    (void)snprintf(text, sizeof(text), "error %s\n", message);
    ask(0, line);
    expect(0, text);
}

/* What the member was told; false: nothing. */
static bool take_order(size_t i, uint32_t *type, struct crew_request *order)
{
    char bytes[sizeof(*type) + sizeof(*order)];
    const ssize_t size = recv(far_ends[i], bytes, sizeof(bytes), MSG_DONTWAIT);

    if (size < 0) {
        ck_assert_int_eq(errno, EAGAIN);
        return false;
    }
    ck_assert_int_eq(size, (ssize_t)sizeof(bytes));
    memcpy(type, bytes, sizeof(*type));
    memcpy(order, bytes + sizeof(*type), sizeof(*order));
    return true;
}

/* It was told that; returns the number of the request. */
static uint64_t expect_order(size_t i, uint32_t type, uint64_t subject)
{
    struct crew_request order = {.request = 0};
    uint32_t found = 0;

    ck_assert(take_order(i, &found, &order));
    ck_assert_uint_eq(found, type);
    ck_assert_uint_eq(order.subject, subject);
    return order.request;
}

static void expect_no_order(size_t i)
{
    struct crew_request order;
    uint32_t type;

    ck_assert(!take_order(i, &type, &order));
}

static void give(size_t i, uint64_t request, int64_t result, int fd)
{
    const struct crew_result given = {.request = request, .result = result};

    commands_take_result(&commands, &members[i], &given, fd);
}

static void lose_patience(void)
{
    clock_ms += 2000;
    ck_assert_int_eq(loop_turn(&loop), 0);
}

/* ---------------------------------------------------------------- commands */

START_TEST(what_is_no_command_is_told)
{
    refused("nonsense", "unknown command 'nonsense'");
    refused("Status", "unknown command 'Status'");
    refused("status now", "'status' takes no argument");
    refused("reload now", "'reload' takes no argument");
    refused("close", "'close' takes one argument");
    refused("close 1.1 2.2", "'close' takes one argument");
    refused("log", "'log' takes one argument");
    refused("drain a b", "'drain' takes at most one argument");
    ck_assert_int_eq(reloads, 0);
    ck_assert_int_eq(stops, 0);
}
END_TEST

START_TEST(the_level_is_one_of_four)
{
    static const char *const lines[] = {"log error", "log warning", "log info",
                                        "log debug"};

    for (int i = 0; i < 4; i++) {
        ask(0, lines[i]);
        expect(0, "ok\n");
        ck_assert_int_eq(level, i);
    }
    refused("log loud", "'loud' is no level: error, warning, info or debug");
    ck_assert_int_eq(level, LOG_DEBUG);
}
END_TEST

START_TEST(drain_alone_stops_the_server)
{
    ask(0, "drain");
    expect(0, "ok\nthe server finishes its connections, then ends\n");
    ck_assert_int_eq(stops, 1);
    ck_assert_int_eq(drained, -1);
}
END_TEST

START_TEST(a_reload_is_answered_when_it_has_ended)
{
    ask(0, "reload");
    ask(1, "reload");
    ck_assert_int_eq(reloads, 2);
    ck_assert_ptr_null(answers[0]);
    commands_end_reload(&commands, true, NULL);
    expect(0, "ok\n");
    expect(1, "ok\n");
    commands_end_reload(&commands, true, NULL); /* nobody waits */
}
END_TEST

START_TEST(what_a_reload_has_printed_is_told)
{
    ask(0, "reload");
    commands_end_reload(&commands, true, "a.yaml:1:1: warning: well\n");
    expect(0, "ok\na.yaml:1:1: warning: well\n");
    ask(0, "reload");
    commands_end_reload(&commands, false, "a.yaml:1:1: error: no\n");
    expect(0, "error a.yaml:1:1: error: no\n");
    ask(0, "reload");
    commands_end_reload(&commands, false, NULL);
    expect(0, "error the reload has failed: see the log\n");
}
END_TEST

/* ------------------------------------------------------------------ closing */

START_TEST(ids_are_a_process_and_a_number)
{
    static const char *const wrong[] = {
        "5000001",    "5000001.",   ".17",        "5000001.x",
        "5000001.1x", "-5000001.1", "+5000001.1", "0.1",
        "5000001.-1", "x.1",        "5000001:1",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char line[64];
        char message[128];

        (void)snprintf(line, sizeof(line), "close %s", wrong[i]);
        (void)snprintf(message, sizeof(message),
                       "'%s' is no connection: as in 4711.17, which "
                       "`connections` shows",
                       wrong[i]);
        refused(line, message);
    }
    refused("close 4999999.1", "there is no worker 4999999");
}
END_TEST

/* A process that is away has the number 0, which is no one's. */
START_TEST(ids_beyond_all_processes_are_nobodys)
{
    members[0].pid = 0;
    members[0].state = MEMBER_AWAY;
    refused("close 4294967296.1",
            "'4294967296.1' is no connection: as in 4711.17, which "
            "`connections` shows");
    refused("close 4299967298.1", /* 5000002 and 2^32 */
            "'4299967298.1' is no connection: as in 4711.17, which "
            "`connections` shows");
    refused("close 99999999999999999999.1",
            "'99999999999999999999.1' is no connection: as in 4711.17, which "
            "`connections` shows");
}
END_TEST

START_TEST(a_connection_is_closed_by_its_worker)
{
    uint64_t request;

    ask(0, "close 5000002.17");
    request = expect_order(1, CREW_CLOSE, 17);
    expect_no_order(0);
    expect_no_order(2);
    ck_assert_ptr_null(answers[0]);
    give(1, request, 0, -1);
    expect(0, "ok\n");
    give(1, request, 0, -1); /* too late: nobody waits */
}
END_TEST

START_TEST(one_that_is_gone_is_told)
{
    ask(0, "close 5000002.17");
    give(1, expect_order(1, CREW_CLOSE, 17), -ENOENT, -1);
    expect(0, "error there is no such connection\n");
}
END_TEST

START_TEST(a_worker_that_takes_no_orders_is_told)
{
    members[0].state = MEMBER_STARTING;
    refused("close 5000001.1", "the worker takes no orders");
    expect_no_order(0);
}
END_TEST

START_TEST(nobody_waits_for_ever)
{
    uint64_t request;

    ask(0, "close 5000002.17");
    request = expect_order(1, CREW_CLOSE, 17);
    clock_ms += 1999;
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_ptr_null(answers[0]);
    clock_ms += 1;
    ck_assert_int_eq(loop_turn(&loop), 0);
    expect(0, "error 1 worker did not answer within 2 s\n");
    give(1, request, 0, -1);
}
END_TEST

/* ----------------------------------------------------------------- draining */

START_TEST(an_entry_is_drained_by_all_workers)
{
    uint64_t request;

    ask(0, "drain second");
    ck_assert_int_eq(drained, 1);
    ck_assert_int_eq(stops, 0);
    request = expect_order(0, CREW_DRAIN, 1);
    ck_assert_uint_eq(expect_order(1, CREW_DRAIN, 1), request);
    ck_assert_uint_eq(expect_order(2, CREW_DRAIN, 1), request);
    give(0, request, 2, -1);
    give(2, request, 0, -1);
    ck_assert_ptr_null(answers[0]);
    give(1, request, 3, -1);
    expect(0, "ok\n5 connections to finish\n");
}
END_TEST

START_TEST(one_connection_is_one)
{
    members[1].state = MEMBER_AWAY;
    members[2].state = MEMBER_STARTING;
    ask(0, "drain first");
    expect_no_order(1);
    expect_no_order(2);
    give(0, expect_order(0, CREW_DRAIN, 0), 1, -1);
    expect(0, "ok\n1 connection to finish\n");
}
END_TEST

START_TEST(what_cannot_be_drained_is_told)
{
    refused("drain third", "there is no entry 'third'");
    current = NULL;
    refused("drain first", "nothing is served");
    ck_assert_int_eq(drained, -1);
    expect_no_order(0);
}
END_TEST

/* ------------------------------------------------------------------ listing */

#define HEAD                                                                   \
    "id\tentry\tpeer\tage_seconds\tbytes_in\tbytes_out\tbytes_queued\t"        \
    "waits_for\n"

/* As a worker makes it: its offset is at the end. */
static int make_listing(uint64_t number)
{
    const int fd = memfd_create("listing", MFD_CLOEXEC);
    struct listing_row row = {
        .number = number,
        .age_ms = 61999,
        .bytes_in = 5,
        .bytes_out = -1,
        .queued = 3,
        .entry = "first",
        .peer = "127.0.0.1:4000",
    };

    memset(row.waits, 'w', sizeof(row.waits)); /* whose end is lost */
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, &row, sizeof(row)), (ssize_t)sizeof(row));
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Of make_listing(17). */
#define ROW                                                                    \
    "5000001.17\tfirst\t127.0.0.1:4000\t61\t5\t\t3\t"                          \
    "wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww\n"

START_TEST(connections_of_all_workers_are_listed)
{
    int fd = make_listing(17);
    uint64_t request;

    ask(0, "tsv connections");
    request = expect_order(0, CREW_CONNECTIONS, 0);
    (void)expect_order(1, CREW_CONNECTIONS, 0);
    (void)expect_order(2, CREW_CONNECTIONS, 0);
    give(0, request, 1, fd);
    ck_assert(!is_open(fd));
    give(1, request, 0, -1);
    ck_assert_ptr_null(answers[0]);
    give(2, request, 0, -1);
    expect(0, "ok\n" HEAD ROW);
}
END_TEST

START_TEST(a_list_that_is_not_whole_is_an_error)
{
    int fd = make_listing(17);
    uint64_t request;

    ask(0, "tsv connections");
    request = expect_order(0, CREW_CONNECTIONS, 0);
    give(0, request, 1, fd);
    give(1, request, -ENOMEM, -1);
    ck_assert_ptr_null(answers[0]);
    give(2, request, 0, -1);
    expect(0, "error Cannot allocate memory\n" HEAD ROW);
}
END_TEST

START_TEST(without_workers_the_list_is_empty)
{
    list_remove(&serving.link);
    ask(0, "tsv connections");
    expect(0, "ok\n" HEAD);
}
END_TEST

START_TEST(who_has_ended_is_not_waited_for)
{
    int fd = make_listing(17);
    uint64_t request;

    ask(0, "tsv connections");
    request = expect_order(0, CREW_CONNECTIONS, 0);
    give(0, request, 1, fd);
    commands_lose_worker(&commands, 1);
    ck_assert_ptr_null(answers[0]);
    commands_lose_worker(&commands, 1); /* nothing more is owed */
    commands_lose_worker(&commands, 0);
    commands_lose_worker(&commands, -1);
    ck_assert_ptr_null(answers[0]);
    commands_lose_worker(&commands, 2);
    expect(0, "ok\n" HEAD ROW);
}
END_TEST

START_TEST(who_does_not_answer_is_left_out)
{
    int fd = make_listing(17);
    uint64_t request;

    ask(0, "tsv connections");
    request = expect_order(1, CREW_CONNECTIONS, 0);
    lose_patience();
    expect(0, "error 3 workers did not answer within 2 s\n" HEAD);
    give(1, request, 1, fd); /* too late */
    ck_assert(!is_open(fd));
}
END_TEST

/* ---------------------------------------------------------------- the tables */

START_TEST(the_status_is_told)
{
    char text[1024];
    char expected[1024];

    stats_set(stats, STATS_RELOADS, 4);
    stats_set(stats, STATS_RELOADS_FAILED, 2);
    ask(0, "tsv status");
    (void)snprintf(text, sizeof(text), "%.*s", (int)sizes[0], answers[0]);
    (void)snprintf(expected, sizeof(expected),
                   "\t%ld\treloading\t0\tserver.yaml\t7\t0\t4\t2\t\t3\t0\t0\t0"
                   "\tinfo\n",
                   (long)getpid());
    ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
}
END_TEST

START_TEST(the_last_reload_is_told)
{
    stats_set(stats, STATS_RELOADED_MS, 1);
    ask(0, "tsv status");
    ck_assert_ptr_nonnull(memmem(answers[0], sizes[0], "\tfailed\t", 8));
    stats_set(stats, STATS_RELOAD_OK, 1);
    ask(1, "tsv status");
    ck_assert_ptr_nonnull(memmem(answers[1], sizes[1], "\tok\t", 4));
}
END_TEST

START_TEST(before_the_first_generation_there_is_a_status)
{
    current = NULL;
    list_remove(&serving.link);
    ask(0, "tsv status");
    ck_assert_ptr_nonnull(
        memmem(answers[0], sizes[0], "\treloading\t0\t\t0\t0\t", 17));
    ask(1, "tsv entries");
    ck_assert_ptr_nonnull(memmem(answers[1], sizes[1], "entry\tstate", 11));
    ck_assert_ptr_null(memmem(answers[1], sizes[1], "first", 5));
}
END_TEST

START_TEST(entries_have_a_state)
{
    index_set_add(&serving.drained, 0);
    ask(0, "tsv entries");
    ck_assert_ptr_nonnull(memmem(answers[0], sizes[0], "first\tdraining", 14));
    ck_assert_ptr_nonnull(memmem(answers[0], sizes[0], "second\tserving", 14));
    index_set_add(&serving.aside, 0);
    ask(1, "tsv entries");
    ck_assert_ptr_nonnull(memmem(answers[1], sizes[1], "first\tput aside", 15));
}
END_TEST

START_TEST(workers_have_a_state)
{
    members[0].is_stuck = true;
    members[0].crashes = 9;
    members[1].state = MEMBER_STARTING;
    members[2].state = MEMBER_STOPPED;
    members[2].ready_ms = clock_ms - 3999;
    ask(0, "tsv workers");
    ck_assert_ptr_nonnull(strstr(answers[0], "\n0\t7\t5000001\tstuck\t"));
    ck_assert_ptr_nonnull(strstr(answers[0], "\t9\n1\t"));
    ck_assert_ptr_nonnull(
        strstr(answers[0], "\n1\t7\t5000002\tstarting\t\t0\t0\t\t0\n"));
    ck_assert_ptr_nonnull(
        strstr(answers[0], "\n2\t7\t5000003\tdraining\t3\t0\t0\t\t0\n"));
    members[0].pid = 0;
    members[1].state = MEMBER_READY;
    ask(1, "tsv workers");
    ck_assert_ptr_nonnull(strstr(answers[1], "\n0\t7\t\tdown\t\t0\t0\t\t9\n"));
    ck_assert_ptr_nonnull(strstr(answers[1], "\n1\t7\t5000002\tserving\t"));
    serving.state = GENERATION_STOPPING;
    ask(2, "tsv workers");
    ck_assert_ptr_nonnull(strstr(answers[2], "\n1\t7\t5000002\tdraining\t"));
}
END_TEST

START_TEST(metrics_are_told)
{
    ask(0, "metrics");
    ck_assert_ptr_nonnull(memmem(answers[0], sizes[0], "ok\n# ", 5));
}
END_TEST

/* -------------------------------------------------------------------- the end */

START_TEST(all_that_waits_is_answered_at_the_end)
{
    ask(0, "reload");
    ask(1, "close 5000001.1");
    ask(2, "drain first");
    ask(3, "tsv connections");
    commands_fini(&commands);
    expect(0, "error the server ends\n");
    expect(1, "error the server ends\n");
    expect(2, "error the server ends\n");
    expect(3, "error the server ends\n" HEAD);
    lose_patience(); /* no timer is left */
}
END_TEST

UNIT_MAIN_WITH("commands",
               set_up,
               tear_down,
               what_is_no_command_is_told,
               the_level_is_one_of_four,
               drain_alone_stops_the_server,
               a_reload_is_answered_when_it_has_ended,
               what_a_reload_has_printed_is_told,
               ids_are_a_process_and_a_number,
               ids_beyond_all_processes_are_nobodys,
               a_connection_is_closed_by_its_worker,
               one_that_is_gone_is_told,
               a_worker_that_takes_no_orders_is_told,
               nobody_waits_for_ever,
               an_entry_is_drained_by_all_workers,
               one_connection_is_one,
               what_cannot_be_drained_is_told,
               connections_of_all_workers_are_listed,
               a_list_that_is_not_whole_is_an_error,
               who_has_ended_is_not_waited_for,
               without_workers_the_list_is_empty,
               who_does_not_answer_is_left_out,
               the_status_is_told,
               the_last_reload_is_told,
               before_the_first_generation_there_is_a_status,
               entries_have_a_state,
               workers_have_a_state,
               metrics_are_told,
               all_that_waits_is_answered_at_the_end)
