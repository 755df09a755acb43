/* SPDX-License-Identifier: MIT */
/*
 * A trial that is listened to: what its process prints is kept, the last of it,
 * and what a sanitizer or libFuzzer says there becomes a finding.
 */
#ifndef BERTH_FUZZ_ATTEMPT_H
#define BERTH_FUZZ_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "berth-try/trial.h"

#define ATTEMPT_HEARD_MAX ((size_t)65536)

struct attempt {
    struct trial trial; /* script and options are the caller's */
    bool is_loud;       /* what is printed goes to stderr, too */
    unsigned hangs_ms;  /* without a sign of life for so long it hangs */
    /* About once a second, while it lasts; false ends it. NULL: nobody is
       asked. */
    bool (*may_go_on)(void *arg);
    void *arg;
    char heard[ATTEMPT_HEARD_MAX + 1];
    size_t heard_size;
    int pipe[2];
};

/*
 * Does it. run: in the process, after its output was redirected. The board is
 * the caller's then. Returns 1: nothing was found; 0: something was; -errno: it
 * could not be done, and there is no board.
 */
int attempt_run(struct attempt *attempt);

/* For what runs in the process: its output is listened to from now on, and if
   leaks are not minded, no sanitizer has a say when it ends. */
void attempt_enter(const struct trial *trial);

#endif
