/* SPDX-License-Identifier: MIT */
#include "crash.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define STACK_SIZE ((size_t)65536)

static const int numbers[] = {
    SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS,
};

#define COUNT (sizeof(numbers) / sizeof(numbers[0]))

/* A handler is given nothing of ours: the one place that needs variables of the
   whole process. */
static struct stats_death *notes;
static struct sigaction before[COUNT];

/* The kernel's own, or of this process to itself. */
static bool is_own(const siginfo_t *info)
{
    return info->si_code > 0 || info->si_pid == getpid();
}

/* A fault happens again when the handler returns, and now takes its course; a
   signal that was sent has to be sent again. */
static void pass_on(int number, const siginfo_t *info)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (numbers[i] == number) {
            (void)sigaction(number, &before[i], NULL);
        }
    }
    if (info->si_code <= 0) {
        (void)raise(number);
    }
}

static void take_notes(int number, siginfo_t *info, void *context)
{
    const int error = errno;

    (void)context;
    atomic_store(&notes->signal, number);
    atomic_store(&notes->code, info->si_code);
    atomic_store(&notes->is_own, is_own(info) ? 1 : 0);
    atomic_store(&notes->is_noted, 1);
    pass_on(number, info);
    errno = error;
}

/* Else the overflow of the stack has no room to be noted. It stays until the
   process ends. */
static void use_own_stack(void)
{
    static char stack[STACK_SIZE];
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    stack_t there;

    if (sigaltstack(NULL, &there) == 0 && (there.ss_flags & SS_DISABLE) != 0) {
        (void)sigaltstack(&own, NULL);
    }
}

void crash_watch(struct stats_death *death)
{
    struct sigaction action = {
        .sa_sigaction = take_notes,
        .sa_flags = SA_SIGINFO | SA_ONSTACK,
    };

    notes = death;
    use_own_stack();
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT; i++) {
        (void)sigaction(numbers[i], &action, &before[i]);
    }
}
