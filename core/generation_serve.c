/* SPDX-License-Identifier: MIT */
/* What a generation does with its members. */
#include "generation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "units.h"

/* The watchdog looks so often in the time that it allows. */
#define LOOKS 4
#define LOOK_LEAST_MS 5

/* So long a worker may take for what it is told to do at once; one that takes
   longer is stuck in a plugin. */
#define ANSWER_MS 5000

/* After so long a worker is told again what it could not be told. */
#define TELL_AGAIN_MS 100

static struct generation *generation_of(const struct member *member)
{
    return member->parts->owner;
}

/* -------------------------------------------------------------------- roster */

/* Told again later, as long as he lives, if that was not his fault, for want of
   memory perhaps; one who is deaf has been killed. */
static void order_for_sure(struct member *member,
                           const struct channel_message *message)
{
    const int error = member_order(member, message);

    if (error < 0 && member->pid != 0 && !member->is_killed) {
        loop_set_timer(member->parts->loop, &member->source, TELL_AGAIN_MS);
    }
}

/* One who does not hear of it serves nobody, or what is another's. */
static void tell_roster(struct member *member)
{
    const struct generation *generation = generation_of(member);
    const struct channel_message message = channel_compose(
        CREW_ROSTER, &generation->roster, sizeof(generation->roster));

    order_for_sure(member, &message);
}

static void send_roster(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].state == MEMBER_READY) {
            tell_roster(&generation->members[i]);
        }
    }
}

static bool are_all_ready(const struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        if (generation->members[i].state != MEMBER_READY) {
            return false;
        }
    }
    return true;
}

/* Others serve what one who is not there would. */
static void set_present(struct member *member, bool is_present)
{
    struct generation *generation = generation_of(member);

    roster_set(&generation->roster, member->number, is_present);
    if (generation->state == GENERATION_SERVING) {
        send_roster(generation);
    }
}

static void become_ready(struct member *member)
{
    struct generation *generation = generation_of(member);

    if (generation->log_level >= 0) {
        const struct channel_message message =
            channel_compose(CREW_LOG_LEVEL, &generation->log_level,
                            sizeof(generation->log_level));

        (void)member_order(member, &message);
    }
    set_present(member, true);
    if (generation->state == GENERATION_STARTING && are_all_ready(generation)) {
        loop_cancel_timer(&generation->timer);
        generation->ops->ready(generation);
    }
}

static void order_stop(struct member *member)
{
    const struct generation *generation = generation_of(member);
    const struct channel_message message = channel_compose(
        CREW_STOP, &generation->order, sizeof(generation->order));

    order_for_sure(member, &message);
}

static void set_watchdog(struct generation *generation)
{
    const uint64_t limit_ms = generation_operation(generation)->watchdog_ms;
    const uint64_t look_ms = limit_ms / LOOKS;

    if (limit_ms != 0) {
        loop_set_timer(generation->loop, &generation->timer,
                       look_ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : look_ms);
    }
}

void generation_serve(struct generation *generation)
{
    generation->state = GENERATION_SERVING;
    send_roster(generation);
    set_watchdog(generation);
}

/* ----------------------------------------------------------------- stopping */

static void tell_stopped(struct generation *generation)
{
    generation->is_stop_told = true;
    generation->ops->stopped(generation);
}

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
    tell_stopped(generation);
}

void generation_hurry(struct generation *generation)
{
    const uint64_t drain_ms =
        generation_operation(generation)->drain_timeout_ms;

    if (generation->is_late) {
        LOG(generation->log, LOG_ERROR, NULL,
            "generation %u: workers that do not end are killed",
            generation->number);
        generation_kill(generation);
        return;
    }
    generation->is_late = true;
    if (drain_ms != 0) {
        loop_set_timer(generation->loop, &generation->end_timer, drain_ms);
    }
    if (!generation->is_stop_told) {
        LOG(generation->log, LOG_WARNING, NULL,
            "generation %u: a worker does not answer: it is not waited for",
            generation->number);
        tell_stopped(generation);
    }
}

void generation_stop(struct generation *generation,
                     int reason,
                     const struct index_set *kept)
{
    if (generation->state == GENERATION_CHECKING ||
        generation->state == GENERATION_STARTING) {
        generation->state = GENERATION_STOPPING;
        loop_cancel_timer(&generation->timer);
        generation_kill(generation);
        generation_settle(generation);
        return;
    }
    generation->order = (struct crew_stop){.reason = reason};
    if (kept != NULL) {
        generation->order.kept = *kept;
        loop_set_timer(generation->loop, &generation->end_timer, ANSWER_MS);
    }
    generation->state = GENERATION_STOPPING;
    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];

        loop_cancel_timer(&member->source);
        if (member->state == MEMBER_STARTING) {
            member_kill(member);
        } else {
            order_stop(member);
        }
    }
    look_whether_stopped(generation);
    generation_settle(generation);
}

void generation_end(struct generation *generation)
{
    const struct channel_message message = channel_compose(CREW_END, NULL, 0);

    generation_tell(generation, &message);
    generation->is_late = true;
    loop_set_timer(generation->loop, &generation->end_timer, ANSWER_MS);
}

