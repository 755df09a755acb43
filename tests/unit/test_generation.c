/* SPDX-License-Identifier: MIT */
#include "generation.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bindings.h"
#include "cli.h"
#include "fixtures.h"
#include "signals.h"
#include "unit.h"

#define WORKERS 2

static const int numbers[] = {SIGCHLD, 0};

static struct loop loop;
static struct signals signals;
static struct log server_log;
static struct stats *stats;
static struct bindings bindings;
static struct errors errors;
static struct plugin_path plugin_path;
static char path[PATH_MAX];
static struct list generations;
static struct generation *generation;

/* What the owner was told. */
static struct {
    int checked, ready, failed, stopped, over;
    struct index_set dropped;
} told;

static void was_checked(struct generation *whose)
{
    ck_assert_ptr_eq(whose, generation);
    told.checked++;
}

static void is_ready(struct generation *whose)
{
    ck_assert_ptr_eq(whose, generation);
    told.ready++;
}

static void has_failed(struct generation *whose)
{
    ck_assert_ptr_eq(whose, generation);
    told.failed++;
}

static void has_stopped(struct generation *whose)
{
    ck_assert_ptr_eq(whose, generation);
    told.stopped++;
}

static void is_over(struct generation *whose)
{
    ck_assert_ptr_eq(whose, generation);
    told.over++;
}

static void has_dropped(struct generation *whose,
                        const struct index_set *addresses)
{
    ck_assert_ptr_eq(whose, generation);
    index_set_join(&told.dropped, addresses);
}

static void
is_done(struct member *member, const struct crew_result *result, int fd)
{
    (void)member;
    (void)result;
    (void)fd;
}

static void is_lost(struct member *member, int slot)
{
    (void)member;
    (void)slot;
}

static const struct generation_ops ops = {
    .lost = is_lost,
    .checked = was_checked,
    .ready = is_ready,
    .failed = has_failed,
    .stopped = has_stopped,
    .over = is_over,
    .dropped = has_dropped,
    .done = is_done,
};

static void take_signal(void *owner, uint32_t number)
{
    pid_t pid;
    int status;

    (void)owner;
    (void)number;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        (void)generation_reap(generation, pid, status);
    }
}

static void set_up(void)
{
    memset(&told, 0, sizeof(told));
    fixtures_begin();
    (void)snprintf(path, sizeof(path), "%s", fixtures_path("server.yaml"));
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_LOGFMT), 0);
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    signals_block(numbers);
    ck_assert_int_eq(signals_open(&signals, &loop, numbers, take_signal, NULL),
                     0);
    ck_assert_int_eq(stats_new(8, &stats), 0);
    errors_init(&errors);
    list_init(&generations);
    bindings_init(&bindings, &server_log);
    generation = NULL;
}

static void turn(void)
{
    ck_assert_int_eq(loop_turn(&loop), 0);
}

static void tear_down(void)
{
    if (generation != NULL) {
        if (generation->state < GENERATION_STOPPING) {
            generation_stop(generation, BERTH_EXIT, NULL); /* no successors */
        }
        generation_kill(generation);
        while (generation_processes(generation) > 0) {
            turn();
        }
        for (size_t i = 0; generation->shards != NULL &&
                           i < generation->report.listener_count;
             i++) {
            bindings_drop(generation->shards[i]);
        }
        generation_free(generation);
    }
    errors_fini(&errors);
    stats_free(stats);
    signals_close(&signals);
    loop_close(&loop);
    log_close(&server_log);
    fixtures_end();
}

/* -------------------------------------------------------------------- making */

/* top: lines of the top level; settings: of the plugin. */
static void make(const char *top, const char *settings)
{
    const struct generation_parts parts = {
        .ops = &ops,
        .loop = &loop,
        .log = &server_log,
        .stats = stats,
        .number = 1,
        .source = {.path = path, .folders = {.plugins = &plugin_path}},
        .errors = &errors,
    };
    char plugin[PATH_MAX];
    char text[2 * PATH_MAX];
    int size;

    fixtures_find("witness", plugin);
    size = snprintf(text, sizeof(text),
                    "%s\n"
                    "protocols:\n"
                    "  - {plugin: %s, name: one, listen: '127.0.0.1:0',"
                    " settings: {%s}}\n"
                    "  - {plugin: %s, name: two, listen: '127.0.0.1:0',"
                    " settings: {%s}}\n",
                    top, plugin, settings, plugin, settings);
    fixtures_write("server.yaml", text, (size_t)size);
    ck_assert_int_eq(generation_new(&parts, &generation), 0);
    list_append(&generations, &generation->link);
}

