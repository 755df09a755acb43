/* SPDX-License-Identifier: MIT */
/*
 * The upgrade of the running program: the file that it was started from, which
 * may be another one by now, is first tried as a child, with --check.
 */
#ifndef BERTH_UPGRADE_H
#define BERTH_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

#include "loop.h"

struct upgrade {
    struct source source; /* its timer: when the trial takes too long */
    pid_t pid;            /* of the trial; 0: none is under way */
    int output;           /* what it prints: a memfd */
    bool is_late;         /* it was killed for that */
};

void upgrade_init(struct upgrade *upgrade);

/* Runs argv with --check. argv[0] is not the program, but what it is called.
   Returns 0 or -errno. */
int upgrade_try(struct upgrade *upgrade,
                struct loop *loop,
                const char *program,
                char *const *argv,
                uint64_t timeout_ms);

/*
 * The trial has ended with that status of waitpid(2). Returns 0: it is fine.
 * Or -EINVAL, and why is what it printed, or what became of it; the caller
 * frees it (NULL: no memory).
 */
int upgrade_judge(struct upgrade *upgrade, int status, char **why);

#endif
