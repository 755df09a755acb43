/* SPDX-License-Identifier: MIT */
/* A generation and its checker. */
#include "generation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "checker.h"
#include "cli.h"
#include "crash.h"
#include "error.h"
#include "identity.h"
#include "process.h"

/* So long a checker that has reported may take to end: its exit runs what
   plugins have left there. */
#define CHECKER_END_MS 5000

/* ------------------------------------------------------------------ judging */

/* A checker that said nothing more. */
static void explain_silence(struct generation *generation, int status)
{
    char end[PROCESS_TEXT_MAX];
    char where[200];

    process_describe_end(status, end);
    member_describe(generation->stats, generation->checker_slot, where,
                    sizeof(where));
    generation_fail(generation, CLI_EXIT_CONFIG,
                    "%s: error: a plugin ended the process that tries it: "
                    "%s%s%s\n",
                    generation->top->source, end,
                    where[0] == '\0' ? " while it is loaded" : " in ", where);
}

static void judge(struct generation *generation)
{
    struct report *report = &generation->report;

    if (report->is_out_of_memory) {
        generation_fail(generation, CLI_EXIT_SYSTEM, "berth: out of memory\n");
    } else if (report->is_senseless) {
        generation_fail(generation, CLI_EXIT_CONFIG,
                        "%s: error: a plugin meddles with the process that "
                        "tries it: the checker's report makes no sense\n",
                        generation->top->source);
    } else if (!report->is_good) {
        char *text = report->text;

        report->text = NULL;
        generation_fail_with(generation, CLI_EXIT_CONFIG, text);
    } else {
        snapshot_seal(generation->source.folders.snapshot);
        generation->ops->checked(generation);
    }
}

/* Its end may take long, or be none: it is not waited for. */
static void take_report(void *owner, const struct channel_message *message)
{
    struct generation *generation = owner;
    const struct report *report = &generation->report;

    if (message->type == CHANNEL_END) {
        return;
    }
    report_take(&generation->report, generation->source.folders.snapshot,
                message);
    if (!report_has_ended(report)) {
        return;
    }
    channel_close(&generation->channel);
    if (generation->checker != 0) {
        loop_set_timer(generation->loop, &generation->checker_timer,
                       CHECKER_END_MS);
    }
    if (generation->state == GENERATION_CHECKING) {
        judge(generation);
    }
}

void generation_hurry_checker(struct generation *generation)
{
    LOG(generation->log, LOG_WARNING, NULL,
        "generation %u: the process that tried the configuration does not "
        "end: it is killed",
        generation->number);
    generation_dismiss_checker(generation);
}

/* One that has reported: what it said holds nevertheless. */
static void look_at_end(const struct generation *generation, int status)
{
    const int good = generation->report.is_good ? CLI_EXIT_OK : CLI_EXIT_CONFIG;
    char end[PROCESS_TEXT_MAX];

    if (generation->is_checker_killed ||
        (WIFEXITED(status) && WEXITSTATUS(status) == good)) {
        return;
    }
    process_describe_end(status, end);
    LOG(generation->log, LOG_WARNING, NULL,
        "generation %u: the process that tried the configuration did so, but "
        "ended with %s",
        generation->number, end);
}

void generation_leave_slot(struct generation *generation)
{
    if (generation->checker_slot >= 0) {
        stats_discard(generation->stats, (unsigned)generation->checker_slot);
        generation->checker_slot = -1;
    }
}

void generation_lose_checker(struct generation *generation, int status)
{
    generation->checker = 0;
    loop_cancel_timer(&generation->checker_timer);
    channel_finish(&generation->channel);
    if (report_has_ended(&generation->report)) {
        look_at_end(generation, status);
    } else if (generation->state == GENERATION_CHECKING) {
        explain_silence(generation, status);
    }
    generation_leave_slot(generation);
    generation_settle(generation);
}

/* ----------------------------------------------------------------- checking */

struct check {
    struct generation *generation;
    int channel;
    pid_t supervisor;
};

static int run_checker(void *arg, bool *may_free)
{
    const struct check *check = arg;
    struct generation *generation = check->generation;
    const struct identity *identity =
        &generation_operation(generation)->identity;
    const int error = identity_drop(identity, check->supervisor);
    struct stats *stats = NULL;

    if (error < 0) {
        LOG(generation->log, LOG_ERROR, NULL,
            "the process that tries the configuration cannot change its user: "
            "%s",
            strerror(-error));
        return CLI_EXIT_SYSTEM;
    }
    if (generation->checker_slot >= 0 &&
        stats_own(generation->stats, (unsigned)generation->checker_slot) == 0) {
        stats = generation->stats;
        crash_watch(stats_own_death(stats));
    }
    return checker_run(&generation->source, generation->log, stats,
                       check->channel, may_free);
}

/* Descriptors of the snapshot, and room for more. */
static int *list_descriptors(const struct generation *generation,
                             size_t more,
                             size_t *count)
{
    const struct snapshot *snapshot = generation->source.folders.snapshot;
    size_t files = snapshot_count(snapshot);
    int *fds = calloc(files + more + 1, sizeof(*fds));

    *count = 0;
    if (fds == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < files; i++) {
        const struct snapshot_file *file = snapshot_at(snapshot, i);

        if (file->fd >= 0) {
            fds[(*count)++] = file->fd;
        }
    }
    fds[(*count)++] = generation->log->fd;
    return fds;
}

static pid_t fork_checker(struct generation *generation, int channel)
{
    struct check check = {generation, channel, getpid()};
    struct process_parts parts = {.run = run_checker, .arg = &check};
    pid_t pid;

    parts.keep = list_descriptors(generation, 3, &parts.keep_count);
    if (parts.keep == NULL) {
        return -ENOMEM;
    }
    parts.keep[parts.keep_count++] = channel;
    parts.keep[parts.keep_count++] = stats_fd(generation->stats);
    pid = process_start(&parts);
    free(parts.keep);
    return pid;
}

/* Nothing else is wrong with it: it is this process that may not. */
static void refuse_identity(struct generation *generation)
{
    const struct config *top = generation->top;
    const char *key = top->operation.user == NULL ? "group" : "user";
    const struct place place = config_place(top, key);
    struct errors errors;

    errors_init(&errors);
    errors_add(&errors, &place,
               "start the server as root, or remove 'user' and 'group': then "
               "workers run as who starts it",
               "'%s': only root may run workers as somebody else", key);
    generation_fail_with(generation, CLI_EXIT_SYSTEM,
                         errors_text(&errors, NULL));
    errors_fini(&errors);
    generation_settle(generation);
}

int generation_check(struct generation *generation)
{
    int ends[2];
    int error;
    pid_t pid;

    if (identity_check(&generation_operation(generation)->identity) < 0) {
        refuse_identity(generation);
        return 0;
    }
    error = channel_pair(ends);
    if (error < 0) {
        return error;
    }
    error = channel_open(&generation->channel, generation->loop, ends[0],
                         take_report, generation);
    generation->checker_slot = stats_claim(generation->stats, 0, STATS_TRIAL);
    if (error == 0) {
        pid = fork_checker(generation, ends[1]);
        error = pid < 0 ? pid : 0;
        generation->checker = pid < 0 ? 0 : pid;
    }
    (void)close(ends[1]);
    if (error == 0) {
        loop_set_timer(generation->loop, &generation->timer,
                       generation_operation(generation)->start_timeout_ms);
    }
    return error;
}
