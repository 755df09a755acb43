/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include "foreground.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "connections.h"
#include "fixtures.h"
#include "unit.h"

#define ENTRIES 2

/* Filled by hand; the children inherit it. */
static struct plugin plugins[ENTRIES];
static struct config_listener listeners[ENTRIES];
static struct config_entry entries[ENTRIES];
static struct config config;

/* The child and its log, a FIFO: who reads it knows how far the child is. */
static pid_t child;
static int log_fd;
static char lines[65536];
static size_t line_bytes;
static size_t seen_bytes; /* what await() went past */

/* ------------------------------------------------------ the plugin's side */

static int tell_init(berth_entry *entry, berth_error *error)
{
    (void)error;
    berth_entry_log(entry, BERTH_INFO, "init of %s", entry->name);
    return 0;
}

static int refuse_init(berth_entry *entry, berth_error *error)
{
    if (strcmp(entry->name, "second") != 0) {
        return berth_refuse(error, NULL, -ENOENT, "there is no folder");
    }
    return tell_init(entry, error);
}

static void tell_fini(berth_entry *entry)
{
    berth_entry_log(entry, BERTH_INFO, "fini of %s", entry->name);
}

static void tell_reopen(berth_entry *entry)
{
    berth_entry_log(entry, BERTH_INFO, "reopen of %s", entry->name);
}

static ssize_t echo_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

/* Its listener comes first. */
static ssize_t tell_listener(berth_conn *c, char *data, size_t size)
{
    char text[ADDRESS_TEXT_MAX];
    ssize_t length = berth_get(c, BERTH_GET_LISTENER, text, sizeof(text));

    (void)berth_write(c, text, (size_t)length);
    return berth_write(c, data, size);
}

static ssize_t chat(berth_conn *c, char *data, size_t size)
{
    berth_log(c, BERTH_WARNING, "a warning");
    berth_log(c, BERTH_INFO, "an information");
    berth_log(c, BERTH_DEBUG, "a detail");
    berth_entry_log(c->entry, BERTH_DEBUG, "a detail of the entry");
    return berth_write(c, data, size);
}

/* Serves on: it is for the peer, or for the worker, to end it. */
static void serve_on(berth_conn *c, int reason)
{
    berth_log(c, BERTH_INFO, "told to stop: %d", reason);
}

static void tell_close(berth_conn *c, int why)
{
    berth_log(c, BERTH_INFO, "over: %d", why);
}

static const berth_protocol echo =
    BERTH_PROTOCOL_INIT(.name = "echo",
                        .init = tell_init,
                        .fini = tell_fini,
                        .on_data = echo_data,
                        .on_close = tell_close,
                        .on_reopen = tell_reopen);
static const berth_protocol stubborn =
    BERTH_PROTOCOL_INIT(.name = "stubborn",
                        .on_data = echo_data,
                        .on_stop = serve_on,
                        .on_close = tell_close);
static const berth_protocol naming =
    BERTH_PROTOCOL_INIT(.name = "naming", .on_data = tell_listener);
static const berth_protocol chatty =
    BERTH_PROTOCOL_INIT(.name = "chatty", .on_data = chat);
static const berth_protocol refusing =
    BERTH_PROTOCOL_INIT(.name = "refusing",
                        .init = refuse_init,
                        .fini = tell_fini,
                        .on_data = echo_data);

/* A job, and what it waits for. */
static int gate[2];

static void open_gate(void)
{
    ck_assert_int_eq(write(gate[1], "x", 1), 1);
}

static void wait_at_gate(void *arg)
{
    char byte;

    (void)arg;
    /* A job may not log; who awaits it reads the same FIFO. */
    ck_assert_int_eq(write(log_fd, "a job runs\n", 11), 11);
    (void)read(gate[0], &byte, 1);
}

static void tell_done(berth_conn *c, void *arg)
{
    berth_entry_log(arg, BERTH_INFO, c == NULL ? "gone" : "there");
}

