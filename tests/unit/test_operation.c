/* SPDX-License-Identifier: MIT */
#include "operation.h"

#include <errno.h>
#include <string.h>

#include "capture.h"
#include "unit.h"

static struct errors errors;
static struct arena arena;
static struct operation operation;

static void set_up(void)
{
    errors_init(&errors);
    arena_init(&arena);
}

static void tear_down(void)
{
    arena_fini(&arena);
    errors_fini(&errors);
}

static int read_keys(struct keys_top keys)
{
    const struct settings_source source = {
        .file = "server.yaml",
        .folder = "/etc/berth",
        .errors = &errors,
        .arena = &arena,
    };

    return operation_read(&source, NULL, &keys, &operation);
}

START_TEST(what_is_given_is_taken_over)
{
    const struct keys_top keys = {
        .workers = 3,
        .user = "root",
        .group = "54321",
        .start_timeout_ms = 7,
        .drain_timeout_ms = 8,
        .watchdog_ms = 9,
        .watchdog_kill = true,
        .old_generations = 4,
    };

    ck_assert_int_eq(read_keys(keys), 0);
    ck_assert_int_eq(operation.workers, 3);
    ck_assert_str_eq(operation.user, "root");
    ck_assert_str_eq(operation.group, "54321");
    ck_assert(operation.identity.is_given);
    ck_assert_uint_eq(operation.identity.uid, 0);
    ck_assert_uint_eq(operation.identity.gid, 54321);
    ck_assert_uint_eq(operation.start_timeout_ms, 7);
    ck_assert_uint_eq(operation.drain_timeout_ms, 8);
    ck_assert_uint_eq(operation.watchdog_ms, 9);
    ck_assert(operation.watchdog_kill);
    ck_assert_uint_eq(operation.old_generations, 4);
    ck_assert(!operation.has_control);
    ck_assert_uint_eq(operation.crash_limit, 0);
}
END_TEST

START_TEST(a_crash_limit_is_a_number_and_a_time)
{
    ck_assert_int_eq(read_keys((struct keys_top){.crash_limit = "5/1m30s"}), 0);
    ck_assert_uint_eq(operation.crash_limit, 5);
    ck_assert_uint_eq(operation.crash_limit_ms, 90000);
}
END_TEST

START_TEST(other_crash_limits_are_refused)
{
    static const char *const texts[] = {
        "",     "5",       "/1m",   "5/",   "5/1",      "5/0s",
        "0/1m", "1001/1m", "-1/1m", "5/1x", "00005/1m",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_int_eq(read_keys((struct keys_top){.crash_limit = texts[i]}),
                         -EINVAL);
        ck_assert_uint_eq(errors_count(&errors), i + 1);
    }
}
END_TEST

START_TEST(control_is_a_unix_socket_relative_to_the_file)
{
    char text[ADDRESS_TEXT_MAX];

    ck_assert_int_eq(read_keys((struct keys_top){.control = "unix:a.sock"}), 0);
    ck_assert(operation.has_control);
    (void)address_format(&operation.control, text, sizeof(text));
    ck_assert_str_eq(text, "unix:/etc/berth/a.sock");
}
END_TEST

START_TEST(control_is_never_reached_from_outside)
{
    ck_assert_int_eq(read_keys((struct keys_top){.control = "127.0.0.1:1"}),
                     -EINVAL);
    ck_assert_int_eq(read_keys((struct keys_top){.control = "/run/x"}),
                     -EINVAL);
    ck_assert_uint_eq(errors_count(&errors), 2);
}
END_TEST

START_TEST(users_and_groups_are_those_of_the_machine)
{
    ck_assert_int_eq(read_keys((struct keys_top){.user = NULL}), 0);
    ck_assert(!operation.identity.is_given);
    ck_assert_int_eq(read_keys((struct keys_top){.user = "no such"}), -EINVAL);
    ck_assert_int_eq(read_keys((struct keys_top){.group = "no such"}), -EINVAL);
    ck_assert_uint_eq(errors_count(&errors), 2);
    ck_assert_int_eq(
        read_keys((struct keys_top){.user = "no such", .group = "nor this"}),
        -EINVAL);
    ck_assert_uint_eq(errors_count(&errors), 4);
}
END_TEST

UNIT_MAIN_WITH("operation",
               set_up,
               tear_down,
               what_is_given_is_taken_over,
               a_crash_limit_is_a_number_and_a_time,
               other_crash_limits_are_refused,
               control_is_a_unix_socket_relative_to_the_file,
               control_is_never_reached_from_outside,
               users_and_groups_are_those_of_the_machine)
