/* SPDX-License-Identifier: MIT */
#include "upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

#define TIMEOUT_MS 1000

static struct loop loop;
static uint64_t now_ms;
static struct upgrade upgrade;
static char program[PATH_MAX];
static char *why;

static uint64_t read_clock(void *arg)
{
    (void)arg;
    return now_ms;
}

/* No turn waits. */
static bool end_turn(void *arg)
{
    (void)arg;
    return true;
}

static void set_up(void)
{
    fixtures_begin();
    now_ms = 5000;
    ck_assert_int_eq(loop_open(&loop, read_clock, NULL, end_turn, NULL), 0);
    upgrade_init(&upgrade);
    (void)snprintf(program, sizeof(program), "%s", fixtures_path("program"));
    why = NULL;
}

static void tear_down(void)
{
    free(why);
    loop_close(&loop);
    fixtures_end();
}

/* A program of the shell: what is run in place of the server. */
static void write_program(const char *script)
{
    char text[512];
    const int size = snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", script);

    fixtures_write("program", text, (size_t)size);
    ck_assert_int_eq(chmod(program, 0700), 0);
}

static void try(void)
{
    static char name[] = "berth";
    static char option[] = "-c";
    static char file[] = "a file.yaml";
    char *const argv[] = {name, option, file, NULL};

    ck_assert_int_eq(upgrade_try(&upgrade, &loop, program, argv, TIMEOUT_MS),
                     0);
    ck_assert_int_gt(upgrade.pid, 0);
}

static int judge(void)
{
    int status = 0;

    ck_assert_int_eq(waitpid(upgrade.pid, &status, 0), upgrade.pid);
    return upgrade_judge(&upgrade, status, &why);
}

static int run(const char *script)
{
    write_program(script);
    try();
    return judge();
}

START_TEST(one_that_checks_is_fine)
{
    ck_assert_int_eq(run("echo 'server.yaml: ok (1 protocol)'"), 0);
    ck_assert_ptr_null(why);
    ck_assert_int_eq(upgrade.pid, 0);
    ck_assert_int_eq(upgrade.output, -1);
}
END_TEST

START_TEST(check_comes_before_all_other_words)
{
    ck_assert_int_eq(run("test \"$#,$1,$2,$3\" = '3,--check,-c,a file.yaml' && "
                         "echo ': ok ('"),
                     0);
}
END_TEST

START_TEST(what_it_prints_is_why)
{
    ck_assert_int_eq(run("echo one; echo two >&2; exit 78"), -EINVAL);
    ck_assert_str_eq(why, "one\ntwo\n");
}
END_TEST

START_TEST(good_words_with_a_bad_status_are_bad)
{
    ck_assert_int_eq(run("echo 'x: ok ('; exit 1"), -EINVAL);
    ck_assert_str_eq(why, "x: ok (\n");
}
END_TEST

START_TEST(another_program_is_no_server)
{
    ck_assert_int_eq(run("echo hello"), -EINVAL);
    ck_assert_str_eq(why, "hello\n");
}
END_TEST

START_TEST(the_end_of_a_silent_one_is_why)
{
    ck_assert_int_eq(run("exit 0"), -EINVAL);
    ck_assert_str_eq(why, "exit status 0\n");
    free(why);
    ck_assert_int_eq(run("kill -KILL $$"), -EINVAL);
    ck_assert_str_eq(why, "SIGKILL\n");
}
END_TEST

START_TEST(no_program_is_no_server)
{
    char expected[PATH_MAX + 64];

    (void)snprintf(expected, sizeof(expected),
                   "%s: No such file or directory\n", program);
    try();
    ck_assert_int_eq(judge(), -EINVAL);
    ck_assert_str_eq(why, expected);
}
END_TEST

START_TEST(one_that_hangs_is_killed)
{
    write_program("echo 'x: ok ('; kill -STOP $$");
    try();
    now_ms += TIMEOUT_MS - 1;
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert(!upgrade.is_late);
    now_ms += 1;
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert(upgrade.is_late);
    ck_assert_int_eq(judge(), -EINVAL);
    ck_assert_str_eq(why, "its --check hangs (start_timeout)\n");
}
END_TEST

START_TEST(one_that_ends_in_time_is_not_killed)
{
    ck_assert_int_eq(run("echo ': ok ('"), 0);
    now_ms += UINT64_C(2) * TIMEOUT_MS;
    ck_assert_int_eq(loop_turn(&loop), 0);
    ck_assert(!upgrade.is_late);
}
END_TEST

static int count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

START_TEST(nothing_is_left_open)
{
    const int before = count_descriptors();

    ck_assert_int_eq(run("echo ': ok ('"), 0);
    ck_assert_int_eq(run("ls /proc/self/fd"), -EINVAL);
    /* 0, 1, 2, and the one that ls reads from. */
    ck_assert_str_eq(why, "0\n1\n2\n3\n");
    ck_assert_int_eq(count_descriptors(), before);
}
END_TEST

UNIT_MAIN_WITH("upgrade",
               set_up,
               tear_down,
               one_that_checks_is_fine,
               check_comes_before_all_other_words,
               what_it_prints_is_why,
               good_words_with_a_bad_status_are_bad,
               another_program_is_no_server,
               the_end_of_a_silent_one_is_why,
               no_program_is_no_server,
               one_that_hangs_is_killed,
               one_that_ends_in_time_is_not_killed,
               nothing_is_left_open)
