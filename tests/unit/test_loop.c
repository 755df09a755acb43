/* SPDX-License-Identifier: MIT */
#include "loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define MANY 300 /* more than LOOP_REPORTS */
#define HOUR_MS UINT64_C(3600000)

/* A source that counts on an eventfd. */
struct watched {
    struct source source;
    int fd;
    uint32_t events;
    size_t calls;
};

static struct loop loop;
static uint64_t clock_ms;
static size_t clock_calls;
static bool end_result;
static char steps[64]; /* of a turn, in order: r(eady) x (expired) e(nd) */

static void note(const char *step)
{
    ck_assert_uint_lt(strlen(steps), sizeof(steps) - 1);
    (void)strncat(steps, step, sizeof(steps) - strlen(steps) - 1);
}

static uint64_t tell_time(void *arg)
{
    ck_assert_ptr_eq(arg, &clock_ms);
    clock_calls++;
    return clock_ms;
}

static bool end_turn(void *arg)
{
    ck_assert_ptr_eq(arg, steps);
    note("e");
    return end_result;
}

static void set_up(void)
{
    clock_ms = 50000;
    ck_assert_int_eq(loop_open(&loop, tell_time, &clock_ms, end_turn, steps),
                     0);
}

static void tear_down(void)
{
    loop_close(&loop);
}

static void count_ready(struct source *source, uint32_t events)
{
    struct watched *watched = CONTAINER_OF(source, struct watched, source);

    watched->events = events;
    watched->calls++;
}

static void note_ready(struct source *source, uint32_t events)
{
    count_ready(source, events);
    note("r");
}

static void note_expired(struct source *source)
{
    ck_assert(!timer_is_set(&source->timer));
    note("x");
}

static const struct source_ops noting = {.ready = note_ready,
                                         .expired = note_expired};
static const struct source_ops counting = {.ready = count_ready};

/* Ready at once, and again in each turn. */
static void watched_open(struct watched *watched, const struct source_ops *ops)
{
    *watched = (struct watched){.fd = eventfd(1, EFD_NONBLOCK)};
    ck_assert_int_ge(watched->fd, 0);
    source_init(&watched->source, ops);
    ck_assert_int_eq(selector_register(&loop.selector, watched->fd,
                                       SELECTOR_READ, SELECTOR_LEVEL,
                                       &watched->source),
                     0);
}

static void take_turn(void)
{
    steps[0] = '\0';
    ck_assert_int_eq(loop_turn(&loop), 0);
}

/* ------------------------------------------------------------------- turns */

START_TEST(a_new_source_has_no_timer)
{
    struct source source;

    source_init(&source, &noting);
    ck_assert_ptr_eq(source.ops, &noting);
    ck_assert(!timer_is_set(&source.timer));
    loop_cancel_timer(&source);
}
END_TEST

