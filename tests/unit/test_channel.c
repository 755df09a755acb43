/* SPDX-License-Identifier: MIT */
#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define MANY 1000

static struct loop loop;
static struct channel channel;
static int far_end; /* the other side's */

/* What came, but its data. */
static struct {
    uint32_t types[MANY + 1];
    size_t sizes[MANY + 1];
    size_t count;
    size_t ends;
    int fd; /* the last one */
    char data[CHANNEL_MESSAGE_MAX];
    bool closes; /* what the handler does */
} heard;

static void hear(void *owner, const struct channel_message *message)
{
    ck_assert_ptr_eq(owner, &channel);
    ck_assert_uint_eq(heard.ends, 0); /* nothing follows the end */
    if (message->type == CHANNEL_END) {
        ck_assert_uint_eq(message->size, 0);
        ck_assert_int_eq(message->fd, -1);
        heard.ends++;
        return;
    }
    ck_assert_uint_le(heard.count, MANY);
    heard.types[heard.count] = message->type;
    heard.sizes[heard.count++] = message->size;
    memcpy(heard.data, message->data, message->size);
    heard.fd = message->fd;
    if (heard.closes) {
        channel_close(&channel);
    }
}

static void set_up(void)
{
    int ends[2];

    memset(&heard, 0, sizeof(heard));
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(channel_open(&channel, &loop, ends[0], hear, &channel), 0);
    far_end = ends[1];
}

static void tear_down(void)
{
    channel_close(&channel);
    if (far_end >= 0) {
        (void)close(far_end);
    }
    loop_close(&loop);
}

static void hang_up(void)
{
    ck_assert_int_eq(close(far_end), 0);
    far_end = -1;
}

static int send_text(int fd, uint32_t type, const char *text)
{
    const struct channel_message message = {
        .type = type,
        .data = text,
        .size = strlen(text),
        .fd = -1,
    };

    return channel_send(fd, &message);
}

/* Turns until so many have come. */
static void await(size_t count)
{
    while (heard.count < count) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_uint_eq(heard.count, count);
}

static void await_end(void)
{
    while (heard.ends == 0) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_int_eq(channel.fd, -1);
}

