/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <unistd.h>

#include "unit.h"

static const int numbers[] = {SIGUSR1, SIGTERM, 0};

static struct loop loop;
static struct signals signals;
static uint32_t heard[64]; /* of each number, how often */

static void count(void *owner, uint32_t number)
{
    ck_assert_ptr_eq(owner, &signals);
    heard[number]++;
}

static void set_up(void)
{
    ck_assert_int_eq(loop_open(&loop, loop_monotonic_ms, NULL, NULL, NULL), 0);
    signals_block(numbers);
    ck_assert_int_eq(signals_open(&signals, &loop, numbers, count, &signals),
                     0);
}

static void tear_down(void)
{
    signals_close(&signals);
    loop_close(&loop);
}

START_TEST(each_signal_is_a_report)
{
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(kill(getpid(), SIGTERM), 0);
    ck_assert_uint_eq(heard[SIGUSR1], 0); /* not before the loop turns */
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(heard[SIGUSR1], 1);
    ck_assert_uint_eq(heard[SIGTERM], 1);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(heard[SIGUSR1], 2);
}
END_TEST

START_TEST(several_of_one_number_are_one)
{
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(heard[SIGUSR1], 1);
}
END_TEST

START_TEST(only_those_that_were_named_are_blocked)
{
    sigset_t blocked;

    ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
    ck_assert_int_eq(sigismember(&blocked, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&blocked, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&blocked, SIGHUP), 0);
    ck_assert_int_eq(sigismember(&blocked, SIGINT), 0);
}
END_TEST

START_TEST(a_write_to_one_who_is_gone_is_an_error)
{
    int ends[2];

    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(close(ends[0]), 0);
    ck_assert_int_eq(write(ends[1], "x", 1), -1);
    ck_assert_int_eq(errno, EPIPE);
    ck_assert_int_eq(close(ends[1]), 0);
}
END_TEST

START_TEST(no_program_that_is_started_has_it_open)
{
    ck_assert_int_eq(fcntl(signals.fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(after_the_end_none_is_told)
{
    const int fd = signals.fd;

    signals_close(&signals);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    signals_close(&signals); /* one that is not open is fine */
    /* It waits, blocked, for the next one who asks. */
    ck_assert_int_eq(signals_open(&signals, &loop, numbers, count, &signals),
                     0);
    ck_assert_uint_eq(heard[SIGUSR1], 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert_uint_eq(heard[SIGUSR1], 1);
}
END_TEST

START_TEST(without_descriptors_it_is_not_open)
{
    struct signals other;
    struct rlimit limit;

    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_int_eq(signals_open(&other, &loop, numbers, count, &signals),
                     -EMFILE);
    ck_assert_int_lt(other.fd, 0);
    signals_close(&other);
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}
END_TEST

UNIT_MAIN_WITH("signals",
               set_up,
               tear_down,
               each_signal_is_a_report,
               several_of_one_number_are_one,
               only_those_that_were_named_are_blocked,
               a_write_to_one_who_is_gone_is_an_error,
               no_program_that_is_started_has_it_open,
               after_the_end_none_is_told,
               without_descriptors_it_is_not_open)
