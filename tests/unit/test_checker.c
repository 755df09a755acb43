/* SPDX-License-Identifier: MIT */
#include "checker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "cli.h"
#include "fixtures.h"
#include "report.h"
#include "unit.h"

static struct loop loop;
static struct channel channel;
static struct log server_log;
static struct snapshot *snapshot; /* the supervisor's */
static struct report report;
static char folder[PATH_MAX];
static const char *const folders[] = {folder};
static const struct plugin_path path = {.folders = folders, .count = 1};
static bool has_ended;

static void set_up(void)
{
    fixtures_begin();
    fixtures_find("witness", folder);
    *strrchr(folder, '/') = '\0';
    channel.fd = -1;
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
}

static void tear_down(void)
{
    channel_close(&channel);
    loop_close(&loop);
    report_fini(&report);
    snapshot_free(snapshot);
    log_close(&server_log);
    fixtures_end();
}

static void hear(void *owner, const struct channel_message *message)
{
    (void)owner;
    if (message->type == CHANNEL_END) {
        has_ended = true;
    } else {
        report_take(&report, snapshot, message);
    }
}

static _Noreturn void run_checker(int end)
{
    const struct config_source source = {
        .path = fixtures_path("server.yaml"),
        .folders = {.plugins = &path, .snapshot = snapshot},
    };
    bool may_free = true;
    int status;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)close(channel.fd); /* the loop is shared with the test */
    status = checker_run(&source, &server_log, NULL, end, &may_free);
    (void)close(end);
    exit(may_free ? status : 99);
}

/* Returns its status, as of waitpid(2). */
static int check(const char *text)
{
    int status = 0;
    int ends[2];
    pid_t child;

    fixtures_write("server.yaml", text, strlen(text));
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(channel_open(&channel, &loop, ends[0], hear, NULL), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run_checker(ends[1]);
    }
    ck_assert_int_eq(close(ends[1]), 0);
    while (!has_ended) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

static void expect_exit(int status, int code)
{
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), code);
}

/* What the report says is wrong. */
static void expect_text(const char *text)
{
    ck_assert_ptr_nonnull(report.text);
    ck_assert_msg(memmem(report.text, report.text_size, text, strlen(text)) !=
                      NULL,
                  "%.*s", (int)report.text_size, report.text);
}

#define ONE                                                                    \
    "protocols:\n"                                                             \
    "  - plugin: witness\n"                                                    \
    "    listen: unix:first\n"

START_TEST(what_is_good_is_told)
{
    expect_exit(check(ONE "  - plugin: witness\n"
                          "    name: second\n"
                          "    listen: 127.0.0.1:0\n"),
                CLI_EXIT_OK);
    ck_assert(report.is_whole);
    ck_assert(report.is_good);
    ck_assert_uint_eq(report.entry_count, 2);
    ck_assert_str_eq(report.entries[0].name, "witness");
    ck_assert_str_eq(report.entries[1].name, "second");
    ck_assert_uint_eq(report.listener_count, 2);
    ck_assert_str_eq(report.listeners[1].text, "127.0.0.1:0");
    ck_assert_uint_eq(report.text_size, 0);
}
END_TEST

/* The supervisor, which loads nothing, gets what was loaded. */
START_TEST(the_plugins_are_put_into_the_snapshot)
{
    const struct snapshot_file *file;

    ck_assert_uint_eq(snapshot_count(snapshot), 0);
    expect_exit(check(ONE), CLI_EXIT_OK);
    file = snapshot_find(snapshot, SNAPSHOT_PLUGIN, "witness");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(file->fd, 0);
}
END_TEST

START_TEST(nothing_is_bound)
{
    expect_exit(check(ONE), CLI_EXIT_OK);
    ck_assert_int_ne(access(fixtures_path("first"), F_OK), 0);
}
END_TEST

START_TEST(what_is_wrong_in_the_file_is_told)
{
    expect_exit(check(ONE "    nonsense: 1\n    backlog: 2\n"),
                CLI_EXIT_CONFIG);
    ck_assert(report.is_whole);
    ck_assert(!report.is_good);
    ck_assert_uint_eq(report.entry_count, 0);
    expect_text("nonsense");
    expect_text("backlog");
}
END_TEST

START_TEST(warnings_come_with_what_is_good)
{
    expect_exit(check("protocols:\n  - plugin: witness\n"), CLI_EXIT_OK);
    ck_assert(report.is_good);
    expect_text("warning: an entry without 'listen'");
}
END_TEST

START_TEST(an_init_that_refuses_is_told)
{
    expect_exit(check(ONE "    settings:\n      init: refuse\n"),
                CLI_EXIT_CONFIG);
    ck_assert(report.is_whole);
    ck_assert(!report.is_good);
    expect_text("server.yaml:5:");
    expect_text("it was told so");
}
END_TEST

START_TEST(a_plugin_that_does_not_load_is_told)
{
    expect_exit(check("protocols:\n  - plugin: options_bad\n"),
                CLI_EXIT_CONFIG);
    ck_assert(!report.is_good);
    expect_text("options_bad");
}
END_TEST

/* Who has started it sees that there is no whole report. */
START_TEST(an_init_that_ends_it_leaves_no_report)
{
    expect_exit(check(ONE "    settings:\n      init: exit\n"), 3);
    ck_assert(!report.is_whole);
    ck_assert(!report.is_good);
}
END_TEST

START_TEST(without_a_supervisor_it_fails)
{
    const struct config_source source = {
        .path = fixtures_path("server.yaml"),
        .folders = {.plugins = &path, .snapshot = snapshot},
    };
    bool may_free = true;
    int ends[2];

    fixtures_write("server.yaml", ONE, strlen(ONE));
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_ne(
        checker_run(&source, &server_log, NULL, ends[1], &may_free),
        CLI_EXIT_OK);
    ck_assert(may_free);
    ck_assert_int_eq(close(ends[1]), 0);
}
END_TEST

UNIT_MAIN_WITH("checker",
               set_up,
               tear_down,
               what_is_good_is_told,
               the_plugins_are_put_into_the_snapshot,
               nothing_is_bound,
               what_is_wrong_in_the_file_is_told,
               warnings_come_with_what_is_good,
               an_init_that_refuses_is_told,
               a_plugin_that_does_not_load_is_told,
               an_init_that_ends_it_leaves_no_report,
               without_a_supervisor_it_fails)
