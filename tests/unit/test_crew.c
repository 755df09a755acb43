/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "cli.h"
#include "fixtures.h"
#include "listing.h"
#include "unit.h"

#define ADDRESSES_MAX 2
#define ENTRIES_MANY 90 /* errors are bounded, too */
#define TEXT_MAX 131072

/* The supervisor's side is the test's. */
static struct loop loop;
static struct channel channel;
static struct stats *stats;
static struct log worker_log;
static struct snapshot *snapshot;
static struct shards *shards[ADDRESSES_MAX];
static const uint32_t workers[ADDRESSES_MAX];
static size_t address_count; /* of the configuration: all are different */
static struct index_set aside;
static char folder[PATH_MAX];
static const char *const folders[] = {folder};
static const struct plugin_path path = {.folders = folders, .count = 1};
static struct config_source source;
static int slot;
static pid_t child;

/* What the worker said. */
static struct {
    uint32_t types[64];
    size_t count;
    struct crew_result result; /* the last one */
    int fd;                    /* that came with it */
    char text[TEXT_MAX];       /* of refusals */
    size_t size;
    size_t pieces;
    bool has_ended;
} said;

/* ------------------------------------------------------------- the channel */

static void hear(void *owner, const struct channel_message *message)
{
    (void)owner;
    ck_assert(!said.has_ended);
    if (message->type == CHANNEL_END) {
        said.has_ended = true;
        return;
    }
    if (message->type == CREW_DONE) {
        ck_assert_uint_eq(message->size, sizeof(said.result));
        memcpy(&said.result, message->data, message->size);
        said.fd = message->fd;
    } else {
        ck_assert_int_eq(message->fd, -1);
    }
    if (message->type == CREW_REFUSED) {
        ck_assert_uint_le(said.size + message->size, sizeof(said.text));
        memcpy(said.text + said.size, message->data, message->size);
        said.size += message->size;
        if (said.pieces++ > 0) {
            return; /* one refusal in all */
        }
    }
    ck_assert_uint_lt(said.count, 64);
    said.types[said.count++] = message->type;
}

/* It says this next. */
static void await(enum crew_answer answer)
{
    static size_t heard;

    while (said.count == heard && !said.has_ended) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_uint_gt(said.count, heard);
    ck_assert_uint_eq(said.types[heard], answer);
    heard++;
}

static void send_with(uint32_t type, const void *data, size_t size, int fd)
{
    const struct channel_message message = {type, data, size, fd};

    ck_assert_int_eq(channel_send(channel.fd, &message), 0);
}

static void order(uint32_t type, const void *data, size_t size)
{
    send_with(type, data, size, -1);
}

static int64_t request(enum crew_order type, uint64_t subject)
{
    static uint64_t last = 100;
    const struct crew_request asked = {.request = ++last, .subject = subject};

    order(type, &asked, sizeof(asked));
    await(CREW_DONE);
    ck_assert_uint_eq(said.result.request, last);
    return said.result.result;
}

static void send_roster(uint32_t count, uint32_t present)
{
    struct roster roster;

    roster_init(&roster, count);
    for (uint32_t i = 0; i < count; i++) {
        roster_set(&roster, i, (present >> i & 1) != 0);
    }
    order(CREW_ROSTER, &roster, sizeof(roster));
}

static void send_set(uint32_t type, size_t member)
{
    struct index_set set = {.bits = {0}};

    index_set_add(&set, member);
    order(type, &set, sizeof(set));
}

static void send_stop(int reason, bool is_kept)
{
    struct crew_stop stop = {.reason = reason};

    if (is_kept) {
        index_set_add(&stop.kept, 0);
    }
    order(CREW_STOP, &stop, sizeof(stop));
}

/* -------------------------------------------------------------- the worker */

static _Noreturn void run_worker(int end, uint32_t number)
{
    const struct crew_parts parts = {
        .source = &source,
        .log = &worker_log,
        .stats = stats,
        .slot = (unsigned)slot,
        .channel = end,
        .addresses =
            {
                .shards = (const struct shards *const *)shards,
                .workers = workers,
                .count = address_count,
                .worker = number,
            },
        .aside = &aside,
    };
    bool may_free = false;
    int status;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)close(channel.fd); /* the loop is shared with the test */
    status = crew_run(&parts, &may_free);
    exit(may_free ? status : 99);
}

