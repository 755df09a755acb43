/* SPDX-License-Identifier: MIT */
#include "selector.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit.h"

static struct selector selector;
static int pair[2];
static char tag;

static void set_up(void)
{
    ck_assert_int_eq(selector_open(&selector), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair),
                     0);
}

static void tear_down(void)
{
    if (pair[1] >= 0) {
        (void)close(pair[1]);
    }
    (void)close(pair[0]);
    selector_close(&selector);
}

static void close_peer(void)
{
    (void)close(pair[1]);
    pair[1] = -1;
}

static void send_byte(void)
{
    ck_assert_int_eq(write(pair[1], "x", 1), 1);
}

static void take_byte(void)
{
    char byte;

    ck_assert_int_eq(read(pair[0], &byte, 1), 1);
}

/* Watches pair[0]. */
static void watch(uint32_t events, enum selector_trigger trigger)
{
    ck_assert_int_eq(
        selector_register(&selector, pair[0], events, trigger, &tag), 0);
}

/* The events of pair[0] that are reported now; 0: none. */
static uint32_t ask(void)
{
    struct epoll_event reports[4];
    int count = selector_wait(&selector, reports, 4, 0);

    ck_assert_int_le(count, 1);
    if (count == 1) {
        ck_assert_ptr_eq(reports[0].data.ptr, &tag);
    }
    return count == 1 ? reports[0].events : 0;
}

/* ------------------------------------------------------------------- level */

START_TEST(level_reports_for_as_long_as_it_is_ready)
{
    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_uint_eq(ask(), 0);
    send_byte();
    send_byte();
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    take_byte();
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    take_byte();
    ck_assert_uint_eq(ask(), 0);
}
END_TEST

START_TEST(level_reports_what_was_there_before)
{
    send_byte();
    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
}
END_TEST

START_TEST(level_reports_room_to_write_again_and_again)
{
    watch(SELECTOR_WRITE, SELECTOR_LEVEL);
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
}
END_TEST

/* -------------------------------------------------------------------- edge */

START_TEST(edge_reports_once_until_more_comes)
{
    watch(SELECTOR_READ, SELECTOR_EDGE);
    ck_assert_uint_eq(ask(), 0);
    send_byte();
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
    take_byte();
    ck_assert_uint_eq(ask(), 0);
    send_byte();
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
}
END_TEST

START_TEST(edge_reports_what_was_there_before_once)
{
    send_byte();
    watch(SELECTOR_READ, SELECTOR_EDGE);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
}
END_TEST

/* Writes until the pair takes no more. */
static void fill_pair(void)
{
    char bytes[4096] = "";

    while (write(pair[0], bytes, sizeof(bytes)) > 0) {
    }
    ck_assert_int_eq(errno, EAGAIN);
}

static void empty_pair(void)
{
    char bytes[4096];

    while (read(pair[1], bytes, sizeof(bytes)) > 0) {
    }
}

START_TEST(edge_reports_room_once_after_it_was_full)
{
    watch(SELECTOR_WRITE, SELECTOR_EDGE);
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
    ck_assert_uint_eq(ask(), 0);
    fill_pair();
    ck_assert_uint_eq(ask(), 0);
    empty_pair();
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
    ck_assert_uint_eq(ask(), 0);
}
END_TEST

START_TEST(modify_changes_the_trigger)
{
    char other;
    struct epoll_event report;

    watch(SELECTOR_READ, SELECTOR_EDGE);
    send_byte();
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
    ck_assert_int_eq(selector_modify(&selector, pair[0], SELECTOR_READ,
                                     SELECTOR_LEVEL, &other),
                     0);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(selector_wait(&selector, &report, 1, 0), 1);
        ck_assert_ptr_eq(report.data.ptr, &other);
    }
}
END_TEST

/* --------------------------------------------------------------- interests */

