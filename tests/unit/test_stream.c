/* SPDX-License-Identifier: MIT */
#include "stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit.h"

#define BIG 1048576 /* more than a socket's buffers hold */

static struct stream stream; /* of ends[0] */
static int ends[2];          /* [1] is the peer's; -1: closed */
static struct selector selector;
static char tag;

static void set_up(void)
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends),
                     0);
    stream_from_socket(&stream, ends[0]);
    ck_assert_int_eq(selector_open(&selector), 0);
}

static void close_peer(void)
{
    if (ends[1] >= 0) {
        (void)close(ends[1]);
    }
    ends[1] = -1;
}

static void tear_down(void)
{
    if (stream.fd >= 0) {
        stream.ops->close(&stream, false);
    }
    close_peer();
    selector_close(&selector);
}

/* Takes a TCP connection over the loopback instead of the pair. */
static void use_tcp(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    (void)close(ends[0]);
    (void)close(ends[1]);
    ck_assert_int_eq(bind(listener, any, size), 0);
    ck_assert_int_eq(listen(listener, 1), 0);
    ck_assert_int_eq(getsockname(listener, any, &size), 0);
    ends[1] = socket(AF_INET, SOCK_STREAM, 0); /* blocking: waits for RST */
    ck_assert_int_eq(connect(ends[1], any, size), 0);
    ends[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    ck_assert_int_ge(ends[0], 0);
    (void)close(listener);
    stream_from_socket(&stream, ends[0]);
}

static ssize_t read_stream(char *buffer, size_t size)
{
    return stream.ops->read(&stream, buffer, size);
}

static ssize_t write_stream(const char *data, size_t size)
{
    return stream.ops->write(&stream, data, size);
}

/* --------------------------------------------------------- reading, writing */

START_TEST(a_read_gives_what_came_up_to_the_size)
{
    char bytes[16] = "";

    ck_assert_int_eq(write(ends[1], "abcdef", 6), 6);
    ck_assert_int_eq(read_stream(bytes, 4), 4);
    ck_assert_str_eq(bytes, "abcd");
    ck_assert_int_eq(read_stream(bytes, sizeof(bytes)), 2);
    ck_assert_int_eq(memcmp(bytes, "ef", 2), 0);
}
END_TEST

START_TEST(a_read_of_nothing_says_again)
{
    char byte;

    ck_assert_int_eq(read_stream(&byte, 1), -EAGAIN);
}
END_TEST

START_TEST(a_peer_that_finished_gives_0_after_its_bytes)
{
    char bytes[4];

    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(shutdown(ends[1], SHUT_WR), 0);
    ck_assert_int_eq(read_stream(bytes, 4), 1);
    ck_assert_int_eq(read_stream(bytes, 4), 0);
    ck_assert_int_eq(read_stream(bytes, 4), 0);
}
END_TEST

START_TEST(a_write_takes_all_pieces_in_their_order)
{
    char a[] = "ab";
    char b[] = "cde";
    char c[] = "f";
    char got[16] = "";
    const struct iovec iov[] = {{a, 2}, {b, 3}, {c, 1}};

    ck_assert_int_eq(write_stream("now ", 4), 4);
    ck_assert_int_eq(stream.ops->writev(&stream, iov, 1, false), 2);
    ck_assert_int_eq(stream.ops->writev(&stream, iov, 3, false), 6);
    ck_assert_int_eq(read(ends[1], got, sizeof(got)), 12);
    ck_assert_str_eq(got, "now ababcdef");
}
END_TEST

START_TEST(a_write_takes_as_many_pieces_as_the_limit_says)
{
    char bytes[STREAM_IOV_MAX];
    char got[STREAM_IOV_MAX + 1];
    struct iovec iov[STREAM_IOV_MAX];

    for (size_t i = 0; i < STREAM_IOV_MAX; i++) {
        bytes[i] = (char)('0' + i);
        iov[i] = (struct iovec){.iov_base = &bytes[i], .iov_len = 1};
    }
    ck_assert_int_eq(stream.ops->writev(&stream, iov, STREAM_IOV_MAX, false),
                     STREAM_IOV_MAX);
    ck_assert_int_eq(read(ends[1], got, sizeof(got)), STREAM_IOV_MAX);
    ck_assert_int_eq(memcmp(got, bytes, STREAM_IOV_MAX), 0);
}
END_TEST

/* Reads size bytes from the peer's end. */
static void drain_peer(char *bytes, size_t size)
{
    size_t got = 0;

    while (got < size) {
        ssize_t count = read(ends[1], bytes + got, size - got);

        ck_assert_int_gt(count, 0);
        got += (size_t)count;
    }
}

START_TEST(a_write_takes_what_fits_and_then_says_again)
{
    char *bytes = malloc(BIG);
    char *got = malloc(BIG);
    size_t sent = 0;
    ssize_t count;

    ck_assert_ptr_nonnull(bytes);
    ck_assert_ptr_nonnull(got);
    for (size_t i = 0; i < BIG; i++) {
        bytes[i] = (char)(i % 251);
    }
    while ((count = write_stream(bytes + sent, BIG - sent)) > 0) {
        sent += (size_t)count;
    }
    ck_assert_int_eq(count, -EAGAIN);
    ck_assert_uint_gt(sent, 0);
    ck_assert_uint_lt(sent, BIG);
    drain_peer(got, sent);
    ck_assert_int_eq(memcmp(got, bytes, sent), 0);
    ck_assert_int_gt(write_stream(bytes, 1), 0); /* there is room again */
    free(bytes);
    free(got);
}
END_TEST

START_TEST(a_full_stream_says_again_for_several_pieces_too)
{
    static char bytes[BIG];
    const struct iovec iov[] = {{bytes, BIG / 2}, {bytes, BIG / 2}};
    ssize_t count;

    do {
        count = stream.ops->writev(&stream, iov, 2, false);
        ck_assert_int_lt(count, BIG);
    } while (count > 0);
    ck_assert_int_eq(count, -EAGAIN);
}
END_TEST

/* SIGPIPE would end the test. */
START_TEST(a_write_to_a_peer_that_is_gone_fails_without_a_signal)
{
    char byte = 'x';
    const struct iovec iov[] = {{&byte, 1}, {&byte, 1}};

    close_peer();
    ck_assert_int_eq(write_stream(&byte, 1), -EPIPE);
    ck_assert_int_eq(stream.ops->writev(&stream, iov, 1, false), -EPIPE);
    ck_assert_int_eq(stream.ops->writev(&stream, iov, 2, false), -EPIPE);
}
END_TEST

/* ------------------------------------------------------------------ ending */

START_TEST(after_shutdown_the_peer_reads_the_end_and_may_still_send)
{
    char bytes[4];

    stream.ops->shutdown(&stream);
    ck_assert_int_eq(read(ends[1], bytes, 4), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(read_stream(bytes, 4), 1);
    ck_assert_int_eq(write_stream(bytes, 1), -EPIPE);
}
END_TEST

START_TEST(shutdown_is_fine_where_the_peer_is_gone)
{
    char byte;

    close_peer();
    stream.ops->shutdown(&stream);
    ck_assert_int_eq(read_stream(&byte, 1), 0);
}
END_TEST

START_TEST(close_frees_the_descriptor_and_the_peer_reads_the_end)
{
    char byte;
    int fd;

    use_tcp();
    fd = stream.fd;
    stream.ops->close(&stream, false);
    ck_assert_int_eq(stream.fd, -1);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_int_eq(read(ends[1], &byte, 1), 0);
}
END_TEST

START_TEST(close_with_reset_is_read_as_a_reset)
{
    char bytes[8] = "";
    int fd;

    use_tcp();
    fd = stream.fd;
    ck_assert_int_eq(write_stream(bytes, 1), 1);
    drain_peer(bytes, 1);
    stream.ops->close(&stream, true);
    ck_assert_int_eq(stream.fd, -1);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_int_eq(read(ends[1], bytes, sizeof(bytes)), -1);
    ck_assert_int_eq(errno, ECONNRESET);
}
END_TEST

/* The peer ends with RST. Waits until it has come. */
static void be_reset(void)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct epoll_event report;

    use_tcp();
    ck_assert_int_eq(
        setsockopt(ends[1], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)),
        0);
    close_peer();
    ck_assert_int_eq(stream.ops->watch(&stream, &selector, STREAM_NONE, 0,
                                       SELECTOR_LEVEL, &tag),
                     0);
    ck_assert_int_eq(selector_wait(&selector, &report, 1, -1), 1);
    ck_assert_uint_ne(report.events & SELECTOR_ERROR, 0);
}

