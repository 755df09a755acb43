/* SPDX-License-Identifier: MIT */
#include "crash.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static const int fatal[] = {
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
};

#define FATAL (sizeof(fatal) / sizeof(fatal[0]))

/* Shared with the children. */
static struct stats_death *death;
static char *forbidden; /* a page that nobody may touch */
static const size_t page = 4096;

static void *map(int protection, int flags)
{
    void *memory = mmap(NULL, page, protection, flags | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(memory, MAP_FAILED);
    return memory;
}

static void set_up(void)
{
    death = map(PROT_READ | PROT_WRITE, MAP_SHARED);
    forbidden = map(PROT_NONE, MAP_PRIVATE);
}

static void tear_down(void)
{
    ck_assert_int_eq(munmap(death, page), 0);
    ck_assert_int_eq(munmap(forbidden, page), 0);
}

/* As without a sanitizer, without a core, and no longer than the test. */
static void become_plain(void)
{
    const struct rlimit none = {0, 0};
    const stack_t nowhere = {.ss_flags = SS_DISABLE};

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)sigaltstack(&nowhere, NULL);
    for (size_t i = 0; i < FATAL; i++) {
        (void)signal(fatal[i], SIG_DFL);
    }
}

/* What a child does once its end is watched. */
typedef void child_fn(int number);

/* Returns its status, as of waitpid(2). */
static int run(child_fn *act, int number)
{
    const pid_t pid = fork();
    int status = 0;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        become_plain();
        crash_watch(death);
        act(number);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

static void expect_signal(int status, int number)
{
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), number);
}

static void expect_notes(int number, bool is_own)
{
    ck_assert_uint_eq(atomic_load(&death->is_noted), 1);
    ck_assert_int_eq(atomic_load(&death->signal), number);
    ck_assert_uint_eq(atomic_load(&death->is_own), is_own ? 1 : 0);
}

static void raise_it(int number)
{
    (void)raise(number);
}

START_TEST(what_a_process_does_to_itself_is_its_own)
{
    for (size_t i = 0; i < FATAL; i++) {
        *death = (struct stats_death){.signal = 0};
        expect_signal(run(raise_it, fatal[i]), fatal[i]);
        expect_notes(fatal[i], true);
        ck_assert_int_eq(atomic_load(&death->code), SI_TKILL);
    }
}
END_TEST

static void give_up(int number)
{
    (void)number;
    abort();
}

START_TEST(an_abort_is_its_own)
{
    expect_signal(run(give_up, 0), SIGABRT);
    expect_notes(SIGABRT, true);
}
END_TEST

static void touch(int number)
{
    (void)number;
    *(volatile char *)forbidden = 1;
}

START_TEST(a_fault_is_its_own)
{
    expect_signal(run(touch, 0), SIGSEGV);
    expect_notes(SIGSEGV, true);
    ck_assert_int_eq(atomic_load(&death->code), SEGV_ACCERR);
}
END_TEST

/* Not by so many calls that the compiler would see through. */
static int call_often(volatile int *calls)
{
    volatile char room[1024];

    room[0] = (char)*calls;
    if (++*calls < 0) {
        return room[0];
    }
    return call_often(calls) + room[0];
}

static void overflow(int number)
{
    volatile int calls = number;

    _exit(call_often(&calls));
}

START_TEST(an_overflow_of_the_stack_is_noted)
{
    expect_signal(run(overflow, 0), SIGSEGV);
    expect_notes(SIGSEGV, true);
}
END_TEST

/* Tells that it is watched, then waits for its end. */
static int told[2];

static void wait_for_it(int number)
{
    (void)number;
    if (write(told[1], "x", 1) == 1) {
        for (;;) {
            (void)pause();
        }
    }
}

/* The parent sends it. */
static int run_and_send(int number)
{
    const pid_t pid = fork();
    int status = 0;
    char byte;

    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        become_plain();
        crash_watch(death);
        wait_for_it(0);
        _exit(0);
    }
    ck_assert_int_eq(read(told[0], &byte, 1), 1);
    ck_assert_int_eq(kill(pid, number), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return status;
}

START_TEST(what_others_send_is_not)
{
    ck_assert_int_eq(pipe(told), 0);
    for (size_t i = 0; i < FATAL; i++) {
        *death = (struct stats_death){.is_own = 1};
        expect_signal(run_and_send(fatal[i]), fatal[i]);
        expect_notes(fatal[i], false);
        ck_assert_int_eq(atomic_load(&death->code), SI_USER);
    }
    (void)close(told[0]);
    (void)close(told[1]);
}
END_TEST

START_TEST(other_signals_are_not_noted)
{
    static const int others[] = {SIGKILL, SIGPIPE, SIGXCPU, SIGUSR1};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        expect_signal(run(raise_it, others[i]), others[i]);
        ck_assert_uint_eq(atomic_load(&death->is_noted), 0);
    }
}
END_TEST

static void end_well(int number)
{
    (void)number;
}

START_TEST(an_ordinary_end_is_not_noted)
{
    ck_assert_int_eq(run(end_well, 0), 0);
    ck_assert_uint_eq(atomic_load(&death->is_noted), 0);
}
END_TEST

/* A sanitizer's handler, so to speak. */
static void report(int number)
{
    _exit(number == SIGSEGV && atomic_load(&death->is_noted) == 1 ? 42 : 1);
}

START_TEST(who_handled_it_before_has_it_afterwards)
{
    static child_fn *const causes[] = {touch, raise_it};

    for (size_t i = 0; i < 2; i++) {
        int status = 0;
        pid_t pid;

        *death = (struct stats_death){.signal = 0};
        pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            become_plain();
            (void)signal(SIGSEGV, report);
            crash_watch(death);
            causes[i](SIGSEGV);
            _exit(0);
        }
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert(WIFEXITED(status));
        ck_assert_int_eq(WEXITSTATUS(status), 42);
        expect_notes(SIGSEGV, true);
    }
}
END_TEST

UNIT_MAIN_WITH("crash",
               set_up,
               tear_down,
               what_a_process_does_to_itself_is_its_own,
               an_abort_is_its_own,
               a_fault_is_its_own,
               an_overflow_of_the_stack_is_noted,
               what_others_send_is_not,
               other_signals_are_not_noted,
               an_ordinary_end_is_not_noted,
               who_handled_it_before_has_it_afterwards)
