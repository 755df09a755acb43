/* SPDX-License-Identifier: MIT */
/*
 * What is handed over has the numbers from 3 on, which are Check's already. So
 * each test has a child that gives them away: it asserts by its exit status.
 */
#include "inherited.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

/* In the child. */
static void expect(bool is_true, int line, const char *text)
{
    if (!is_true) {
        (void)fprintf(stderr, "%s:%d: %s\n", __FILE__, line, text);
        _exit(1);
    }
}

#define EXPECT(condition_) expect((condition_), __LINE__, #condition_)

static void check_in_child(void (*child)(void))
{
    const pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        child();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}

static void move_to(int made, int fd)
{
    if (made == fd) {
        return;
    }
    EXPECT(dup2(made, fd) == fd);
    EXPECT(close(made) == 0);
}

/* A unix socket that listens at a name that the kernel chooses. */
static void put_listener(int fd)
{
    const struct sockaddr_un address = {.sun_family = AF_UNIX};
    const int made = socket(AF_UNIX, SOCK_STREAM, 0);

    EXPECT(made >= 0);
    EXPECT(bind(made, (const struct sockaddr *)&address,
                sizeof(address.sun_family)) == 0);
    EXPECT(listen(made, 1) == 0);
    move_to(made, fd);
}

static void put_socket(int fd, int type)
{
    const int made = socket(AF_UNIX, type, 0);

    EXPECT(made >= 0);
    move_to(made, fd);
}

static void announce(const char *count, const char *names, pid_t pid)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%ld", (long)pid);
    EXPECT(setenv("LISTEN_PID", text, 1) == 0);
    EXPECT(setenv("LISTEN_FDS", count, 1) == 0);
    EXPECT(names == NULL ? unsetenv("LISTEN_FDNAMES") == 0
                         : setenv("LISTEN_FDNAMES", names, 1) == 0);
}

/* Three that listen, for names. */
static void hand_over(const char *names)
{
    for (int fd = 3; fd < 6; fd++) {
        put_listener(fd);
    }
    announce("3", names, getpid());
}

static bool same_socket(int fd, int other)
{
    struct sockaddr_un a, b;
    socklen_t a_size = sizeof(a);
    socklen_t b_size = sizeof(b);

    return getsockname(fd, (struct sockaddr *)&a, &a_size) == 0 &&
           getsockname(other, (struct sockaddr *)&b, &b_size) == 0 &&
           a_size == b_size && memcmp(&a, &b, a_size) == 0;
}

static void take_by_name(void)
{
    int fds[4] = {-1, -1, -1, -1};

    hand_over("web:mail:web");
    EXPECT(inherited_count("web") == 2);
    EXPECT(inherited_count("mail") == 1);
    EXPECT(inherited_take("web", fds, 4) == 2);
    EXPECT(same_socket(fds[0], 3) && same_socket(fds[1], 5));
    EXPECT(inherited_take("mail", fds, 4) == 1);
    EXPECT(same_socket(fds[0], 4));
}

START_TEST(all_of_a_name_are_taken)
{
    check_in_child(take_by_name);
}
END_TEST

static void take_twice(void)
{
    int first = -1, second = -1;

    hand_over("a:b:c");
    EXPECT(inherited_take("b", &first, 1) == 1);
    EXPECT(first > 5);
    EXPECT((fcntl(first, F_GETFD) & FD_CLOEXEC) != 0);
    EXPECT((fcntl(first, F_GETFL) & O_NONBLOCK) != 0);
    EXPECT((fcntl(4, F_GETFD) & FD_CLOEXEC) == 0);
    EXPECT(close(first) == 0);
    EXPECT(inherited_take("b", &second, 1) == 1);
    EXPECT(same_socket(second, 4));
}

START_TEST(what_was_taken_can_be_taken_again)
{
    check_in_child(take_twice);
}
END_TEST

static void take_strange_names(void)
{
    static const char *const names[] = {"", "a", "abc", "b:ab", "unknown"};
    int fd = -1;

    hand_over("ab:b");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        EXPECT(inherited_count(names[i]) == 0);
        EXPECT(inherited_take(names[i], &fd, 1) == -ENOENT);
        EXPECT(fd == -1);
    }
    EXPECT(inherited_count("ab") == 1);
    EXPECT(inherited_count("b") == 1);
}

