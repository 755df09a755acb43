/* SPDX-License-Identifier: MIT */
#include "generation.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checker.h"
#include "cli.h"
#include "crash.h"
#include "error.h"
#include "identity.h"
#include "node.h"
#include "process.h"
#include "settings.h"
#include "units.h"

static const struct source_ops timer_ops;
static const struct source_ops end_timer_ops;

/* ------------------------------------------------------------------- making */

int generation_adopt(const struct generation_parts *parts,
                     struct snapshot *snapshot,
                     struct generation **generation)
{
    struct generation *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL) {
        snapshot_free(snapshot);
        return -ENOMEM;
    }
    *made = (struct generation){
        .owner = parts->owner,
        .ops = parts->ops,
        .loop = parts->loop,
        .log = parts->log,
        .stats = parts->stats,
        .checker_slot = -1,
        .number = parts->number,
        .source = parts->source,
        .channel = {.fd = -1},
    };
    list_init(&made->link);
    source_init(&made->timer, &timer_ops);
    source_init(&made->end_timer, &end_timer_ops);
    made->source.folders.snapshot = snapshot;
    error = config_peek(&made->source, parts->errors, &made->top);
    if (error < 0) {
        generation_free(made);
        return error;
    }
    *generation = made;
    return 0;
}

/* What was in a pipe is the first generation's. */
static int check_source(const struct generation_parts *parts)
{
    const struct place place = {.file = parts->source.path};

    if (parts->source.folders.image == NULL || parts->number == 1) {
        return 0;
    }
    errors_add(parts->errors, &place,
               "start the server with a file, so that it can be reloaded",
               "cannot be read again: it is a pipe or a device, which was read "
               "when the server started");
    return -EINVAL;
}

int generation_new(const struct generation_parts *parts,
                   struct generation **generation)
{
    struct snapshot *snapshot;
    int error = check_source(parts);

    if (error == 0) {
        error = snapshot_new(&snapshot);
    }
    return error < 0 ? error : generation_adopt(parts, snapshot, generation);
}

void generation_free(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        member_fini(&generation->members[i]);
    }
    channel_close(&generation->channel);
    loop_cancel_timer(&generation->timer);
    loop_cancel_timer(&generation->end_timer);
    list_remove(&generation->link);
    for (size_t i = 0;
         generation->strikes != NULL && i < generation->report.entry_count;
         i++) {
        strikes_fini(&generation->strikes[i]);
    }
    report_fini(&generation->report);
    config_free(generation->top);
    snapshot_free(generation->source.folders.snapshot);
    free(generation->members);
    free(generation->strikes);
    free(generation->shards);
    free(generation->workers);
    free(generation->text);
    free(generation);
}

size_t generation_processes(const struct generation *generation)
{
    size_t count = generation->checker != 0 ? 1 : 0;

    for (uint32_t i = 0; i < generation->member_count; i++) {
        count += generation->members[i].pid != 0 ? 1 : 0;
    }
    return count;
}

/* ------------------------------------------------------------------ failing */

void generation_settle(struct generation *generation)
{
    if (generation->state == GENERATION_STOPPING &&
        generation_processes(generation) == 0) {
        generation->state = GENERATION_OVER;
        generation->ops->over(generation);
    }
}

static void begin_end(struct generation *generation)
{
    generation->state = GENERATION_STOPPING;
    loop_cancel_timer(&generation->timer);
    generation_kill(generation);
}

/* text is owned from now on; NULL: there was no memory for it. */
void generation_fail_with(struct generation *generation, int status, char *text)
{
    free(generation->text);
    generation->text = text;
    generation->status = status;
    begin_end(generation);
    generation->ops->failed(generation);
}

void generation_fail(struct generation *generation,
                     int status,
                     const char *format,
                     ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    generation_fail_with(generation, status, text);
}

/* Whoever is in a callback now. */
static void
find_hanging(const struct generation *generation, char *text, size_t size)
{
    member_describe(generation->stats, generation->checker_slot, text, size);
    for (uint32_t i = 0; text[0] == '\0' && i < generation->member_count; i++) {
        member_describe(generation->stats, generation->members[i].slot, text,
                        size);
    }
}