START_TEST(a_reset_is_read_as_such)
{
    char byte;

    be_reset();
    ck_assert_int_eq(read_stream(&byte, 1), -ECONNRESET);
}
END_TEST

START_TEST(error_tells_what_happened_once)
{
    ck_assert_int_eq(stream.ops->error(&stream), 0);
    be_reset();
    ck_assert_int_eq(stream.ops->error(&stream), -ECONNRESET);
    ck_assert_int_eq(stream.ops->error(&stream), 0);
}
END_TEST

START_TEST(error_of_no_socket_is_told_too)
{
    struct stream broken;
    int pipes[2];

    ck_assert_int_eq(pipe(pipes), 0);
    stream_from_socket(&broken, pipes[0]);
    ck_assert_int_eq(broken.ops->error(&broken), -ENOTSOCK);
    broken.ops->close(&broken, true);
    (void)close(pipes[1]);
}
END_TEST

/* --------------------------------------------------------------- addresses */

static in_port_t port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);

    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return address.sin_port;
}

static void expect_address(bool is_peer, in_port_t port)
{
    struct address address;
    struct sockaddr_in *in = (void *)&address.storage;

    memset(&address, 0xff, sizeof(address));
    ck_assert_int_eq(stream.ops->address(&stream, is_peer, &address), 0);
    ck_assert_uint_eq(address.size, sizeof(*in));
    ck_assert(!address.both_families);
    ck_assert_int_eq(in->sin_family, AF_INET);
    ck_assert_uint_eq(in->sin_addr.s_addr, htonl(INADDR_LOOPBACK));
    ck_assert_uint_eq(in->sin_port, port);
}