static void check(const char *top, const char *settings)
{
    make(top, settings);
    ck_assert_int_eq(generation_check(generation), 0);
    while (told.checked == 0 && told.failed == 0) {
        turn();
    }
}

static void start(const char *top)
{
    struct shards **items = calloc(2, sizeof(*items));

    check(top, "");
    ck_assert_int_eq(told.checked, 1);
    ck_assert_int_eq(bindings_take(&bindings, &generation->report, 2, items),
                     0);
    ck_assert_int_eq(generation_start(generation, items, WORKERS), 0);
    while (told.ready == 0) {
        ck_assert_int_eq(told.failed, 0);
        turn();
    }
}

static void serve(const char *top)
{
    start(top);
    generation_serve(generation);
}

static void await_over(void)
{
    while (told.over == 0) {
        turn();
    }
    ck_assert_int_eq(generation->state, GENERATION_OVER);
    ck_assert_uint_eq(generation_processes(generation), 0);
}

static bool is_in_log(const char *text)
{
    size_t size;
    char *log = fixtures_read(fixtures_path("log"), &size);
    const bool is_there = memmem(log, size, text, strlen(text)) != NULL;

    free(log);
    return is_there;
}

/* ------------------------------------------------------------------- checking */

START_TEST(a_good_one_is_found_good)
{
    check("", "");
    ck_assert_int_eq(told.checked, 1);
    ck_assert_int_eq(told.failed, 0);
    ck_assert_uint_eq(generation->report.entry_count, 2);
    ck_assert_str_eq(generation->report.entries[1].name, "two");
    ck_assert_str_eq(generation->report.entries[1].protocol, "witness");
    ck_assert_uint_eq(generation->report.entries[1].plugin, 0);
    ck_assert_uint_eq(generation->report.listener_count, 2);
    ck_assert_uint_eq(snapshot_count(generation->source.folders.snapshot), 2);
    ck_assert(snapshot_is_sealed(generation->source.folders.snapshot));
    generation_stop(generation, BERTH_EXIT, NULL);
    await_over();
    ck_assert_int_eq(told.stopped, 0); /* nobody served */
}
END_TEST

/* It fails for a reason in which the text is found. */
static void expect_failure(const char *text)
{
    ck_assert_int_eq(told.checked, 0);
    ck_assert_int_eq(told.failed, 1);
    ck_assert_int_eq(generation->status, CLI_EXIT_CONFIG);
    ck_assert_ptr_nonnull(generation->text);
    ck_assert_msg(strstr(generation->text, text) != NULL, "'%s' is not in: %s",
                  text, generation->text);
    await_over();
}

START_TEST(a_wrong_file_is_refused)
{
    check("colour: red", "");
    expect_failure("server.yaml:1:1: error: unknown key 'colour'");
}
END_TEST

START_TEST(what_an_init_says_is_why)
{
    check("", "init: refuse");
    expect_failure("error: 'init': it was told so");
}
END_TEST

START_TEST(how_the_checker_ends_is_why)
{
    check("", "init: exit");
    expect_failure("error: a plugin ended the process that tries it: exit "
                   "status 3 in init of 'one'");
}
END_TEST

START_TEST(a_lie_is_why)
{
    check("", "init: lie");
    expect_failure("the checker's report makes no sense");
}
END_TEST

START_TEST(an_init_that_hangs_is_why)
{
    check("start_timeout: 1s", "init: hang");
    expect_failure("hangs: not ready within start_timeout (1s)");
}
END_TEST

START_TEST(the_end_of_the_checker_is_not_waited_for)
{
    check("", "unload: hang");
    ck_assert_int_eq(told.checked, 1);
    ck_assert_uint_eq(generation_processes(generation), 1);
    generation_dismiss_checker(generation);
    while (generation_processes(generation) > 0) {
        turn();
    }
    ck_assert(!is_in_log("the process that tried the configuration"));
}
END_TEST

START_TEST(a_crash_after_the_report_is_a_warning)
{
    check("", "unload: crash");
    ck_assert_int_eq(told.checked, 1);
    while (generation_processes(generation) > 0) {
        turn();
    }
    ck_assert(is_in_log("level=warn msg=\"generation 1: the process that tried "
                        "the configuration did so, but ended with SIGABRT"));
    ck_assert_int_eq(told.failed, 0);
}
END_TEST

START_TEST(no_file_is_told)
{
    const struct generation_parts parts = {
        .ops = &ops,
        .loop = &loop,
        .log = &server_log,
        .source = {.path = path, .folders = {.plugins = &plugin_path}},
        .errors = &errors,
    };

    ck_assert_int_eq(generation_new(&parts, &generation), -ENOENT);
    ck_assert_uint_eq(errors_count(&errors), 1);
    ck_assert_ptr_null(generation);
}
END_TEST

