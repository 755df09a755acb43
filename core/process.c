/* SPDX-License-Identifier: MIT */
#include "process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static int compare(const void *a, const void *b)
{
    const int left = *(const int *)a;
    const int right = *(const int *)b;

    return (left > right) - (left < right);
}

/* Closes first..last; Linux before 5.9 has no close_range(2). */
static void close_all(unsigned first, unsigned last)
{
    struct rlimit limit;

    if (first > last || close_range(first, last, 0) == 0) {
        return;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return;
    }
    for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++) {
        (void)close((int)fd);
    }
}

static void close_others(int *keep, size_t count)
{
    unsigned next = STDERR_FILENO + 1;

    qsort(keep, count, sizeof(*keep), compare);
    for (size_t i = 0; i < count; i++) {
        if (keep[i] >= (int)next) {
            close_all(next, (unsigned)keep[i] - 1);
            next = (unsigned)keep[i] + 1;
        }
    }
    close_all(next, ~0U);
}

int process_follow(pid_t parent)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    return getppid() == parent ? 0 : -ESRCH; /* it may have ended before */
}

_Noreturn static void run(const struct process_parts *parts, pid_t parent)
{
    sigset_t none;
    bool may_free = true;
    int status = EXIT_FAILURE;

    close_others(parts->keep, parts->keep_count);
    (void)sigemptyset(&none);
    if (process_follow(parent) == 0) {
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        status = parts->run(parts->arg, &may_free);
    }
    if (!may_free) {
        (void)fflush(NULL);
        _exit(status);
    }
    exit(status);
}

pid_t process_start(const struct process_parts *parts)
{
    const pid_t parent = getpid();
    pid_t pid;

    (void)fflush(NULL); /* what is buffered is written once */
    pid = fork();
    if (pid == 0) {
        run(parts, parent);
    }
    return pid < 0 ? -errno : pid;
}

void process_describe_end(int status, char text[PROCESS_TEXT_MAX])
{
    const char *name;

    if (WIFEXITED(status)) {
        (void)snprintf(text, PROCESS_TEXT_MAX, "exit status %d",
                       WEXITSTATUS(status));
        return;
    }
    name = sigabbrev_np(WTERMSIG(status));
    if (name == NULL) {
        (void)snprintf(text, PROCESS_TEXT_MAX, "signal %d", WTERMSIG(status));
    } else {
        (void)snprintf(text, PROCESS_TEXT_MAX, "SIG%s%s", name,
                       WCOREDUMP(status) ? " (core dumped)" : "");
    }
}