START_TEST(a_name_is_a_whole_name)
{
    check_in_child(take_strange_names);
}
END_TEST

static void take_unnamed(void)
{
    int fds[3];

    hand_over(NULL);
    EXPECT(inherited_take("unknown", fds, 3) == 3);
    EXPECT(inherited_take("3", fds, 3) == -ENOENT);
}

START_TEST(without_names_they_are_unknown)
{
    check_in_child(take_unnamed);
}
END_TEST

static void take_what_is_not_ours(void)
{
    static const char *const counts[] = {"0", "-1", "", "x", "3x"};
    int fd = -1;

    hand_over("a:b:c");
    announce("3", "a:b:c", getppid());
    EXPECT(inherited_take("a", &fd, 1) == -ENOENT);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        announce(counts[i], "a:b:c", getpid());
        EXPECT(inherited_take("a", &fd, 1) == -ENOENT);
    }
    EXPECT(unsetenv("LISTEN_PID") == 0);
    EXPECT(inherited_take("a", &fd, 1) == -ENOENT);
}

START_TEST(what_another_process_was_given_is_left_alone)
{
    check_in_child(take_what_is_not_ours);
}
END_TEST

static int take_one(const char *name)
{
    int fd = -1;
    const int count = inherited_take(name, &fd, 1);

    EXPECT(count < 0);
    return count;
}

static void take_other_things(void)
{
    put_socket(3, SOCK_STREAM);
    put_socket(4, SOCK_DGRAM);
    (void)close(5);
    EXPECT(open("/dev/null", O_RDONLY) == 5);
    (void)close(6);
    announce("4", "quiet:datagrams:file:closed", getpid());
    EXPECT(take_one("quiet") == -EINVAL);
    EXPECT(take_one("datagrams") == -EPROTOTYPE);
    EXPECT(take_one("file") == -ENOTSOCK);
    EXPECT(take_one("closed") == -EBADF);
}

START_TEST(what_does_not_listen_is_refused)
{
    check_in_child(take_other_things);
}
END_TEST

static void take_too_many(void)
{
    int fds[2] = {-1, -1};

    hand_over("a:a:a");
    EXPECT(inherited_take("a", fds, 2) == -E2BIG);
    EXPECT(fcntl(fds[0], F_GETFD) < 0 && fcntl(fds[1], F_GETFD) < 0);
    announce("1000000", "a:a:a", getpid());
    EXPECT(inherited_count("a") == 3);
}

START_TEST(too_many_are_refused_and_given_back)
{
    check_in_child(take_too_many);
}
END_TEST

static void forget(void)
{
    int fd = -1;

    hand_over("a:b:c");
    EXPECT(inherited_take("a", &fd, 1) == 1);
    inherited_forget();
    EXPECT(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_PID") == NULL &&
           getenv("LISTEN_FDNAMES") == NULL);
    EXPECT(fcntl(fd, F_GETFD) >= 0);
    EXPECT(inherited_take("a", &fd, 1) == -ENOENT);
}

START_TEST(what_was_forgotten_is_not_handed_on)
{
    check_in_child(forget);
}
END_TEST

START_TEST(each_failure_is_explained)
{
    ck_assert_ptr_nonnull(strstr(inherited_explain(-ENOENT), "LISTEN_FDS"));
    ck_assert_ptr_nonnull(strstr(inherited_explain(-EINVAL), "Accept="));
    ck_assert_ptr_nonnull(strstr(inherited_explain(-EBADF), "not open"));
    ck_assert_str_eq(inherited_explain(-EMFILE), strerror(EMFILE));
}
END_TEST

UNIT_MAIN("inherited",
          all_of_a_name_are_taken,
          what_was_taken_can_be_taken_again,
          a_name_is_a_whole_name,
          without_names_they_are_unknown,
          what_another_process_was_given_is_left_alone,
          what_does_not_listen_is_refused,
          too_many_are_refused_and_given_back,
          what_was_forgotten_is_not_handed_on,
          each_failure_is_explained)
