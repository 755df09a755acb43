/* SPDX-License-Identifier: MIT */
#include "member.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixtures.h"
#include "unit.h"
#include "worker_process.h"

#define NUMBER 3

static struct loop loop;
static struct log server_log;
static struct stats *stats;
static uint64_t now_ms;
static int far_end; /* the worker's; -1: none */
static struct member member;

/* What the owner was told. */
static struct {
    int ready, stopped, refused, done, retried;
    char text[64];
    struct crew_result result;
    int fd;
} told;

static void is_ready(struct member *whose)
{
    ck_assert_ptr_eq(whose, &member);
    told.ready++;
}

static void is_refused(struct member *whose, const char *text, size_t size)
{
    ck_assert_ptr_eq(whose, &member);
    ck_assert_uint_lt(size, sizeof(told.text));
    memcpy(told.text, text, size);
    told.refused++;
}

static void has_stopped(struct member *whose)
{
    ck_assert_ptr_eq(whose, &member);
    told.stopped++;
}

static void
is_done(struct member *whose, const struct crew_result *result, int fd)
{
    ck_assert_ptr_eq(whose, &member);
    told.result = *result;
    told.fd = fd;
    told.done++;
}

static void is_due(struct member *whose)
{
    ck_assert_ptr_eq(whose, &member);
    told.retried++;
}

static const struct member_ops ops = {
    .ready = is_ready,
    .refused = is_refused,
    .stopped = has_stopped,
    .done = is_done,
    .retry = is_due,
};

static struct member_parts parts = {
    .ops = &ops,
    .loop = &loop,
    .log = &server_log,
    .generation = 1,
};

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
    memset(&told, 0, sizeof(told));
    fixtures_begin();
    ck_assert_int_eq(
        log_open(&server_log, fixtures_path("log"), LOG_INFO, LOG_LOGFMT), 0);
    now_ms = 1000000;
    ck_assert_int_eq(loop_open(&loop, read_clock, NULL, end_turn, NULL), 0);
    ck_assert_int_eq(stats_new(2, &stats), 0);
    parts.stats = stats;
    member_init(&member, &parts, NUMBER);
    far_end = -1;
}

static void tear_down(void)
{
    member_fini(&member);
    if (far_end >= 0) {
        (void)close(far_end);
    }
    stats_free(stats);
    loop_close(&loop);
    log_close(&server_log);
    fixtures_end();
}

/* ------------------------------------------------------------------ a worker */

/* As it is within a callback of "echo", for its connection 7. */
static void enter_callback(void)
{
    const struct account_label label = {.name = "echo", .protocol = "echo"};
    const struct account *account = stats_open_account(stats, &label);

    (void)crumb_enter(stats_crumb(stats),
                      (struct crumb_place){
                          .connection = 7,
                          .entry = stats_number(stats, account),
                          .callback = CRUMB_ON_DATA,
                      });
}

/* A process that hangs, in a callback perhaps; it reads nothing. */
static void hire(enum member_state state, bool in_callback)
{
    const int slot = stats_claim(stats, NUMBER, 1);
    int ends[2];
    int begun[2];
    char byte;
    pid_t pid;

    ck_assert_int_ge(slot, 0);
    ck_assert_int_eq(channel_pair(ends), 0);
    ck_assert_int_eq(pipe(begun), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        if (stats_own(stats, (unsigned)slot) < 0) {
            _exit(1);
        }
        if (in_callback) {
            enter_callback();
        }
        (void)close(begun[0]);
        (void)!write(begun[1], "", 1);
        for (;;) {
            (void)pause();
        }
    }
    (void)close(begun[1]);
    ck_assert_int_eq(read(begun[0], &byte, 1), 1);
    (void)close(begun[0]);
    far_end = ends[1];
    ck_assert_int_eq(member_adopt(&member, pid, state, slot, ends[0]), 0);
}

static int await_status(void)
{
    int status = 0;

    ck_assert_int_eq(waitpid(member.pid, &status, 0), member.pid);
    return status;
}

static void reap(bool is_replaced, struct member_end *end)
{
    member_reap(&member, await_status(), is_replaced, end);
}

static void dismiss(void)
{
    struct member_end end;

    member_kill(&member);
    reap(false, &end);
}

static void say(enum crew_answer answer, const void *data, size_t size)
{
    const struct channel_message message = channel_compose(answer, data, size);

    ck_assert_int_eq(channel_send(far_end, &message), 0);
    ck_assert_int_eq(loop_turn(&loop), 0);
}