START_TEST(modify_changes_what_is_reported)
{
    send_byte();
    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_int_eq(selector_modify(&selector, pair[0],
                                     SELECTOR_READ | SELECTOR_WRITE,
                                     SELECTOR_LEVEL, &tag),
                     0);
    ck_assert_uint_eq(ask(), SELECTOR_READ | SELECTOR_WRITE);
    ck_assert_int_eq(selector_modify(&selector, pair[0], SELECTOR_WRITE,
                                     SELECTOR_LEVEL, &tag),
                     0);
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
}
END_TEST

START_TEST(no_interests_keep_only_errors_and_hang_ups)
{
    send_byte();
    watch(SELECTOR_READ | SELECTOR_WRITE | SELECTOR_PEER_END, SELECTOR_LEVEL);
    ck_assert_int_eq(
        selector_modify(&selector, pair[0], 0, SELECTOR_LEVEL, &tag), 0);
    ck_assert_uint_eq(ask(), 0);
    close_peer();
    ck_assert_uint_eq(ask(), SELECTOR_HANGUP);
}
END_TEST

START_TEST(the_peers_end_is_reported_to_those_who_ask)
{
    watch(SELECTOR_PEER_END, SELECTOR_LEVEL);
    ck_assert_int_eq(shutdown(pair[1], SHUT_WR), 0);
    ck_assert_uint_eq(ask(), SELECTOR_PEER_END);
    ck_assert_int_eq(selector_modify(&selector, pair[0], SELECTOR_READ,
                                     SELECTOR_LEVEL, &tag),
                     0);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
}
END_TEST

START_TEST(a_hang_up_is_reported_unasked)
{
    watch(SELECTOR_READ | SELECTOR_PEER_END, SELECTOR_LEVEL);
    close_peer();
    ck_assert_uint_eq(ask(),
                      SELECTOR_READ | SELECTOR_PEER_END | SELECTOR_HANGUP);
}
END_TEST

/* A pipe without a reader. */
START_TEST(an_error_is_reported_unasked)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(
        selector_register(&selector, ends[1], 0, SELECTOR_LEVEL, &tag), 0);
    ck_assert_uint_eq(ask(), 0);
    (void)close(ends[0]);
    ck_assert_uint_eq(ask(), SELECTOR_ERROR);
    (void)close(ends[1]);
}
END_TEST

/* Both ends of a TCP connection over the loopback; [0] is the accepted one. */
static void connect_tcp(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_eq(bind(listener, any, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, any, &size), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(connect(ends[1], any, size), 0);
    ends[0] = accept(listener, NULL, NULL);
    ck_assert_int_ge(ends[0], 0);
    (void)close(listener);
}

START_TEST(urgent_data_is_reported)
{
    int ends[2];
    struct epoll_event report;

    connect_tcp(ends);
    ck_assert_int_eq(selector_register(&selector, ends[0], SELECTOR_URGENT,
                                       SELECTOR_LEVEL, &tag),
                     0);
    ck_assert_int_eq(send(ends[1], "x", 1, 0), 1);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, 0), 0);
    ck_assert_int_eq(send(ends[1], "!", 1, MSG_OOB), 1);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, -1), 1);
    ck_assert_uint_eq(report.events, SELECTOR_URGENT);
    (void)close(ends[0]);
    (void)close(ends[1]);
}
END_TEST

START_TEST(what_was_unregistered_is_not_reported)
{
    send_byte();
    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_int_eq(selector_unregister(&selector, pair[0]), 0);
    ck_assert_uint_eq(ask(), 0);
    close_peer();
    ck_assert_uint_eq(ask(), 0);
    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_uint_ne(ask(), 0);
}
END_TEST

/* ----------------------------------------------------------------- waiting */