static void start_timed_out(struct generation *generation)
{
    char limit[UNITS_TEXT_MAX];
    char where[200] = "";

    find_hanging(generation, where, sizeof(where));

    (void)units_format_duration(
        generation_operation(generation)->start_timeout_ms, limit,
        sizeof(limit));
    generation_fail(
        generation, CLI_EXIT_CONFIG,
        "%s: error: %s hangs: not ready within start_timeout (%s)\n",
        generation->top->source,
        where[0] == '\0' ? "a plugin that is loaded" : where, limit);
}

static void timed_out(struct source *source)
{
    struct generation *generation =
        CONTAINER_OF(source, struct generation, timer);

    if (generation->state == GENERATION_CHECKING ||
        generation->state == GENERATION_STARTING) {
        start_timed_out(generation);
    } else {
        generation_watch(generation);
    }
}

static const struct source_ops timer_ops = {.expired = timed_out};

static void end_is_due(struct source *source)
{
    generation_hurry(CONTAINER_OF(source, struct generation, end_timer));
}

static const struct source_ops end_timer_ops = {.expired = end_is_due};

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

static void take_report(void *owner, const struct channel_message *message)
{
    struct generation *generation = owner;

    if (message->type != CHANNEL_END) {
        report_take(&generation->report, generation->source.folders.snapshot,
                    message);
    }
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

/* What errors_print() prints; NULL: there is no memory for it. */
static char *print_errors(struct errors *errors)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream != NULL) {
        errors_print(errors, stream);
        (void)fclose(stream);
    }
    return text;
}

/* Nothing else is wrong with it: it is this process that may not. */
static void refuse_identity(struct generation *generation)
{
    const struct config *top = generation->top;
    const char *key = top->operation.user == NULL ? "group" : "user";
    const struct settings_source source = {.file = top->source};
    const struct place place =
        settings_place(&source, node_find(top->root, key));
    struct errors errors;

    errors_init(&errors);
    errors_add(&errors, &place,
               "start the server as root, or remove 'user' and 'group': then "
               "workers run as who starts it",
               "'%s': only root may run workers as somebody else", key);
    generation_fail_with(generation, CLI_EXIT_SYSTEM, print_errors(&errors));
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
    generation->checker_slot =
        stats_claim(generation->stats, 0, generation->number);
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

static void judge(struct generation *generation, int status)
{
    struct report *report = &generation->report;

    if (report->is_out_of_memory) {
        generation_fail(generation, CLI_EXIT_SYSTEM, "berth: out of memory\n");
    } else if (!report->is_whole) {
        explain_silence(generation, status);
    } else if (!report->is_good) {
        char *text = report->text;

        report->text = NULL;
        generation_fail_with(generation, CLI_EXIT_CONFIG, text);
    } else {
        snapshot_seal(generation->source.folders.snapshot);
        generation->ops->checked(generation);
    }
}

static void reap_checker(struct generation *generation, int status)
{
    generation->checker = 0;
    channel_finish(&generation->channel);
    if (generation->state == GENERATION_CHECKING) {
        judge(generation, status);
    }
    if (generation->checker_slot >= 0) {
        stats_discard(generation->stats, (unsigned)generation->checker_slot);
        generation->checker_slot = -1;
    }
    generation_settle(generation);
}

/* --------------------------------------------------------------------- ends */

void generation_kill(struct generation *generation)
{
    if (generation->checker != 0) {
        (void)kill(generation->checker, SIGKILL);
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        member_kill(&generation->members[i]);
    }
}

struct member *generation_find(const struct generation *generation, pid_t pid)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].pid == pid) {
            return &generation->members[i];
        }
    }
    return NULL;
}

bool generation_reap(struct generation *generation, pid_t pid, int status)
{
    struct member *member;

    if (generation->checker == pid) {
        reap_checker(generation, status);
        return true;
    }
    member = generation_find(generation, pid);
    if (member != NULL) {
        generation_lose_member(member, status);
    }
    return member != NULL;
}
