/* SPDX-License-Identifier: MIT */
#include "foreground.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fixtures.h"
#include "unit.h"

#define CLIENTS_MAX 2

/* One process in all: the test, its clients, the server, and who signals. */
static struct plugin plugin;
static struct config_listener listener;
static struct config_entry entry;
static struct config config;
static struct log server_log;
static struct errors errors;
static struct worker *worker;
static int clients[CLIENTS_MAX];

/* What the callbacks have seen. */
static int stops;
static int stop_reason;
static int closes;
static int close_reason;
static int reopens;
static int second; /* signal that on_stop sends; 0: none */

static void send_signal(int number)
{
    ck_assert_int_eq(kill(getpid(), number), 0);
}

/* A letter is a signal to send. */
static ssize_t obey(berth_conn *c, char *data, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (data[i] == 't') {
            send_signal(SIGTERM);
        } else if (data[i] == 'i') {
            send_signal(SIGINT);
        } else if (data[i] == 'u') {
            send_signal(SIGUSR1);
        }
    }
    return berth_write(c, data, size);
}

/* It serves on: that is for others to end. */
static void note_stop(berth_conn *c, int reason)
{
    (void)c;
    stops++;
    stop_reason = reason;
    if (second != 0) {
        send_signal(second);
    }
}

static void note_close(berth_conn *c, int why)
{
    (void)c;
    closes++;
    close_reason = why;
}

static void note_reopen(berth_entry *unused)
{
    (void)unused;
    reopens++;
    send_signal(SIGTERM);
}

static const berth_protocol obedient =
    BERTH_PROTOCOL_INIT(.name = "obedient",
                        .on_data = obey,
                        .on_close = note_close,
                        .on_reopen = note_reopen);
static const berth_protocol stubborn =
    BERTH_PROTOCOL_INIT(.name = "stubborn",
                        .on_data = obey,
                        .on_stop = note_stop,
                        .on_close = note_close);

/* ---------------------------------------------------------------- fixtures */

static void set_up(void)
{
    fixtures_begin();
    errors_init(&errors);
    listener = (struct config_listener){
        .text = "unix:socket", .backlog = 16, .mode = -1, .is_first = true};
    entry = (struct config_entry){
        .name = "one",
        .plugin = &plugin,
        .limits = {.input = 65536, .output = 1048576},
        .log = {.level = LOG_INFO},
        .listeners = &listener,
        .listener_count = 1,
    };
    config = (struct config){
        .source = "a test",
        .entries = &entry,
        .entry_count = 1,
        .listener_count = 1,
        .pool_threads = 1,
        .pool_queue = 1,
    };
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        clients[i] = -1;
    }
}

static void tear_down(void)
{
    ck_assert(worker_free(worker));
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (clients[i] >= 0) {
            (void)close(clients[i]);
        }
    }
    log_close(&server_log);
    errors_fini(&errors);
    fixtures_end();
}

/* Up to where the server is to run. */
static void begin(const berth_protocol *protocol)
{
    const char *why = "";
    const char *hint;

    plugin.protocol = *protocol;
    ck_assert_int_eq(address_parse(&listener.address, listener.text,
                                   fixtures_root, &why, &hint),
                     0);
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
    foreground_prepare();
    ck_assert_int_eq(worker_new(&config, &server_log, NULL, &errors, &worker),
                     0);
    ck_assert_int_eq(worker_listen(worker), 0);
}

