/* SPDX-License-Identifier: MIT */
#include "notify.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <time.h>

#include "fixtures.h"
#include "unit.h"

static int manager; /* the manager's socket */
static struct notify notify;

/* name: as in NOTIFY_SOCKET. */
static void listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const size_t length = strlen(name);

    memcpy(address.sun_path, name, length);
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    ck_assert_int_ge(manager, 0);
    ck_assert_int_eq(
        bind(manager, (const struct sockaddr *)&address,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)),
        0);
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void set_up(void)
{
    fixtures_begin();
    (void)unsetenv("NOTIFY_SOCKET");
    (void)unsetenv("WATCHDOG_USEC");
    (void)unsetenv("WATCHDOG_PID");
    manager = -1;
    notify = (struct notify){.fd = -1};
}

static void tear_down(void)
{
    notify_close(&notify);
    if (manager >= 0) {
        ck_assert_int_eq(close(manager), 0);
    }
    fixtures_end();
}

/* The next message; valid until the next call. */
static const char *hear(void)
{
    static char text[1024];
    const ssize_t length = recv(manager, text, sizeof(text) - 1, 0);

    ck_assert_int_ge(length, 0);
    text[length] = '\0';
    return text;
}

static void begin(void)
{
    listen_at(fixtures_path("manager"));
    ck_assert_int_eq(notify_open(&notify), 0);
    ck_assert_int_ge(notify.fd, 0);
}

START_TEST(each_state_is_one_message)
{
    begin();
    ck_assert_int_eq(notify_ready(&notify), 0);
    ck_assert_str_eq(hear(), "READY=1");
    ck_assert_int_eq(notify_stopping(&notify), 0);
    ck_assert_str_eq(hear(), "STOPPING=1");
    ck_assert_int_eq(notify_alive(&notify), 0);
    ck_assert_str_eq(hear(), "WATCHDOG=1");
    ck_assert_int_eq(notify_main_pid(&notify, 17), 0);
    ck_assert_str_eq(hear(), "MAINPID=17");
    ck_assert_int_eq(notify_status(&notify, "%d workers", 4), 0);
    ck_assert_str_eq(hear(), "STATUS=4 workers");
    ck_assert_int_lt(recv(manager, &(char){0}, 1, 0), 0);
}
END_TEST

START_TEST(a_reload_has_its_time)
{
    static const char start[] = "RELOADING=1\nMONOTONIC_USEC=";
    struct timespec now;
    const char *text;
    char *end = NULL;
    long long before, told, after;

    begin();
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    before = (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    ck_assert_int_eq(notify_reloading(&notify), 0);
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    after = (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    text = hear();
    ck_assert_int_eq(strncmp(text, start, sizeof(start) - 1), 0);
    told = strtoll(text + sizeof(start) - 1, &end, 10);
    ck_assert_str_eq(end, "");
    ck_assert_int_ge(told, before);
    ck_assert_int_le(told, after);
}
END_TEST

START_TEST(a_status_is_one_short_line)
{
    char text[1000];

    begin();
    ck_assert_int_eq(notify_status(&notify, "a%cREADY=1", '\n'), 0);
    ck_assert_str_eq(hear(), "STATUS=a READY=1");
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(notify_status(&notify, "%s", text), 0);
    ck_assert_uint_eq(strlen(hear()), strlen("STATUS=") + 512);
}
END_TEST

START_TEST(an_abstract_name_will_do)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "@berth-test-%d", (int)getpid());
    listen_at(name);
    ck_assert_int_eq(notify_open(&notify), 0);
    ck_assert_int_eq(notify_ready(&notify), 0);
    ck_assert_str_eq(hear(), "READY=1");
}
END_TEST

static void check_silence(void)
{
    ck_assert_int_eq(notify.fd, -1);
    ck_assert_uint_eq(notify.watchdog_ms, 0);
    ck_assert_int_eq(notify_ready(&notify), 0);
    ck_assert_int_eq(notify_reloading(&notify), 0);
    ck_assert_int_eq(notify_stopping(&notify), 0);
    ck_assert_int_eq(notify_alive(&notify), 0);
    ck_assert_int_eq(notify_main_pid(&notify, 1), 0);
    ck_assert_int_eq(notify_status(&notify, "fine"), 0);
}

