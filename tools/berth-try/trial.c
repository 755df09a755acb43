/* SPDX-License-Identifier: MIT */
#include "trial.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crumb.h"
#include "fault.h"
#include "judge.h"

#define KEPT_BYTES (64 << 20)
/* Without a sign of life for so long it hangs. */
#define HANGS_MS 20000

static int prepare(const struct trial *trial)
{
    const struct judge_options options = {
        .board = trial->board,
        .allowed = trial->options->allowed,
        .slow_ms = trial->options->slow_ms,
        .output_limit = (size_t)trial->script->limits.output,
        .memory_limit = trial->options->memory_limit,
        .see = trial->options->see_callback,
    };
    int error = judge_init(&options);

    return error < 0 ? error : fault_init();
}

__attribute__((noreturn)) static void run_child(const struct trial *trial)
{
    int error;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* What one run gives back the next one takes. */
    (void)mallopt(M_MMAP_THRESHOLD, KEPT_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, KEPT_BYTES);
    error = prepare(trial);
    if (error < 0) {
        finding_end(trial->board, FINDING_CRASH, "cannot begin: %s",
                    strerror(-error));
    }
    (trial->run == NULL ? trial_run : trial->run)(trial);
    exit(EXIT_SUCCESS); /* with what a sanitizer has to say */
}

int trial_start(struct trial *trial)
{
    trial->board = finding_board_new();
    if (trial->board == NULL) {
        return -ENOMEM;
    }
    (void)fflush(stdout);
    trial->pid = fork();
    if (trial->pid == 0) {
        run_child(trial);
    }
    if (trial->pid < 0) {
        int error = errno;

        finding_board_free(trial->board);
        return -error;
    }
    trial->pidfd = pidfd_open(trial->pid, 0);
    return 0;
}

static const char *name_running(const struct trial *trial)
{
    uint32_t callback = trial->board->callback;

    return callback == CRUMB_NONE ? "the server"
                                  : crumb_callback_name(callback);
}

void trial_end_hanging(const struct trial *trial, unsigned ms)
{
    finding_note(trial->board, FINDING_CRASH,
                 "%s (call %llu) hangs: it has not returned for %u s",
                 name_running(trial), (unsigned long long)trial->board->call,
                 ms / 1000);
    (void)kill(trial->pid, SIGKILL);
}

/* Ends one that does nothing any more. */
static void watch_over(const struct trial *trial)
{
    struct pollfd end = {.fd = trial->pidfd, .events = POLLIN};
    uint64_t seen = 0;
    int count;

    do {
        seen = trial->board->heartbeat;
        count = poll(&end, 1, HANGS_MS);
    } while (count == 0 && trial->board->heartbeat != seen);
    if (count == 0) {
        trial_end_hanging(trial, HANGS_MS);
    }
}

bool trial_conclude(struct trial *trial)
{
    const char *running;
    int status = 0;

    if (trial->pidfd >= 0) {
        (void)close(trial->pidfd);
    }
    while (waitpid(trial->pid, &status, 0) < 0 && errno == EINTR) {
    }
    running = name_running(trial);
    if (WIFSIGNALED(status)) {
        finding_note(trial->board, FINDING_CRASH, "%s crashes: SIG%s", running,
                     sigabbrev_np(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
        finding_note(trial->board, FINDING_CRASH,
                     "%s ends the process, with status %d", running,
                     WEXITSTATUS(status));
    }
    return !trial->board->is_found;
}

bool trial_finish(struct trial *trial)
{
    if (trial->pidfd >= 0) {
        watch_over(trial);
    }
    return trial_conclude(trial);
}