static void open_address(size_t i, const char *text)
{
    struct address address;
    const struct socket_parts parts = {
        .address = &address, .backlog = 16, .mode = -1};
    const char *why;
    const char *hint;
    const char *step;

    ck_assert_int_eq(address_parse(&address, text, fixtures_root, &why, &hint),
                     0);
    ck_assert_int_eq(shards_open(&parts, 1, &shards[i], &step), 0);
}

/* As the checker leaves it. */
static void take_snapshot(const char *text)
{
    struct config *config = NULL;
    struct errors errors;

    fixtures_write("server.yaml", text, strlen(text));
    source = (struct config_source){
        .path = strdup(fixtures_path("server.yaml")),
        .folders = {.plugins = &path, .snapshot = snapshot},
    };
    errors_init(&errors);
    ck_assert_int_eq(config_read(&source, &errors, &config), 0);
    address_count = config->listener_count;
    config_free(config);
    errors_fini(&errors);
    snapshot_seal(snapshot);
}

static void start(const char *text, uint32_t number)
{
    int ends[2];

    take_snapshot(text);
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(channel_open(&channel, &loop, ends[0], hear, NULL), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        run_worker(ends[1], number);
    }
    ck_assert_int_eq(close(ends[1]), 0);
}

#define ONE                                                                    \
    "drain_timeout: none\n"                                                    \
    "protocols:\n"                                                             \
    "  - plugin: witness\n"                                                    \
    "    name: first\n"                                                        \
    "    listen: unix:first\n"
#define TWO                                                                    \
    ONE "  - plugin: witness\n"                                                \
        "    name: second\n"                                                   \
        "    listen: unix:second\n"

/* It serves all by itself. */
static void serve(const char *text)
{
    start(text, 0);
    await(CREW_READY);
    send_roster(1, 1);
}

static int wait_for_child(void)
{
    int status;

    ck_assert_int_eq(waitpid(child, &status, 0), child);
    child = 0;
    return status;
}

/* It says that all is done, and is gone. */
static void expect_end(int status)
{
    int found;

    await(CREW_LEAVING);
    while (!said.has_ended) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    found = wait_for_child();
    ck_assert(WIFEXITED(found));
    ck_assert_int_eq(WEXITSTATUS(found), status);
}

