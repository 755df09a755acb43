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
#include "process.h"
#include "units.h"

/* A worker that ends before it is ready is tried again after so long, and twice
   as long each time, up to the second. */
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 10000

static const struct source_ops timer_ops;
static const struct source_ops member_ops;

/* ------------------------------------------------------------------- making */

static int read_top(struct generation *generation)
{
    int error = snapshot_new(&generation->source.folders.snapshot);

    return error < 0 ? error
                     : config_peek(&generation->source, &generation->top);
}

int generation_new(const struct generation_parts *parts,
                   struct generation **generation)
{
    struct generation *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL) {
        return -ENOMEM;
    }
    *made = (struct generation){
        .owner = parts->owner,
        .ops = parts->ops,
        .loop = parts->loop,
        .log = parts->log,
        .number = parts->number,
        .source = parts->source,
        .channel = {.fd = -1},
    };
    list_init(&made->link);
    source_init(&made->source_timer, &timer_ops);
    error = read_top(made);
    if (error < 0) {
        generation_free(made);
        return error;
    }
    *generation = made;
    return 0;
}

void generation_free(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        channel_close(&generation->members[i].channel);
        loop_cancel_timer(&generation->members[i].source);
    }
    channel_close(&generation->channel);
    loop_cancel_timer(&generation->source_timer);
    list_remove(&generation->link);
    report_fini(&generation->report);
    config_free(generation->top);
    snapshot_free(generation->source.folders.snapshot);
    free(generation->members);
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

static void settle(struct generation *generation)
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
    loop_cancel_timer(&generation->source_timer);
    generation_kill(generation);
}

/* text is owned from now on; NULL: there was no memory for it. */
static void fail_with(struct generation *generation, int status, char *text)
{
    free(generation->text);
    generation->text = text;
    generation->status = status;
    begin_end(generation);
    generation->ops->failed(generation);
}

__attribute__((format(printf, 3, 4))) static void
fail(struct generation *generation, int status, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) {
        text = NULL;
    }
    va_end(args);
    fail_with(generation, status, text);
}

static void start_timed_out(struct source *source)
{
    struct generation *generation =
        CONTAINER_OF(source, struct generation, source_timer);
    char limit[UNITS_TEXT_MAX];

    (void)units_format_duration(
        generation_operation(generation)->start_timeout_ms, limit,
        sizeof(limit));
    fail(generation, CLI_EXIT_CONFIG,
         "%s: error: a plugin hangs while it loads or in its init: not ready "
         "within start_timeout (%s)\n",
         generation->top->source, limit);
}

static const struct source_ops timer_ops = {.expired = start_timed_out};

/* ----------------------------------------------------------------- checking */

struct check {
    struct generation *generation;
    int channel;
};

