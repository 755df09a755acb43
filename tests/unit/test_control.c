/* SPDX-License-Identifier: MIT */
#include "control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

#define SECOND UINT64_C(1000)
#define LONG_ANSWER ((size_t)4 << 20) /* more than a socket holds */

static struct loop loop;
static struct log server_log;
static struct control *control;
static struct address address;
static uint64_t clock_ms = 1000;

/* What the handler does, and did. */
static bool answers_later;
static size_t answer_length; /* of "long" */
static struct control_request *kept;
static size_t handled;
static char words[256];

/* ---------------------------------------------------------------- fixtures */

static uint64_t tell_time(void *arg)
{
    (void)arg;
    return clock_ms;
}

/* The loop never waits: it is the tests that know what is to come. */
static bool end_turn(void *arg)
{
    (void)arg;
    return true;
}

static void note_words(const struct control_request *request)
{
    size_t length = 0;

    for (int i = 0; i < request->argc; i++) {
        length += (size_t)snprintf(words + length, sizeof(words) - length,
                                   "%s;", request->argv[i]);
        ck_assert_uint_lt(length, sizeof(words));
    }
}

static void handle(void *owner, struct control_request *request)
{
    ck_assert_ptr_eq(owner, &loop);
    handled++;
    note_words(request);
    for (size_t i = 0; i < answer_length; i++) {
        (void)fputc('x', control_stream(request));
    }
    if (answers_later) {
        kept = request;
    } else {
        control_end(request, 0, "done");
    }
}

static void parse(const char *text)
{
    const char *why;
    const char *hint;

    ck_assert_int_eq(address_parse(&address, text, fixtures_root, &why, &hint),
                     0);
}

static int open_at(const char *text, struct control **opened)
{
    parse(text);
    return control_open(&loop, &address, &server_log, handle, &loop, opened);
}

static void begin_loop(void)
{
    ck_assert_int_eq(loop_open(&loop, tell_time, NULL, end_turn, NULL), 0);
    loop.is_busy = true;
}

static void set_up(void)
{
    fixtures_begin();
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_TEXT), 0);
    begin_loop();
    ck_assert_int_eq(open_at("unix:socket", &control), 0);
}

static void tear_down(void)
{
    control_close(control);
    loop_close(&loop);
    log_close(&server_log);
    fixtures_end();
}

static void take_turns(void)
{
    for (size_t i = 0; i < 4; i++) {
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
}

static int dial(void)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(
        connect(fd, (struct sockaddr *)&address.storage, address.size), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
                     (ssize_t)strlen(text));
}

/* A client that has said something which was seen. */
static int ask(const char *text)
{
    int fd = dial();

    say(fd, text);
    take_turns();
    return fd;
}

/* All that there is, to the end of the stream, which must be there. */
static void expect(int fd, const char *expected)
{
    char bytes[1024];
    size_t length = 0;
    ssize_t size;

    while ((size = recv(fd, bytes + length, sizeof(bytes) - 1 - length,
                        MSG_DONTWAIT)) > 0) {
        length += (size_t)size;
    }
    ck_assert_int_eq(size, 0);
    bytes[length] = '\0';
    ck_assert_str_eq(bytes, expected);
    (void)close(fd);
}