static void set_up(void)
{
    fixtures_begin();
    fixtures_find("witness", folder);
    *strrchr(folder, '/') = '\0';
    said.fd = -1;
    channel.fd = -1;
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(stats_new(2, &stats), 0);
    slot = stats_claim(stats, 0, 1);
    ck_assert_int_ge(slot, 0);
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
    ck_assert_int_eq(
        log_open(&worker_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
    open_address(0, "unix:first");
    open_address(1, "unix:second");
}

static void tear_down(void)
{
    if (child > 0) {
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
    }
    if (said.fd >= 0) {
        (void)close(said.fd);
    }
    channel_close(&channel);
    loop_close(&loop);
    for (size_t i = 0; i < ADDRESSES_MAX; i++) {
        shards_close(shards[i]);
    }
    free((void *)(uintptr_t)source.path);
    snapshot_free(snapshot);
    stats_free(stats);
    log_close(&worker_log);
    fixtures_end();
}

static bool is_logged(const char *file, const char *text)
{
    size_t size;
    char *bytes = fixtures_read(fixtures_path(file), &size);
    const bool is_there = memmem(bytes, size, text, strlen(text)) != NULL;

    free(bytes);
    return is_there;
}

/* ----------------------------------------------------------------- clients */

static int dial(size_t i)
{
    const struct address *address = &shards[i]->sockets[0].address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        connect(fd, (const struct sockaddr *)&address->storage, address->size),
        0);
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* The worker answers. */
static void hear_answer(int fd, const char *text)
{
    char expected[64];
    char heard[64] = "";

    (void)snprintf(expected, sizeof(expected), "%ld one %s", (long)child, text);
    ck_assert_int_eq(recv(fd, heard, strlen(expected), MSG_WAITALL),
                     (ssize_t)strlen(expected));
    ck_assert_str_eq(heard, expected);
}

static int dial_and_talk(size_t i)
{
    int fd = dial(i);

    say(fd, "hello\n");
    hear_answer(fd, "hello\n");
    return fd;
}

/* Nothing more comes: an end, or a reset. */
static void hear_end(int fd)
{
    char byte;
    const ssize_t count = recv(fd, &byte, 1, 0);

    ck_assert(count == 0 || (count < 0 && errno == ECONNRESET));
    (void)close(fd);
}

/* The worker has accepted whom it wants to: it answers after its turn. */
static int64_t count_connections(void)
{
    const int64_t count = request(CREW_CONNECTIONS, 0);

    ck_assert_int_ge(said.fd, 0);
    (void)close(said.fd);
    said.fd = -1;
    return count;
}

/* The only one. */
static struct listing_row find_connection(void)
{
    struct listing_row row;

    ck_assert_int_eq(request(CREW_CONNECTIONS, 0), 1);
    ck_assert_int_eq(pread(said.fd, &row, sizeof(row), 0),
                     (ssize_t)sizeof(row));
    ck_assert_int_eq(lseek(said.fd, 0, SEEK_END), (off_t)sizeof(row));
    (void)close(said.fd);
    said.fd = -1;
    return row;
}

/* Whoever waits at the address is this process's to accept. */
static void expect_waiting(size_t i)
{
    struct pollfd waiting = {.fd = shards[i]->sockets[0].fd, .events = POLLIN};
    int fd;

    ck_assert_int_eq(poll(&waiting, 1, 0), 1);
    fd = accept4(waiting.fd, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    (void)close(fd);
}

/* --------------------------------------------------------------- beginning */

START_TEST(it_is_ready_and_waits_for_a_roster)
{
    int fd;

    start(ONE, 0);
    await(CREW_READY);
    fd = dial(0);
    say(fd, "hello\n");
    ck_assert_int_eq(count_connections(), 0);
    ck_assert_int_eq(count_connections(), 0);
    send_roster(1, 1);
    hear_answer(fd, "hello\n");
    ck_assert_int_eq(count_connections(), 1);
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(an_init_that_refuses_is_told_and_it_leaves)
{
    start(ONE "    settings:\n      init: refuse\n", 0);
    await(CREW_REFUSED);
    expect_end(CLI_EXIT_CONFIG);
    said.text[said.size] = '\0';
    ck_assert_ptr_nonnull(strstr(said.text, "server.yaml:7:"));
    ck_assert_ptr_nonnull(strstr(said.text, "it was told so"));
}
END_TEST

START_TEST(a_long_refusal_comes_in_pieces)
{
    static char text[TEXT_MAX];
    size_t size = (size_t)snprintf(text, sizeof(text), "protocols:\n");
    size_t count = 0;

    for (int i = 0; i < ENTRIES_MANY; i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size,
                                 "  - plugin: witness\n"
                                 "    name: entry-%d\n"
                                 "    listen: unix:%d\n"
                                 "    settings: {init: refuse} # a long line, "
                                 "so that there is more to be told of it\n",
                                 i, i);
    }
    start(text, 0);
    await(CREW_REFUSED);
    expect_end(CLI_EXIT_CONFIG);
    said.text[said.size] = '\0';
    ck_assert_uint_gt(said.pieces, 1);
    for (const char *at = said.text;
         (at = strstr(at, "it was told so")) != NULL; at++) {
        count++;
    }
    ck_assert_uint_eq(count, ENTRIES_MANY);
}
END_TEST

/* Its init is not run, either; its address is not the worker's. */
START_TEST(an_entry_that_is_aside_is_not_served)
{
    struct shards *dropped = shards[1];
    int fd;

    index_set_add(&aside, 1);
    shards[1] = NULL;
    serve(TWO "    settings:\n      init: refuse\n");
    shards[1] = dropped;
    (void)close(dial_and_talk(0));
    fd = dial(1);
    (void)count_connections();
    expect_waiting(1);
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(it_accepts_what_is_its_own_by_the_roster)
{
    int fd;

    start(ONE, 1);
    await(CREW_READY);
    send_roster(2, 1); /* worker 0 alone is there */
    fd = dial(0);
    ck_assert_int_eq(count_connections(), 0);
    send_roster(2, 2); /* who has gone */
    say(fd, "hello\n");
    hear_answer(fd, "hello\n");
    (void)close(fd);
    send_roster(2, 1); /* and has come back */
    (void)count_connections();
    fd = dial(0);
    (void)count_connections();
    expect_waiting(0);
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

/* ------------------------------------------------------------------- ending */

START_TEST(told_to_stop_it_finishes_and_leaves)
{
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    send_stop(BERTH_EXIT, false);
    await(CREW_STOPPED);
    hear_end(fd);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(at_a_reload_its_connections_go_on)
{
    int fds[2];

    serve(ONE);
    fds[0] = dial_and_talk(0);
    send_stop(BERTH_RELOAD, true);
    await(CREW_STOPPED);
    fds[1] = dial(0); /* the next generation's */
    say(fds[0], "again\n");
    hear_answer(fds[0], "again\n");
    ck_assert_int_eq(count_connections(), 1);
    expect_waiting(0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    expect_end(CLI_EXIT_OK);
}
END_TEST

/* Who waits at an address that others do not serve is accepted first. */
START_TEST(what_is_not_kept_is_emptied)
{
    int fds[2];

    start(TWO, 0);
    await(CREW_READY);
    fds[0] = dial(0);
    fds[1] = dial(1);
    say(fds[1], "hello\n");
    send_stop(BERTH_RELOAD, true);
    await(CREW_STOPPED);
    hear_answer(fds[1], "hello\n");
    ck_assert_int_eq(count_connections(), 1);
    expect_waiting(0);
    (void)close(fds[0]);
    (void)close(fds[1]);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(after_a_reload_it_may_be_told_that_all_ends)
{
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    send_stop(BERTH_RELOAD, false);
    await(CREW_STOPPED);
    send_stop(BERTH_EXIT, false);
    await(CREW_STOPPED);
    hear_end(fd);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(told_to_leave_it_does_so_at_once)
{
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    order(CREW_END, NULL, 0);
    hear_end(fd);
    expect_end(CLI_EXIT_OK);
    ck_assert(is_logged("log", "told to leave: 1 connection ended"));
}
END_TEST

START_TEST(without_a_supervisor_it_finishes_and_leaves)
{
    int status;
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    channel_close(&channel);
    hear_end(fd);
    status = wait_for_child();
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), CLI_EXIT_OK);
}
END_TEST

START_TEST(sigterm_stops_it_and_it_tells)
{
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    ck_assert_int_eq(kill(child, SIGTERM), 0);
    await(CREW_STOPPED);
    hear_end(fd);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(what_a_terminal_sends_to_all_is_not_for_it)
{
    static const int numbers[] = {SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT};
    int fd;

    serve(ONE);
    fd = dial_and_talk(0);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        ck_assert_int_eq(kill(child, numbers[i]), 0);
        say(fd, "still\n");
        hear_answer(fd, "still\n");
    }
    ck_assert_int_eq(count_connections(), 1);
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(its_last_words_are_in_the_slot)
{
    const struct stats_death *death = stats_death(stats, (unsigned)slot);

    serve(ONE);
    (void)close(dial_and_talk(0));
    ck_assert_uint_eq(atomic_load(&death->is_noted), 0);
    ck_assert_int_eq(kill(child, SIGSYS), 0);
    (void)wait_for_child();
    ck_assert_uint_eq(atomic_load(&death->is_noted), 1);
    ck_assert_int_eq(atomic_load(&death->signal), SIGSYS);
    ck_assert_uint_eq(atomic_load(&death->is_own), 0);
}
END_TEST

static int
count_accepted(void *arg, const struct account_view *view, uint64_t generation)
{
    uint64_t *accepted = arg;

    ck_assert_uint_eq(generation, 1);
    *accepted += view->values[ACCOUNT_ACCEPTED];
    return 0;
}

START_TEST(what_it_does_is_counted_in_its_slot)
{
    uint64_t accepted = 0;

    serve(ONE);
    (void)close(dial_and_talk(0));
    (void)close(dial_and_talk(0));
    ck_assert_int_eq(stats_visit(stats, count_accepted, &accepted), 0);
    ck_assert_uint_eq(accepted, 2);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

/* ------------------------------------------------------------------- orders */

START_TEST(the_log_goes_to_another_file)
{
    int fd = open(fixtures_path("other"),
                  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

    ck_assert_int_ge(fd, 0);
    serve(ONE);
    send_with(CREW_LOG_FILE, NULL, 0, fd);
    (void)close(fd);
    send_stop(BERTH_EXIT, false);
    await(CREW_STOPPED);
    expect_end(CLI_EXIT_OK);
    ck_assert(is_logged("other", "stopping"));
    ck_assert(!is_logged("log", "stopping"));
}
END_TEST

START_TEST(the_level_of_the_log_is_changed)
{
    const int32_t level = LOG_ERROR;

    serve(ONE);
    order(CREW_LOG_LEVEL, &level, sizeof(level));
    send_stop(BERTH_EXIT, false);
    await(CREW_STOPPED);
    expect_end(CLI_EXIT_OK);
    ck_assert(!is_logged("log", "stopping"));
}
END_TEST

START_TEST(an_address_is_dropped)
{
    int fds[2];

    serve(TWO);
    fds[0] = dial_and_talk(0);
    send_set(CREW_DROP, 0);
    ck_assert_int_eq(count_connections(), 1);
    fds[1] = dial(0);
    (void)count_connections();
    expect_waiting(0);
    say(fds[0], "still\n"); /* whoever is there stays */
    hear_answer(fds[0], "still\n");
    (void)close(fds[0]);
    (void)close(fds[1]);
    (void)close(dial_and_talk(1));
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(an_entry_is_put_aside_with_its_connections)
{
    int fds[2];

    serve(TWO);
    fds[0] = dial_and_talk(0);
    fds[1] = dial_and_talk(1);
    send_set(CREW_ASIDE, 0);
    hear_end(fds[0]);
    say(fds[1], "still\n");
    hear_answer(fds[1], "still\n");
    (void)close(fds[1]);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(connections_are_listed_in_a_file)
{
    struct listing_row row;
    int fd;

    serve(ONE);
    ck_assert_int_eq(count_connections(), 0);
    fd = dial_and_talk(0);
    row = find_connection();
    ck_assert_str_eq(row.entry, "first");
    ck_assert_str_eq(row.waits, "the next bytes");
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(a_connection_is_closed_by_its_number)
{
    uint64_t number;
    int fds[2];

    serve(ONE);
    fds[0] = dial_and_talk(0);
    number = find_connection().number;
    fds[1] = dial_and_talk(0);
    ck_assert_int_eq(request(CREW_CLOSE, number), 0);
    hear_end(fds[0]);
    ck_assert_int_eq(request(CREW_CLOSE, UINT64_MAX), -ENOENT);
    ck_assert_int_eq(said.fd, -1);
    say(fds[1], "still\n");
    hear_answer(fds[1], "still\n");
    (void)close(fds[1]);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(an_entry_is_drained)
{
    int fds[3];

    serve(TWO);
    fds[0] = dial_and_talk(0);
    fds[1] = dial_and_talk(0);
    fds[2] = dial_and_talk(1);
    ck_assert_int_eq(request(CREW_DRAIN, 0), 2);
    hear_end(fds[0]);
    hear_end(fds[1]);
    ck_assert_int_eq(request(CREW_DRAIN, 7), 0); /* no such entry */
    say(fds[2], "still\n");
    hear_answer(fds[2], "still\n");
    (void)close(fds[2]);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

START_TEST(messages_of_a_wrong_size_are_passed_over)
{
    static const uint32_t types[] = {
        CREW_ROSTER, CREW_STOP,        CREW_LOG_LEVEL, CREW_DROP,
        CREW_ASIDE,  CREW_CONNECTIONS, CREW_CLOSE,     CREW_DRAIN,
    };
    int fd;

    serve(TWO);
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        order(types[i], "abc", 3);
    }
    ck_assert_int_eq(count_connections(), 0);
    fd = dial_and_talk(0);
    (void)close(fd);
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

/* What comes with it is closed. */
START_TEST(orders_of_a_later_version_are_passed_over)
{
    int ends[2];
    char byte;

    serve(ONE);
    ck_assert_int_eq(pipe(ends), 0);
    send_with(4711, "future", 6, ends[1]);
    (void)close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 0);
    (void)close(ends[0]);
    (void)close(dial_and_talk(0));
    order(CREW_END, NULL, 0);
    expect_end(CLI_EXIT_OK);
}
END_TEST

UNIT_MAIN_WITH("crew",
               set_up,
               tear_down,
               it_is_ready_and_waits_for_a_roster,
               an_init_that_refuses_is_told_and_it_leaves,
               a_long_refusal_comes_in_pieces,
               an_entry_that_is_aside_is_not_served,
               it_accepts_what_is_its_own_by_the_roster,
               told_to_stop_it_finishes_and_leaves,
               at_a_reload_its_connections_go_on,
               what_is_not_kept_is_emptied,
               after_a_reload_it_may_be_told_that_all_ends,
               told_to_leave_it_does_so_at_once,
               without_a_supervisor_it_finishes_and_leaves,
               sigterm_stops_it_and_it_tells,
               what_a_terminal_sends_to_all_is_not_for_it,
               its_last_words_are_in_the_slot,
               what_it_does_is_counted_in_its_slot,
               the_log_goes_to_another_file,
               the_level_of_the_log_is_changed,
               an_address_is_dropped,
               an_entry_is_put_aside_with_its_connections,
               connections_are_listed_in_a_file,
               a_connection_is_closed_by_its_number,
               an_entry_is_drained,
               messages_of_a_wrong_size_are_passed_over,
               orders_of_a_later_version_are_passed_over)
