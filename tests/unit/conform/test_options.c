/* SPDX-License-Identifier: MIT */
#include "berth-conform/options.h"

#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "unit.h"

#define PROGRAM "berth-conform"
#include "options_said.h"

static bool is_chosen(const char *name)
{
    size_t count;
    const struct check *checks = checks_all(&count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(checks[i].name, name) == 0) {
            return options.is_chosen[i];
        }
    }
    ck_abort_msg("there is no check %s", name);
    return false;
}

static size_t count_chosen(void)
{
    size_t found = 0;

    for (size_t i = 0; i < CHECKS_MAX; i++) {
        found += options.is_chosen[i];
    }
    return found;
}

START_TEST(an_address_is_enough)
{
    take("127.0.0.1:8080");
    ck_assert_int_eq(options.command, OPTIONS_CHECK);
    ck_assert_str_eq(options.text, "127.0.0.1:8080");
    ck_assert_int_eq(options.profile, PROFILE_ECHO);
    ck_assert_str_eq(options.path, "/");
    ck_assert_uint_eq(options.timeout_ms, 5000);
    ck_assert_uint_eq(options.connections, 200);
    ck_assert_int_eq(options.format, REPORT_TEXT);
}
END_TEST

START_TEST(options_stand_anywhere)
{
    take("[::1]:80 -p http --path=/a?b --timeout 250ms --connections 7 --json");
    ck_assert_str_eq(options.text, "[::1]:80");
    ck_assert_int_eq(options.profile, PROFILE_HTTP);
    ck_assert_str_eq(options.path, "/a?b");
    ck_assert_uint_eq(options.timeout_ms, 250);
    ck_assert_uint_eq(options.connections, 7);
    ck_assert_int_eq(options.format, REPORT_JSON);
    take("--tap --tap unix:/run/x.sock");
    ck_assert_int_eq(options.format, REPORT_TAP);
}
END_TEST

START_TEST(the_profile_chooses_checks)
{
    take("127.0.0.1:1");
    ck_assert(is_chosen("answer"));
    ck_assert(is_chosen("binary"));
    ck_assert(!is_chosen("keep-alive"));
    take("-p http 127.0.0.1:1");
    ck_assert(is_chosen("answer"));
    ck_assert(is_chosen("keep-alive"));
    ck_assert(!is_chosen("binary"));
}
END_TEST

START_TEST(those_that_are_named_come_after_the_first)
{
    take("--only half-close,reset --only urgent 127.0.0.1:1");
    ck_assert_uint_eq(count_chosen(), 4);
    ck_assert(is_chosen("answer"));
    ck_assert(is_chosen("half-close"));
    ck_assert(is_chosen("reset"));
    ck_assert(is_chosen("urgent"));
    take("--only answer 127.0.0.1:1");
    ck_assert_uint_eq(count_chosen(), 1);
}
END_TEST

START_TEST(names_that_are_none_are_refused)
{
    refuse("-p htpp 127.0.0.1:1",
           "there is no profile 'htpp': did you mean http");
    refuse("--profile smtp 127.0.0.1:1",
           "there is no profile 'smtp': echo, line, http");
    refuse("--only half-clos 127.0.0.1:1",
           "there is no check 'half-clos', did you mean half-close");
    refuse("--only reset,,urgent 127.0.0.1:1",
           "there is no check '': --list shows them");
}
END_TEST

START_TEST(values_that_cannot_be_meant_are_refused)
{
    refuse("--connections 0 a:1",
           "'--connections 0' is not a number from 1 to 100000");
    refuse("--connections 100001 a:1",
           "'--connections 100001' is not a number from 1 to 100000");
    refuse("--connections -5 a:1",
           "'--connections -5' is not a number from 1 to 100000");
    refuse("--connections 5x a:1",
           "'--connections 5x' is not a number from 1 to 100000");
    refuse("--path x a:1", "'--path x' does not begin with /, or has bytes "
                           "that no request has");
    refuse("--path /\x7f a:1", "'--path /\x7f' does not begin with /, or has "
                               "bytes that no request has");
    refuse("--tap --json a:1", "'--tap' and '--json' do not go together");
    ck_assert_int_eq(parse("--timeout 5 127.0.0.1:1"), -EINVAL);
    ck_assert_int_eq(parse("--timeout 2h 127.0.0.1:1"), -EINVAL);
    ck_assert_int_eq(parse("--nonsense 127.0.0.1:1"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "'--nonsense'"));
}
END_TEST

START_TEST(addresses_are_to_be_connected_to)
{
    refuse("", "which server? Its address is missing");
    refuse("127.0.0.1:1 127.0.0.1:2", "'127.0.0.1:2' is one word too many");
    refuse("fd:web", "'fd:web' is no address to connect to");
    ck_assert_int_eq(parse("127.0.0.1"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "'127.0.0.1': "));
}
END_TEST

START_TEST(who_asks_for_help_needs_no_server)
{
    take("-h --nonsense");
    ck_assert_int_eq(options.command, OPTIONS_HELP);
    take("--version");
    ck_assert_int_eq(options.command, OPTIONS_VERSION);
    take("--list");
    ck_assert_int_eq(options.command, OPTIONS_LIST);
}
END_TEST

START_TEST(the_help_has_all_within_80_columns)
{
    struct capture capture;
    size_t count;
    const struct check *checks = checks_all(&count);
    const char *text;

    options_print_help(capture_begin(&capture));
    text = capture_end(&capture);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_nonnull(strstr(text, checks[i].name));
    }
    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        ck_assert_ptr_nonnull(strstr(text, profile_meaning((enum profile)i)));
    }
    while (*text != '\0') {
        ck_assert_uint_le(strcspn(text, "\n"), 80);
        text += strcspn(text, "\n") + 1;
    }
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("conform.options",
          an_address_is_enough,
          options_stand_anywhere,
          the_profile_chooses_checks,
          those_that_are_named_come_after_the_first,
          names_that_are_none_are_refused,
          values_that_cannot_be_meant_are_refused,
          addresses_are_to_be_connected_to,
          who_asks_for_help_needs_no_server,
          the_help_has_all_within_80_columns)