/* No answer yet, and no end. */
static void expect_nothing(int fd)
{
    char byte;

    ck_assert_int_eq(recv(fd, &byte, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

static bool path_exists(void)
{
    struct stat status;

    return lstat(fixtures_path("socket"), &status) == 0;
}

/* ---------------------------------------------------------------- requests */

START_TEST(a_request_is_answered)
{
    int fd = ask("close 12.7\n");

    ck_assert_str_eq(words, "close;12.7;");
    expect(fd, "ok\ndone\n");
}
END_TEST

START_TEST(a_request_may_come_in_pieces)
{
    int fd = ask("clo");

    expect_nothing(fd);
    say(fd, "se 1");
    take_turns();
    say(fd, "2\n");
    take_turns();
    ck_assert_uint_eq(handled, 1);
    ck_assert_str_eq(words, "close;12;");
    expect(fd, "ok\ndone\n");
}
END_TEST

START_TEST(what_follows_the_line_is_ignored)
{
    int fd = ask("one\ntwo\n");

    ck_assert_uint_eq(handled, 1);
    ck_assert_str_eq(words, "one;");
    expect(fd, "ok\ndone\n");
}
END_TEST

START_TEST(what_is_no_request_is_told)
{
    int fd = ask("\n");

    expect(fd, "error the request is empty\n");
    fd = dial();
    say(fd, "half");
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    take_turns();
    expect(fd, "error the request has no end of line\n");
    ck_assert_uint_eq(handled, 0);
}
END_TEST

START_TEST(too_long_a_line_is_told_without_a_reset)
{
    char line[CONTROL_LINE_MAX + 100];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    expect(ask(line), "error the request is longer than 4 KiB\n");
}
END_TEST

START_TEST(who_finishes_sending_still_gets_his_answer)
{
    int fd = dial();

    answers_later = true;
    say(fd, "status\n");
    ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
    take_turns();
    expect_nothing(fd);
    control_end(kept, 0, NULL);
    expect(fd, "ok\n");
}
END_TEST

START_TEST(who_says_nothing_and_leaves_is_forgotten)
{
    int fd = dial();

    take_turns();
    (void)close(fd);
    take_turns();
    ck_assert_uint_eq(handled, 0);
    expect(ask("status\n"), "ok\ndone\n");
}
END_TEST

/* ----------------------------------------------------------------- waiting */

START_TEST(who_says_nothing_is_waited_for_10_seconds)
{
    int fd = dial();

    take_turns();
    clock_ms += 9 * SECOND;
    take_turns();
    expect_nothing(fd);
    clock_ms += 2 * SECOND;
    take_turns();
    expect(fd, "error no request came within 10 s\n");
}
END_TEST

START_TEST(the_answer_may_take_any_time)
{
    int fd;

    answers_later = true;
    fd = ask("reload\n");
    clock_ms += 3600 * SECOND;
    take_turns();
    expect_nothing(fd);
    control_fail(kept, "it took %d s", 3600);
    expect(fd, "error it took 3600 s\n");
}
END_TEST

START_TEST(a_request_outlives_its_client)
{
    int fd;

    answers_later = true;
    fd = ask("reload\n");
    (void)close(fd);
    take_turns();
    ck_assert_ptr_null(kept->client);
    ck_assert_str_eq(kept->argv[0], "reload");
    control_print(kept, "nobody reads this");
    control_end(kept, 0, NULL);
    take_turns();
}
END_TEST

START_TEST(a_request_outlives_the_control)
{
    int fd;

    answers_later = true;
    fd = ask("reload\n");
    control_close(control);
    control = NULL;
    expect(fd, "");
    control_end(kept, 0, "too late");
}
END_TEST

/* Reads what there is; how much. */
static size_t take(int fd)
{
    static char bytes[1 << 16];
    size_t total = 0;
    ssize_t size;

    while ((size = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        total += (size_t)size;
    }
    ck_assert(size == 0 || errno == EAGAIN);
    return total;
}

START_TEST(a_long_answer_is_sent_as_it_is_read)
{
    size_t total = 0;
    int fd;

    answer_length = LONG_ANSWER;
    fd = ask("connections\n");
    answer_length = 0;
    expect(ask("status\n"), "ok\ndone\n"); /* others do not wait */
    for (size_t more = 1; more > 0;) {
        more = take(fd);
        total += more;
        ck_assert_int_eq(loop_turn(&loop), 0);
    }
    ck_assert_uint_eq(total, LONG_ANSWER + strlen("ok\n") + strlen("done\n"));
    (void)close(fd);
}
END_TEST

START_TEST(who_does_not_read_is_left_after_10_seconds)
{
    int fd;
    size_t total;

    answer_length = LONG_ANSWER;
    fd = ask("connections\n");
    total = take(fd);
    take_turns();
    clock_ms += 9 * SECOND;
    take_turns();
    total += take(fd); /* something was read: 10 seconds more */
    take_turns();
    clock_ms += 9 * SECOND;
    take_turns();
    clock_ms += 2 * SECOND;
    take_turns();
    total += take(fd);
    ck_assert_uint_lt(total, LONG_ANSWER);
    ck_assert_int_eq(recv(fd, words, 1, MSG_DONTWAIT), 0);
    (void)close(fd);
}
END_TEST

START_TEST(who_leaves_within_an_answer_is_forgotten)
{
    int fd;

    answer_length = LONG_ANSWER;
    fd = ask("connections\n");
    (void)close(fd);
    take_turns();
    answer_length = 0;
    expect(ask("status\n"), "ok\ndone\n");
}
END_TEST

START_TEST(one_more_waits_until_one_leaves)
{
    int fds[CONTROL_CLIENTS_MAX];
    int late;

    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        fds[i] = dial();
        take_turns();
    }
    late = ask("status\n");
    expect_nothing(late);
    ck_assert_uint_eq(handled, 0);
    say(fds[3], "status\n");
    take_turns();
    take_turns();
    ck_assert_uint_eq(handled, 2);
    expect(fds[3], "ok\ndone\n");
    expect(late, "ok\ndone\n");
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (i != 3) {
            (void)close(fds[i]);
        }
    }
}
END_TEST

/* --------------------------------------------------------------- the socket */

START_TEST(only_its_owner_may_connect)
{
    struct stat status;

    ck_assert_int_eq(lstat(fixtures_path("socket"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

START_TEST(other_users_are_refused)
{
    struct control *abstract = NULL;
    char text[64];
    char *lines;
    size_t size;
    int fd;

    if (geteuid() != 0) {
        return; /* who is not root cannot be another */
    }
    (void)snprintf(text, sizeof(text), "unix:@berth-control-%d", (int)getpid());
    ck_assert_int_eq(open_at(text, &abstract), 0);
    ck_assert_int_eq(seteuid(65534), 0);
    fd = dial();
    ck_assert_int_eq(seteuid(0), 0);
    say(fd, "reload\n");
    take_turns();
    expect(fd, "error only root and user 0 may command this server, not user "
               "65534\n");
    ck_assert_uint_eq(handled, 0);
    lines = fixtures_read(fixtures_path("log"), &size);
    ck_assert_ptr_nonnull(memmem(lines, size, "user 65534 may not", 18));
    free(lines);
    control_close(abstract);
}
END_TEST

START_TEST(a_living_one_is_not_replaced)
{
    struct control *other = NULL;

    ck_assert_int_eq(open_at("unix:socket", &other), -EADDRINUSE);
    ck_assert_ptr_null(other);
    take_turns(); /* the question whether it lives was a client */
    expect(ask("status\n"), "ok\ndone\n");
}
END_TEST

START_TEST(internet_addresses_are_refused)
{
    struct control *other = NULL;

    ck_assert_int_eq(open_at("127.0.0.1:0", &other), -EINVAL);
    ck_assert_ptr_null(other);
}
END_TEST

START_TEST(the_path_goes_at_the_end)
{
    ck_assert(path_exists());
    control_close(control);
    control = NULL;
    ck_assert(!path_exists());
}
END_TEST

START_TEST(a_path_that_is_no_longer_ours_is_kept)
{
    ck_assert_int_eq(unlink(fixtures_path("socket")), 0);
    fixtures_write("socket", "", 0);
    control_close(control);
    control = NULL;
    ck_assert(path_exists());
}
END_TEST

/* As after an exec: the descriptor is all that there is. */
START_TEST(a_socket_is_adopted)
{
    struct control *other = NULL;
    int fd = dup(control_fd(control));

    control_forget(control);
    control = NULL;
    loop_close(&loop);
    begin_loop();
    ck_assert(path_exists());
    ck_assert_int_eq(
        control_adopt(&loop, fd, &server_log, handle, &loop, &other), 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert(address_equals(control_address(other), &address));
    expect(ask("status\n"), "ok\ndone\n");
    control_close(other);
    ck_assert(!path_exists());
}
END_TEST

START_TEST(what_is_no_socket_is_not_adopted)
{
    struct control *other = NULL;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(
        control_adopt(&loop, fds[0], &server_log, handle, &loop, &other),
        -ENOTSOCK);
    ck_assert_int_eq(close(fds[0]), 0); /* it is still ours */
    (void)close(fds[1]);
}
END_TEST

/* The child that forgets. */
static int forget_in_child(void)
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        control_forget(control);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(a_child_forgets_and_the_parent_goes_on)
{
    int reading = ask("sta");
    int waiting;

    answers_later = true;
    waiting = ask("reload\n");
    ck_assert_int_eq(forget_in_child(), 0);
    ck_assert(path_exists());
    control_end(kept, 0, NULL);
    expect(waiting, "ok\n");
    answers_later = false;
    say(reading, "tus\n");
    take_turns();
    expect(reading, "ok\ndone\n");
    expect(ask("status\n"), "ok\ndone\n");
}
END_TEST

START_TEST(a_child_that_holds_a_client_does_not_delay_its_end)
{
    int fds[2];
    int fd = dial();
    pid_t child;

    take_turns();
    ck_assert_int_eq(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        char byte;

        (void)close(fds[1]);
        (void)!read(fds[0], &byte, 1); /* until the parent closes it */
        _exit(0);
    }
    (void)close(fds[0]);
    say(fd, "status\n");
    take_turns();
    expect(fd, "ok\ndone\n");
    (void)close(fds[1]);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}
END_TEST

START_TEST(nothing_is_fine)
{
    control_close(NULL);
    control_forget(NULL);
}
END_TEST

UNIT_MAIN_WITH("control",
               set_up,
               tear_down,
               a_request_is_answered,
               a_request_may_come_in_pieces,
               what_follows_the_line_is_ignored,
               what_is_no_request_is_told,
               too_long_a_line_is_told_without_a_reset,
               who_finishes_sending_still_gets_his_answer,
               who_says_nothing_and_leaves_is_forgotten,
               who_says_nothing_is_waited_for_10_seconds,
               the_answer_may_take_any_time,
               a_request_outlives_its_client,
               a_request_outlives_the_control,
               a_long_answer_is_sent_as_it_is_read,
               who_does_not_read_is_left_after_10_seconds,
               who_leaves_within_an_answer_is_forgotten,
               one_more_waits_until_one_leaves,
               only_its_owner_may_connect,
               other_users_are_refused,
               a_living_one_is_not_replaced,
               internet_addresses_are_refused,
               the_path_goes_at_the_end,
               a_path_that_is_no_longer_ours_is_kept,
               a_socket_is_adopted,
               what_is_no_socket_is_not_adopted,
               a_child_forgets_and_the_parent_goes_on,
               a_child_that_holds_a_client_does_not_delay_its_end,
               nothing_is_fine)