START_TEST(reports_carry_the_tags_and_are_at_most_as_many_as_asked)
{
    struct epoll_event reports[2];
    int fds[3];
    bool seen[3] = {false, false, false};

    for (int i = 0; i < 3; i++) {
        fds[i] = eventfd(1, EFD_NONBLOCK);
        ck_assert_int_eq(selector_register(&selector, fds[i], SELECTOR_READ,
                                           SELECTOR_LEVEL, &seen[i]),
                         0);
    }
    /* Those not reported yet come first. */
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(selector_wait(&selector, reports, 2, -1), 2);
        for (int i = 0; i < 2; i++) {
            *(bool *)reports[i].data.ptr = true;
        }
    }
    for (int i = 0; i < 3; i++) {
        ck_assert(seen[i]);
        (void)close(fds[i]);
    }
}
END_TEST

START_TEST(a_wait_ends_with_its_timeout)
{
    struct epoll_event report;

    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, 0), 0);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, 1), 0);
}
END_TEST

static void ignore_signal(int number)
{
    (void)number;
}

/* The signal comes again and again, so that one comes while it waits. */
START_TEST(a_signal_ends_a_wait_without_reports)
{
    struct sigaction action = {.sa_handler = ignore_signal,
                               .sa_flags = SA_RESTART};
    struct itimerval often = {{.tv_usec = 5000}, {.tv_usec = 5000}};
    struct itimerval never = {{0}, {0}};
    struct epoll_event report;

    watch(SELECTOR_READ, SELECTOR_LEVEL);
    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, -1), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
}
END_TEST

/* ------------------------------------------------------------------ errors */

START_TEST(what_epoll_refuses_is_told)
{
    FILE *file = tmpfile();
    uint32_t events = SELECTOR_READ;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(selector_modify(&selector, pair[0], events, 0, &tag),
                     -ENOENT);
    ck_assert_int_eq(selector_unregister(&selector, pair[0]), -ENOENT);
    watch(events, SELECTOR_LEVEL);
    ck_assert_int_eq(selector_register(&selector, pair[0], events, 0, &tag),
                     -EEXIST);
    ck_assert_int_eq(selector_register(&selector, -1, events, 0, &tag), -EBADF);
    ck_assert_int_eq(
        selector_register(&selector, fileno(file), events, 0, &tag), -EPERM);
    (void)fclose(file);
}
END_TEST

START_TEST(a_closed_selector_tells_so)
{
    struct selector closed;
    struct epoll_event report;
    int fd;

    ck_assert_int_eq(selector_open(&closed), 0);
    fd = closed.fd;
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    selector_close(&closed);
    ck_assert_int_eq(closed.fd, -1);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_int_eq(selector_wait(&closed, &report, 1, 0), -EBADF);
}
END_TEST

START_TEST(without_descriptors_none_is_opened)
{
    struct selector refused = {.fd = 77};
    struct rlimit before;
    struct rlimit none;
    int error;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    error = selector_open(&refused);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_int_eq(error, -EMFILE);
    ck_assert_int_eq(refused.fd, 77);
}
END_TEST

UNIT_MAIN_WITH("selector",
               set_up,
               tear_down,
               level_reports_for_as_long_as_it_is_ready,
               level_reports_what_was_there_before,
               level_reports_room_to_write_again_and_again,
               edge_reports_once_until_more_comes,
               edge_reports_what_was_there_before_once,
               edge_reports_room_once_after_it_was_full,
               modify_changes_the_trigger,
               modify_changes_what_is_reported,
               no_interests_keep_only_errors_and_hang_ups,
               the_peers_end_is_reported_to_those_who_ask,
               a_hang_up_is_reported_unasked,
               an_error_is_reported_unasked,
               urgent_data_is_reported,
               what_was_unregistered_is_not_reported,
               reports_carry_the_tags_and_are_at_most_as_many_as_asked,
               a_wait_ends_with_its_timeout,
               a_signal_ends_a_wait_without_reports,
               what_epoll_refuses_is_told,
               a_closed_selector_tells_so,
               without_descriptors_none_is_opened)
