/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "finding.h"
#include "judge.h"
#include "memory.h"
#include "pages.h"

#define STACK_SIZE ((size_t)65536)
#define NULL_REACH ((uintptr_t)65536) /* members of a struct that is none */

static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
enum {
    COUNT = sizeof(signals) / sizeof(signals[0])
};
static struct sigaction before[COUNT];

/* "reads" or "writes", where the processor tells. */
static const char *describe_access(const void *context)
{
#ifdef __x86_64__
    const ucontext_t *ucontext = context;

    return (ucontext->uc_mcontext.gregs[REG_ERR] & 2) != 0 ? "writes" : "reads";
#else
    (void)context;
    return "touches";
#endif
}

static struct finding_board *board(void)
{
    return judge.options.board;
}

/* A string function reads more at once than it was asked for. */
static ptrdiff_t nearest(const struct pages_place *place)
{
    ptrdiff_t last = place->size == 0 ? 0 : (ptrdiff_t)place->size - 1;

    if (place->offset < 0) {
        return 0;
    }
    return place->offset > last ? last : place->offset;
}

static void explain_input(const struct pages_place *place, const char *access)
{
    const char *giver = crumb_callback_name(place->callback);

    if (board()->callback == CRUMB_NONE) {
        finding_end(board(), FINDING_POINTER,
                    "input was lent: what is sent now lies in data[%td] of %s "
                    "(call %llu), which is gone. berth_write() copies",
                    nearest(place), giver, (unsigned long long)place->call);
    }
    if (place->call == board()->call && judge_is_at_home()) {
        finding_end(board(), FINDING_OVERRUN,
                    "%s %s before or behind its input: data[%td] of %zu bytes",
                    judge_place(), access, place->offset, place->size);
    }
    finding_end(
        board(), FINDING_POINTER,
        "a pointer to data was kept: %s %s data[%td] of an earlier "
        "%s (call %llu), which had returned. Input is valid only until then: "
        "copy what is needed later, or leave it unused",
        judge_place(), access, nearest(place), giver,
        (unsigned long long)place->call);
}

static void explain_state(const struct pages_place *place, const char *access)
{
    const char *what = place->state->what;

    if (place->state->is_over) {
        finding_end(board(), FINDING_CLOSED,
                    "%s %s the %s of a connection or entry that is over",
                    judge_place(), access, what);
    }
    finding_end(board(), FINDING_JOB,
                "%s touches a connection: it %s its %s, at byte %td, while "
                "the worker may, too. Jobs read settings and their own arg, "
                "nothing else",
                judge_place(), access, what, place->offset);
}

static void explain(const void *address, const void *context)
{
    const char *access = describe_access(context);
    struct pages_place place = pages_find(address);

    switch (place.kind) {
    case PAGES_INPUT:
        explain_input(&place, access);
        break;
    case PAGES_BEHIND_INPUT:
        finding_end(board(), FINDING_OVERRUN,
                    "%s %s behind its input: data[%td] of %zu bytes",
                    judge_place(), access, place.offset, place.size);
    case PAGES_STATE:
        explain_state(&place, access);
        break;
    case PAGES_BEHIND_STATE:
        finding_end(board(), FINDING_OVERRUN,
                    "%s %s behind its %s, at byte %td", judge_place(), access,
                    place.state->what, place.offset);
    case PAGES_UNKNOWN:
        break;
    }
}

/* As it was: what raised it does so again. */
static void restore(int number)
{
    for (size_t i = 0; i < COUNT; i++) {
        if (signals[i] == number) {
            (void)sigaction(number, &before[i], NULL);
        }
    }
}

/* Where else it points is another place each time. */
static const char *describe_address(int number, const siginfo_t *info)
{
    if (number == SIGILL) {
        return ", by undefined behaviour that clang's checks trap, or an "
               "instruction that is none";
    }
    if (number != SIGSEGV) {
        return "";
    }
    return (uintptr_t)info->si_addr < NULL_REACH
               ? ", by a NULL pointer"
               : ", by a pointer to nowhere, or for want of stack";
}

/* Where in which file, for addr2line. */
static void tell_place(const void *context)
{
#ifdef __x86_64__
    const ucontext_t *ucontext = context;
    uintptr_t place = (uintptr_t)ucontext->uc_mcontext.gregs[REG_RIP];
    Dl_info info;

    if (dladdr((const void *)place, &info) != 0 && info.dli_fname != NULL) {
        const char *base = strrchr(info.dli_fname, '/');

        finding_detail(board(), "at", "%s+0x%zx",
                       base == NULL ? info.dli_fname : base + 1,
                       (size_t)(place - (uintptr_t)info.dli_fbase));
    }
#else
    (void)context;
#endif
}

/* Formatting is no business of a signal's handler, but this one comes of what
   the thread itself did, never from within stdio. */
static void meet(int number, siginfo_t *info, void *context)
{
    if (number == SIGSEGV) {
        explain(info->si_addr, context);
    }
    if (!memory_is_known()) {
        restore(number); /* the sanitizer tells more */
        return;
    }
    tell_place(context);
    finding_end(board(), FINDING_CRASH, "%s crashes: SIG%s%s", judge_place(),
                sigabbrev_np(number), describe_address(number, info));
}

int fault_init(void)
{
    static char stack[STACK_SIZE];
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof(stack)};
    struct sigaction action = {
        .sa_sigaction = meet,
        .sa_flags = SA_SIGINFO | SA_ONSTACK,
    };

    if (sigaltstack(&own, NULL) < 0) {
        return -errno;
    }
    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < COUNT; i++) {
        if (sigaction(signals[i], &action, &before[i]) < 0) {
            return -errno;
        }
    }
    return 0;
}
