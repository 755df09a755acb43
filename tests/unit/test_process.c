/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

#define HIGHEST 256 /* of the descriptors that are looked at */

/* What close_range(2), or fork(2), is to say, if not 0. */
static int range_error;
static int fork_error;

/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp): the
   names that --wrap of ld(1) makes. */
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags);

int __wrap_close_range(unsigned first, unsigned last, int flags)
{
    if (range_error != 0) {
        errno = range_error;
        return -1;
    }
    return __real_close_range(first, last, flags);
}

pid_t __real_fork(void);
pid_t __wrap_fork(void);

pid_t __wrap_fork(void)
{
    if (fork_error != 0) {
        errno = fork_error;
        return -1;
    }
    return __real_fork();
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* What a process tells goes through here. */
static int told[2];

static void set_up(void)
{
    ck_assert_int_eq(pipe2(told, O_CLOEXEC), 0);
}

static void tear_down(void)
{
    (void)close(told[0]);
    if (told[1] >= 0) {
        (void)close(told[1]);
    }
}

/* told[1] is kept, and so are keep[0..count). */
static pid_t
start(process_fn *run, void *arg, const int *keep, size_t keep_count)
{
    int fds[8];
    struct process_parts parts = {
        .run = run,
        .arg = arg,
        .keep = fds,
        .keep_count = keep_count + 1,
    };
    pid_t pid;

    ck_assert_uint_lt(keep_count, 8);
    for (size_t i = 0; i < keep_count; i++) {
        fds[i] = keep[i];
    }
    fds[keep_count] = told[1];
    pid = process_start(&parts);
    ck_assert_int_gt(pid, 0);
    return pid;
}

static int await_status(pid_t pid)
{
    int status;

    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

/* Nobody else may hold the pipe: then its end is that of the process. */
static void await_silence(void)
{
    char byte;

    if (told[1] >= 0) {
        (void)close(told[1]);
        told[1] = -1;
    }
    while (read(told[0], &byte, 1) > 0) {
    }
}

/* ---------------------------------------------------------------- running */

static int return_number(void *arg, bool *may_free)
{
    const int *number = arg;

    return *may_free ? *number : 99;
}

START_TEST(what_it_returns_is_its_status)
{
    for (int number = 0; number < 80; number += 26) {
        int status = await_status(start(return_number, &number, NULL, 0));

        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), number);
    }
}
END_TEST

static int tell_signals(void *arg, bool *may_free)
{
    sigset_t blocked;
    int count = 0;

    (void)arg;
    (void)may_free;
    (void)sigprocmask(SIG_BLOCK, NULL, &blocked);
    for (int number = 1; number < NSIG; number++) {
        count += sigismember(&blocked, number) == 1 ? 1 : 0;
    }
    return count;
}

START_TEST(no_signal_is_blocked_there)
{
    sigset_t some;
    int status;

    (void)sigemptyset(&some);
    (void)sigaddset(&some, SIGTERM);
    (void)sigaddset(&some, SIGCHLD);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &some, NULL), 0);
    status = await_status(start(tell_signals, NULL, NULL, 0));
    ck_assert_int_eq(status, 0);
}
END_TEST

/* ------------------------------------------------------------- descriptors */

static int tell_descriptors(void *arg, bool *may_free)
{
    char is_open[HIGHEST];

    (void)arg;
    (void)may_free;
    for (int fd = 0; fd < HIGHEST; fd++) {
        is_open[fd] = fcntl(fd, F_GETFD) >= 0 ? 'x' : '.';
    }
    return write(told[1], is_open, sizeof(is_open)) == HIGHEST ? 0 : 1;
}

/* Those that are kept have gaps between them. */
static void check_descriptors(void)
{
    int keep[] = {200, 100, 101, -1, 100, 2};
    char is_open[HIGHEST];

    for (int fd = 90; fd < 210; fd++) {
        ck_assert_int_eq(dup2(0, fd), fd);
    }
    ck_assert_int_eq(await_status(start(tell_descriptors, NULL, keep, 6)), 0);
    ck_assert_int_eq(read(told[0], is_open, sizeof(is_open)), HIGHEST);
    for (int fd = 0; fd < HIGHEST; fd++) {
        const bool is_kept =
            fd <= 2 || fd == 100 || fd == 101 || fd == 200 || fd == told[1];

        ck_assert_msg((is_open[fd] == 'x') == is_kept, "%d: %c", fd,
                      is_open[fd]);
    }
}