static size_t count_descriptors(void)
{
    size_t count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

START_TEST(messages_arrive_whole)
{
    ck_assert_int_eq(send_text(far_end, 7, "hello"), 0);
    ck_assert_int_eq(send_text(far_end, 8, ""), 0);
    await(2);
    ck_assert_uint_eq(heard.types[0], 7);
    ck_assert_uint_eq(heard.sizes[0], 5);
    ck_assert_mem_eq(heard.data, "hello", 5);
    ck_assert_uint_eq(heard.types[1], 8);
    ck_assert_uint_eq(heard.sizes[1], 0);
    ck_assert_int_eq(heard.fd, -1);
}
END_TEST

START_TEST(they_go_both_ways)
{
    char bytes[16] = "";
    uint32_t type;

    ck_assert_int_eq(send_text(channel.fd, 9, "order"), 0);
    ck_assert_int_eq(read(far_end, bytes, sizeof(bytes)), 4 + 5);
    memcpy(&type, bytes, sizeof(type));
    ck_assert_uint_eq(type, 9);
    ck_assert_str_eq(bytes + 4, "order");
}
END_TEST

START_TEST(the_largest_arrives_and_a_larger_one_is_refused)
{
    static char bytes[CHANNEL_MESSAGE_MAX + 1];
    struct channel_message message = {
        .type = 1,
        .data = bytes,
        .size = CHANNEL_MESSAGE_MAX,
        .fd = -1,
    };

    memset(bytes, 'x', sizeof(bytes));
    bytes[CHANNEL_MESSAGE_MAX - 1] = 'y';
    ck_assert_int_eq(channel_send(far_end, &message), 0);
    await(1);
    ck_assert_uint_eq(heard.sizes[0], CHANNEL_MESSAGE_MAX);
    ck_assert_mem_eq(heard.data, bytes, CHANNEL_MESSAGE_MAX);
    message.size++;
    ck_assert_int_eq(channel_send(far_end, &message), -EMSGSIZE);
    ck_assert_int_eq(channel_push(far_end, &message), -EMSGSIZE);
}
END_TEST

START_TEST(a_descriptor_comes_along)
{
    int pipes[2];
    char byte = 0;
    struct channel_message message = {.type = 1};

    ck_assert_int_eq(pipe(pipes), 0);
    message.fd = pipes[1];
    ck_assert_int_eq(channel_send(far_end, &message), 0);
    await(1);
    ck_assert_int_ge(heard.fd, 0);
    ck_assert_int_ne(heard.fd, pipes[1]);
    ck_assert_int_eq(fcntl(heard.fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(close(pipes[1]), 0); /* it was the sender's still */
    ck_assert_int_eq(write(heard.fd, "x", 1), 1);
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'x');
    (void)close(heard.fd);
    (void)close(pipes[0]);
}
END_TEST

/* It waits in the queue first: the end comes behind it. */
START_TEST(the_end_is_told_once_after_all_else)
{
    ck_assert_int_eq(send_text(far_end, 1, "first"), 0);
    ck_assert_int_eq(send_text(far_end, 2, "second"), 0);
    hang_up();
    await_end();
    ck_assert_uint_eq(heard.count, 2);
    ck_assert_uint_eq(heard.types[1], 2);
}
END_TEST

/* The kernel reports ECONNRESET first. */
START_TEST(what_one_sent_who_did_not_read_arrives)
{
    ck_assert_int_eq(send_text(channel.fd, 1, "unread"), 0);
    ck_assert_int_eq(send_text(far_end, 2, "last words"), 0);
    hang_up();
    await_end();
    ck_assert_uint_eq(heard.count, 1);
    ck_assert_uint_eq(heard.types[0], 2);
}
END_TEST

START_TEST(one_that_is_gone_cannot_be_told)
{
    hang_up();
    ck_assert_int_eq(send_text(channel.fd, 1, "hello"), -EPIPE);
}
END_TEST

/* Many turns are needed; numbers say the order. */
START_TEST(they_arrive_in_their_order)
{
    uint32_t sent = 0;

    while (sent < MANY) {
        int error = send_text(far_end, sent + 1, "x");

        if (error == -EAGAIN) {
            ck_assert_int_eq(loop_turn(&loop), 0);
        } else {
            ck_assert_int_eq(error, 0);
            sent++;
        }
    }
    await(MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_uint_eq(heard.types[i], i + 1);
    }
}
END_TEST

START_TEST(one_that_does_not_read_is_not_waited_for)
{
    uint32_t sent = 0;
    int error;

    while ((error = send_text(far_end, 1, "x")) == 0) {
        ck_assert_uint_lt(++sent, 1000000);
    }
    ck_assert_int_eq(error, -EAGAIN);
    ck_assert_uint_gt(sent, 64); /* some fit */
    ck_assert_uint_lt(sent, MANY);
    await(sent); /* nothing more than was accepted */
    ck_assert_int_eq(send_text(far_end, 1, "x"), 0);
}
END_TEST

/* Pushes more than the socket holds. */
static void push_many(void)
{
    const struct channel_message message = {.type = 3, .fd = -1};

    for (int i = 0; i < MANY; i++) {
        if (channel_push(far_end, &message) < 0) {
            _exit(EXIT_FAILURE);
        }
    }
    _exit(EXIT_SUCCESS);
}

START_TEST(one_who_pushes_waits_for_room)
{
    int status;
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)close(channel.fd); /* else its end would hold the channel */
        push_many();
    }
    hang_up();
    await_end();
    ck_assert_uint_eq(heard.count, MANY);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(the_handler_may_close_it)
{
    heard.closes = true;
    ck_assert_int_eq(send_text(far_end, 1, "first"), 0);
    ck_assert_int_eq(send_text(far_end, 2, "second"), 0);
    await(1);
    ck_assert_int_eq(channel.fd, -1);
    ck_assert_int_lt(send_text(far_end, 3, "third"), 0);
    channel_close(&channel); /* a closed one is fine */
    channel_finish(&channel);
    ck_assert_uint_eq(heard.count, 1);
    ck_assert_uint_eq(heard.ends, 0);
}
END_TEST

/* Nothing is waited for, though somebody holds the other end. */
START_TEST(finishing_hands_over_what_is_there_and_closes)
{
    for (uint32_t i = 0; i < 100; i++) {
        ck_assert_int_eq(send_text(far_end, i + 1, "x"), 0);
    }
    channel_finish(&channel);
    ck_assert_uint_eq(heard.count, 100);
    ck_assert_uint_eq(heard.ends, 0);
    ck_assert_int_eq(channel.fd, -1);
}
END_TEST

START_TEST(finishing_tells_an_end_that_is_there)
{
    ck_assert_int_eq(send_text(far_end, 1, "x"), 0);
    hang_up();
    channel_finish(&channel);
    ck_assert_uint_eq(heard.count, 1);
    ck_assert_uint_eq(heard.ends, 1);
    ck_assert_int_eq(channel.fd, -1);
}
END_TEST

static void
send_raw(const void *bytes, size_t size, const int *fds, size_t count)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    char space[CMSG_SPACE(8 * sizeof(int))] = {0};
    struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
    struct cmsghdr *control;

    head.msg_control = space;
    head.msg_controllen = CMSG_SPACE(count * sizeof(int));
    control = CMSG_FIRSTHDR(&head);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(control), fds, count * sizeof(int));
    ck_assert_int_eq(sendmsg(far_end, &head, 0), (ssize_t)size);
}

