/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"
#include "fixtures.h"
#include "host.h"
#include "unit.h"

#define MANY 100 /* more than are accepted in one go */

static struct loop loop;
static struct connections connections;
static struct log server_log;
static struct entry entry;
static struct watch watch;
static struct host host;
static uint64_t clock_ms = 1000;

static struct listener listener;
static struct listener other;
static const char *step;

static size_t opened;
static size_t closed;
static uint16_t last_index; /* of the listener that the last one came by */
static int last_fd;
static bool closes_at_once;

static int note_open(berth_conn *c)
{
    opened++;
    last_index = connection_of(c)->listener;
    last_fd = connection_of(c)->stream.fd;
    return closes_at_once ? -ECANCELED : 0;
}

static ssize_t echo_data(berth_conn *c, char *data, size_t size)
{
    return berth_write(c, data, size);
}

static void note_close(berth_conn *c, int why)
{
    (void)c;
    (void)why;
    closed++;
}

static const berth_protocol counting =
    BERTH_PROTOCOL_INIT(.name = "counting",
                        .on_open = note_open,
                        .on_data = echo_data,
                        .on_close = note_close);

/* ---------------------------------------------------------------- fixtures */

static uint64_t tell_time(void *arg)
{
    (void)arg;
    return clock_ms;
}

/* The loop never waits: it is the tests that know what is to come. */
static bool end_turn(void *arg)
{
    (void)driver_end_turn(arg);
    return true;
}

static void set_up(void)
{
    const struct limits limits = {.input = 65536, .output = 1048576};
    struct entry_parts parts = {
        .name = "counting",
        .protocol = &counting,
        .limits = &limits,
        .host = &host.table,
        .connections = &connections,
        .loop = &loop,
        .watch = &watch,
        .log = &server_log,
    };

    const struct connections_parts shared = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &loop,
        .log = &server_log,
        .host = &host.table,
    };

    host_init(&host);
    fixtures_begin();
    listener.socket.fd = -1;
    other.socket.fd = -1;
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
    watch_init(&watch, 0, NULL);
    ck_assert_int_eq(loop_open(&loop, tell_time, NULL, end_turn, &connections),
                     0);
    loop.is_busy = true;
    ck_assert_int_eq(connections_init(&connections, &shared), 0);
    ck_assert_int_eq(entry_init(&entry, &parts), 0);
}

static void tear_down(void)
{
    listener_close(&listener);
    listener_close(&other);
    driver_kill_all(&connections);
    ck_assert_uint_eq(opened, closed);
    entry_fini(&entry);
    connections_fini(&connections);
    loop_close(&loop);
    log_close(&server_log);
    fixtures_end();
}

static void parse(struct address *address, const char *text)
{
    const char *why = "";
    const char *hint;
    int error = address_parse(address, text, fixtures_root, &why, &hint);

    ck_assert_msg(error == 0, "%s: %s", text, why);
}

static int open_with_mode(struct listener *to, const char *text, int32_t mode)
{
    struct address address;
    struct listener_parts parts = {
        .entry = &entry,
        .index = 7,
        .address = &address,
        .backlog = 128,
        .mode = mode,
    };

    parse(&address, text);
    step = NULL;
    return listener_open(to, &parts, &step);
}

static int open_at(struct listener *to, const char *text)
{
    return open_with_mode(to, text, -1);
}

static void listen_at(const char *text)
{
    ck_assert_int_eq(open_at(&listener, text), 0);
    ck_assert_int_eq(listener_start(&listener), 0);
}

static void take_turn(void)
{
    ck_assert_int_eq(loop_turn(&loop), 0);
}

static void expect_opened(size_t count)
{
    while (opened < count) {
        take_turn();
    }
    take_turn();
    ck_assert_uint_eq(opened, count);
}