static size_t fill_channel(int (*send)(struct member *member,
                                       const struct channel_message *message))
{
    const int32_t level = LOG_DEBUG;
    const struct channel_message message =
        channel_compose(CREW_LOG_LEVEL, &level, sizeof(level));
    size_t count = 0;

    while (send(&member, &message) == 0) {
        count++;
    }
    return count;
}

static void expect_log(const char *text)
{
    size_t size;
    char *log = fixtures_read(fixtures_path("log"), &size);

    ck_assert_msg(memmem(log, size, text, strlen(text)) != NULL,
                  "'%s' is not in the log: %.*s", text, (int)size, log);
    free(log);
}

/* ------------------------------------------------------------------ messages */

START_TEST(what_a_worker_says_is_passed_on)
{
    const struct crew_result result = {.request = 5, .result = -ENOENT};

    hire(MEMBER_STARTING, false);
    say(CREW_REFUSED, "no", 2);
    ck_assert_str_eq(told.text, "no");
    say(CREW_READY, NULL, 0);
    ck_assert_int_eq(told.ready, 1);
    ck_assert_int_eq(member.state, MEMBER_READY);
    say(CREW_DONE, &result, sizeof(result));
    ck_assert_int_eq(told.done, 1);
    ck_assert_uint_eq(told.result.request, 5);
    ck_assert_int_eq(told.result.result, -ENOENT);
    ck_assert_int_eq(told.fd, -1);
    say(CREW_STOPPED, NULL, 0);
    ck_assert_int_eq(told.stopped, 1);
    ck_assert_int_eq(member.state, MEMBER_STOPPED);
    dismiss();
}
END_TEST

START_TEST(a_result_of_another_size_is_no_result)
{
    hire(MEMBER_READY, false);
    say(CREW_DONE, "short", 5);
    ck_assert_int_eq(told.done, 0);
    dismiss();
}
END_TEST

START_TEST(ready_is_said_once)
{
    hire(MEMBER_STARTING, false);
    say(CREW_READY, NULL, 0);
    say(CREW_STOPPED, NULL, 0);
    say(CREW_READY, NULL, 0);
    ck_assert_int_eq(told.ready, 1);
    ck_assert_int_eq(member.state, MEMBER_STOPPED);
    dismiss();
}
END_TEST

START_TEST(nobody_is_told_without_a_channel)
{
    const struct channel_message message = channel_compose(CREW_END, NULL, 0);

    ck_assert_int_eq(member_send(&member, &message), -EPIPE);
    ck_assert_int_eq(member_order(&member, &message), -EPIPE);
}
END_TEST

/* -------------------------------------------------------------------- orders */

START_TEST(who_misses_a_mere_question_lives)
{
    hire(MEMBER_READY, false);
    ck_assert_uint_gt(fill_channel(member_send), 0);
    ck_assert(!member.is_killed);
    ck_assert_int_eq(waitpid(member.pid, NULL, WNOHANG), 0);
    dismiss();
}
END_TEST

START_TEST(who_misses_an_order_is_killed)
{
    struct member_end end;

    hire(MEMBER_READY, true);
    ck_assert_uint_gt(fill_channel(member_order), 0);
    ck_assert(member.is_killed);
    ck_assert(member.is_stuck);
    expect_log("worker 3 (process ");
    expect_log("does not read what it is told, it is in on_data of 'echo', "
               "connection 7: it is killed");
    /* Not twice. */
    ck_assert_uint_eq(fill_channel(member_order), 0);
    reap(true, &end);
    ck_assert_str_eq(end.entry, "echo");
    ck_assert_int_eq(member.state, MEMBER_AWAY);
    ck_assert_int_eq(member.pid, 0);
    ck_assert_int_ge(member.slot, 0); /* his successor's */
}
END_TEST

START_TEST(outside_of_callbacks_nothing_is_blamed)
{
    struct member_end end;

    hire(MEMBER_STOPPED, false);
    ck_assert_uint_gt(fill_channel(member_order), 0);
    expect_log("does not read what it is told: it is killed");
    reap(false, &end);
    ck_assert_str_eq(end.entry, "");
    ck_assert_str_eq(end.text, "SIGKILL");
    ck_assert_int_eq(member.slot, -1);
}
END_TEST

/* ---------------------------------------------------------------------- ends */

static void end_by(int number, bool in_callback, struct member_end *end)
{
    hire(MEMBER_READY, in_callback);
    ck_assert_int_eq(kill(member.pid, number), 0);
    reap(true, end);
    (void)close(far_end);
    far_end = -1;
}