START_TEST(the_addresses_are_the_peers_and_our_own)
{
    use_tcp();
    expect_address(true, port_of(ends[1]));
    expect_address(false, port_of(ends[0]));
}
END_TEST

START_TEST(an_address_that_cannot_be_told_is_left_alone)
{
    struct address address = {.size = 77};
    struct stream lonely;

    stream_from_socket(&lonely, socket(AF_INET, SOCK_STREAM, 0));
    ck_assert_int_eq(lonely.ops->address(&lonely, true, &address), -ENOTCONN);
    ck_assert_uint_eq(address.size, 77);
    lonely.ops->close(&lonely, false);
}
END_TEST

/* ---------------------------------------------------------------- watching */

static int
watch(uint32_t before, uint32_t events, enum selector_trigger trigger)
{
    return stream.ops->watch(&stream, &selector, before, events, trigger, &tag);
}

static uint32_t ask(void)
{
    struct epoll_event report = {0};
    int count = selector_wait(&selector, &report, 1, 0);

    if (count == 1) {
        ck_assert_ptr_eq(report.data.ptr, &tag);
    }
    return count == 1 ? report.events : 0;
}

START_TEST(watching_begins_changes_and_ends)
{
    uint32_t both = SELECTOR_READ | SELECTOR_WRITE;

    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_uint_eq(ask(), 0);
    ck_assert_int_eq(watch(STREAM_NONE, SELECTOR_READ, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_int_eq(watch(SELECTOR_READ, both, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), both);
    ck_assert_int_eq(watch(both, 0, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), 0);
    ck_assert_int_eq(watch(0, SELECTOR_WRITE, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), SELECTOR_WRITE);
    ck_assert_int_eq(watch(SELECTOR_WRITE, STREAM_NONE, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), 0);
    close_peer();
    ck_assert_uint_eq(ask(), 0); /* no hang-up either */
    ck_assert_int_eq(watch(STREAM_NONE, 0, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), SELECTOR_HANGUP);
}
END_TEST

START_TEST(the_trigger_is_the_one_given)
{
    ck_assert_int_eq(write(ends[1], "x", 1), 1);
    ck_assert_int_eq(watch(STREAM_NONE, SELECTOR_READ, SELECTOR_EDGE), 0);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
    ck_assert_int_eq(watch(SELECTOR_READ, SELECTOR_READ, SELECTOR_LEVEL), 0);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_int_eq(watch(SELECTOR_READ, SELECTOR_READ, SELECTOR_EDGE), 0);
    ck_assert_uint_eq(ask(), SELECTOR_READ);
    ck_assert_uint_eq(ask(), 0);
}
END_TEST

START_TEST(a_refused_watch_is_told)
{
    ck_assert_int_eq(watch(0, SELECTOR_READ, SELECTOR_LEVEL), -ENOENT);
    ck_assert_int_eq(watch(0, STREAM_NONE, SELECTOR_LEVEL), -ENOENT);
    ck_assert_int_eq(watch(STREAM_NONE, 0, SELECTOR_LEVEL), 0);
    ck_assert_int_eq(watch(STREAM_NONE, 0, SELECTOR_LEVEL), -EEXIST);
}
END_TEST

UNIT_MAIN_WITH("stream",
               set_up,
               tear_down,
               a_read_gives_what_came_up_to_the_size,
               a_read_of_nothing_says_again,
               a_peer_that_finished_gives_0_after_its_bytes,
               a_write_takes_all_pieces_in_their_order,
               a_write_takes_as_many_pieces_as_the_limit_says,
               a_write_takes_what_fits_and_then_says_again,
               a_full_stream_says_again_for_several_pieces_too,
               a_write_to_a_peer_that_is_gone_fails_without_a_signal,
               after_shutdown_the_peer_reads_the_end_and_may_still_send,
               shutdown_is_fine_where_the_peer_is_gone,
               close_frees_the_descriptor_and_the_peer_reads_the_end,
               close_with_reset_is_read_as_a_reset,
               a_reset_is_read_as_such,
               error_tells_what_happened_once,
               error_of_no_socket_is_told_too,
               the_addresses_are_the_peers_and_our_own,
               an_address_that_cannot_be_told_is_left_alone,
               watching_begins_changes_and_ends,
               the_trigger_is_the_one_given,
               a_refused_watch_is_told)