static int run_checker(void *arg, bool *may_free)
{
    const struct check *check = arg;

    return checker_run(&check->generation->source, check->generation->log,
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
    struct check check = {generation, channel};
    struct process_parts parts = {.run = run_checker, .arg = &check};
    pid_t pid;

    parts.keep = list_descriptors(generation, 2, &parts.keep_count);
    if (parts.keep == NULL) {
        return -ENOMEM;
    }
    parts.keep[parts.keep_count++] = channel;
    pid = process_start(&parts);
    free(parts.keep);
    return pid;
}

int generation_check(struct generation *generation)
{
    int ends[2];
    int error = channel_pair(ends);
    pid_t pid;

    if (error < 0) {
        return error;
    }
    error = channel_open(&generation->channel, generation->loop, ends[0],
                         take_report, generation);
    if (error == 0) {
        pid = fork_checker(generation, ends[1]);
        error = pid < 0 ? pid : 0;
        generation->checker = pid < 0 ? 0 : pid;
    }
    (void)close(ends[1]);
    if (error == 0) {
        loop_set_timer(generation->loop, &generation->source_timer,
                       generation_operation(generation)->start_timeout_ms);
    }
    return error;
}

static void judge(struct generation *generation, int status)
{
    struct report *report = &generation->report;
    char end[PROCESS_TEXT_MAX];

    if (report->is_out_of_memory) {
        fail(generation, CLI_EXIT_SYSTEM, "berth: out of memory\n");
    } else if (!report->is_whole) {
        process_describe_end(status, end);
        fail(generation, CLI_EXIT_CONFIG,
             "%s: error: a plugin ended the process that loads it and runs its "
             "init: %s\n",
             generation->top->source, end);
    } else if (!report->is_good) {
        char *text = report->text;

        report->text = NULL;
        fail_with(generation, CLI_EXIT_CONFIG, text);
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
    settle(generation);
}

/* ----------------------------------------------------------------- starting */

struct launch {
    struct member *member;
    int channel;
};

static int run_member(void *arg, bool *may_free)
{
    const struct launch *launch = arg;
    const struct generation *generation = launch->member->generation;
    const struct crew_parts parts = {
        .source = &generation->source,
        .log = generation->log,
        .channel = launch->channel,
        .number = launch->member->number,
        .shards = (const struct shards *const *)generation->shards,
        .workers = generation->workers,
        .shard_count = generation->report.listener_count,
    };

    return crew_run(&parts, may_free);
}

static size_t count_sockets(const struct generation *generation)
{
    size_t count = 0;

    for (size_t i = 0; i < generation->report.listener_count; i++) {
        count += generation->shards[i]->count;
    }
    return count;
}

static void list_sockets(const struct generation *generation,
                         struct process_parts *parts)
{
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        const struct shards *shards = generation->shards[i];

        for (size_t k = 0; k < shards->count; k++) {
            parts->keep[parts->keep_count++] = shards->sockets[k].fd;
        }
    }
}

static pid_t fork_member(struct member *member, int channel)
{
    struct launch launch = {member, channel};
    struct process_parts parts = {.run = run_member, .arg = &launch};
    pid_t pid;

    parts.keep = list_descriptors(member->generation,
                                  count_sockets(member->generation) + 2,
                                  &parts.keep_count);
    if (parts.keep == NULL) {
        return -ENOMEM;
    }
    list_sockets(member->generation, &parts);
    parts.keep[parts.keep_count++] = channel;
    pid = process_start(&parts);
    free(parts.keep);
    return pid;
}

static void hear_member(void *owner, const struct channel_message *message);

static int start_member(struct member *member)
{
    struct loop *loop = member->generation->loop;
    int ends[2];
    int error = channel_pair(ends);
    pid_t pid;

    if (error < 0) {
        return error;
    }
    error = channel_open(&member->channel, loop, ends[0], hear_member, member);
    if (error == 0) {
        pid = fork_member(member, ends[1]);
        error = pid < 0 ? pid : 0;
    }
    (void)close(ends[1]);
    if (error < 0) {
        channel_close(&member->channel);
        return error;
    }
    member->pid = pid;
    member->state = MEMBER_STARTING;
    member->is_leaving = false;
    member->is_killed = false;
    return 0;
}

static int make_members(struct generation *generation, uint32_t count)
{
    generation->members = calloc(count, sizeof(*generation->members));
    generation->workers =
        calloc(generation->report.listener_count + 1, sizeof(uint32_t));
    if (generation->members == NULL || generation->workers == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct member *member = &generation->members[i];

        member->generation = generation;
        member->number = i;
        member->channel.fd = -1;
        source_init(&member->source, &member_ops);
    }
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        generation->workers[i] = generation->report.listeners[i].workers;
    }
    generation->member_count = count;
    roster_init(&generation->roster, count);
    return 0;
}

int generation_start(struct generation *generation,
                     struct shards **shards,
                     uint32_t workers)
{
    int error;

    generation->shards = shards;
    generation->state = GENERATION_STARTING;
    error = make_members(generation, workers);
    for (uint32_t i = 0; i < workers && error == 0; i++) {
        error = start_member(&generation->members[i]);
    }
    return error;
}

/* -------------------------------------------------------------------- roster */

static int
send_to(struct member *member, uint32_t type, const void *data, size_t size)
{
    const struct channel_message message = {
        .type = type,
        .data = data,
        .size = size,
        .fd = -1,
    };

    return member->channel.fd < 0 ? -EPIPE
                                  : channel_send(member->channel.fd, &message);
}

static void send_roster(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];

        if (member->state == MEMBER_READY) {
            (void)send_to(member, CREW_ROSTER, &generation->roster,
                          sizeof(generation->roster));
        }
    }
}

static bool are_all(const struct generation *generation,
                    enum member_state state)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].state != state) {
            return false;
        }
    }
    return true;
}

static void become_ready(struct member *member)
{
    struct generation *generation = member->generation;

    member->state = MEMBER_READY;
    member->failures = 0;
    roster_set(&generation->roster, member->number, true);
    if (generation->state == GENERATION_SERVING) {
        send_roster(generation);
    } else if (generation->state == GENERATION_STARTING &&
               are_all(generation, MEMBER_READY)) {
        loop_cancel_timer(&generation->source_timer);
        generation->ops->ready(generation);
    }
}

void generation_serve(struct generation *generation)
{
    generation->state = GENERATION_SERVING;
    send_roster(generation);
}

/* ----------------------------------------------------------------- stopping */

/* Those that are there have told; whoever has ended holds nothing. */
static void look_whether_stopped(struct generation *generation)
{
    if (generation->state != GENERATION_STOPPING || generation->is_stop_told) {
        return;
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        const struct member *member = &generation->members[i];

        if (member->pid != 0 && member->state != MEMBER_STOPPED) {
            return;
        }
    }
    generation->is_stop_told = true;
    generation->ops->stopped(generation);
}

