/* SPDX-License-Identifier: MIT */
#include "shards.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "fixtures.h"
#include "unit.h"

#define COUNT 4

static struct shards *shards;
static struct shards *others;
static const char *step;

static void set_up(void)
{
    fixtures_begin();
}

static void tear_down(void)
{
    shards_close(shards);
    shards_close(others);
    fixtures_end();
}

static struct address parse(const char *text)
{
    struct address address;
    const char *why = "";
    const char *hint;
    int error = address_parse(&address, text, fixtures_root, &why, &hint);

    ck_assert_msg(error == 0, "%s: %s", text, why);
    return address;
}

static int open_at(struct shards **made, const struct address *address)
{
    const struct socket_parts parts = {
        .address = address,
        .backlog = 16,
        .mode = -1,
    };

    return shards_open(&parts, COUNT, made, &step);
}

static void listen_at(const char *text)
{
    const struct address address = parse(text);

    ck_assert_int_eq(open_at(&shards, &address), 0);
}

static int dial(const struct address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) <
        0) {
        const int error = -errno;

        (void)close(fd);
        return error;
    }
    return fd;
}

/* One of them has a newcomer: returns which. */
static size_t accept_any(void)
{
    for (size_t i = 0;; i = (i + 1) % shards->count) {
        int fd = accept(shards->sockets[i].fd, NULL, NULL);

        if (fd >= 0) {
            (void)close(fd);
            return i;
        }
    }
}

START_TEST(all_shards_have_the_port_that_the_first_one_got)
{
    listen_at("127.0.0.1:0");
    ck_assert_uint_eq(shards->count, COUNT);
    ck_assert_uint_eq(shards->users, 0);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert(address_equals(&shards->sockets[0].address,
                                 &shards->sockets[i].address));
    }
}
END_TEST

/* 64 newcomers and not one at two of the shards: once in 2^62 runs. */
START_TEST(newcomers_are_spread_over_them)
{
    size_t newcomers[COUNT] = {0};
    size_t shards_used = 0;

    listen_at("127.0.0.1:0");
    for (int i = 0; i < 64; i++) {
        int fd = dial(&shards->sockets[0].address);

        ck_assert_int_ge(fd, 0);
        newcomers[accept_any()]++;
        (void)close(fd);
    }
    for (size_t i = 0; i < COUNT; i++) {
        shards_used += newcomers[i] > 0 ? 1 : 0;
    }
    ck_assert_uint_gt(shards_used, 1);
}
END_TEST

START_TEST(a_second_server_at_the_same_address_is_refused)
{
    listen_at("127.0.0.1:0");
    ck_assert_int_eq(open_at(&others, &shards->sockets[0].address),
                     -EADDRINUSE);
    ck_assert_str_eq(step, "bind");
    ck_assert_ptr_null(others);
}
END_TEST

START_TEST(a_single_one_is_shared_with_nobody)
{
    const struct address address = parse("127.0.0.1:0");
    const struct socket_parts parts = {.address = &address, .backlog = 16};
    int reuse = -1;
    socklen_t size = sizeof(reuse);

    ck_assert_int_eq(shards_open(&parts, 1, &shards, &step), 0);
    ck_assert_uint_eq(shards->count, 1);
    ck_assert_int_eq(getsockopt(shards->sockets[0].fd, SOL_SOCKET, SO_REUSEPORT,
                                &reuse, &size),
                     0);
    ck_assert_int_eq(reuse, 0);
}
END_TEST

START_TEST(a_unix_socket_is_one_shard)
{
    listen_at("unix:a");
    ck_assert_uint_eq(shards->count, 1);
    ck_assert_int_eq(close(dial(&shards->sockets[0].address)), 0);
    shards_close(shards);
    shards = NULL;
    ck_assert_int_eq(access(fixtures_path("a"), F_OK), -1);
}
END_TEST

START_TEST(an_address_is_the_same_as_long_as_it_is_asked_for_alike)
{
    static const char *const unlike[] = {"127.0.0.1:1", "127.0.0.2:0",
                                         "[::1]:0", "unix:a", "*:0"};
    struct address address = parse("127.0.0.1:0");

    listen_at("127.0.0.1:0");
    ck_assert(shards_match(shards, &address));
    ck_assert(!shards_match(shards, &shards->sockets[0].address));
    for (size_t i = 0; i < sizeof(unlike) / sizeof(unlike[0]); i++) {
        address = parse(unlike[i]);
        ck_assert_msg(!shards_match(shards, &address), "%s", unlike[i]);
    }
}
END_TEST