void generation_tell(struct generation *generation,
                     const struct channel_message *message)
{
    if (message->type == CREW_LOG_LEVEL) {
        memcpy(&generation->log_level, message->data,
               sizeof(generation->log_level));
    }
    for (uint32_t i = 0; i < generation->member_count; i++) {
        (void)member_order(&generation->members[i], message);
    }
}

static void has_stopped(struct member *member)
{
    set_present(member, false);
    look_whether_stopped(generation_of(member));
}

/* ---------------------------------------------------------------- put aside */

/* Addresses at which nobody of the entries that listen there is left. */
static void drop_addresses(struct generation *generation)
{
    struct index_set dropped = {.bits = {0}};
    struct index_set closed = generation->aside;

    index_set_join(&closed, &generation->drained);
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        if (generation->shards[i] != NULL &&
            index_set_is_within(&generation->report.listeners[i].entries,
                                &closed)) {
            index_set_add(&dropped, i);
        }
    }
    if (!index_set_is_empty(&dropped)) {
        const struct channel_message message =
            channel_compose(CREW_DROP, &dropped, sizeof(dropped));

        generation_tell(generation, &message);
        generation->ops->dropped(generation, &dropped);
    }
}

void generation_drain(struct generation *generation, size_t entry)
{
    index_set_add(&generation->drained, entry);
    drop_addresses(generation);
}

static void put_aside(struct generation *generation, uint32_t plugin)
{
    const struct report *report = &generation->report;
    const struct operation *operation = generation_operation(generation);
    char within[UNITS_TEXT_MAX];
    const struct channel_message message = channel_compose(
        CREW_ASIDE, &generation->aside, sizeof(generation->aside));

    (void)units_format_duration(operation->crash_limit_ms, within,
                                sizeof(within));
    for (size_t i = 0; i < report->entry_count; i++) {
        const struct log_subject subject = {.entry = report->entries[i].name};

        if (report->entries[i].plugin == plugin) {
            index_set_add(&generation->aside, i);
            log_write(generation->log, NULL, LOG_ERROR, &subject,
                      "put aside until the next reload: its plugin ended a "
                      "worker %u time%s within %s (crash_limit)",
                      operation->crash_limit,
                      operation->crash_limit == 1 ? "" : "s", within);
        }
    }
    generation_tell(generation, &message);
    drop_addresses(generation);
}

static void count_crash(struct generation *generation, const char *entry)
{
    const struct report *report = &generation->report;
    uint32_t plugin;
    size_t i = 0;

    while (i < report->entry_count &&
           strcmp(report->entries[i].name, entry) != 0) {
        i++;
    }
    if (i == report->entry_count || index_set_has(&generation->aside, i)) {
        return;
    }
    plugin = report->entries[i].plugin;
    if (strikes_add(&generation->strikes[plugin], generation->loop->now_ms)) {
        put_aside(generation, plugin);
    }
}

/* ---------------------------------------------------------------- their ends */

/* The last that it said is why; a worker that was ready had no such reason. */
static void take_refusal(struct member *member, const char *text, size_t size)
{
    struct generation *generation = generation_of(member);

    if (generation->state == GENERATION_STARTING) {
        generation_fail(generation, CLI_EXIT_CONFIG, "%.*s", (int)size, text);
    } else if (generation->state == GENERATION_SERVING) {
        LOG(generation->log, LOG_ERROR, NULL, "a worker cannot start: %.*s",
            (int)size, text);
    }
}

/* It could not be sent. */
static void tell_again(struct member *member)
{
    if (generation_of(member)->state == GENERATION_STOPPING) {
        order_stop(member);
    } else {
        tell_roster(member);
    }
}

static void try_again(struct member *member)
{
    struct generation *generation = generation_of(member);
    int error;

    if (member->pid != 0) {
        tell_again(member);
        return;
    }
    error = member_start(member);
    if (error < 0) {
        LOG(generation->log, LOG_ERROR, NULL, "a worker cannot be started: %s",
            strerror(-error));
        member->failures++;
        member_retry(member);
    }
}

static void
tell_end(const struct member *member, pid_t pid, const struct member_end *end)
{
    if (!member->is_leaving && !member->is_killed) {
        LOG(member->parts->log, LOG_ERROR, NULL,
            "worker %u (process %ld) has died: %s", member->number, (long)pid,
            end->text);
    }
}

void generation_lose_member(struct member *member, int status)
{
    struct generation *generation = generation_of(member);
    const bool is_replaced = generation->state == GENERATION_SERVING;
    const bool was_stuck = member->is_stuck && member->is_killed;
    const pid_t pid = member->pid;
    const int slot = member->slot;
    struct member_end end;

    loop_cancel_timer(&member->source); /* there is nobody to tell */
    member_reap(member, status, is_replaced, &end);
    generation->ops->lost(member, slot);
    tell_end(member, pid, &end);
    if (generation->state == GENERATION_STARTING) {
        generation_fail(generation, CLI_EXIT_CONFIG,
                        "%s: error: a plugin ended a worker that starts: %s\n",
                        generation->top->source, end.text);
    } else if (generation->state == GENERATION_SERVING) {
        stats_set(generation->stats, STATS_REPLACED,
                  stats_get(generation->stats, STATS_REPLACED) + 1);
        set_present(member, false);
        if ((end.is_fault || was_stuck) && end.entry[0] != '\0') {
            count_crash(generation, end.entry);
        }
        member_retry(member);
    }
    look_whether_stopped(generation);
    generation_settle(generation);
}

