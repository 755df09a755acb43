/* SPDX-License-Identifier: MIT */
#include "upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "list.h"
#include "process.h"

/* What --check prints of a good configuration: another program that ends with
   status 0 does not. */
#define PROOF ": ok ("

#define OUTPUT_MAX 65536

static void kill_late(struct source *source)
{
    struct upgrade *upgrade = CONTAINER_OF(source, struct upgrade, source);

    upgrade->is_late = true;
    (void)kill(upgrade->pid, SIGKILL);
}

static const struct source_ops upgrade_ops = {.expired = kill_late};

void upgrade_init(struct upgrade *upgrade)
{
    *upgrade = (struct upgrade){.output = -1};
    source_init(&upgrade->source, &upgrade_ops);
}

struct trial {
    const char *program;
    char **words;
    int output;
};

static int run_trial(void *arg, bool *may_free)
{
    const struct trial *trial = arg;

    *may_free = false; /* what is there belongs to the supervisor */
    (void)dup2(trial->output, STDOUT_FILENO);
    (void)dup2(trial->output, STDERR_FILENO);
    (void)execv(trial->program, trial->words);
    (void)fprintf(stderr, "%s: %s\n", trial->program, strerror(errno));
    return EXIT_FAILURE;
}

/* "berth --check -c FILE": options come first, whatever else there is. */
static char **make_words(char *const *argv)
{
    static char check[] = "--check";
    size_t count = 0;
    char **words;

    while (argv[count] != NULL) {
        count++;
    }
    words = calloc(count + 2, sizeof(char *));
    if (words == NULL) {
        return NULL;
    }
    words[0] = argv[0];
    words[1] = check;
    for (size_t i = 1; i < count; i++) {
        words[i + 1] = argv[i];
    }
    return words;
}

static pid_t start_trial(const char *program, char *const *argv, int output)
{
    int keep[] = {output};
    struct trial trial = {program, make_words(argv), output};
    const struct process_parts parts = {
        .run = run_trial,
        .arg = &trial,
        .keep = keep,
        .keep_count = 1,
    };
    pid_t pid;

    if (trial.words == NULL) {
        return -ENOMEM;
    }
    pid = process_start(&parts);
    free(trial.words);
    return pid;
}

int upgrade_try(struct upgrade *upgrade,
                struct loop *loop,
                const char *program,
                char *const *argv,
                uint64_t timeout_ms)
{
    const int output = memfd_create("berth-check", MFD_CLOEXEC);
    pid_t pid;

    if (output < 0) {
        return -errno;
    }
    pid = start_trial(program, argv, output);
    if (pid < 0) {
        (void)close(output);
        return pid;
    }
    upgrade->pid = pid;
    upgrade->output = output;
    upgrade->is_late = false;
    loop_set_timer(loop, &upgrade->source, timeout_ms);
    return 0;
}

static char *read_output(int fd)
{
    char *text = malloc(OUTPUT_MAX + 1);
    ssize_t size;

    if (text == NULL) {
        return NULL;
    }
    size = pread(fd, text, OUTPUT_MAX, 0);
    text[size < 0 ? 0 : size] = '\0';
    return text;
}

/* What it printed tells more than how it ended. */
static char *explain(const struct upgrade *upgrade, int status, char *printed)
{
    char end[PROCESS_TEXT_MAX];
    char *why = NULL;

    if (!upgrade->is_late && printed != NULL && printed[0] != '\0') {
        return printed;
    }
    free(printed);
    process_describe_end(status, end);
    if (asprintf(&why, "%s\n",
                 upgrade->is_late ? "its --check hangs (start_timeout)" : end) <
        0) {
        return NULL;
    }
    return why;
}

int upgrade_judge(struct upgrade *upgrade, int status, char **why)
{
    char *printed = read_output(upgrade->output);
    const bool is_good = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                         printed != NULL && strstr(printed, PROOF) != NULL;

    loop_cancel_timer(&upgrade->source);
    (void)close(upgrade->output);
    upgrade->output = -1;
    upgrade->pid = 0;
    *why = NULL;
    if (is_good) {
        free(printed);
        return 0;
    }
    *why = explain(upgrade, status, printed);
    return -EINVAL;
}