START_TEST(if_nobody_asked_all_does_nothing)
{
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "1000000", 1), 0);
    ck_assert_int_eq(notify_open(&notify), 0);
    check_silence();
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
    ck_assert_int_eq(notify_open(&notify), 0);
    check_silence();
}
END_TEST

START_TEST(other_kinds_of_sockets_are_refused)
{
    static const char *const names[] = {
        "vsock:2:1234", "relative", "/", "@", "",
    };
    char name[200];

    for (size_t i = 0; names[i][0] != '\0'; i++) {
        ck_assert_int_eq(setenv("NOTIFY_SOCKET", names[i], 1), 0);
        ck_assert_int_eq(notify_open(&notify), -EINVAL);
        check_silence();
    }
    memset(name, '/', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
    ck_assert_int_eq(notify_open(&notify), -EINVAL);
}
END_TEST

static uint64_t watchdog_of(const char *us, const char *pid)
{
    ck_assert_int_eq(setenv("WATCHDOG_USEC", us, 1), 0);
    if (pid == NULL) {
        ck_assert_int_eq(unsetenv("WATCHDOG_PID"), 0);
    } else {
        ck_assert_int_eq(setenv("WATCHDOG_PID", pid, 1), 0);
    }
    notify_close(&notify);
    ck_assert_int_eq(notify_open(&notify), 0);
    return notify.watchdog_ms;
}

START_TEST(the_watchdog_is_for_one_process)
{
    char self[32];

    begin();
    ck_assert_uint_eq(notify.watchdog_ms, 0);
    (void)snprintf(self, sizeof(self), "%d", (int)getpid());
    ck_assert_uint_eq(watchdog_of("30000000", self), 30000);
    ck_assert_uint_eq(watchdog_of("30000000", NULL), 30000);
    ck_assert_uint_eq(watchdog_of("30000000", "1"), 0);
    ck_assert_uint_eq(watchdog_of("30000000", "self"), 0);
    ck_assert_uint_eq(watchdog_of("1", self), 1);
    ck_assert_uint_eq(watchdog_of("0", self), 0);
    ck_assert_uint_eq(watchdog_of("-1", self), 0);
    ck_assert_uint_eq(watchdog_of("30s", self), 0);
    ck_assert_uint_eq(watchdog_of("99999999999999999999", self), 0);
}
END_TEST

START_TEST(a_manager_that_does_not_listen_holds_nobody_up)
{
    int error = 0;

    begin();
    for (int i = 0; i < 100000 && error == 0; i++) {
        error = notify_alive(&notify);
    }
    ck_assert_int_eq(error, -EAGAIN);
    ck_assert_int_eq(close(manager), 0);
    manager = -1;
    ck_assert_int_eq(notify_alive(&notify), -ECONNREFUSED);
}
END_TEST

START_TEST(a_child_forgets_and_the_next_program_does_not)
{
    begin();
    ck_assert_int_ne(fcntl(notify.fd, F_GETFD) & FD_CLOEXEC, 0);
    notify_close(&notify);
    ck_assert_ptr_nonnull(getenv("NOTIFY_SOCKET"));
    ck_assert_int_eq(setenv("WATCHDOG_USEC", "1", 1), 0);
    ck_assert_int_eq(setenv("WATCHDOG_PID", "1", 1), 0);
    ck_assert_int_eq(notify_open(&notify), 0);
    notify_forget(&notify);
    check_silence();
    ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
    ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
    ck_assert_ptr_null(getenv("WATCHDOG_PID"));
}
END_TEST

UNIT_MAIN_WITH("notify",
               set_up,
               tear_down,
               each_state_is_one_message,
               a_reload_has_its_time,
               a_status_is_one_short_line,
               an_abstract_name_will_do,
               if_nobody_asked_all_does_nothing,
               other_kinds_of_sockets_are_refused,
               the_watchdog_is_for_one_process,
               a_manager_that_does_not_listen_holds_nobody_up,
               a_child_forgets_and_the_next_program_does_not)