static int connect_to(const struct address *address)
{
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

/* A connection that the kernel holds for the listener. */
static int dial(void)
{
    struct pollfd waiting = {.fd = listener.socket.fd, .events = POLLIN};
    int fd = connect_to(&listener.socket.address);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(poll(&waiting, 1, -1), 1);
    return fd;
}

static void hang_up(int fd)
{
    size_t before = closed;

    (void)close(fd);
    while (closed == before) {
        take_turn();
    }
    take_turn(); /* frees it */
}

/* The listener's port on the loopback of another family. */
static struct address local_address(const char *text)
{
    const struct sockaddr_in6 *in6 =
        (const void *)&listener.socket.address.storage;
    struct address address;

    parse(&address, text);
    /* The port is at the same place in both structs. */
    ((struct sockaddr_in6 *)(void *)&address.storage)->sin6_port =
        in6->sin6_port;
    return address;
}

/* Is there no IPv6 here? Then there is nothing to test. */
static bool lacks_ipv6(void)
{
    int error = open_at(&other, "[::1]:0");

    listener_close(&other);
    return error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

/* --------------------------------------------------------------------- TCP */

START_TEST(port_0_gives_the_real_address)
{
    char text[ADDRESS_TEXT_MAX];
    int fd;

    listen_at("127.0.0.1:0");
    (void)address_format(&listener.socket.address, text, sizeof(text));
    ck_assert_int_eq(strncmp(text, "127.0.0.1:", 10), 0);
    ck_assert_int_gt(strtol(text + 10, NULL, 10), 0);
    fd = dial();
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(ipv6_is_listened_on_alone)
{
    struct address v4;
    int fd;

    if (lacks_ipv6()) {
        return;
    }
    listen_at("[::]:0");
    v4 = local_address("127.0.0.1:0");
    ck_assert_int_eq(connect_to(&v4), -ECONNREFUSED);
    fd = dial();
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(a_star_takes_both_families)
{
    struct address v4;
    struct address v6;
    int fds[2];

    listen_at("*:0");
    v4 = local_address("127.0.0.1:0");
    fds[0] = connect_to(&v4);
    ck_assert_int_ge(fds[0], 0);
    expect_opened(1);
    hang_up(fds[0]);
    if (lacks_ipv6()) {
        return;
    }
    v6 = local_address("[::1]:0");
    fds[1] = connect_to(&v6);
    ck_assert_int_ge(fds[1], 0);
    expect_opened(2);
    hang_up(fds[1]);
}
END_TEST

START_TEST(an_address_in_use_is_refused)
{
    char text[ADDRESS_TEXT_MAX];
    int fd;

    listen_at("127.0.0.1:0");
    (void)address_format(&listener.socket.address, text, sizeof(text));
    ck_assert_int_eq(open_at(&other, text), -EADDRINUSE);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(other.socket.fd, -1);
    fd = dial(); /* the first one goes on */
    expect_opened(1);
    hang_up(fd);
}
END_TEST

/* The server closes first, so that its side stays in TIME_WAIT. */
START_TEST(an_address_can_be_bound_again_at_once)
{
    char text[ADDRESS_TEXT_MAX];
    char byte;
    int fd;

    closes_at_once = true;
    listen_at("127.0.0.1:0");
    (void)address_format(&listener.socket.address, text, sizeof(text));
    fd = dial();
    expect_opened(1);
    ck_assert_int_eq(read(fd, &byte, 1), 0);
    (void)close(fd);
    while (connections.open > 0) {
        take_turn();
    }
    listener_close(&listener);
    ck_assert_int_eq(open_at(&listener, text), 0);
}
END_TEST

START_TEST(an_address_that_is_not_ours_cannot_be_bound)
{
    ck_assert_int_eq(open_at(&listener, "192.0.2.1:0"), -EADDRNOTAVAIL);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(listener.socket.fd, -1);
}
END_TEST

static int option_of(int fd, int level, int option)
{
    int value = -1;
    socklen_t size = sizeof(value);

    ck_assert_int_eq(getsockopt(fd, level, option, &value, &size), 0);
    return value;
}

START_TEST(connections_inherit_what_they_need)
{
    int fd;

    listen_at("127.0.0.1:0");
    ck_assert_int_eq(fcntl(listener.socket.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(listener.socket.fd, F_GETFL) & O_NONBLOCK, 0);
    fd = dial();
    expect_opened(1);
    ck_assert_int_eq(fcntl(last_fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(last_fd, F_GETFL) & O_NONBLOCK, 0);
    ck_assert_int_ne(option_of(last_fd, IPPROTO_TCP, TCP_NODELAY), 0);
    ck_assert_int_ne(option_of(last_fd, SOL_SOCKET, SO_OOBINLINE), 0);
    hang_up(fd);
}
END_TEST

/* ------------------------------------------------------------------- paths */

static bool path_exists(const char *name)
{
    struct stat status;

    return lstat(fixtures_path(name), &status) == 0;
}

/* A socket of somebody else. */
static int bind_path(const char *text)
{
    struct address address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    parse(&address, text);
    ck_assert_int_eq(
        bind(fd, (struct sockaddr *)&address.storage, address.size), 0);
    return fd;
}

START_TEST(a_path_is_there_while_it_is_listened_on)
{
    int fd;

    listen_at("unix:socket");
    ck_assert(path_exists("socket"));
    fd = dial();
    expect_opened(1);
    hang_up(fd);
    listener_close(&listener);
    ck_assert(!path_exists("socket"));
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
    int fd;

    (void)close(bind_path("unix:socket"));
    ck_assert(path_exists("socket"));
    listen_at("unix:socket");
    fd = dial();
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(a_living_socket_is_left_alone)
{
    int fd;

    listen_at("unix:socket");
    ck_assert_int_eq(open_at(&other, "unix:socket"), -EADDRINUSE);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(other.socket.fd, -1);
    listener_close(&other);
    fd = dial();
    expect_opened(2); /* the question whether it lives was one */
    hang_up(fd);
}
END_TEST

START_TEST(what_is_not_a_socket_is_left_alone)
{
    size_t size;
    char *bytes;

    fixtures_write("file", "precious", 8);
    ck_assert_int_eq(symlink("nowhere", fixtures_path("link")), 0);
    ck_assert_int_eq(mkdir(fixtures_path("folder"), 0700), 0);
    ck_assert_int_eq(open_at(&listener, "unix:file"), -EEXIST);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(listener.socket.fd, -1);
    ck_assert_int_eq(open_at(&listener, "unix:link"), -EEXIST);
    ck_assert_int_eq(open_at(&listener, "unix:folder"), -EEXIST);
    bytes = fixtures_read(fixtures_path("file"), &size);
    ck_assert_uint_eq(size, 8);
    ck_assert_int_eq(memcmp(bytes, "precious", 8), 0);
    ck_assert(path_exists("link"));
    ck_assert(path_exists("folder"));
    free(bytes);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_told)
{
    ck_assert_int_eq(open_at(&listener, "unix:missing/socket"), -ENOENT);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(listener.socket.fd, -1);
}
END_TEST

START_TEST(a_path_that_is_no_longer_ours_is_kept)
{
    int fd;

    listen_at("unix:socket");
    ck_assert_int_eq(unlink(fixtures_path("socket")), 0);
    fd = bind_path("unix:socket");
    listener_close(&listener);
    ck_assert(path_exists("socket"));
    (void)close(fd);
}
END_TEST

START_TEST(a_path_that_is_gone_is_no_problem)
{
    listen_at("unix:socket");
    ck_assert_int_eq(unlink(fixtures_path("socket")), 0);
    listener_close(&listener);
    ck_assert_int_eq(listener.socket.fd, -1);
}
END_TEST

static mode_t mode_of(const char *name)
{
    struct stat status;

    ck_assert_int_eq(lstat(fixtures_path(name), &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    return status.st_mode & 07777;
}

START_TEST(a_path_has_the_mode_that_was_asked_for)
{
    static const int32_t modes[] = {0600, 0660, 0666, 0777, 0};

    (void)umask(0027);
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        ck_assert_int_eq(open_with_mode(&listener, "unix:socket", modes[i]), 0);
        ck_assert_uint_eq(mode_of("socket"), (mode_t)modes[i]);
        listener_close(&listener);
    }
    ck_assert_int_eq(open_with_mode(&listener, "unix:socket", -1), 0);
    ck_assert_uint_eq(mode_of("socket"), 0750);
    ck_assert_int_eq(open_with_mode(&other, "unix:socket", 0666), -EADDRINUSE);
    ck_assert_uint_eq(mode_of("socket"), 0750);
    ck_assert_uint_eq(umask(0), 0027); /* as it was */
}
END_TEST

START_TEST(an_abstract_name_is_no_file)
{
    char name[64];
    int fd;

    (void)snprintf(name, sizeof(name), "unix:@berth-test-%d", (int)getpid());
    listen_at(name);
    ck_assert(!listener.socket.is_path);
    ck_assert_int_eq(open_at(&other, name), -EADDRINUSE);
    fd = dial();
    expect_opened(1);
    hang_up(fd);
}
END_TEST

/* --------------------------------------------------------------- accepting */

START_TEST(nothing_is_accepted_before_the_start)
{
    int fd;

    ck_assert_int_eq(open_at(&listener, "unix:socket"), 0);
    fd = dial();
    take_turn();
    take_turn();
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(listener_start(&listener), 0);
    expect_opened(1);
    ck_assert_uint_eq(last_index, 7);
    hang_up(fd);
}
END_TEST

/* One where nothing else is to do, more where there is much, never all. */
START_TEST(newcomers_have_a_part_of_a_turn)
{
    int fds[MANY];
    size_t before;

    listen_at("unix:socket");
    for (size_t i = 0; i < MANY; i++) {
        fds[i] = dial();
    }
    take_turn();
    ck_assert_uint_eq(opened, 1);
    expect_opened(MANY);
    for (size_t i = 0; i < MANY; i++) {
        (void)close(fds[i]);
        fds[i] = dial();
    }
    before = opened;
    take_turn(); /* MANY have ended, and as many have come */
    ck_assert_uint_gt(opened, before + 1);
    ck_assert_uint_lt(opened, before + (MANY / 2));
    expect_opened(before + MANY);
    for (size_t i = 0; i < MANY; i++) {
        (void)close(fds[i]);
    }
}
END_TEST

START_TEST(at_the_limit_newcomers_wait_until_one_leaves)
{
    int fds[3];

    entry.limits.connections = 2;
    listen_at("unix:socket");
    for (size_t i = 0; i < 3; i++) {
        fds[i] = dial();
    }
    expect_opened(2);
    ck_assert_int_eq(listener.pause, LISTENER_FULL);
    listener_resume(&listener);
    expect_opened(2); /* nobody has left */
    ck_assert_int_eq(listener.pause, LISTENER_FULL);
    hang_up(fds[0]);
    listener_resume(&listener);
    expect_opened(3);
    hang_up(fds[1]);
    hang_up(fds[2]);
}
END_TEST

START_TEST(resuming_what_runs_or_is_closed_does_nothing)
{
    int fd;

    listen_at("unix:socket");
    listener_resume(&listener);
    fd = dial();
    expect_opened(1);
    hang_up(fd);
    listener_close(&listener);
    listener_resume(&listener);
    ck_assert_int_eq(listener.socket.fd, -1);
    take_turn();
}
END_TEST

START_TEST(one_address_has_so_many_connections_and_the_next_is_closed)
{
    char byte;
    char *lines;
    size_t size;
    int fds[3];

    entry.limits.connections_per_ip = 2;
    listen_at("127.0.0.1:0");
    for (size_t i = 0; i < 3; i++) {
        fds[i] = dial();
        take_turn();
    }
    expect_opened(2);
    ck_assert_int_eq(read(fds[2], &byte, 1), 0);
    (void)close(fds[2]);
    lines = fixtures_read(fixtures_path("log"), &size);
    ck_assert_ptr_nonnull(memmem(lines, size, "connections_per_ip", 18));
    free(lines);
    hang_up(fds[0]);
    fds[0] = dial();
    expect_opened(3);
    hang_up(fds[0]);
    hang_up(fds[1]);
}
END_TEST

START_TEST(those_who_come_by_a_path_have_no_address_to_count)
{
    int fds[2];

    entry.limits.connections_per_ip = 1;
    listen_at("unix:socket");
    fds[0] = dial();
    fds[1] = dial();
    expect_opened(2);
    hang_up(fds[0]);
    hang_up(fds[1]);
}
END_TEST

/* Sets how many descriptors there may be. */
static void limit_descriptors(rlim_t count)
{
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = count;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(without_descriptors_it_pauses_and_tries_again)
{
    int fd;

    listen_at("unix:socket");
    fd = dial();
    limit_descriptors(1);
    take_turn();
    ck_assert_int_eq(listener.pause, LISTENER_EXHAUSTED);
    ck_assert(timer_is_set(&listener.source.timer));
    clock_ms += 60000;
    take_turn(); /* tries */
    take_turn(); /* and fails */
    ck_assert_int_eq(listener.pause, LISTENER_EXHAUSTED);
    ck_assert_uint_eq(opened, 0);
    limit_descriptors(512);
    take_turn();
    ck_assert_uint_eq(opened, 0); /* not before its time */
    clock_ms += 60000;
    expect_opened(1);
    ck_assert_int_eq(listener.pause, LISTENER_RUNS);
    hang_up(fd);
}
END_TEST

START_TEST(a_descriptor_given_back_ends_the_pause)
{
    int fd;

    listen_at("unix:socket");
    fd = dial();
    limit_descriptors(1);
    take_turn();
    ck_assert_int_eq(listener.pause, LISTENER_EXHAUSTED);
    limit_descriptors(512);
    listener_resume(&listener);
    ck_assert(!timer_is_set(&listener.source.timer));
    expect_opened(1);
    hang_up(fd);
}
END_TEST

/* ----------------------------------------------------------------- endings */

START_TEST(finishing_accepts_what_the_kernel_holds)
{
    struct address address;
    int fds[MANY];

    listen_at("unix:socket");
    address = listener.socket.address;
    for (size_t i = 0; i < MANY; i++) {
        fds[i] = dial();
    }
    listener_finish(&listener);
    ck_assert_uint_eq(opened, MANY);
    ck_assert_int_eq(listener.socket.fd, -1);
    ck_assert_int_eq(connect_to(&address), -ENOENT);
    for (size_t i = 0; i < MANY; i++) {
        (void)close(fds[i]);
    }
}
END_TEST

START_TEST(finishing_keeps_to_the_limit)
{
    int fds[2];

    entry.limits.connections = 1;
    listen_at("unix:socket");
    fds[0] = dial();
    fds[1] = dial();
    listener_finish(&listener);
    ck_assert_uint_eq(opened, 1);
    ck_assert(!path_exists("socket"));
    (void)close(fds[0]);
    (void)close(fds[1]);
}
END_TEST

START_TEST(finishing_does_not_wait_for_the_end_of_a_pause)
{
    int fd;

    listen_at("unix:socket");
    fd = dial();
    limit_descriptors(1);
    take_turn();
    ck_assert_int_eq(listener.pause, LISTENER_EXHAUSTED);
    limit_descriptors(512);
    listener_finish(&listener);
    ck_assert_uint_eq(opened, 1);
    ck_assert(!timer_is_set(&listener.source.timer));
    (void)close(fd);
}
END_TEST

START_TEST(closing_accepts_nobody_and_may_be_repeated)
{
    char byte;
    int fd;

    listen_at("unix:socket");
    fd = dial();
    listener_close(&listener);
    ck_assert_int_eq(listener.socket.fd, -1);
    ck_assert_int_eq(read(fd, &byte, 1), -1);
    ck_assert_int_eq(errno, ECONNRESET);
    listener_close(&listener);
    listener_finish(&listener);
    take_turn();
    ck_assert_uint_eq(opened, 0);
    (void)close(fd);
}
END_TEST

START_TEST(a_closed_one_does_not_try_again)
{
    int fd;

    listen_at("unix:socket");
    fd = dial();
    limit_descriptors(1);
    take_turn();
    ck_assert(timer_is_set(&listener.source.timer));
    listener_close(&listener);
    ck_assert(!timer_is_set(&listener.source.timer));
    limit_descriptors(512);
    clock_ms += 60000;
    take_turn();
    ck_assert_uint_eq(opened, 0);
    (void)close(fd);
}
END_TEST

/* ------------------------------------------- what another process has bound */

/* The descriptor of the supervisor, so to speak, which goes on listening. */
static int bind_for_adoption(const char *text, struct address *address)
{
    int fd;

    ck_assert_int_eq(open_at(&other, text), 0);
    *address = other.socket.address;
    fd = fcntl(other.socket.fd, F_DUPFD_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static int adopt(const char *text)
{
    struct address address;
    const struct listener_parts parts = {
        .entry = &entry,
        .index = 9,
        .address = &address,
    };
    const int fd = bind_for_adoption(text, &address);

    listener_adopt(&listener, &parts, fd);
    ck_assert(address_equals(&listener.socket.address, &address));
    return fd;
}

START_TEST(what_is_adopted_accepts_once_it_is_started)
{
    int fd;

    (void)adopt("127.0.0.1:0");
    fd = dial();
    take_turn();
    take_turn();
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(listener.pause, LISTENER_IDLE);
    ck_assert_int_eq(listener_start(&listener), 0);
    ck_assert_int_eq(listener_start(&listener), 0); /* one that has begun */
    expect_opened(1);
    ck_assert_uint_eq(last_index, 9);
    hang_up(fd);
}
END_TEST

START_TEST(what_is_adopted_is_closed_and_nothing_else)
{
    const int adopted = adopt("unix:socket");
    int fd;

    ck_assert_int_eq(listener_start(&listener), 0);
    listener_close(&listener);
    ck_assert_int_eq(fcntl(adopted, F_GETFD), -1);
    ck_assert_int_eq(errno, EBADF);
    /* The path is its owner's, who goes on. */
    fd = connect_to(&other.socket.address);
    ck_assert_int_ge(fd, 0);
    take_turn();
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(listener_start(&other), 0);
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(those_who_share_it_do_not_take_each_others_newcomers)
{
    int fds[2];

    (void)adopt("127.0.0.1:0");
    ck_assert_int_eq(listener_start(&listener), 0);
    fds[0] = dial();
    expect_opened(1);
    ck_assert_uint_eq(last_index, 9);
    listener_idle(&listener);
    ck_assert_int_eq(listener_start(&other), 0);
    fds[1] = dial();
    expect_opened(2);
    ck_assert_uint_eq(last_index, 7);
    hang_up(fds[0]);
    hang_up(fds[1]);
}
END_TEST

START_TEST(an_idle_one_leaves_its_newcomers_until_it_is_started)
{
    int fd;

    listen_at("unix:socket");
    listener_idle(&listener);
    listener_idle(&listener);
    ck_assert_int_eq(listener.pause, LISTENER_IDLE);
    fd = dial();
    listener_resume(&listener); /* it did not wait for that */
    take_turn();
    take_turn();
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(listener_start(&listener), 0);
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(an_idle_one_does_not_try_again)
{
    int fd;

    listen_at("unix:socket");
    fd = dial();
    limit_descriptors(1);
    take_turn();
    ck_assert(timer_is_set(&listener.source.timer));
    listener_idle(&listener);
    ck_assert(!timer_is_set(&listener.source.timer));
    limit_descriptors(512);
    clock_ms += 60000;
    listener_resume(&listener);
    take_turn();
    ck_assert_uint_eq(opened, 0);
    ck_assert_int_eq(listener_start(&listener), 0);
    expect_opened(1);
    hang_up(fd);
}
END_TEST

START_TEST(an_idle_one_accepts_who_waits_when_it_finishes)
{
    int fd;

    (void)adopt("127.0.0.1:0");
    fd = dial();
    listener_finish(&listener);
    ck_assert_uint_eq(opened, 1);
    ck_assert_int_eq(listener.socket.fd, -1);
    hang_up(fd);
}
END_TEST

/* A listener of nothing that epoll(7) takes. */
START_TEST(what_cannot_be_watched_is_told)
{
    struct address address;
    const struct listener_parts parts = {.entry = &entry, .address = &address};
    const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    parse(&address, "127.0.0.1:1");
    ck_assert_int_ge(fd, 0);
    listener_adopt(&listener, &parts, fd);
    ck_assert_int_eq(listener_start(&listener), -EPERM);
    ck_assert_int_eq(listener.pause, LISTENER_IDLE);
    listener_close(&listener);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}
END_TEST

UNIT_MAIN_WITH("listener",
               set_up,
               tear_down,
               port_0_gives_the_real_address,
               ipv6_is_listened_on_alone,
               a_star_takes_both_families,
               an_address_in_use_is_refused,
               an_address_can_be_bound_again_at_once,
               an_address_that_is_not_ours_cannot_be_bound,
               connections_inherit_what_they_need,
               a_path_is_there_while_it_is_listened_on,
               a_stale_socket_is_replaced,
               a_living_socket_is_left_alone,
               what_is_not_a_socket_is_left_alone,
               a_folder_that_is_missing_is_told,
               a_path_that_is_no_longer_ours_is_kept,
               a_path_that_is_gone_is_no_problem,
               a_path_has_the_mode_that_was_asked_for,
               an_abstract_name_is_no_file,
               nothing_is_accepted_before_the_start,
               newcomers_have_a_part_of_a_turn,
               at_the_limit_newcomers_wait_until_one_leaves,
               resuming_what_runs_or_is_closed_does_nothing,
               one_address_has_so_many_connections_and_the_next_is_closed,
               those_who_come_by_a_path_have_no_address_to_count,
               without_descriptors_it_pauses_and_tries_again,
               a_descriptor_given_back_ends_the_pause,
               finishing_accepts_what_the_kernel_holds,
               finishing_keeps_to_the_limit,
               finishing_does_not_wait_for_the_end_of_a_pause,
               closing_accepts_nobody_and_may_be_repeated,
               a_closed_one_does_not_try_again,
               what_is_adopted_accepts_once_it_is_started,
               what_is_adopted_is_closed_and_nothing_else,
               those_who_share_it_do_not_take_each_others_newcomers,
               an_idle_one_leaves_its_newcomers_until_it_is_started,
               an_idle_one_does_not_try_again,
               an_idle_one_accepts_who_waits_when_it_finishes,
               what_cannot_be_watched_is_told)