/* ------------------------------------------------------------------ generations */

START_TEST(it_serves_until_it_is_stopped)
{
    serve("");
    ck_assert_int_eq(generation->state, GENERATION_SERVING);
    for (uint32_t i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(generation->members[i].state, MEMBER_READY);
        ck_assert_ptr_eq(
            generation_find(generation, generation->members[i].pid),
            &generation->members[i]);
    }
    generation_stop(generation, BERTH_EXIT, NULL);
    await_over();
    ck_assert_int_eq(told.stopped, 1);
}
END_TEST

static void await_worker(uint32_t number)
{
    while (generation->members[number].state != MEMBER_READY) {
        turn();
    }
}

START_TEST(who_dies_has_a_successor)
{
    pid_t before;

    serve("");
    before = generation->members[1].pid;
    ck_assert_int_eq(kill(before, SIGKILL), 0);
    while (generation->members[1].pid == before) {
        turn();
    }
    await_worker(1);
    ck_assert_int_ne(generation->members[1].pid, before);
    ck_assert_uint_eq(stats_get(stats, STATS_REPLACED), 1);
    ck_assert(is_in_log("worker 1 (process "));
    ck_assert(is_in_log("has died: SIGKILL"));
}
END_TEST

START_TEST(who_dies_while_it_starts_ends_it)
{
    struct shards **items = calloc(2, sizeof(*items));

    check("", "");
    ck_assert_int_eq(bindings_take(&bindings, &generation->report, 2, items),
                     0);
    ck_assert_int_eq(generation_start(generation, items, WORKERS), 0);
    ck_assert_int_eq(kill(generation->members[0].pid, SIGKILL), 0);
    while (told.failed == 0 && told.ready == 0) {
        turn();
    }
    if (told.failed != 0) { /* it was not ready yet */
        ck_assert_ptr_nonnull(strstr(
            generation->text, "a plugin ended a worker that starts: SIGKILL"));
        await_over();
    }
}
END_TEST

/* Tells so much that workers which do not read are full. One may have read more
   than the other before it stopped. */
static void tell_much(void)
{
    const int32_t level = LOG_INFO;
    const struct channel_message message =
        channel_compose(CREW_LOG_LEVEL, &level, sizeof(level));

    while (!generation->members[0].is_killed ||
           !generation->members[1].is_killed) {
        ck_assert_int_eq(generation->members[0].state, MEMBER_READY);
        ck_assert_int_eq(generation->members[1].state, MEMBER_READY);
        generation_tell(generation, &message);
    }
}

START_TEST(who_is_deaf_has_a_successor)
{
    pid_t before;

    serve("");
    before = generation->members[0].pid;
    ck_assert_int_eq(kill(before, SIGSTOP), 0);
    ck_assert_int_eq(kill(generation->members[1].pid, SIGSTOP), 0);
    tell_much();
    ck_assert(generation->members[1].is_killed);
    while (generation->members[0].pid == before) {
        turn();
    }
    await_worker(0);
    await_worker(1);
    ck_assert_int_ne(generation->members[0].pid, before);
    ck_assert(is_in_log("does not read what it is told: it is killed"));
}
END_TEST

START_TEST(who_is_deaf_and_leaves_is_gone)
{
    serve("");
    for (uint32_t i = 0; i < WORKERS; i++) {
        ck_assert_int_eq(kill(generation->members[i].pid, SIGSTOP), 0);
    }
    tell_much();
    generation_stop(generation, BERTH_EXIT, NULL);
    await_over();
    ck_assert_int_eq(told.stopped, 1);
}
END_TEST

START_TEST(where_all_are_drained_nobody_listens)
{
    serve("");
    generation_drain(generation, 1);
    ck_assert(index_set_has(&told.dropped, 1));
    ck_assert(!index_set_has(&told.dropped, 0));
}
END_TEST

UNIT_MAIN_WITH("generation",
               set_up,
               tear_down,
               a_good_one_is_found_good,
               a_wrong_file_is_refused,
               what_an_init_says_is_why,
               how_the_checker_ends_is_why,
               a_lie_is_why,
               an_init_that_hangs_is_why,
               the_end_of_the_checker_is_not_waited_for,
               a_crash_after_the_report_is_a_warning,
               no_file_is_told,
               it_serves_until_it_is_stopped,
               who_dies_has_a_successor,
               who_dies_while_it_starts_ends_it,
               who_is_deaf_has_a_successor,
               who_is_deaf_and_leaves_is_gone,
               where_all_are_drained_nobody_listens)
