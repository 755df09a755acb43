/* SPDX-License-Identifier: MIT */
/* Generations that come and go. */
#include "supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "cpus.h"

/* Of an address, for each worker: so that the sockets can be dealt out evenly
   when there are more or fewer workers after a reload. */
#define SHARDS_PER_WORKER 4

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---------------------------------------------------------------- addresses */

void supervisor_release(struct generation *generation)
{
    for (size_t i = 0;
         generation->shards != NULL && i < generation->report.listener_count;
         i++) {
        bindings_drop(generation->shards[i]);
    }
    free(generation->shards);
    generation->shards = NULL;
}

static void tell_addresses(const struct supervisor *supervisor,
                           const struct generation *generation)
{
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        const struct report_listener *from = &generation->report.listeners[i];
        const struct log_subject subject = {.entry = from->name};
        char text[ADDRESS_TEXT_MAX];

        (void)address_format(&generation->shards[i]->sockets[0].address, text,
                             sizeof(text));
        log_write(supervisor->log, NULL, LOG_INFO, &subject, "listening on %s",
                  text);
    }
}

/* Which of its addresses does the other one serve, too? */
static void compare_addresses(const struct generation *generation,
                              const struct generation *other,
                              struct index_set *kept)
{
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        if (generation->shards[i] != NULL &&
            bindings_have(other->shards, other->report.listener_count,
                          generation->shards[i])) {
            index_set_add(kept, i);
        }
    }
}

/* ---------------------------------------------------------------- beginning */

static const struct generation_ops generation_ops;

static uint32_t choose_workers(const struct supervisor *supervisor,
                               const struct generation *generation)
{
    int32_t wanted = supervisor->parts->workers;

    if (wanted < 0) {
        wanted = generation_operation(generation)->workers;
    }
    if (wanted <= 0) {
        wanted = cpus_allowed();
    }
    return wanted > KEYS_WORKERS_MAX ? KEYS_WORKERS_MAX : (uint32_t)wanted;
}

static size_t choose_shards(uint32_t workers)
{
    const uint32_t cpus = (uint32_t)cpus_allowed();
    const size_t count =
        (size_t)SHARDS_PER_WORKER * (workers > cpus ? workers : cpus);

    return count > SHARDS_MAX ? SHARDS_MAX : count;
}

/* A step that could not begin; what there is of it ends. */
static void give_up(struct supervisor *supervisor,
                    struct generation *generation,
                    int error,
                    int status)
{
    free(generation->text);
    generation->text = NULL;
    generation->status = status;
    log_write(supervisor->log, NULL, LOG_ERROR, NULL, "cannot start: %s",
              strerror(-error));
    generation->ops->failed(generation);
    generation_stop(generation, BERTH_EXIT, NULL);
}

struct generation_parts
supervisor_generation_parts(struct supervisor *supervisor,
                            struct errors *errors)
{
    return (struct generation_parts){
        .owner = supervisor,
        .ops = &generation_ops,
        .loop = &supervisor->loop,
        .log = supervisor->log,
        .stats = supervisor->stats,
        .number = supervisor->generation_count + 1,
        .source = *supervisor->parts->source,
        .errors = errors,
    };
}

/* errors: why server.yaml cannot be read, if that is what fails. */
int supervisor_begin(struct supervisor *supervisor, struct errors *errors)
{
    const struct generation_parts parts =
        supervisor_generation_parts(supervisor, errors);
    int error = generation_new(&parts, &supervisor->next);

    if (error < 0) {
        return error;
    }
    supervisor->generation_count++;
    list_append(&supervisor->generations, &supervisor->next->link);
    error = generation_check(supervisor->next);
    if (error < 0) {
        give_up(supervisor, supervisor->next, error, CLI_EXIT_SYSTEM);
    }
    return 0;
}

static void start_workers(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;
    const size_t count = generation->report.listener_count;
    const uint32_t workers = choose_workers(supervisor, generation);
    struct shards **items = calloc(count + 1, sizeof(struct shards *));
    int error = -ENOMEM;

    supervisor_print(supervisor, generation->report.text); /* warnings */
    if (supervisor->current == NULL) {
        LOG(supervisor->log, LOG_INFO, NULL, "berth %s, configuration: %s",
            BERTH_VERSION, generation->top->source);
        config_tell_recording(generation->source.record, supervisor->log);
    }
    if (supervisor_open_log(supervisor, generation) < 0) {
        free(items);
        return;
    }
    if (items != NULL) {
        error = bindings_take(&supervisor->bindings, &generation->report,
                              choose_shards(workers), items);
    }
    if (error < 0) {
        free(items);
        give_up(supervisor, generation, error, CLI_EXIT_SYSTEM);
        return;
    }
    error = generation_start(generation, items, workers);
    if (error < 0) {
        give_up(supervisor, generation, error, CLI_EXIT_SYSTEM);
    }
}

/* -------------------------------------------------------------- taking over */

static size_t count_leaving(const struct supervisor *supervisor)
{
    size_t count = 0;

    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        const struct generation *generation =
            CONTAINER_OF(link, struct generation, link);

        count += generation->state == GENERATION_STOPPING ? 1 : 0;
    }
    return count;
}

static struct generation *find_oldest(const struct supervisor *supervisor)
{
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        struct generation *generation =
            CONTAINER_OF(link, struct generation, link);

        if (generation->state == GENERATION_STOPPING) {
            return generation;
        }
    }
    return NULL;
}

