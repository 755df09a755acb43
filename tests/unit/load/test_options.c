/* SPDX-License-Identifier: MIT */
#include "berth-load/options.h"

#include "unit.h"

#define PROGRAM "berth-load"
#include "options_said.h"

START_TEST(what_is_not_said_is_usual)
{
    take("127.0.0.1:80");
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
    take("-p line -s 4KiB -c 10 -d 3 --active 5 --idle 7 "
         "--workers=2 -t 1m --warmup 0 127.0.0.1:80");
    ck_assert_int_eq(options.profile, PROFILE_LINE);
    ck_assert_uint_eq(options.size, 4096);
    ck_assert_uint_eq(options.connections, 10);
    ck_assert_uint_eq(options.depth, 3);
    ck_assert_uint_eq(options.active, 5);
    ck_assert_uint_eq(options.idle, 7);
    ck_assert_uint_eq(options.workers, 2);
    ck_assert_uint_eq(options.time_ms, 60000);
    ck_assert_uint_eq(options.warmup_ms, 0);
    take("-p http --path /a?b -r 5 --reconnect 2 "
         "--sources 3 --cpu-of 1,22 127.0.0.1:80");
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
    static const struct {
        const char *words;
        const char *message;
    } rows[] = {
        {"", "which server? Its address is missing"},
        {"localhost:80",
         "'localhost:80': host names are not looked up: write 127.0.0.1:80 or [::1]:80"},
        {"fd:x", "'fd:x' is no address to connect to"},
        {"127.0.0.1:80 more", "'more' is one word too many"},
        {"-p ecko 127.0.0.1:80",
         "there is no profile 'ecko': did you mean echo"},
        {"-s 0 127.0.0.1:80", "'--size 0' is not from 1 to 16MiB"},
        {"-s 17MiB 127.0.0.1:80", "'--size 17MiB' is not from 1 to 16MiB"},
        {"-s 1K 127.0.0.1:80",
         "'--size 1K' has an ambiguous unit: write 1KiB (1024) or 1kB (1000)"},
        {"-c 10000001 127.0.0.1:80",
         "'--connections 10000001' is not a number from 0 to 10000000"},
        {"-c -1 127.0.0.1:80",
         "'--connections -1' is not a number from 0 to 10000000"},
        {"-c 1x 127.0.0.1:80",
         "'--connections 1x' is not a number from 0 to 10000000"},
        {"-c 99999999999999999999999 127.0.0.1:80",
         "'--connections 99999999999999999999999' is not a number from 0 to 10000000"},
        {"-d 0 127.0.0.1:80", "'--depth 0' is not a number from 1 to 4096"},
        {"-d 4097 127.0.0.1:80",
         "'--depth 4097' is not a number from 1 to 4096"},
        {"-r 0 127.0.0.1:80", "'--rate 0' is not a number from 1 to 100000000"},
        {"--workers 0 127.0.0.1:80",
         "'--workers 0' is not a number from 1 to 1024"},
        {"--sources 62501 127.0.0.1:80",
         "'--sources 62501' is not a number from 1 to 62500"},
        {"-t 5 127.0.0.1:80", "'--time 5' needs a unit: did you mean 5s?"},
        {"-t 9ms 127.0.0.1:80", "'--time 9ms' is not between 10ms and 1d"},
        {"--path x 127.0.0.1:80",
         "'--path x' does not begin with /, or has bytes that no request has"},
        {"--cpu-of 1, 127.0.0.1:80", "'--cpu-of 1,' is no list of pids"},
        {"--cpu-of 0 127.0.0.1:80", "'--cpu-of 0' is no list of pids"},
        {"--cpu-of 1x 127.0.0.1:80", "'--cpu-of 1x' is no list of pids"},
        {"--fast 127.0.0.1:80",
         "option '--fast' is unknown, or takes no value"},
        {"-c", "option '-c' needs a value"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse(rows[i].words, rows[i].message);
    }
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
    static const struct {
        const char *words;
        const char *message;
    } rows[] = {
        {"-c 0 127.0.0.1:80", "'--connections 0' without '--idle' is nothing"},
        {"-c 0 --idle 1 -r 1 127.0.0.1:80", "'--rate' needs connections"},
        {"-c 2 --active 3 127.0.0.1:80",
         "'--active' is more than '--connections'"},
        {"-c 3 --active 2 -r 1 127.0.0.1:80",
         "'--active' and '--rate' do not go together: with a rate any connection may be next"},
        {"--reconnect 2 -d 3 127.0.0.1:80",
         "'--depth' is more than '--reconnect'"},
        {"--sources 2 192.0.2.1:80",
         "'--sources' needs an address in 127.0.0.0/8"},
        {"--sources 2 [::1]:80", "'--sources' needs an address in 127.0.0.0/8"},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        refuse(rows[i].words, rows[i].message);
    }
    take("-c 0 --idle 1 127.0.0.1:80");
}
END_TEST

START_TEST(help_needs_nothing_else)
{
    take("-c 5 --help -d 0");
    ck_assert_int_eq(options.command, OPTIONS_HELP);
    take("-V");
    ck_assert_int_eq(options.command, OPTIONS_VERSION);
}
END_TEST

UNIT_MAIN("load.options",
          what_is_not_said_is_usual,
          all_can_be_said,
          what_is_out_of_range_is_refused,
          what_does_not_go_together_is_refused,
          help_needs_nothing_else)