START_TEST(only_what_is_kept_is_open_there)
{
    check_descriptors();
}
END_TEST

/* Linux before 5.9, or a filter of system calls. */
START_TEST(so_it_is_without_close_range)
{
    struct rlimit limit = {.rlim_cur = 1024, .rlim_max = 1024};

    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    range_error = ENOSYS;
    check_descriptors();
}
END_TEST

/* ------------------------------------------------------------------ the end */

static void tell_destructor(void)
{
    (void)!write(told[1], "d", 1);
}

static int end_with_destructors(void *arg, bool *may_free)
{
    *may_free = *(const bool *)arg;
    return 0;
}

/* Registered in a process of its own, which runs them as well. */
static void check_destructors(bool may_free, const char *expected)
{
    char bytes[8] = "";

    ck_assert_int_eq(atexit(tell_destructor), 0);
    ck_assert_int_eq(
        await_status(start(end_with_destructors, &may_free, NULL, 0)), 0);
    ck_assert_int_eq(write(told[1], "!", 1), 1);
    ck_assert_int_gt(read(told[0], bytes, sizeof(bytes) - 1), 0);
    ck_assert_str_eq(bytes, expected);
}

START_TEST(destructors_run_at_its_end)
{
    check_destructors(true, "d!");
}
END_TEST

START_TEST(they_do_not_where_threads_may_still_run)
{
    check_destructors(false, "!");
}
END_TEST

static int print_more(void *arg, bool *may_free)
{
    (void)fputs("child\n", arg);
    *may_free = false; /* it is written all the same */
    return 0;
}

START_TEST(what_is_buffered_is_written_once)
{
    char bytes[64] = "";
    int held = dup(told[1]);
    FILE *stream = fdopen(held, "w");
    size_t length = 0;

    ck_assert_int_gt(fprintf(stream, "parent\n"), 0);
    ck_assert_int_eq(await_status(start(print_more, stream, &held, 1)), 0);
    ck_assert_int_eq(fclose(stream), 0);
    (void)close(told[1]);
    told[1] = -1;
    for (ssize_t count = 1; count > 0; length += (size_t)count) {
        count = read(told[0], bytes + length, sizeof(bytes) - 1 - length);
    }
    ck_assert_str_eq(bytes, "parent\nchild\n");
}
END_TEST

static int wait_for_ever(void *arg, bool *may_free)
{
    (void)arg;
    (void)may_free;
    (void)signal(SIGTERM, SIG_DFL); /* Check has a handler of its own */
    if (write(told[1], "x", 1) == 1) {
        (void)pause();
    }
    return 0;
}

/* In the middle: starts another one, and ends. */
static int start_and_end(void *arg, bool *may_free)
{
    char byte;

    (void)arg;
    (void)start(wait_for_ever, NULL, told, 1);
    *may_free = false;
    return read(told[0], &byte, 1) == 1 ? 0 : 1; /* it is there */
}

START_TEST(it_ends_with_its_parent)
{
    ck_assert_int_eq(await_status(start(start_and_end, NULL, told, 1)), 0);
    await_silence();
}
END_TEST

START_TEST(without_processes_it_is_an_error)
{
    struct process_parts parts = {.run = return_number};

    fork_error = EAGAIN;
    ck_assert_int_eq(process_start(&parts), -EAGAIN);
}
END_TEST

/* -------------------------------------------------------------------- texts */

START_TEST(the_end_is_described)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        {W_EXITCODE(0, 0), "exit status 0"},
        {W_EXITCODE(3, 0), "exit status 3"},
        {W_EXITCODE(255, 0), "exit status 255"},
        {W_EXITCODE(0, SIGSEGV), "SIGSEGV"},
        {W_EXITCODE(0, SIGABRT) | WCOREFLAG, "SIGABRT (core dumped)"},
        {W_EXITCODE(0, SIGKILL), "SIGKILL"},
        {W_EXITCODE(0, 40), "signal 40"}, /* of real time: it has no name */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[PROCESS_TEXT_MAX];

        process_describe_end(cases[i].status, text);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

UNIT_MAIN_WITH("process",
               set_up,
               tear_down,
               what_it_returns_is_its_status,
               no_signal_is_blocked_there,
               only_what_is_kept_is_open_there,
               so_it_is_without_close_range,
               destructors_run_at_its_end,
               they_do_not_where_threads_may_still_run,
               what_is_buffered_is_written_once,
               it_ends_with_its_parent,
               without_processes_it_is_an_error,
               the_end_is_described)