static void retire(struct supervisor *supervisor,
                   struct generation *old,
                   const struct generation *by)
{
    const uint32_t most = generation_operation(by)->old_generations;
    struct index_set kept = {.bits = {0}};

    compare_addresses(old, by, &kept);
    supervisor->leaving = old;
    generation_stop(old, BERTH_RELOAD, &kept);
    if (count_leaving(supervisor) > most) {
        LOG(supervisor->log, LOG_WARNING, NULL,
            "more than %u old generation%s: the oldest is ended", most,
            plural(most));
        generation_end(find_oldest(supervisor));
    }
}

/* The service manager hears that it serves, and what. */
static void tell_ready(struct supervisor *supervisor)
{
    const struct generation *generation = supervisor->current;

    (void)notify_ready(&supervisor->notify);
    (void)notify_status(
        &supervisor->notify, "generation %u: %zu protocol%s, %u worker%s",
        generation->number, generation->report.entry_count,
        plural(generation->report.entry_count), generation->member_count,
        plural(generation->member_count));
}

static void
end_reload(struct supervisor *supervisor, bool is_good, const char *text)
{
    struct stats *stats = supervisor->stats;
    const enum stats_fact fact = is_good ? STATS_RELOADS : STATS_RELOADS_FAILED;

    stats_set(stats, fact, stats_get(stats, fact) + 1);
    stats_set(stats, STATS_RELOAD_OK, is_good ? 1 : 0);
    stats_set(stats, STATS_RELOADED_MS, loop_real_ms(&supervisor->loop));
    tell_ready(supervisor);
    commands_end_reload(&supervisor->commands, is_good, text);
}

static void take_over(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;
    struct generation *old = supervisor->current;
    const struct report *report = &generation->report;

    supervisor->current = generation;
    supervisor->next = NULL;
    supervisor_change_log(supervisor, generation);
    if (supervisor->control == NULL) {
        supervisor_meet_control(
            supervisor); /* who is told "ready" may command */
    } else {
        supervisor->is_control_due = true; /* see control_close() */
    }
    generation_serve(generation);
    stats_set(supervisor->stats, STATS_GENERATION, generation->number);
    tell_addresses(supervisor, generation);
    log_write(supervisor->log, NULL, LOG_INFO, NULL,
              "ready: %zu protocol%s, %zu listener%s, %u worker%s",
              report->entry_count, plural(report->entry_count),
              report->listener_count, plural(report->listener_count),
              generation->member_count, plural(generation->member_count));
    if (old == NULL) {
        tell_ready(supervisor);
    } else {
        retire(supervisor, old, generation);
    }
}

static void tell_failure(struct supervisor *supervisor, const char *text)
{
    log_write(supervisor->log, NULL, LOG_ERROR, NULL,
              "the reload has failed: generation %u serves on",
              supervisor->current->number);
    end_reload(supervisor, false, text);
}

static void has_failed(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;

    supervisor_print(supervisor, generation->text);
    supervisor->next = NULL;
    log_close(&supervisor->next_log);
    if (supervisor->current == NULL) {
        supervisor->status = generation->status;
        supervisor->is_stopping = true;
        return;
    }
    tell_failure(supervisor, generation->text);
}

static void has_stopped(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;

    if (supervisor->leaving != generation) {
        return;
    }
    supervisor->leaving = NULL;
    supervisor_release(generation);
    if (supervisor->current != NULL) {
        log_write(supervisor->log, NULL, LOG_INFO, NULL,
                  "reloaded: generation %u serves",
                  supervisor->current->number);
        end_reload(supervisor, true, supervisor->current->report.text);
    }
}

static void is_over(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;

    if (supervisor->current == generation) {
        supervisor->current = NULL;
    }
    list_remove(&generation->link);
    list_append(&supervisor->over, &generation->link);
}

static void has_dropped(struct generation *generation,
                        const struct index_set *addresses)
{
    for (size_t i = 0; i < generation->report.listener_count; i++) {
        if (index_set_has(addresses, i)) {
            bindings_drop(generation->shards[i]);
            generation->shards[i] = NULL;
        }
    }
}

static void
take_result(struct member *member, const struct crew_result *result, int fd)
{
    struct generation *generation = member->parts->owner;
    struct supervisor *supervisor = generation->owner;

    commands_take_result(&supervisor->commands, member, result, fd);
}

static void lose_worker(struct member *member, int slot)
{
    struct generation *generation = member->parts->owner;
    struct supervisor *supervisor = generation->owner;

    commands_lose_worker(&supervisor->commands, slot);
}

static const struct generation_ops generation_ops = {
    .dropped = has_dropped,
    .done = take_result,
    .lost = lose_worker,
    .checked = start_workers,
    .ready = take_over,
    .failed = has_failed,
    .stopped = has_stopped,
    .over = is_over,
};

/* ---------------------------------------------------------------- reloading */

/* Not even the top level can be read, or there is no memory. */
static void
cannot_reload(struct supervisor *supervisor, struct errors *errors, int error)
{
    char *text = errors_count(errors) == 0 ? NULL : errors_text(errors, NULL);

    supervisor_print(supervisor, text);
    tell_failure(supervisor, text == NULL ? strerror(-error) : text);
    free(text);
}

void supervisor_reload(struct supervisor *supervisor)
{
    struct errors errors;
    int error;

    if (supervisor_is_busy(supervisor)) {
        supervisor->is_reload_wanted = true;
        return;
    }
    log_write(supervisor->log, NULL, LOG_INFO, NULL, "reloading");
    (void)notify_reloading(&supervisor->notify);
    errors_init(&errors);
    error = supervisor_begin(supervisor, &errors);
    if (error < 0) {
        cannot_reload(supervisor, &errors, error);
    }
    errors_fini(&errors);
}