/* ----------------------------------------------------------------- watchdog */

static void meet_stuck(struct member *member)
{
    const struct operation *operation =
        generation_operation(generation_of(member));
    char where[200];
    char limit[UNITS_TEXT_MAX];

    member_describe(member->parts->stats, member->slot, where, sizeof(where));
    (void)units_format_duration(operation->watchdog_ms, limit, sizeof(limit));
    LOG(member->parts->log, LOG_ERROR, NULL,
        "worker %u (process %ld) is stuck for %s in %s%s", member->number,
        (long)member->pid, limit, where,
        operation->watchdog_kill ? ": it is killed" : "");
    member->is_stuck = true;
    set_present(member, false);
    if (operation->watchdog_kill) {
        member_kill(member);
    }
}

static void meet_unstuck(struct member *member)
{
    LOG(member->parts->log, LOG_WARNING, NULL,
        "worker %u (process %ld) goes on", member->number, (long)member->pid);
    member->is_stuck = false;
    set_present(member, member->state == MEMBER_READY);
}

void generation_watch(struct generation *generation)
{
    const uint64_t limit_ms = generation_operation(generation)->watchdog_ms;

    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];
        bool is_stuck;

        if (member->pid == 0 || member->is_killed ||
            member->state == MEMBER_STARTING) {
            continue;
        }
        is_stuck = member_is_stuck(member, limit_ms);
        if (is_stuck && !member->is_stuck) {
            meet_stuck(member);
        } else if (!is_stuck && member->is_stuck) {
            meet_unstuck(member);
        }
    }
    set_watchdog(generation);
}

/* ----------------------------------------------------------------- starting */

static void
pass_result(struct member *member, const struct crew_result *result, int fd)
{
    generation_of(member)->ops->done(member, result, fd);
}

static const struct member_ops member_ops = {
    .ready = become_ready,
    .refused = take_refusal,
    .stopped = has_stopped,
    .done = pass_result,
    .retry = try_again,
};

void generation_use_log(struct generation *generation, struct log *log)
{
    generation->crew_log = log;
    generation->crew.crew_log = log;
}

static int make_strikes(struct generation *generation)
{
    const struct operation *operation = generation_operation(generation);
    const size_t count = generation->report.entry_count;

    generation->strikes = calloc(count + 1, sizeof(*generation->strikes));
    for (size_t i = 0; generation->strikes != NULL && i < count; i++) {
        strikes_init(&generation->strikes[i], operation->crash_limit,
                     operation->crash_limit_ms);
    }
    return generation->strikes == NULL ? -ENOMEM : 0;
}

int generation_make_members(struct generation *generation, uint32_t count)
{
    generation->crew = (struct member_parts){
        .owner = generation,
        .ops = &member_ops,
        .loop = generation->loop,
        .log = generation->log,
        .crew_log = generation->crew_log,
        .stats = generation->stats,
        .generation = generation->number,
        .source = &generation->source,
        .shards = generation->shards,
        .workers = generation->workers,
        .address_count = generation->report.listener_count,
        .aside = &generation->aside,
        .drained = &generation->drained,
        .identity = &generation_operation(generation)->identity,
        .supervisor = getpid(),
    };
    generation->members = calloc(count + 1, sizeof(*generation->members));
    if (generation->members == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < count; i++) {
        member_init(&generation->members[i], &generation->crew, i);
    }
    generation->member_count = count;
    roster_init(&generation->roster, count);
    return make_strikes(generation);
}

static int list_workers(struct generation *generation)
{
    const struct report *report = &generation->report;

    generation->workers = calloc(report->listener_count + 1, sizeof(uint32_t));
    if (generation->workers == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < report->listener_count; i++) {
        generation->workers[i] = report->listeners[i].workers;
    }
    return 0;
}

int generation_start(struct generation *generation,
                     struct shards **shards,
                     uint32_t workers)
{
    int error;

    generation->shards = shards;
    generation->state = GENERATION_STARTING;
    error = list_workers(generation);
    if (error == 0) {
        error = generation_make_members(generation, workers);
    }
    for (uint32_t i = 0; i < workers && error == 0; i++) {
        error = member_start(&generation->members[i]);
    }
    return error;
}

void generation_take_up(struct generation *generation)
{
    for (uint32_t i = 0; i < generation->member_count; i++) {
        struct member *member = &generation->members[i];

        roster_set(&generation->roster, i, member->state == MEMBER_READY);
        if (member->pid == 0 && generation->state == GENERATION_SERVING) {
            member_retry(member);
        }
    }
    if (generation->state == GENERATION_SERVING) {
        set_watchdog(generation);
    }
}
