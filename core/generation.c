/* SPDX-License-Identifier: MIT */
#include "generation.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "error.h"
#include "units.h"

static const struct source_ops timer_ops;
static const struct source_ops end_timer_ops;
static const struct source_ops checker_timer_ops;

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
        .crew_log = parts->log,
        .stats = parts->stats,
        .checker_slot = -1,
        .number = parts->number,
        .log_level = -1,
        .source = parts->source,
        .channel = {.fd = -1},
    };
    list_init(&made->link);
    source_init(&made->timer, &timer_ops);
    source_init(&made->end_timer, &end_timer_ops);
    source_init(&made->checker_timer, &checker_timer_ops);
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
    loop_cancel_timer(&generation->checker_timer);
    generation_leave_slot(generation);
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

static void kill_members(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        member_kill(&generation->members[i]);
    }
}

void generation_dismiss_checker(struct generation *generation)
{
    loop_cancel_timer(&generation->checker_timer);
    if (generation->checker != 0) {
        generation->is_checker_killed = true;
        (void)kill(generation->checker, SIGKILL);
    }
}

void generation_settle(struct generation *generation)
{
    if (generation->state == GENERATION_STOPPING &&
        generation_processes(generation) == 0) {
        generation->state = GENERATION_OVER;
        generation->ops->over(generation);
    }
}

/* A checker that has said all is let end by itself. */
static void begin_end(struct generation *generation)
{
    generation->state = GENERATION_STOPPING;
    loop_cancel_timer(&generation->timer);
    kill_members(generation);
    if (!generation->report.is_whole) {
        generation_dismiss_checker(generation);
    }
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

static void checker_is_late(struct source *source)
{
    generation_hurry_checker(
        CONTAINER_OF(source, struct generation, checker_timer));
}

static const struct source_ops checker_timer_ops = {.expired = checker_is_late};

/* --------------------------------------------------------------------- ends */

void generation_kill(struct generation *generation)
{
    kill_members(generation);
    generation_dismiss_checker(generation);
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
        generation_lose_checker(generation, status);
        return true;
    }
    member = generation_find(generation, pid);
    if (member != NULL) {
        generation_lose_member(member, status);
    }
    return member != NULL;
}
