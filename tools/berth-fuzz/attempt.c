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
#include "verdict.h"

#define TICK_MS 1000u

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

/* Returns how long nothing has gone on. */
static unsigned
note_silence(const struct attempt *attempt, uint64_t *seen, unsigned silent_ms)
{
    uint64_t now = attempt->trial.board->heartbeat;

    if (now == *seen) {
        return silent_ms + TICK_MS;
    }
    *seen = now;
    return 0;
}

static bool may_go_on(const struct attempt *attempt)
{
    return attempt->may_go_on == NULL || attempt->may_go_on(attempt->arg);
}

static void watch_over(struct attempt *attempt)
{
    struct pollfd ready[2] = {
        {.fd = attempt->trial.pidfd, .events = POLLIN},
        {.fd = attempt->pipe[0], .events = POLLIN},
    };
    unsigned silent_ms = 0;
    uint64_t seen = 0;

    while (ready[0].revents == 0) {
        int count = poll(ready, 2, (int)TICK_MS);

        listen_to(attempt);
        if (count == 0) {
            silent_ms = note_silence(attempt, &seen, silent_ms);
        }
        if (silent_ms >= attempt->hangs_ms) {
            trial_end_hanging(&attempt->trial, attempt->hangs_ms);
            return;
        }
        if (count <= 0 && !may_go_on(attempt)) {
            (void)kill(attempt->trial.pid, SIGKILL);
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