/* The kernel connects them before anybody accepts. */
static void dial(size_t i, const char *text)
{
    const struct address *address = &listener.address;

    clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(clients[i], 0);
    ck_assert_int_eq(connect(clients[i],
                             (const struct sockaddr *)&address->storage,
                             address->size),
                     0);
    ck_assert_int_eq(send(clients[i], text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* All that has come, and the end. */
static void hear(size_t i, const char *text)
{
    char heard[64] = "";

    ck_assert_int_eq(recv(clients[i], heard, sizeof(heard) - 1, MSG_WAITALL),
                     (ssize_t)strlen(text));
    ck_assert_str_eq(heard, text);
}

/* ----------------------------------------------------------------- signals */

START_TEST(those_that_it_reads_are_blocked_and_no_others)
{
    sigset_t before;
    sigset_t after;

    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &before), 0);
    begin(&obedient);
    ck_assert_int_eq(sigprocmask(SIG_SETMASK, NULL, &after), 0);
    for (int number = 1; number < NSIG; number++) {
        const bool is_read =
            number == SIGTERM || number == SIGINT || number == SIGUSR1;

        ck_assert_int_eq(sigismember(&after, number),
                         is_read ? 1 : sigismember(&before, number));
    }
}
END_TEST

START_TEST(one_that_came_before_it_runs_is_not_lost)
{
    begin(&obedient);
    send_signal(SIGTERM);
    ck_assert_int_eq(foreground_run(worker), 0);
    ck_assert(!worker_is_serving(worker));
}
END_TEST

START_TEST(sigterm_and_sigint_let_connections_end)
{
    static const char *const orders[] = {"t", "i"};

    for (size_t i = 0; i < 2; i++) {
        begin(&obedient);
        dial(0, orders[i]);
        ck_assert_int_eq(foreground_run(worker), 0);
        hear(0, orders[i]);
        ck_assert_int_eq(closes, (int)i + 1);
        ck_assert(worker_free(worker));
        worker = NULL;
        (void)close(clients[0]);
        clients[0] = -1;
        log_close(&server_log);
    }
}
END_TEST

START_TEST(those_who_have_connected_already_are_served)
{
    begin(&obedient);
    dial(0, "hello");
    dial(1, "there");
    send_signal(SIGTERM);
    ck_assert_int_eq(foreground_run(worker), 0);
    hear(0, "hello");
    hear(1, "there");
    ck_assert_int_eq(closes, 2);
    ck_assert_int_ne(access(fixtures_path("socket"), F_OK), 0);
}
END_TEST

START_TEST(a_second_one_ends_them_at_once)
{
    second = SIGINT;
    begin(&stubborn);
    dial(0, "t");
    ck_assert_int_eq(foreground_run(worker), 0);
    ck_assert_int_eq(stops, 1);
    ck_assert_int_eq(stop_reason, BERTH_EXIT);
    ck_assert_int_eq(closes, 1);
    ck_assert_int_eq(close_reason, BERTH_STOPPED);
}
END_TEST

START_TEST(or_else_the_end_of_drain_timeout)
{
    config.operation.drain_timeout_ms = 1;
    begin(&stubborn);
    dial(0, "t");
    ck_assert_int_eq(foreground_run(worker), 0);
    ck_assert_int_eq(stops, 1);
    ck_assert_int_eq(closes, 1);
    ck_assert_int_eq(close_reason, BERTH_STOPPED);
}
END_TEST

START_TEST(sigusr1_opens_the_log_anew_and_ends_nothing)
{
    char old[PATH_MAX];
    size_t size;
    char *text;

    begin(&obedient);
    (void)snprintf(old, sizeof(old), "%s", fixtures_path("old"));
    ck_assert_int_eq(rename(fixtures_path("log"), old), 0);
    dial(0, "u");
    ck_assert_int_eq(foreground_run(worker), 0);
    ck_assert_int_eq(reopens, 1);
    hear(0, "u");
    text = fixtures_read(fixtures_path("log"), &size);
    ck_assert_ptr_nonnull(memmem(text, size, "stopping", 8));
    free(text);
    text = fixtures_read(old, &size);
    ck_assert_ptr_null(memmem(text, size, "stopping", 8));
    free(text);
}
END_TEST

START_TEST(what_the_system_refuses_is_told)
{
    struct rlimit limit;
    struct rlimit none;

    begin(&obedient);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){.rlim_cur = 1, .rlim_max = limit.rlim_max};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    ck_assert_int_eq(foreground_run(worker), -EMFILE);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert(worker_is_serving(worker));
}
END_TEST

UNIT_MAIN_WITH("foreground",
               set_up,
               tear_down,
               those_that_it_reads_are_blocked_and_no_others,
               one_that_came_before_it_runs_is_not_lost,
               sigterm_and_sigint_let_connections_end,
               those_who_have_connected_already_are_served,
               a_second_one_ends_them_at_once,
               or_else_the_end_of_drain_timeout,
               sigusr1_opens_the_log_anew_and_ends_nothing,
               what_the_system_refuses_is_told)