START_TEST(a_signal_from_outside_is_nobodys_fault)
{
    struct member_end end;

    end_by(SIGKILL, true, &end);
    ck_assert(!end.is_fault);
    ck_assert_str_eq(end.text, "SIGKILL in on_data of 'echo', connection 7");
    ck_assert_uint_eq(member.failures, 0);
    ck_assert_uint_eq(member.crashes, 0);
}
END_TEST

static void exit_in_callback(struct stats *mine, const void *arg)
{
    (void)mine;
    (void)arg;
    enter_callback();
    _exit(3);
}

START_TEST(an_exit_that_nobody_asked_for_is_a_fault)
{
    const int slot = stats_claim(stats, NUMBER, 1);
    const int status =
        worker_process_run(stats, (unsigned)slot, exit_in_callback, NULL);
    struct member_end end;

    ck_assert_int_eq(member_adopt(&member, 1, MEMBER_READY, slot, -1), 0);
    member_reap(&member, status, true, &end);
    ck_assert(end.is_fault);
    ck_assert_str_eq(end.text,
                     "exit status 3 in on_data of 'echo', connection 7");
    ck_assert_str_eq(end.entry, "echo");
    ck_assert_uint_eq(member.crashes, 1);
}
END_TEST

START_TEST(who_says_goodbye_did_not_crash)
{
    const struct channel_message message =
        channel_compose(CREW_LEAVING, NULL, 0);
    const int slot = stats_claim(stats, NUMBER, 1);
    const int status =
        worker_process_run(stats, (unsigned)slot, exit_in_callback, NULL);
    struct member_end end;
    int ends[2];

    ck_assert_int_eq(channel_pair(ends), 0);
    far_end = ends[1];
    ck_assert_int_eq(member_adopt(&member, 1, MEMBER_READY, slot, ends[0]), 0);
    ck_assert_int_eq(channel_send(far_end, &message), 0);
    member_reap(&member, status, true, &end); /* hears what was said */
    ck_assert(member.is_leaving);
    ck_assert(!end.is_fault);
}
END_TEST

/* ------------------------------------------------------------------- retries */

static void advance(uint64_t ms)
{
    now_ms += ms;
    ck_assert_int_eq(loop_turn(&loop), 0);
}

START_TEST(each_retry_comes_after_a_longer_while)
{
    static const uint64_t waits_ms[] = {0, 0, 100, 200, 400};

    for (uint32_t i = 0; i < sizeof(waits_ms) / sizeof(waits_ms[0]); i++) {
        told.retried = 0;
        member.failures = i;
        member_retry(&member);
        if (waits_ms[i] != 0) {
            advance(waits_ms[i] - 1);
            ck_assert_int_eq(told.retried, 0);
        }
        advance(1);
        ck_assert_int_eq(told.retried, 1);
    }
}
END_TEST

START_TEST(there_is_a_longest_while)
{
    member.failures = UINT32_MAX;
    member_retry(&member);
    advance(10001);
    ck_assert_int_eq(told.retried, 1);
}
END_TEST

/* --------------------------------------------------------------------- stuck */

START_TEST(one_callback_for_too_long_is_stuck)
{
    hire(MEMBER_READY, true);
    ck_assert(!member_is_stuck(&member, 1000));
    loop.now_ms += 999;
    ck_assert(!member_is_stuck(&member, 1000));
    loop.now_ms += 1;
    ck_assert(member_is_stuck(&member, 1000));
    dismiss();
}
END_TEST

START_TEST(one_that_waits_is_not_stuck)
{
    hire(MEMBER_READY, false);
    ck_assert(!member_is_stuck(&member, 1000));
    loop.now_ms += 5000;
    ck_assert(!member_is_stuck(&member, 1000));
    dismiss();
}
END_TEST

UNIT_MAIN_WITH("member",
               set_up,
               tear_down,
               what_a_worker_says_is_passed_on,
               a_result_of_another_size_is_no_result,
               ready_is_said_once,
               nobody_is_told_without_a_channel,
               who_misses_a_mere_question_lives,
               who_misses_an_order_is_killed,
               outside_of_callbacks_nothing_is_blamed,
               a_signal_from_outside_is_nobodys_fault,
               an_exit_that_nobody_asked_for_is_a_fault,
               who_says_goodbye_did_not_crash,
               each_retry_comes_after_a_longer_while,
               there_is_a_longest_while,
               one_callback_for_too_long_is_stuck,
               one_that_waits_is_not_stuck)