/* A plugin ran in the process that sends: it may send anything. */
START_TEST(more_descriptors_than_one_do_not_leak)
{
    static const int fds[] = {0, 0, 0, 0, 0, 0, 0, 0};
    const uint32_t type = 1;
    size_t before = count_descriptors();

    for (size_t count = 1; count <= 8; count++) {
        send_raw(&type, sizeof(type), fds, count);
        await(count);
        ck_assert_int_ge(heard.fd, 0);
        (void)close(heard.fd);
        ck_assert_uint_eq(count_descriptors(), before);
    }
}
END_TEST

START_TEST(what_is_no_message_is_the_end)
{
    static const int fds[] = {0, 0};
    size_t before = count_descriptors();

    send_raw("ab", 2, fds, 2); /* shorter than a type */
    await_end();
    ck_assert_uint_eq(heard.count, 0);
    ck_assert_uint_eq(count_descriptors(), before - 1);
}
END_TEST

START_TEST(an_end_that_was_sent_brings_nothing_along)
{
    static const int fds[] = {0};
    const uint32_t bytes[] = {CHANNEL_END, 1, 2};
    size_t before = count_descriptors();

    send_raw(bytes, sizeof(bytes), fds, 1);
    await_end();
    ck_assert_uint_eq(heard.count, 0);
    ck_assert_uint_eq(count_descriptors(), before - 1);
}
END_TEST

START_TEST(what_cannot_be_listened_to_is_closed)
{
    struct channel other;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

    ck_assert_int_lt(channel_open(&other, &loop, fd, hear, &channel), 0);
    ck_assert_int_eq(other.fd, -1);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    channel_close(&other);
}
END_TEST

UNIT_MAIN_WITH("channel",
               set_up,
               tear_down,
               messages_arrive_whole,
               they_go_both_ways,
               the_largest_arrives_and_a_larger_one_is_refused,
               a_descriptor_comes_along,
               the_end_is_told_once_after_all_else,
               what_one_sent_who_did_not_read_arrives,
               one_that_is_gone_cannot_be_told,
               they_arrive_in_their_order,
               one_that_does_not_read_is_not_waited_for,
               one_who_pushes_waits_for_room,
               the_handler_may_close_it,
               finishing_hands_over_what_is_there_and_closes,
               finishing_tells_an_end_that_is_there,
               more_descriptors_than_one_do_not_leak,
               what_is_no_message_is_the_end,
               an_end_that_was_sent_brings_nothing_along,
               what_cannot_be_listened_to_is_closed)