void generation_stop(struct generation *generation,
                     int reason,
                     const struct addresses_set *kept)
{
    struct crew_stop order = {.reason = reason};

    if (generation->state == GENERATION_CHECKING ||
        generation->state == GENERATION_STARTING) {
        begin_end(generation);
        settle(generation);
        return;
    }
    if (kept != NULL) {
        order.kept = *kept;
    }
    generation->state = GENERATION_STOPPING;
    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];

        loop_cancel_timer(&member->source);
        if (member->state == MEMBER_STARTING) {
            member->is_killed = true;
            (void)kill(member->pid, SIGKILL);
        } else {
            (void)send_to(member, CREW_STOP, &order, sizeof(order));
        }
    }
    look_whether_stopped(generation);
    settle(generation);
}

void generation_end(struct generation *generation)
{
    const struct channel_message message = {.type = CREW_END, .fd = -1};

    generation_tell(generation, &message);
}

void generation_kill(struct generation *generation)
{
    if (generation->checker != 0) {
        (void)kill(generation->checker, SIGKILL);
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];

        loop_cancel_timer(&member->source);
        if (member->pid != 0) {
            member->is_killed = true;
            (void)kill(member->pid, SIGKILL);
        }
    }
}

void generation_tell(struct generation *generation,
                     const struct channel_message *message)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].channel.fd >= 0) {
            (void)channel_send(generation->members[i].channel.fd, message);
        }
    }
}

/* ------------------------------------------------------------- what they say */

static void take_refusal(struct member *member,
                         const struct channel_message *message)
{
    struct generation *generation = member->generation;
    const int size = (int)message->size;

    if (generation->state == GENERATION_STARTING) {
        fail(generation, CLI_EXIT_CONFIG, "%.*s", size,
             (const char *)message->data);
    } else if (generation->state == GENERATION_SERVING) {
        LOG(generation->log, LOG_ERROR, NULL, "a worker cannot start: %.*s",
            size, (const char *)message->data);
    }
}

static void hear_member(void *owner, const struct channel_message *message)
{
    struct member *member = owner;

    switch (message->type) {
    case CREW_READY:
        become_ready(member);
        break;
    case CREW_REFUSED:
        take_refusal(member, message);
        break;
    case CREW_STOPPED:
        member->state = MEMBER_STOPPED;
        look_whether_stopped(member->generation);
        break;
    case CREW_LEAVING:
        member->is_leaving = true;
        break;
    default:
        break;
    }
    if (message->fd >= 0) {
        (void)close(message->fd);
    }
}

/* --------------------------------------------------------------- their ends */

static void restart_member(struct source *source)
{
    struct member *member = CONTAINER_OF(source, struct member, source);
    struct generation *generation = member->generation;
    int error = start_member(member);

    if (error < 0) {
        LOG(generation->log, LOG_ERROR, NULL, "a worker cannot be started: %s",
            strerror(-error));
        loop_set_timer(generation->loop, &member->source, RETRY_LAST_MS);
    }
}

static const struct source_ops member_ops = {.expired = restart_member};

/* Others serve what it served; another one takes its place, at once if it was
   ready before. */
static void replace(struct member *member, bool was_ready)
{
    struct generation *generation = member->generation;
    uint64_t wait_ms = 0;

    roster_set(&generation->roster, member->number, false);
    send_roster(generation);
    if (!was_ready) {
        const uint32_t doublings =
            member->failures < 10 ? member->failures : 10;

        wait_ms = (uint64_t)RETRY_FIRST_MS << doublings;
        member->failures++;
    }
    loop_set_timer(generation->loop, &member->source,
                   wait_ms < RETRY_LAST_MS ? wait_ms : RETRY_LAST_MS);
}

static void tell_end(const struct member *member, pid_t pid, int status)
{
    struct generation *generation = member->generation;
    char end[PROCESS_TEXT_MAX];

    process_describe_end(status, end);
    LOG(generation->log, LOG_ERROR, NULL,
        "worker %u (process %ld) has died: %s", member->number, (long)pid, end);
}

static void reap_member(struct member *member, int status)
{
    struct generation *generation = member->generation;
    const bool was_ready = member->state == MEMBER_READY;
    const pid_t pid = member->pid;

    channel_finish(&member->channel);
    member->pid = 0;
    member->state = MEMBER_AWAY;
    if (!member->is_leaving && !member->is_killed) {
        tell_end(member, pid, status);
    }
    if (generation->state == GENERATION_STARTING) {
        char end[PROCESS_TEXT_MAX];

        process_describe_end(status, end);
        fail(generation, CLI_EXIT_CONFIG,
             "%s: error: a plugin ended a worker that runs its init: %s\n",
             generation->top->source, end);
    } else if (generation->state == GENERATION_SERVING) {
        replace(member, was_ready);
    }
    look_whether_stopped(generation);
    settle(generation);
}

bool generation_reap(struct generation *generation, pid_t pid, int status)
{
    if (generation->checker == pid) {
        reap_checker(generation, status);
        return true;
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].pid == pid) {
            reap_member(&generation->members[i], status);
            return true;
        }
    }
    return false;
}