START_TEST(what_is_ready_is_told_with_its_events)
{
    struct watched watched;

    watched_open(&watched, &noting);
    take_turn();
    ck_assert_uint_eq(watched.calls, 1);
    ck_assert_uint_eq(watched.events, SELECTOR_READ);
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_turn_is_reports_then_timers_then_its_end)
{
    struct watched watched;
    struct source late;

    watched_open(&watched, &noting);
    source_init(&late, &noting);
    loop_set_timer(&loop, &watched.source, 5);
    loop_set_timer(&loop, &late, 6);
    clock_ms += 10;
    take_turn();
    ck_assert_str_eq(steps, "rxxe");
    take_turn();
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_blind_turn_leaves_what_is_ready_to_the_next)
{
    struct watched watched;

    watched_open(&watched, &noting);
    loop_set_timer(&loop, &watched.source, 5);
    clock_ms += 10;
    loop_turn_blind(&loop);
    ck_assert_str_eq(steps, "xe");
    ck_assert_uint_eq(loop.turn, 1);
    take_turn();
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

static void note_turn(struct source *source, uint32_t events)
{
    struct watched *watched = CONTAINER_OF(source, struct watched, source);

    (void)events;
    watched->calls = loop.turn;
}

static const struct source_ops numbering = {.ready = note_turn};

START_TEST(a_turn_has_its_number_from_its_beginning_to_the_next)
{
    struct watched watched;

    ck_assert_uint_eq(loop.turn, 0);
    watched_open(&watched, &numbering);
    take_turn();
    ck_assert_uint_eq(watched.calls, 1);
    ck_assert_uint_eq(loop.turn, 1);
    take_turn();
    ck_assert_uint_eq(watched.calls, 2);
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_loop_without_an_end_function_turns)
{
    struct loop other;
    struct source source;

    ck_assert_int_eq(loop_open(&other, tell_time, &clock_ms, NULL, NULL), 0);
    source_init(&source, &noting);
    loop_set_timer(&other, &source, 1);
    clock_ms += 1;
    ck_assert_int_eq(loop_turn(&other), 0);
    ck_assert_str_eq(steps, "x");
    loop_close(&other);
}
END_TEST

START_TEST(a_turn_takes_so_many_reports_and_the_next_one_the_rest)
{
    static struct watched watched[MANY];
    size_t calls = 0;

    for (size_t i = 0; i < MANY; i++) {
        watched_open(&watched[i], &counting);
    }
    take_turn();
    for (size_t i = 0; i < MANY; i++) {
        calls += watched[i].calls;
    }
    ck_assert_uint_eq(calls, LOOP_REPORTS);
    take_turn();
    for (size_t i = 0; i < MANY; i++) {
        ck_assert_uint_ge(watched[i].calls, 1);
        (void)close(watched[i].fd);
    }
}
END_TEST

/* ------------------------------------------------------------------- clock */

START_TEST(the_clock_is_the_one_given_asked_once_a_turn)
{
    struct watched watched;

    ck_assert_uint_eq(loop.now_ms, 50000);
    watched_open(&watched, &counting);
    clock_calls = 0;
    clock_ms = 77777;
    take_turn();
    ck_assert_uint_eq(loop.now_ms, 77777);
    ck_assert_uint_eq(clock_calls, 1);
    clock_ms = 88888;
    ck_assert_uint_eq(loop.now_ms, 77777);
    take_turn();
    ck_assert_uint_eq(loop.now_ms, 88888);
    (void)close(watched.fd);
}
END_TEST

START_TEST(the_monotonic_clock_counts_milliseconds)
{
    struct timespec now;
    uint64_t before_ms = loop_monotonic_ms(NULL);
    uint64_t between_ms;

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    between_ms =
        ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
    ck_assert_uint_ge(between_ms, before_ms);
    ck_assert_uint_le(between_ms, loop_monotonic_ms(NULL));
}
END_TEST

static uint64_t wall_ms(void)
{
    struct timespec now;

    ck_assert_int_eq(clock_gettime(CLOCK_REALTIME, &now), 0);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
}

START_TEST(the_wall_clock_stands_still_within_a_turn)
{
    struct watched watched;
    uint64_t before_ms = wall_ms();
    uint64_t told_ms = loop_real_ms(&loop);

    watched_open(&watched, &counting);
    ck_assert_uint_ge(told_ms, before_ms);
    ck_assert_uint_le(told_ms, wall_ms());
    while (wall_ms() == told_ms) {
    }
    ck_assert_uint_eq(loop_real_ms(&loop), told_ms);
    take_turn();
    ck_assert_uint_ne(loop_real_ms(&loop), told_ms);
    (void)close(watched.fd);
}
END_TEST

static uint64_t turned_wall(void *arg)
{
    (void)arg;
    return 784111777000 + clock_ms;
}

START_TEST(a_test_can_turn_the_wall_clock)
{
    struct watched watched;

    watched_open(&watched, &counting);
    loop.wall = turned_wall;
    clock_ms = 5;
    ck_assert_uint_eq(loop_real_ms(&loop), 784111777005);
    clock_ms = 7;
    ck_assert_uint_eq(loop_real_ms(&loop), 784111777005);
    take_turn();
    ck_assert_uint_eq(loop_real_ms(&loop), 784111777007);
    (void)close(watched.fd);
}
END_TEST

/* ------------------------------------------------------------------ timers */

START_TEST(a_timer_counts_from_the_turns_time)
{
    struct watched watched;

    watched_open(&watched, &noting);
    clock_ms = 60000;
    take_turn();
    clock_ms = 60500; /* the turn's time stays 60000 */
    loop_set_timer(&loop, &watched.source, 1000);
    ck_assert_uint_eq(watched.source.timer.due_ms, 61000);
    clock_ms = 60999;
    take_turn();
    ck_assert_str_eq(steps, "re");
    clock_ms = 61000;
    take_turn();
    ck_assert_str_eq(steps, "rxe");
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_due_time_is_a_moment_of_the_loops_clock)
{
    struct watched watched;

    watched_open(&watched, &noting);
    loop_set_due(&loop, &watched.source, 50100);
    clock_ms = 50099;
    take_turn();
    ck_assert_str_eq(steps, "re");
    clock_ms = 50100;
    take_turn();
    ck_assert_str_eq(steps, "rxe");
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_cancelled_or_moved_timer_does_not_expire)
{
    struct watched watched;
    struct source moved;

    watched_open(&watched, &noting);
    source_init(&moved, &noting);
    loop_set_timer(&loop, &watched.source, 10);
    loop_set_timer(&loop, &moved, 10);
    loop_cancel_timer(&watched.source);
    loop_set_timer(&loop, &moved, 100);
    clock_ms += 99;
    take_turn();
    ck_assert_str_eq(steps, "re");
    clock_ms += 1;
    take_turn();
    ck_assert_str_eq(steps, "rxe");
    (void)close(watched.fd);
}
END_TEST

static void set_anew(struct source *source)
{
    note("x");
    loop_set_timer(&loop, source, 0);
}

static const struct source_ops restless = {.ready = note_ready,
                                           .expired = set_anew};

START_TEST(a_timer_set_while_it_expires_waits_for_another_turn)
{
    struct watched watched;

    watched_open(&watched, &restless);
    loop_set_timer(&loop, &watched.source, 0);
    for (int i = 0; i < 3; i++) {
        clock_ms += 10;
        take_turn();
        ck_assert_str_eq(steps, "rxe");
    }
    take_turn();
    ck_assert_str_eq(steps, "re"); /* no time has passed */
    (void)close(watched.fd);
}
END_TEST

/* An overflow would make them due at once. */
START_TEST(a_timer_far_away_does_not_expire)
{
    struct watched watched;

    watched_open(&watched, &noting);
    loop_set_timer(&loop, &watched.source, UINT64_MAX);
    ck_assert_uint_eq(watched.source.timer.due_ms, 50000 + TIMER_MAX_MS);
    clock_ms += UINT64_C(1000) * 24 * HOUR_MS;
    take_turn();
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

/* ----------------------------------------------------------------- waiting */

START_TEST(turns_wait_until_the_first_timer_and_never_less)
{
    struct loop real;
    struct source source;
    uint64_t start_ms = loop_monotonic_ms(NULL);
    int turns = 0;

    ck_assert_int_eq(loop_open(&real, loop_monotonic_ms, NULL, NULL, NULL), 0);
    source_init(&source, &noting);
    loop_set_timer(&real, &source, 30);
    for (; steps[0] == '\0'; turns++) {
        ck_assert_int_eq(loop_turn(&real), 0);
    }
    ck_assert_int_le(turns, 10);
    ck_assert_uint_ge(loop_monotonic_ms(NULL), start_ms + 30);
    loop_close(&real);
}
END_TEST

/* If it did, it would wait for an hour. */
START_TEST(a_turn_after_a_busy_one_does_not_wait)
{
    struct watched watched;

    watched_open(&watched, &noting);
    loop_set_timer(&loop, &watched.source, HOUR_MS);
    end_result = true;
    take_turn();
    ck_assert_str_eq(steps, "re");
    ck_assert_int_eq(selector_unregister(&loop.selector, watched.fd), 0);
    for (int i = 0; i < 3; i++) {
        take_turn();
        ck_assert_str_eq(steps, "e");
    }
    (void)close(watched.fd);
}
END_TEST

/* Also where the first timer is farther than an int can say. */
START_TEST(a_wait_without_timers_ends_with_a_report)
{
    struct watched watched;

    watched_open(&watched, &noting);
    ck_assert_int_eq(timer_wheel_next(&loop.wheel), -1);
    take_turn();
    ck_assert_str_eq(steps, "re");
    loop_set_due(&loop, &watched.source, TIMER_MAX_MS);
    ck_assert_int_gt(timer_wheel_next(&loop.wheel), INT32_MAX);
    take_turn();
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

static void ignore_signal(int number)
{
    (void)number;
}

START_TEST(a_signal_ends_the_wait_and_the_turn_goes_on)
{
    struct sigaction action = {.sa_handler = ignore_signal};
    struct itimerval often = {{.tv_usec = 5000}, {.tv_usec = 5000}};
    struct itimerval never = {{0}, {0}};

    ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
    ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
    take_turn();
    ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
    ck_assert_str_eq(steps, "e");
}
END_TEST

START_TEST(a_failed_wait_is_told_and_leaves_the_loop_usable)
{
    struct watched watched;
    int kept = dup(loop.selector.fd);

    watched_open(&watched, &noting);
    loop_set_timer(&loop, &watched.source, 1);
    clock_ms += 1;
    (void)close(loop.selector.fd);
    steps[0] = '\0';
    ck_assert_int_eq(loop_turn(&loop), -EBADF);
    ck_assert_str_eq(steps, "xe");
    ck_assert_int_eq(dup2(kept, loop.selector.fd), loop.selector.fd);
    (void)close(kept);
    take_turn();
    ck_assert_str_eq(steps, "re");
    (void)close(watched.fd);
}
END_TEST

/* --------------------------------------------------------------- busy poll */

static uint64_t brief_ns;
static size_t brief_calls;
static size_t event_call; /* the call at which an event comes; 0: none does */
static int event_fd;

/* Each call takes 1 us, so that spinning ends. */
static uint64_t tell_brief(void *arg)
{
    ck_assert_ptr_eq(arg, &clock_ms);
    brief_ns += 1000;
    clock_ms = brief_ns / 1000000;
    if (++brief_calls == event_call) {
        ck_assert_int_eq(eventfd_write(event_fd, 1), 0);
    }
    return brief_ns;
}

static uint64_t tell_nothing(void *arg)
{
    (void)arg;
    ck_abort_msg("it is asked for the time");
}

static void take_event(struct source *source, uint32_t events)
{
    struct watched *watched = CONTAINER_OF(source, struct watched, source);
    eventfd_t count;

    ck_assert_int_eq(eventfd_read(watched->fd, &count), 0);
    note_ready(source, events);
}

static const struct source_ops taking = {.ready = take_event,
                                         .expired = note_expired};

static void take_turn_with_event(void)
{
    ck_assert_int_eq(eventfd_write(event_fd, 1), 0);
    take_turn();
    ck_assert_str_eq(steps, "re");
}

/* So many events that the next wait is spun. */
static void make_busy(struct watched *watched, uint64_t us)
{
    brief_ns = UINT64_C(50000) * 1000000;
    loop.brief = tell_brief;
    loop_busy_poll(&loop, us);
    watched_open(watched, &taking);
    event_fd = watched->fd;
    for (int i = 0; i < SPIN_WAITS; i++) {
        take_turn_with_event();
    }
    brief_calls = 0;
}

START_TEST(without_busy_poll_nobody_asks_for_the_brief_time)
{
    struct watched watched;

    watched_open(&watched, &noting);
    loop.brief = tell_nothing;
    for (int i = 0; i < 2 * SPIN_WAITS; i++) {
        take_turn();
        ck_assert_str_eq(steps, "re");
    }
    (void)close(watched.fd);
}
END_TEST

/* If it slept, the clock would not be asked, and the event never come. */
START_TEST(while_events_come_often_the_loop_waits_without_sleeping)
{
    struct watched watched;

    make_busy(&watched, 50);
    for (int i = 0; i < 100; i++) {
        brief_calls = 0;
        event_call = 20;
        take_turn();
        ck_assert_str_eq(steps, "re");
        ck_assert_uint_eq(brief_calls, 21);
    }
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_loop_that_asked_in_vain_sleeps_from_then_on)
{
    struct watched watched;

    make_busy(&watched, 50);
    take_turn();
    ck_assert_str_eq(steps, "e");
    ck_assert_uint_eq(brief_calls, 52);
    brief_calls = 0;
    loop_set_timer(&loop, &watched.source, 1);
    take_turn(); /* asleep for 1 ms: one call before, one after */
    ck_assert_uint_eq(brief_calls, 2);
    (void)close(watched.fd);
}
END_TEST

START_TEST(busy_polling_ends_with_the_first_timer)
{
    struct watched watched;

    make_busy(&watched, 10000);
    loop_set_timer(&loop, &watched.source, 1);
    take_turn();
    ck_assert_str_eq(steps, "xe");
    ck_assert_uint_le(brief_calls, 1002);
    ck_assert_uint_ge(brief_calls, 1000);
    loop_set_timer(&loop, &watched.source, 10); /* 9 ms are left of it */
    brief_calls = 0;
    take_turn();
    ck_assert_str_eq(steps, "e");
    ck_assert_uint_ge(brief_calls, 8990);
    brief_calls = 0;
    take_turn(); /* asleep */
    ck_assert_uint_eq(brief_calls, 2);
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_loop_with_more_to_do_asks_once)
{
    struct watched watched;

    end_result = true;
    make_busy(&watched, 50);
    take_turn();
    ck_assert_str_eq(steps, "e");
    ck_assert_uint_eq(brief_calls, 2);
    (void)close(watched.fd);
}
END_TEST

START_TEST(a_wait_that_fails_while_it_is_spun_is_told)
{
    struct watched watched;
    int kept = dup(loop.selector.fd);

    make_busy(&watched, 50);
    (void)close(loop.selector.fd);
    ck_assert_int_eq(loop_turn(&loop), -EBADF);
    ck_assert_uint_eq(brief_calls, 2);
    ck_assert_int_eq(dup2(kept, loop.selector.fd), loop.selector.fd);
    (void)close(kept);
    (void)close(watched.fd);
}
END_TEST

START_TEST(the_brief_clock_counts_the_same_time)
{
    const uint64_t before_ms = loop_monotonic_ms(NULL);
    const uint64_t between_ns = loop_monotonic_ns(NULL);

    ck_assert_uint_ge(between_ns / 1000000, before_ms);
    ck_assert_uint_le(between_ns / 1000000, loop_monotonic_ms(NULL));
}
END_TEST

UNIT_MAIN_WITH("loop",
               set_up,
               tear_down,
               a_new_source_has_no_timer,
               what_is_ready_is_told_with_its_events,
               a_turn_is_reports_then_timers_then_its_end,
               a_blind_turn_leaves_what_is_ready_to_the_next,
               a_turn_has_its_number_from_its_beginning_to_the_next,
               a_loop_without_an_end_function_turns,
               a_turn_takes_so_many_reports_and_the_next_one_the_rest,
               the_clock_is_the_one_given_asked_once_a_turn,
               the_monotonic_clock_counts_milliseconds,
               the_wall_clock_stands_still_within_a_turn,
               a_test_can_turn_the_wall_clock,
               a_timer_counts_from_the_turns_time,
               a_due_time_is_a_moment_of_the_loops_clock,
               a_cancelled_or_moved_timer_does_not_expire,
               a_timer_set_while_it_expires_waits_for_another_turn,
               a_timer_far_away_does_not_expire,
               turns_wait_until_the_first_timer_and_never_less,
               a_turn_after_a_busy_one_does_not_wait,
               a_wait_without_timers_ends_with_a_report,
               a_signal_ends_the_wait_and_the_turn_goes_on,
               a_failed_wait_is_told_and_leaves_the_loop_usable,
               without_busy_poll_nobody_asks_for_the_brief_time,
               while_events_come_often_the_loop_waits_without_sleeping,
               a_loop_that_asked_in_vain_sleeps_from_then_on,
               busy_polling_ends_with_the_first_timer,
               a_loop_with_more_to_do_asks_once,
               a_wait_that_fails_while_it_is_spun_is_told,
               the_brief_clock_counts_the_same_time)
