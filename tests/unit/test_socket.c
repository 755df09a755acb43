/* SPDX-License-Identifier: MIT */
/* Paths that are in use, and what TCP connections inherit: test_listener.c. */
#include "socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fixtures.h"
#include "unit.h"

static struct socket one;
static struct socket two;
static const char *step;

static void set_up(void)
{
    fixtures_begin();
    one.fd = -1;
    two.fd = -1;
    step = NULL;
}

static void tear_down(void)
{
    socket_close(&one);
    socket_close(&two);
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

static int open_at(struct socket *made,
                   const struct address *address,
                   enum socket_sharing sharing)
{
    const struct socket_parts parts = {
        .address = address,
        .backlog = 16,
        .mode = -1,
        .sharing = sharing,
    };

    return socket_open(made, &parts, &step);
}

static int open_text(struct socket *made, const char *text, int32_t mode)
{
    const struct address address = parse(text);
    const struct socket_parts parts = {
        .address = &address,
        .backlog = 16,
        .mode = mode,
    };

    return socket_open(made, &parts, &step);
}

/* A descriptor, or -errno. */
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

static void expect_served(const struct address *address)
{
    int fd = dial(address);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(close(fd), 0);
}

static int port_of(const struct socket *of)
{
    const struct sockaddr_in *in = (const void *)&of->address.storage;

    return ntohs(in->sin_port);
}

static mode_t mode_of(const char *name)
{
    struct stat status;

    ck_assert_int_eq(stat(fixtures_path(name), &status), 0);
    return status.st_mode & 0777;
}

START_TEST(port_0_is_replaced_by_the_real_one)
{
    ck_assert_int_eq(open_text(&one, "127.0.0.1:0", -1), 0);
    ck_assert_int_gt(port_of(&one), 0);
    ck_assert_int_eq(fcntl(one.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_ne(fcntl(one.fd, F_GETFL) & O_NONBLOCK, 0);
    expect_served(&one.address);
}
END_TEST

START_TEST(one_that_is_alone_shares_with_nobody)
{
    ck_assert_int_eq(open_text(&one, "127.0.0.1:0", -1), 0);
    for (int sharing = SOCKET_ALONE; sharing <= SOCKET_NEXT; sharing++) {
        ck_assert_int_eq(
            open_at(&two, &one.address, (enum socket_sharing)sharing),
            -EADDRINUSE);
        ck_assert_str_eq(step, "bind");
        ck_assert_int_eq(two.fd, -1);
    }
}
END_TEST

START_TEST(those_that_follow_share_the_address_of_the_first)
{
    const struct address any = parse("127.0.0.1:0");

    ck_assert_int_eq(open_at(&one, &any, SOCKET_FIRST), 0);
    ck_assert_int_eq(open_at(&two, &one.address, SOCKET_NEXT), 0);
    ck_assert_int_eq(port_of(&two), port_of(&one));
    socket_close(&one);
    expect_served(&two.address);
}
END_TEST

/* Another server, which shares with its own, too. */
START_TEST(a_second_first_one_is_refused)
{
    const struct address any = parse("127.0.0.1:0");

    ck_assert_int_eq(open_at(&one, &any, SOCKET_FIRST), 0);
    ck_assert_int_eq(open_at(&two, &one.address, SOCKET_FIRST), -EADDRINUSE);
    ck_assert_str_eq(step, "bind");
    ck_assert_int_eq(two.fd, -1);
    expect_served(&one.address);
}
END_TEST

START_TEST(both_families_are_one_socket)
{
    struct address local = parse("127.0.0.1:1");
    struct sockaddr_in *in = (void *)&local.storage;

    ck_assert_int_eq(open_text(&one, "*:0", -1), 0);
    in->sin_port = htons((in_port_t)port_of(&one));
    expect_served(&local);
}
END_TEST

START_TEST(the_path_of_a_unix_socket_goes_with_it)
{
    ck_assert_int_eq(open_text(&one, "unix:a", -1), 0);
    ck_assert(one.is_path);
    expect_served(&one.address);
    socket_close(&one);
    ck_assert_int_eq(one.fd, -1);
    ck_assert_int_eq(access(fixtures_path("a"), F_OK), -1);
    socket_close(&one); /* a closed one is fine */
    socket_end(&one);
}
END_TEST

START_TEST(a_path_that_is_another_ones_by_now_stays)
{
    ck_assert_int_eq(open_text(&one, "unix:a", -1), 0);
    ck_assert_int_eq(unlink(fixtures_path("a")), 0);
    ck_assert_int_eq(open_text(&two, "unix:a", -1), 0);
    socket_close(&one);
    expect_served(&two.address);
}
END_TEST

START_TEST(the_mode_of_a_path_is_set_and_changed)
{
    const mode_t before = umask(0);

    ck_assert_int_eq(open_text(&one, "unix:a", 0620), 0);
    ck_assert_uint_eq(mode_of("a"), 0620);
    ck_assert_int_eq(socket_set_mode(&one, 0666), 0);
    ck_assert_uint_eq(mode_of("a"), 0666);
    ck_assert_int_eq(unlink(fixtures_path("a")), 0);
    ck_assert_int_eq(socket_set_mode(&one, 0600), -ENOENT);
    ck_assert_int_eq(open_text(&two, "127.0.0.1:0", 0600), 0);
    ck_assert_int_eq(socket_set_mode(&two, 0600), 0); /* has none */
    ck_assert_uint_eq(umask(before), 0); /* opening changes it for a moment */
}
END_TEST

/* As another process holds it. A close alone would leave it listening. */
START_TEST(one_that_ended_listens_no_more_whoever_holds_it)
{
    int held;

    ck_assert_int_eq(open_text(&one, "127.0.0.1:0", -1), 0);
    held = dup(one.fd);
    socket_close(&one);
    expect_served(&one.address);
    one.fd = held;
    held = dup(one.fd);
    socket_end(&one);
    ck_assert_int_eq(one.fd, -1);
    ck_assert_int_eq(dial(&one.address), -ECONNREFUSED);
    ck_assert_int_eq(close(held), 0);
}
END_TEST

UNIT_MAIN_WITH("socket",
               set_up,
               tear_down,
               port_0_is_replaced_by_the_real_one,
               one_that_is_alone_shares_with_nobody,
               those_that_follow_share_the_address_of_the_first,
               a_second_first_one_is_refused,
               both_families_are_one_socket,
               the_path_of_a_unix_socket_goes_with_it,
               a_path_that_is_another_ones_by_now_stays,
               the_mode_of_a_path_is_set_and_changed,
               one_that_ended_listens_no_more_whoever_holds_it)
