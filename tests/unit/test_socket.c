/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

static struct address address;
static int fd;

static void parse(const char *text)
{
    const char *why;
    const char *hint;

    ck_assert_int_eq(address_parse(&address, text, fixtures_root, &why, &hint),
                     0);
}

static int make_socket(void)
{
    return socket(address.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void set_up(void)
{
    fixtures_begin();
    parse("unix:socket");
    fd = make_socket();
    ck_assert_int_ge(fd, 0);
}

static void tear_down(void)
{
    (void)close(fd);
    fixtures_end();
}

static bool is_there(void)
{
    struct stat status;

    return lstat(fixtures_path("socket"), &status) == 0;
}

static mode_t mode_of_socket(void)
{
    struct stat status;

    ck_assert_int_eq(lstat(fixtures_path("socket"), &status), 0);
    return status.st_mode & 07777;
}

START_TEST(the_mode_is_what_was_asked_for)
{
    (void)umask(0022);
    ck_assert_int_eq(socket_bind(fd, &address, 0600), 0);
    ck_assert_uint_eq(mode_of_socket(), 0600);
    ck_assert_uint_eq(umask(0), 0022); /* as it was */
}
END_TEST

START_TEST(without_a_mode_the_umask_decides)
{
    (void)umask(0027);
    ck_assert_int_eq(socket_bind(fd, &address, -1), 0);
    ck_assert_uint_eq(mode_of_socket(), 0750);
}
END_TEST

START_TEST(what_nobody_listens_on_is_replaced)
{
    int other = make_socket();

    ck_assert_int_eq(socket_bind(other, &address, -1), 0);
    (void)close(other);
    ck_assert(is_there());
    ck_assert_int_eq(socket_bind(fd, &address, 0600), 0);
    ck_assert_uint_eq(mode_of_socket(), 0600);
}
END_TEST

START_TEST(what_somebody_listens_on_is_not)
{
    int other = make_socket();

    ck_assert_int_eq(socket_bind(other, &address, 0640), 0);
    ck_assert_int_eq(listen(other, 1), 0);
    ck_assert_int_eq(socket_bind(fd, &address, 0600), -EADDRINUSE);
    ck_assert_uint_eq(mode_of_socket(), 0640);
    (void)close(other);
}
END_TEST

START_TEST(what_is_no_socket_is_kept)
{
    fixtures_write("socket", "precious", 8);
    ck_assert_int_eq(socket_bind(fd, &address, 0600), -EEXIST);
    ck_assert(is_there());
}
END_TEST

START_TEST(internet_addresses_are_bound_and_are_no_file)
{
    struct socket_file file = {.is_there = true};

    (void)close(fd);
    parse("127.0.0.1:0");
    fd = make_socket();
    ck_assert_int_eq(socket_bind(fd, &address, 0600), 0);
    ck_assert_int_eq(socket_note_file(&address, &file), 0);
    ck_assert(!file.is_there);
    socket_remove_file(&address, &file);
}
END_TEST

START_TEST(the_file_that_was_noted_is_removed)
{
    struct socket_file file;

    ck_assert_int_eq(socket_bind(fd, &address, 0600), 0);
    ck_assert_int_eq(socket_note_file(&address, &file), 0);
    socket_remove_file(&address, &file);
    ck_assert(!is_there());
    socket_remove_file(&address, &file); /* gone already */
}
END_TEST

START_TEST(another_file_in_its_place_is_kept)
{
    struct socket_file file;
    char elsewhere[PATH_MAX];
    int other = make_socket();

    ck_assert_int_eq(socket_bind(fd, &address, 0600), 0);
    ck_assert_int_eq(socket_note_file(&address, &file), 0);
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s", fixtures_path("other"));
    ck_assert_int_eq(rename(fixtures_path("socket"), elsewhere), 0);
    ck_assert_int_eq(socket_bind(other, &address, 0600), 0);
    socket_remove_file(&address, &file);
    ck_assert(is_there());
    (void)close(other);
}
END_TEST

START_TEST(a_file_that_is_missing_cannot_be_noted)
{
    struct socket_file file = {.inode = 7};

    ck_assert_int_eq(socket_note_file(&address, &file), -ENOENT);
    ck_assert_uint_eq(file.inode, 7);
}
END_TEST

UNIT_MAIN_WITH("socket",
               set_up,
               tear_down,
               the_mode_is_what_was_asked_for,
               without_a_mode_the_umask_decides,
               what_nobody_listens_on_is_replaced,
               what_somebody_listens_on_is_not,
               what_is_no_socket_is_kept,
               internet_addresses_are_bound_and_are_no_file,
               the_file_that_was_noted_is_removed,
               another_file_in_its_place_is_kept,
               a_file_that_is_missing_cannot_be_noted)
