/* SPDX-License-Identifier: MIT */
#include "attempt.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "list.h"
#include "loop.h"
#include "verdict.h"

#define TICK_MS 1000

static void keep(struct attempt *attempt, const char *text, size_t size)
{
    size_t room = ATTEMPT_HEARD_MAX - attempt->heard_size;

    if (attempt->is_loud) {
        (void)fwrite(text, 1, size, stderr);
    }
    if (size > room) {
        size_t gone = size - room;

        attempt->heard_size -= gone;
        memmove(attempt->heard, attempt->heard + gone, attempt->heard_size);
    }
    memcpy(attempt->heard + attempt->heard_size, text, size);
    attempt->heard_size += size;
    attempt->heard[attempt->heard_size] = '\0';
}

/* All that is there by now. */
static void listen_to(struct attempt *attempt)
{
    char text[4096];
    ssize_t count;

    while ((count = read(attempt->pipe[0], text, sizeof(text))) > 0) {
        keep(attempt, text, (size_t)count);
    }
}

/* What is looked at now and then. */
struct vigil {
    uint64_t looked_ms;
    uint64_t lived_ms; /* the last sign of life */
    uint64_t heartbeat;
};

static bool may_go_on(const struct attempt *attempt)
{
    return attempt->may_go_on == NULL || attempt->may_go_on(attempt->arg);
}

/* Returns whether it goes on. */
static bool look(struct attempt *attempt, struct vigil *vigil, uint64_t now_ms)
{
    uint64_t heartbeat = attempt->trial.board->heartbeat;

    vigil->looked_ms = now_ms;
    if (heartbeat != vigil->heartbeat) {
        vigil->heartbeat = heartbeat;
        vigil->lived_ms = now_ms;
    }
    if (now_ms - vigil->lived_ms >= attempt->hangs_ms) {
        trial_end_hanging(&attempt->trial, attempt->hangs_ms);
        return false;
    }
    if (!may_go_on(attempt)) {
        (void)kill(attempt->trial.pid, SIGKILL);
        return false;
    }
    return true;
}

static void watch_over(struct attempt *attempt)
{
    struct pollfd ready[2] = {
        {.fd = attempt->trial.pidfd, .events = POLLIN},
        {.fd = attempt->pipe[0], .events = POLLIN},
    };
    uint64_t now_ms = loop_monotonic_ms(NULL);
    struct vigil vigil = {.looked_ms = now_ms, .lived_ms = now_ms};

    while (ready[0].revents == 0) {
        int count = poll(ready, 2, TICK_MS);

        listen_to(attempt);
        now_ms = loop_monotonic_ms(NULL);
        if ((count < 0 || now_ms - vigil.looked_ms >= TICK_MS) &&
            !look(attempt, &vigil, now_ms)) {
            return;
        }
    }
}

static int open_pipe(struct attempt *attempt)
{
    if (pipe2(attempt->pipe, O_CLOEXEC) < 0) {
        return -errno;
    }
    (void)fcntl(attempt->pipe[0], F_SETFL, O_NONBLOCK);
    return 0;
}

static void close_pipe(const struct attempt *attempt)
{
    (void)close(attempt->pipe[0]);
    (void)close(attempt->pipe[1]);
}

int attempt_run(struct attempt *attempt)
{
    int error = open_pipe(attempt);
    bool has_passed;

    attempt->heard_size = 0;
    attempt->heard[0] = '\0';
    if (error < 0) {
        return error;
    }
    (void)fflush(stderr);
    error = trial_start(&attempt->trial);
    if (error < 0) {
        close_pipe(attempt);
        return error;
    }
    watch_over(attempt);
    listen_to(attempt);
    verdict_read(attempt->heard, attempt->trial.board);
    has_passed = trial_conclude(&attempt->trial);
    close_pipe(attempt);
    return has_passed ? 1 : 0;
}

static void leave(int status, void *arg)
{
    (void)arg;
    _exit(status);
}

void attempt_enter(const struct trial *trial)
{
    const struct attempt *attempt =
        CONTAINER_OF((uintptr_t)trial, struct attempt, trial);

    (void)dup2(attempt->pipe[1], STDOUT_FILENO);
    (void)dup2(attempt->pipe[1], STDERR_FILENO);
    if ((trial->options->allowed & 1u << FINDING_LEAK) != 0) {
        (void)on_exit(leave, NULL);
    }
}