static ssize_t begin_job(berth_conn *c, char *data, size_t size)
{
    int error = berth_work(c, wait_at_gate, tell_done, c->entry);

    (void)data;
    return error < 0 ? error : (ssize_t)size;
}

static const berth_protocol working =
    BERTH_PROTOCOL_INIT(.name = "working",
                        .fini = tell_fini,
                        .on_data = begin_job,
                        .on_stop = serve_on,
                        .on_close = tell_close);

/* ---------------------------------------------------------------- fixtures */

static void open_log(void)
{
    ck_assert_int_eq(mkfifo(fixtures_path("log"), 0600), 0);
    log_fd = open(fixtures_path("log"), O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(log_fd, 0);
    lines[0] = '\0';
    line_bytes = 0;
    seen_bytes = 0;
}

static void set_up(void)
{
    static const char *const names[] = {"first", "second"};

    fixtures_begin();
    open_log();
    ck_assert_int_eq(pipe(gate), 0);
    config = (struct config){
        .source = "a test",
        .entries = entries,
        .operation.drain_timeout_ms = 60000,
        .pool_threads = 2,
        .pool_queue = 2,
    };
    for (size_t i = 0; i < ENTRIES; i++) {
        listeners[i] = (struct config_listener){
            .backlog = 16, .mode = -1, .entry = i, .is_first = true};
        entries[i] = (struct config_entry){
            .name = names[i],
            .plugin = &plugins[i],
            .limits = {.input = 65536, .output = 1048576},
            .log = {.level = LOG_INFO},
            .listeners = &listeners[i],
            .listener_count = 1,
        };
    }
}

static void tear_down(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    (void)close(log_fd);
    (void)close(gate[0]);
    (void)close(gate[1]);
    fixtures_end();
}

/* Adds an entry that listens at the address. */
static void add_entry(const berth_protocol *protocol, const char *text)
{
    struct config_listener *listener = &listeners[config.entry_count];
    const char *why = "";
    const char *hint;
    int error =
        address_parse(&listener->address, text, fixtures_root, &why, &hint);

    ck_assert_msg(error == 0, "%s: %s", text, why);
    listener->text = text;
    plugins[config.entry_count].protocol = *protocol;
    config.entry_count++;
    config.listener_count++;
}

static void open_child_log(struct log *server_log)
{
    ck_assert_int_eq(
        log_open(server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
}

/* What the child does, from first to last; as main() does it. */
static int serve(void)
{
    struct worker *worker = NULL;
    struct errors errors;
    struct log server_log;
    int error;

    errors_init(&errors);
    open_child_log(&server_log);
    foreground_prepare();
    error = worker_new(&config, &server_log, NULL, &errors, &worker);
    if (error == 0) {
        error = worker_listen(worker);
    }
    if (error == 0) {
        error = foreground_run(worker);
    }
    if (!worker_free(worker)) {
        _exit(error == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    log_close(&server_log);
    errors_fini(&errors);
    return error;
}

/* Reads the log until the text comes, after what was awaited before. Returns
   what follows it. */
static const char *await(const char *text)
{
    const char *found;

    while ((found = strstr(lines + seen_bytes, text)) == NULL) {
        ssize_t count =
            read(log_fd, lines + line_bytes, sizeof(lines) - 1 - line_bytes);

        ck_assert_int_gt(count, 0);
        line_bytes += (size_t)count;
        lines[line_bytes] = '\0';
    }
    found += strlen(text);
    seen_bytes = (size_t)(found - lines);
    return found;
}

static void start(void)
{
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        exit(serve() == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    (void)await("ready: "); /* then all lines before it are whole */
}

static void tell_child(int number)
{
    ck_assert_int_eq(kill(child, number), 0);
}

/* It ends by itself, without an error and without a leak. */
static void expect_end(void)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    child = 0;
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), EXIT_SUCCESS);
    (void)await("stopped");
}

/* ----------------------------------------------------------------- clients */

/* Connects to the entry; -errno if that fails. */
static int dial(size_t entry)
{
    const struct address *address = &listeners[entry].address;
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) <
        0) {
        int error = -errno;

        (void)close(fd);
        return error;
    }
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

static void hear(int fd, const char *text)
{
    char heard[256] = "";
    size_t size = strlen(text);

    ck_assert_int_eq(recv(fd, heard, size, MSG_WAITALL), (ssize_t)size);
    ck_assert_str_eq(heard, text);
}

static void hear_end(int fd)
{
    char byte;

    ck_assert_int_eq(recv(fd, &byte, 1, 0), 0);
    (void)close(fd);
}

static int dial_and_talk(size_t entry)
{
    int fd = dial(entry);

    ck_assert_int_ge(fd, 0);
    say(fd, "hello");
    hear(fd, "hello");
    return fd;
}

/* ----------------------------------------------------------------- serving */

START_TEST(port_0_is_told_and_served)
{
    struct sockaddr_in *address = (void *)&listeners[0].address.storage;
    long port;

    add_entry(&echo, "127.0.0.1:0");
    start();
    port = strtol(strstr(lines, "listening on 127.0.0.1:") + 23, NULL, 10);
    ck_assert_int_gt(port, 0);
    address->sin_port = htons((in_port_t)port);
    (void)close(dial_and_talk(0));
    (void)await("over: 0");
    tell_child(SIGTERM);
    expect_end();
}
END_TEST

static void check_service(void)
{
    int fds[2];

    add_entry(&echo, "unix:one");
    start();
    fds[0] = dial_and_talk(0);
    fds[1] = dial_and_talk(0);
    say(fds[0], "again");
    hear(fds[0], "again");
    ck_assert_int_eq(shutdown(fds[0], SHUT_WR), 0);
    hear_end(fds[0]);
    say(fds[1], "still there");
    hear(fds[1], "still there");
    (void)close(fds[1]);
    tell_child(SIGTERM);
    expect_end();
}

START_TEST(connections_are_served_level_triggered)
{
    config.edge_triggered = false;
    check_service();
}
END_TEST

START_TEST(connections_are_served_edge_triggered)
{
    config.edge_triggered = true;
    check_service();
}
END_TEST

START_TEST(each_entry_has_its_own_listeners)
{
    int fds[2];

    add_entry(&naming, "unix:one");
    add_entry(&naming, "unix:two");
    start();
    (void)await("2 protocols, 2 listeners");
    fds[0] = dial(0);
    fds[1] = dial(1);
    say(fds[0], "?");
    hear(fds[0], "unix:one?");
    say(fds[1], "?");
    hear(fds[1], "unix:two?");
    (void)close(fds[0]);
    (void)close(fds[1]);
    tell_child(SIGTERM);
    expect_end();
}
END_TEST

static enum berth_verdict sniff_star(const char *data, size_t size)
{
    (void)size;
    return data[0] == '*' ? BERTH_YES : BERTH_NO;
}

/* The one at the first address has those that begin with a star. */
START_TEST(entries_at_one_address_are_told_apart)
{
    int fd;

    add_entry(&naming, "unix:one");
    plugins[0].protocol.sniff = sniff_star;
    add_entry(&echo, "unix:one");
    listeners[0].next = &listeners[1];
    listeners[1].is_first = false;
    start();
    ck_assert_ptr_nonnull(strstr(lines, "first+second: listening on unix:"));
    (void)await("2 protocols, 1 listener");
    fd = dial(0);
    say(fd, "*?");
    hear(fd, "unix:one*?");
    (void)close(fd);
    fd = dial(0);
    say(fd, "other");
    hear(fd, "other");
    (void)close(fd);
    tell_child(SIGTERM);
    expect_end();
}
END_TEST

START_TEST(one_that_leaves_makes_room_for_one_that_waits)
{
    int fds[2];

    add_entry(&echo, "unix:one");
    entries[0].limits.connections = 1;
    start();
    fds[0] = dial_and_talk(0);
    fds[1] = dial(0);
    say(fds[1], "hello");
    (void)await("no connections are accepted");
    (void)close(fds[0]);
    hear(fds[1], "hello");
    (void)close(fds[1]);
    tell_child(SIGTERM);
    expect_end();
}
END_TEST

START_TEST(every_entry_begins_and_ends)
{
    add_entry(&echo, "unix:one");
    add_entry(&echo, "unix:two");
    start();
    tell_child(SIGTERM);
    expect_end();
    ck_assert_ptr_nonnull(strstr(lines, "init of first"));
    ck_assert_ptr_nonnull(strstr(lines, "init of second"));
    while (strstr(lines, "fini of first") == NULL ||
           strstr(lines, "fini of second") == NULL) {
        (void)await("fini of ");
    }
    ck_assert_int_eq(dial(0), -ENOENT); /* the path is gone */
}
END_TEST

/* ----------------------------------------------------------------- signals */

/* The log's own level is info: it counts for neither of them. */
START_TEST(each_entry_logs_at_its_own_level)
{
    entries[0].log.level = LOG_DEBUG;
    entries[1].log.level = LOG_WARNING;
    add_entry(&chatty, "unix:first");
    add_entry(&chatty, "unix:second");
    start();
    for (size_t i = 0; i < 2; i++) {
        int fd = dial(i);

        ck_assert_int_ge(fd, 0);
        say(fd, "x");
        hear(fd, "x");
        (void)close(fd);
    }
    tell_child(SIGTERM);
    expect_end();
    ck_assert_ptr_nonnull(strstr(lines, " first: listening on "));
    ck_assert_ptr_nonnull(strstr(lines, "debug first #"));
    ck_assert_ptr_nonnull(strstr(lines, "info  first #"));
    ck_assert_ptr_nonnull(strstr(lines, "debug first: "));
    ck_assert_ptr_nonnull(strstr(lines, "warn  second #"));
    ck_assert_ptr_null(strstr(lines, "debug second"));
    ck_assert_ptr_null(strstr(lines, "info  second"));
}
END_TEST

START_TEST(an_idle_worker_ends_when_told)
{
    static const int numbers[] = {SIGTERM, SIGINT};

    add_entry(&echo, "unix:one");
    config.operation.drain_timeout_ms = 0;
    for (size_t i = 0; i < 2; i++) {
        start();
        tell_child(numbers[i]);
        expect_end();
    }
}
END_TEST

/* Stopped, so that the signal is there before what was sent is read. */
START_TEST(what_the_kernel_holds_is_answered_before_the_end)
{
    int status;
    int accepted;
    int waiting;

    add_entry(&echo, "unix:one");
    start();
    accepted = dial_and_talk(0);
    tell_child(SIGSTOP);
    ck_assert_int_eq(waitpid(child, &status, WUNTRACED), child);
    say(accepted, "last words");
    tell_child(SIGTERM);
    waiting = dial(0); /* comes behind the signal, and is not lost */
    ck_assert_int_ge(waiting, 0);
    say(waiting, "am I late?");
    tell_child(SIGCONT);
    hear(accepted, "last words");
    hear_end(accepted);
    hear(waiting, "am I late?");
    hear_end(waiting);
    expect_end();
}
END_TEST

START_TEST(while_it_drains_it_serves_on_but_takes_no_newcomers)
{
    int fd;

    add_entry(&stubborn, "unix:one");
    config.operation.drain_timeout_ms = 0;
    start();
    fd = dial_and_talk(0);
    tell_child(SIGTERM);
    (void)await("told to stop: 2");
    ck_assert_int_eq(dial(0), -ENOENT);
    say(fd, "still there");
    hear(fd, "still there");
    (void)close(fd);
    (void)await("over: 0");
    expect_end();
}
END_TEST

START_TEST(a_second_signal_ends_it_at_once)
{
    int fd;

    add_entry(&stubborn, "unix:one");
    config.operation.drain_timeout_ms = 0;
    start();
    fd = dial_and_talk(0);
    tell_child(SIGTERM);
    (void)await("told to stop: 2");
    tell_child(SIGINT);
    (void)await("over: 2"); /* BERTH_STOPPED */
    expect_end();
    (void)close(fd);
}
END_TEST

START_TEST(when_drain_timeout_has_passed_it_ends)
{
    int fd;

    add_entry(&stubborn, "unix:one");
    config.operation.drain_timeout_ms = 20;
    start();
    fd = dial_and_talk(0);
    tell_child(SIGTERM);
    (void)await("told to stop: 2");
    (void)await("drain_timeout");
    (void)await("over: 2");
    expect_end();
    (void)close(fd);
}
END_TEST

/* Whoever answered after the signal has seen it. */
START_TEST(a_job_is_awaited_though_its_client_is_gone)
{
    int fd;

    add_entry(&working, "unix:one");
    start();
    fd = dial(0);
    say(fd, "x");
    (void)await("a job runs");
    (void)close(fd);
    (void)await("over: ");
    tell_child(SIGTERM);
    (void)await("stopping");
    open_gate();
    (void)await("gone");
    expect_end();
    (void)await("fini of first");
}
END_TEST

START_TEST(a_job_that_hangs_is_left_behind)
{
    config.operation.drain_timeout_ms = 1;
    add_entry(&working, "unix:one");
    start();
    say(dial(0), "x");
    (void)await("a job runs");
    tell_child(SIGTERM);
    (void)await("1 job of plugins does not end");
    expect_end();
    ck_assert_ptr_null(strstr(lines, "fini of first"));
}
END_TEST

START_TEST(sigusr1_opens_the_log_anew_and_tells_each_entry)
{
    int old_fd;
    char old[256];

    add_entry(&echo, "unix:one");
    add_entry(&echo, "unix:two");
    start();
    old_fd = log_fd;
    ck_assert_int_eq(unlink(fixtures_path("log")), 0);
    open_log();
    tell_child(SIGUSR1);
    (void)await("reopen of first"); /* told in the new one */
    (void)await("reopen of second");
    (void)close(dial_and_talk(0));
    tell_child(SIGTERM);
    expect_end();
    ck_assert_int_eq(fcntl(old_fd, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(read(old_fd, old, sizeof(old)), -1);
    (void)close(old_fd);
}
END_TEST

/* ---------------------------------------------------------------- failures */

static void take_address(const char *path)
{
    struct address address;
    const char *why;
    const char *hint;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(address_parse(&address, path, fixtures_root, &why, &hint),
                     0);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&address.storage, address.size), 0);
    ck_assert_int_eq(listen(fd, 1), 0); /* stays open to the test's end */
}

START_TEST(every_address_that_cannot_be_bound_is_told)
{
    struct worker *worker = NULL;
    struct errors errors;
    struct log server_log;

    take_address("unix:one");
    fixtures_write("two", "", 0);
    add_entry(&echo, "unix:one");
    add_entry(&echo, "unix:two");
    errors_init(&errors);
    open_child_log(&server_log);
    ck_assert_int_eq(worker_new(&config, &server_log, NULL, &errors, &worker),
                     0);
    ck_assert_int_eq(worker_listen(worker), -EADDRINUSE);
    (void)await("cannot bind unix:one: ");
    (void)await("cannot bind unix:two: ");
    worker_free(worker);
    (void)await("fini of ");
    (void)await("fini of ");
    log_close(&server_log);
    errors_fini(&errors);
}
END_TEST

/* The last one that refuses does not hide the first, nor does one that
   starts. */
START_TEST(every_init_that_refuses_is_told)
{
    struct worker *worker = NULL;
    struct errors errors;
    struct log server_log;

    add_entry(&refusing, "unix:one");
    add_entry(&refusing, "unix:two");
    errors_init(&errors);
    open_child_log(&server_log);
    ck_assert_int_eq(worker_new(&config, &server_log, NULL, &errors, &worker),
                     -EINVAL);
    ck_assert_ptr_null(worker);
    ck_assert_uint_eq(errors_count(&errors), 1);
    (void)await("fini of second");
    ck_assert_ptr_null(strstr(lines, "fini of first"));
    entries[1].name = "third";
    ck_assert_int_eq(worker_new(&config, &server_log, NULL, &errors, &worker),
                     -EINVAL);
    ck_assert_uint_eq(errors_count(&errors), 3);
    log_close(&server_log);
    errors_fini(&errors);
}
END_TEST

START_TEST(freeing_null_is_fine)
{
    worker_free(NULL);
}
END_TEST

/* --------------------------------------------------------- without a process */

/* Whoever logs at all logs a detail. */
static void log_of_all(struct worker *worker, struct log *server_log)
{
    const struct connections *all = worker_connections(worker);

    LOG(server_log, LOG_DEBUG, NULL, "a detail of the server");
    for (size_t i = 0; i < all->entry_count; i++) {
        berth_entry *entry = &all->entries[i].head;

        if (!config.entries[i].is_aside) {
            berth_entry_log(entry, BERTH_DEBUG, "a detail of %s", entry->name);
        }
    }
    log_write(server_log, NULL, LOG_ERROR, NULL, "that was all");
    (void)await("that was all");
}

static struct worker *make_worker(struct log *server_log)
{
    struct worker *worker = NULL;
    struct errors errors;

    errors_init(&errors);
    open_child_log(server_log);
    ck_assert_int_eq(worker_new(&config, server_log, NULL, &errors, &worker),
                     0);
    errors_fini(&errors);
    return worker;
}

START_TEST(the_level_counts_also_for_entries_that_have_their_own)
{
    struct log server_log;
    struct worker *worker;

    entries[1].log.level = LOG_ERROR;
    add_entry(&chatty, "unix:first");
    add_entry(&chatty, "unix:second");
    worker = make_worker(&server_log);
    log_of_all(worker, &server_log);
    ck_assert_ptr_null(strstr(lines, "a detail"));
    worker_set_log_level(worker, LOG_DEBUG);
    log_of_all(worker, &server_log);
    ck_assert_ptr_nonnull(strstr(lines, "a detail of the server"));
    ck_assert_ptr_nonnull(strstr(lines, "a detail of first"));
    ck_assert_ptr_nonnull(strstr(lines, "a detail of second"));
    lines[line_bytes = seen_bytes = 0] = '\0';
    worker_set_log_level(worker, LOG_INFO);
    log_of_all(worker, &server_log);
    ck_assert_ptr_null(strstr(lines, "a detail"));
    ck_assert(worker_free(worker));
    log_close(&server_log);
}
END_TEST

START_TEST(entries_that_are_put_aside_have_no_level)
{
    struct log server_log;
    struct worker *worker;

    entries[0].is_aside = true;
    add_entry(&chatty, "unix:first");
    add_entry(&chatty, "unix:second");
    worker = make_worker(&server_log);
    worker_set_log_level(worker, LOG_DEBUG);
    log_of_all(worker, &server_log);
    ck_assert_ptr_null(strstr(lines, "a detail of first"));
    ck_assert_ptr_nonnull(strstr(lines, "a detail of second"));
    ck_assert(worker_free(worker));
    log_close(&server_log);
}
END_TEST

UNIT_MAIN_WITH("worker",
               set_up,
               tear_down,
               port_0_is_told_and_served,
               connections_are_served_level_triggered,
               connections_are_served_edge_triggered,
               each_entry_has_its_own_listeners,
               entries_at_one_address_are_told_apart,
               one_that_leaves_makes_room_for_one_that_waits,
               every_entry_begins_and_ends,
               each_entry_logs_at_its_own_level,
               an_idle_worker_ends_when_told,
               what_the_kernel_holds_is_answered_before_the_end,
               while_it_drains_it_serves_on_but_takes_no_newcomers,
               a_second_signal_ends_it_at_once,
               when_drain_timeout_has_passed_it_ends,
               a_job_is_awaited_though_its_client_is_gone,
               a_job_that_hangs_is_left_behind,
               sigusr1_opens_the_log_anew_and_tells_each_entry,
               every_address_that_cannot_be_bound_is_told,
               every_init_that_refuses_is_told,
               freeing_null_is_fine,
               the_level_counts_also_for_entries_that_have_their_own,
               entries_that_are_put_aside_have_no_level)