START_TEST(both_families_are_not_one_of_them)
{
    const struct address both = parse("*:0");
    const struct address ipv6 = parse("[::]:0");

    ck_assert_int_eq(open_at(&shards, &both), 0);
    ck_assert(shards_match(shards, &both));
    ck_assert(!shards_match(shards, &ipv6));
}
END_TEST

/* tcp_info says it of a socket that listens: see tcp_get_info() in Linux. */
static uint32_t backlog_of(int fd)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);

    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    return info.tcpi_sacked;
}

START_TEST(the_backlog_of_all_can_be_changed)
{
    listen_at("127.0.0.1:0");
    ck_assert_int_eq(shards_adjust(shards, 7, -1), 0);
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_uint_eq(backlog_of(shards->sockets[i].fd), 7);
    }
}
END_TEST

START_TEST(the_mode_of_a_path_can_be_changed)
{
    struct stat status;

    listen_at("unix:a");
    ck_assert_int_eq(shards_adjust(shards, 16, 0604), 0);
    ck_assert_int_eq(stat(fixtures_path("a"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0604);
    ck_assert_int_eq(shards_adjust(shards, 16, -1), 0);
    ck_assert_int_eq(stat(fixtures_path("a"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0604);
    ck_assert_int_eq(unlink(fixtures_path("a")), 0);
    ck_assert_int_eq(shards_adjust(shards, 16, 0600), -ENOENT);
}
END_TEST

/* A worker holds what it has inherited, to its end. */
START_TEST(nobody_waits_where_another_process_holds_them)
{
    struct address address;
    int held[COUNT];

    listen_at("127.0.0.1:0");
    address = shards->sockets[0].address;
    for (size_t i = 0; i < COUNT; i++) {
        held[i] = dup(shards->sockets[i].fd);
    }
    shards_close(shards);
    shards = NULL;
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(dial(&address), -ECONNREFUSED);
    }
    ck_assert_int_eq(open_at(&shards, &address), 0); /* free for anyone */
    for (size_t i = 0; i < COUNT; i++) {
        (void)close(held[i]);
    }
}
END_TEST

START_TEST(what_was_bound_before_is_taken_over)
{
    struct address asked = parse("127.0.0.1:0");
    struct socket sockets[COUNT];

    listen_at("127.0.0.1:0");
    memcpy(sockets, shards->sockets, sizeof(sockets));
    shards_forget(shards); /* the descriptors stay open */
    ck_assert_int_eq(shards_adopt(&asked, sockets, COUNT, &shards), 0);
    ck_assert_uint_eq(shards->count, COUNT);
    ck_assert(shards_match(shards, &asked));
    ck_assert_int_eq(close(dial(&shards->sockets[0].address)), 0);
}
END_TEST

START_TEST(what_fails_leaves_nothing_behind)
{
    const struct address address = parse("192.0.2.1:0"); /* nobody's */

    ck_assert_int_eq(open_at(&shards, &address), -EADDRNOTAVAIL);
    ck_assert_str_eq(step, "bind");
    ck_assert_ptr_null(shards);
}
END_TEST

/* There are descriptors for the first two. */
START_TEST(where_a_later_one_fails_the_first_ones_are_closed)
{
    const struct address address = parse("127.0.0.1:0");
    const int next = dup(0);
    struct rlimit limit;

    ck_assert_int_eq(close(next), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = (rlim_t)next + 2;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(open_at(&shards, &address), -EMFILE);
    ck_assert_ptr_null(shards);
    ck_assert_int_eq(fcntl(next, F_GETFD), -1);
    ck_assert_int_eq(fcntl(next + 1, F_GETFD), -1);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

START_TEST(closing_null_is_fine)
{
    shards_close(NULL);
}
END_TEST

UNIT_MAIN_WITH("shards",
               set_up,
               tear_down,
               all_shards_have_the_port_that_the_first_one_got,
               newcomers_are_spread_over_them,
               a_second_server_at_the_same_address_is_refused,
               a_single_one_is_shared_with_nobody,
               a_unix_socket_is_one_shard,
               an_address_is_the_same_as_long_as_it_is_asked_for_alike,
               both_families_are_not_one_of_them,
               the_backlog_of_all_can_be_changed,
               the_mode_of_a_path_can_be_changed,
               nobody_waits_where_another_process_holds_them,
               what_was_bound_before_is_taken_over,
               what_fails_leaves_nothing_behind,
               where_a_later_one_fails_the_first_ones_are_closed,
               closing_null_is_fine)
