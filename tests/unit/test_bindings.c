/* SPDX-License-Identifier: MIT */
#include "bindings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"

#define MANY 4

static struct log server_log;
static struct bindings bindings;
static struct report_listener listeners[MANY];
static struct report report = {.listeners = listeners};
static struct shards *items[MANY];

static void set_up(void)
{
    fixtures_begin();
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_LOGFMT), 0);
    bindings_init(&bindings, &server_log);
    report.listener_count = 0;
    memset(items, 0, sizeof(items));
}

static void tear_down(void)
{
    log_close(&server_log);
    fixtures_end();
}

/* The next listener of the report. */
static struct report_listener *add(const char *text)
{
    struct report_listener *listener = &listeners[report.listener_count++];
    const char *why = "";
    const char *hint;
    int error;

    ck_assert_uint_le(report.listener_count, MANY);
    *listener = (struct report_listener){.backlog = 16, .mode = -1};
    (void)snprintf(listener->name, sizeof(listener->name), "echo");
    (void)snprintf(listener->text, sizeof(listener->text), "%s", text);
    error = address_parse(&listener->address, text, fixtures_root, &why, &hint);
    ck_assert_msg(error == 0, "%s: %s", text, why);
    return listener;
}

static int take(struct shards **taken)
{
    return bindings_take(&bindings, &report, 2, taken);
}

static size_t count_addresses(void)
{
    size_t count = 0;

    for (struct list *link = bindings.addresses.next;
         link != &bindings.addresses; link = link->next) {
        count++;
    }
    return count;
}

static void drop_all(struct shards **taken)
{
    for (size_t i = 0; i < report.listener_count; i++) {
        bindings_drop(taken[i]);
    }
}

static bool is_in_log(const char *text)
{
    size_t size;
    char *log = fixtures_read(fixtures_path("log"), &size);
    const bool is_there = memmem(log, size, text, strlen(text)) != NULL;

    free(log);
    return is_there;
}

START_TEST(what_is_new_is_bound)
{
    add("127.0.0.1:0");
    add("unix:sock");
    ck_assert_int_eq(take(items), 0);
    ck_assert_uint_eq(count_addresses(), 2);
    ck_assert_uint_eq(items[0]->count, 2);
    ck_assert_uint_eq(items[0]->users, 1);
    ck_assert_uint_eq(items[1]->count, 1);
    ck_assert_int_eq(access(fixtures_path("sock"), F_OK), 0);
    drop_all(items);
    ck_assert_uint_eq(count_addresses(), 0);
    ck_assert_int_ne(access(fixtures_path("sock"), F_OK), 0);
}
END_TEST

START_TEST(what_is_there_is_shared)
{
    struct shards *others[MANY] = {NULL};

    add("127.0.0.1:0");
    add("unix:sock");
    ck_assert_int_eq(take(items), 0);
    ck_assert_int_eq(take(others), 0);
    ck_assert_ptr_eq(items[0], others[0]);
    ck_assert_ptr_eq(items[1], others[1]);
    ck_assert_uint_eq(items[0]->users, 2);
    drop_all(items);
    ck_assert_uint_eq(count_addresses(), 2);
    ck_assert_int_eq(access(fixtures_path("sock"), F_OK), 0);
    drop_all(others);
    ck_assert_uint_eq(count_addresses(), 0);
}
END_TEST

START_TEST(port_0_may_be_asked_for_twice)
{
    struct shards *others[MANY] = {NULL};

    add("127.0.0.1:0");
    add("127.0.0.1:0");
    ck_assert_int_eq(take(items), 0);
    ck_assert_ptr_ne(items[0], items[1]);
    ck_assert_int_eq(take(others), 0);
    ck_assert(bindings_have(others, 2, items[0]));
    ck_assert(bindings_have(others, 2, items[1]));
    ck_assert(!bindings_have(others, 1, items[1]));
    drop_all(items);
    drop_all(others);
}
END_TEST

START_TEST(all_failures_are_told_and_nothing_is_held)
{
    struct shards *others[MANY] = {NULL};
    struct report_listener *taken;
    char path[PATH_MAX];

    add("127.0.0.1:0");
    ck_assert_int_eq(take(items), 0);
    taken = add("127.0.0.1:1");
    taken->address = items[0]->sockets[0].address;
    add("unix:none/sock");
    add("unix:sock");
    ck_assert_int_eq(take(others), -EADDRINUSE);
    ck_assert(is_in_log("entry=echo msg=\"cannot bind 127.0.0.1:1: "));
    ck_assert(is_in_log("cannot bind unix:none/sock: "));
    ck_assert_uint_eq(count_addresses(), 1);
    ck_assert_uint_eq(items[0]->users, 1);
    (void)snprintf(path, sizeof(path), "%s", fixtures_path("sock"));
    ck_assert_int_ne(access(path, F_OK), 0);
    report.listener_count = 1;
    drop_all(items);
}
END_TEST

START_TEST(a_mode_that_has_changed_is_set)
{
    struct shards *others[MANY] = {NULL};
    struct stat status;

    add("unix:sock")->mode = 0600;
    ck_assert_int_eq(take(items), 0);
    ck_assert_int_eq(stat(fixtures_path("sock"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    listeners[0].mode = 0660;
    ck_assert_int_eq(take(others), 0);
    ck_assert_int_eq(stat(fixtures_path("sock"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0660);
    drop_all(items);
    drop_all(others);
}
END_TEST

START_TEST(nothing_can_be_dropped)
{
    bindings_drop(NULL);
    ck_assert(!bindings_have(items, 0, NULL));
}
END_TEST

UNIT_MAIN_WITH("bindings",
               set_up,
               tear_down,
               what_is_new_is_bound,
               what_is_there_is_shared,
               port_0_may_be_asked_for_twice,
               all_failures_are_told_and_nothing_is_held,
               a_mode_that_has_changed_is_set,
               nothing_can_be_dropped)
