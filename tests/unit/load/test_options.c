/* SPDX-License-Identifier: MIT */
#include "berth-load/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"

#define WORDS_MAX 32

static struct options options;

/* Words with blanks between, as the shell would split them. */
static int parse(const char *line)
{
    static char name[] = "berth-load";
    static char copy[512];
    char *words[WORDS_MAX] = {name};
    char *next = copy;
    int count = 1;

    (void)snprintf(copy, sizeof(copy), "%s", line);
    while (next != NULL && *next != '\0') {
        words[count++] = strsep(&next, " ");
    }
    optind = 0; /* from the beginning, says getopt(3) */
    return options_parse(&options, count, words);
}

/* What is told on stderr is not what this is about. */
static void be_silent(void)
{
    ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

START_TEST(what_is_not_said_is_usual)
{
    ck_assert_int_eq(parse("127.0.0.1:80"), 0);
    ck_assert_int_eq(options.profile, PROFILE_ECHO);
    ck_assert_uint_eq(options.size, 64);
    ck_assert_uint_eq(options.connections, 64);
    ck_assert_uint_eq(options.active, 64);
    ck_assert_uint_eq(options.depth, 1);
    ck_assert_uint_eq(options.rate, 0);
    ck_assert_uint_eq(options.workers, 1);
    ck_assert_uint_eq(options.time_ms, 10000);
    ck_assert_uint_eq(options.warmup_ms, 200);
    ck_assert_str_eq(options.path, "/");
}
END_TEST

START_TEST(all_can_be_said)
{
    ck_assert_int_eq(parse("-p line -s 4KiB -c 10 -d 3 --active 5 --idle 7 "
                           "--workers=2 -t 1m --warmup 0 127.0.0.1:80"),
                     0);
    ck_assert_int_eq(options.profile, PROFILE_LINE);
    ck_assert_uint_eq(options.size, 4096);
    ck_assert_uint_eq(options.connections, 10);
    ck_assert_uint_eq(options.depth, 3);
    ck_assert_uint_eq(options.active, 5);
    ck_assert_uint_eq(options.idle, 7);
    ck_assert_uint_eq(options.workers, 2);
    ck_assert_uint_eq(options.time_ms, 60000);
    ck_assert_uint_eq(options.warmup_ms, 0);
    ck_assert_int_eq(parse("-p http --path /a?b -r 5 --reconnect 2 "
                           "--sources 3 --cpu-of 1,22 127.0.0.1:80"),
                     0);
    ck_assert_str_eq(options.path, "/a?b");
    ck_assert_uint_eq(options.rate, 5);
    ck_assert_uint_eq(options.reconnect, 2);
    ck_assert_uint_eq(options.sources, 3);
    ck_assert_uint_eq(options.pid_count, 2);
    ck_assert_int_eq(options.pids[1], 22);
}
END_TEST

START_TEST(what_is_out_of_range_is_refused)
{
    static const char *const lines[] = {
        "",
        "localhost:80",
        "fd:x",
        "127.0.0.1:80 more",
        "-p ecko 127.0.0.1:80",
        "-s 0 127.0.0.1:80",
        "-s 17MiB 127.0.0.1:80",
        "-s 1K 127.0.0.1:80",
        "-c 10000001 127.0.0.1:80",
        "-c -1 127.0.0.1:80",
        "-c 1x 127.0.0.1:80",
        "-c 99999999999999999999999 127.0.0.1:80",
        "-d 0 127.0.0.1:80",
        "-d 4097 127.0.0.1:80",
        "-r 0 127.0.0.1:80",
        "--workers 0 127.0.0.1:80",
        "--sources 62501 127.0.0.1:80",
        "-t 5 127.0.0.1:80",
        "-t 9ms 127.0.0.1:80",
        "--path x 127.0.0.1:80",
        "--cpu-of 1, 127.0.0.1:80",
        "--cpu-of 0 127.0.0.1:80",
        "--cpu-of 1x 127.0.0.1:80",
        "--fast 127.0.0.1:80",
        "-c",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (parse(lines[i]) != -EINVAL) {
            ck_abort_msg("'%s' is taken", lines[i]);
        }
    }
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
    static const char *const lines[] = {
        "-c 0 127.0.0.1:80",
        "-c 0 --idle 1 -r 1 127.0.0.1:80",
        "-c 2 --active 3 127.0.0.1:80",
        "-c 3 --active 2 -r 1 127.0.0.1:80",
        "--reconnect 2 -d 3 127.0.0.1:80",
        "--sources 2 192.0.2.1:80",
        "--sources 2 [::1]:80",
    };

    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (parse(lines[i]) != -EINVAL) {
            ck_abort_msg("'%s' is taken", lines[i]);
        }
    }
    ck_assert_int_eq(parse("-c 0 --idle 1 127.0.0.1:80"), 0);
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    ck_assert_int_eq(parse("-c 5 --help -d 0"), 0);
    ck_assert_int_eq(options.command, OPTIONS_HELP);
    ck_assert_int_eq(parse("-V"), 0);
    ck_assert_int_eq(options.command, OPTIONS_VERSION);
}
END_TEST

UNIT_MAIN_WITH("load.options",
               be_silent,
               NULL,
               what_is_not_said_is_usual,
               all_can_be_said,
               what_is_out_of_range_is_refused,
               what_does_not_go_together_is_refused,
               help_needs_nothing_else)
