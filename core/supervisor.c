/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bindings.h"
#include "cli.h"
#include "commands.h"
#include "control.h"
#include "cpus.h"
#include "generation.h"
#include "handover.h"
#include "notify.h"
#include "signals.h"
#include "upgrade.h"

/* Of an address, for each worker: so that the sockets can be dealt out evenly
   when there are more or fewer workers after a reload. */
#define SHARDS_PER_WORKER 4

/* What remains after so long is killed: drain_timeout has passed by then. */
#define KILL_AFTER_MS 5000

static const int numbers[] = {
    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, 0,
};

struct supervisor {
    const struct supervisor_parts *parts;
    struct log *log;
    struct stats *stats;
    struct loop loop;
    struct signals signals;
    struct source source;    /* its timer: the end must come */
    struct list generations; /* all that have processes, oldest first */
    struct list over;        /* those that are freed at the turn's end */
    struct bindings bindings;
    struct generation *current; /* the one that serves; NULL: none yet */
    struct generation *next;    /* the one that is to; NULL: none */
    struct generation *leaving; /* whose end of accepting is waited for */
    uint32_t generation_count;  /* that there were */
    struct upgrade upgrade;
    struct notify notify;    /* the service manager */
    struct source pulse;     /* its timer: to tell it that we live */
    struct control *control; /* NULL: nobody can command */
    struct commands commands;
    bool is_reload_wanted; /* while something else is under way */
    bool is_upgrade_wanted;
    bool is_control_due; /* a new file serves: it may want another socket */
    bool is_stopping;
    bool is_over;
    int status;
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ----------------------------------------------------------------- addresses */

static void release_addresses(struct generation *generation)
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

/* ------------------------------------------------------------ a new generation */

static const struct generation_ops generation_ops;

static void reload(struct supervisor *supervisor);
static void upgrade(struct supervisor *supervisor);

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
    LOG(supervisor->log, LOG_ERROR, NULL, "cannot start: %s", strerror(-error));
    generation->ops->failed(generation);
    generation_stop(generation, BERTH_EXIT, NULL);
}

/* errors: why server.yaml cannot be read, if that is what fails. */
static int begin_generation(struct supervisor *supervisor,
                            struct errors *errors)
{
    const struct generation_parts parts = {
        .owner = supervisor,
        .ops = &generation_ops,
        .loop = &supervisor->loop,
        .log = supervisor->log,
        .stats = supervisor->stats,
        .number = supervisor->generation_count + 1,
        .source = *supervisor->parts->source,
        .errors = errors,
    };
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

static void print_text(const struct supervisor *supervisor, const char *text)
{
    const char *end;

    if (text == NULL) {
        return;
    }
    if (supervisor->current == NULL || supervisor->log->path == NULL) {
        (void)fputs(text, stderr);
        return;
    }
    for (; *text != '\0'; text = *end == '\0' ? end : end + 1) {
        end = strchrnul(text, '\n');
        LOG(supervisor->log, LOG_ERROR, NULL, "%.*s", (int)(end - text), text);
    }
}

static void start_workers(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;
    const size_t count = generation->report.listener_count;
    const uint32_t workers = choose_workers(supervisor, generation);
    struct shards **items = calloc(count + 1, sizeof(struct shards *));
    int error = -ENOMEM;

    print_text(supervisor, generation->report.text); /* warnings */
    if (supervisor->current == NULL) {
        LOG(supervisor->log, LOG_INFO, NULL, "berth %s, configuration: %s",
            BERTH_VERSION, generation->top->source);
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

/* One thing at a time: is a generation on its way in or out, or a trial? */
static bool is_busy(const struct supervisor *supervisor)
{
    return supervisor->next != NULL || supervisor->leaving != NULL ||
           supervisor->upgrade.pid != 0;
}

/* What was asked for meanwhile. */
static void go_on(struct supervisor *supervisor)
{
    if (supervisor->is_stopping || is_busy(supervisor)) {
        return;
    }
    if (supervisor->is_reload_wanted) {
        supervisor->is_reload_wanted = false;
        reload(supervisor);
    } else if (supervisor->is_upgrade_wanted) {
        supervisor->is_upgrade_wanted = false;
        upgrade(supervisor);
    }
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

/* Where the file that serves now wants to be commanded; a socket that stays is
   kept. */
static void meet_control(struct supervisor *supervisor)
{
    const struct operation *operation;
    int error;

    if (supervisor->current == NULL) {
        return;
    }
    operation = generation_operation(supervisor->current);
    if (supervisor->control != NULL && operation->has_control &&
        address_equals(control_address(supervisor->control),
                       &operation->control)) {
        return;
    }
    control_close(supervisor->control);
    supervisor->control = NULL;
    if (!operation->has_control) {
        return;
    }
    error = control_open(&supervisor->loop, &operation->control,
                         supervisor->log, commands_handle,
                         &supervisor->commands, &supervisor->control);
    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL,
            "berthctl cannot reach this server: control: %s", strerror(-error));
    }
}

static void take_over(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;
    struct generation *old = supervisor->current;
    const struct report *report = &generation->report;

    supervisor->current = generation;
    supervisor->next = NULL;
    if (supervisor->control == NULL) {
        meet_control(supervisor); /* who is told "ready" may command */
    } else {
        supervisor->is_control_due = true; /* see control_close() */
    }
    generation_serve(generation);
    stats_set(supervisor->stats, STATS_GENERATION, generation->number);
    tell_addresses(supervisor, generation);
    LOG(supervisor->log, LOG_INFO, NULL,
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
    LOG(supervisor->log, LOG_ERROR, NULL,
        "the reload has failed: generation %u serves on",
        supervisor->current->number);
    end_reload(supervisor, false, text);
}

static void has_failed(struct generation *generation)
{
    struct supervisor *supervisor = generation->owner;

    print_text(supervisor, generation->text);
    supervisor->next = NULL;
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
    release_addresses(generation);
    if (supervisor->current != NULL) {
        LOG(supervisor->log, LOG_INFO, NULL, "reloaded: generation %u serves",
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

static const struct generation_ops generation_ops = {
    .dropped = has_dropped,
    .done = take_result,
    .checked = start_workers,
    .ready = take_over,
    .failed = has_failed,
    .stopped = has_stopped,
    .over = is_over,
};

/* ------------------------------------------------------------------- signals */

/* Not even the top level can be read, or there is no memory. */
static void
cannot_reload(struct supervisor *supervisor, struct errors *errors, int error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream =
        errors_count(errors) == 0 ? NULL : open_memstream(&text, &size);

    if (stream != NULL) {
        errors_print(errors, stream);
        (void)fclose(stream);
    }
    print_text(supervisor, text);
    tell_failure(supervisor, text == NULL ? strerror(-error) : text);
    free(text);
}

static void reload(struct supervisor *supervisor)
{
    struct errors errors;
    int error;

    if (is_busy(supervisor)) {
        supervisor->is_reload_wanted = true;
        return;
    }
    LOG(supervisor->log, LOG_INFO, NULL, "reloading");
    (void)notify_reloading(&supervisor->notify);
    errors_init(&errors);
    error = begin_generation(supervisor, &errors);
    if (error < 0) {
        cannot_reload(supervisor, &errors, error);
    }
    errors_fini(&errors);
}

static void upgrade(struct supervisor *supervisor)
{
    const uint64_t timeout_ms =
        generation_operation(supervisor->current)->start_timeout_ms;
    int error;

    if (is_busy(supervisor)) {
        supervisor->is_upgrade_wanted = true;
        return;
    }
    LOG(supervisor->log, LOG_INFO, NULL, "upgrading: trying %s --check",
        supervisor->parts->program);
    error = upgrade_try(&supervisor->upgrade, &supervisor->loop,
                        supervisor->parts->program, supervisor->parts->argv,
                        timeout_ms);
    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL, "cannot upgrade: %s",
            strerror(-error));
    }
}

/* Returns only if that fails. */
static int become(struct supervisor *supervisor)
{
    const struct handover handover = {
        .addresses = &supervisor->bindings.addresses,
        .generations = &supervisor->generations,
        .current = supervisor->current,
        .generation_count = supervisor->generation_count,
        .control = supervisor->control == NULL
                       ? HANDOVER_NONE
                       : control_fd(supervisor->control),
        .stats = supervisor->stats,
    };
    const int fd = handover_save(&handover);
    char number[16];
    int error = fd < 0 ? fd : 0;

    if (fd < 0) {
        return error;
    }
    (void)snprintf(number, sizeof(number), "%d", fd);
    if (setenv(HANDOVER_VARIABLE, number, 1) < 0) {
        error = -errno;
    } else {
        (void)fflush(NULL);
        (void)execv(supervisor->parts->program, supervisor->parts->argv);
        error = -errno;
    }
    (void)unsetenv(HANDOVER_VARIABLE);
    handover_undo(&handover, fd);
    return error;
}

static void end_trial(struct supervisor *supervisor, int status)
{
    char *why = NULL;
    int error = upgrade_judge(&supervisor->upgrade, status, &why);

    if (supervisor->is_stopping) {
        free(why);
        return;
    }
    if (error == 0) {
        error = become(supervisor);
        LOG(supervisor->log, LOG_ERROR, NULL, "cannot upgrade: %s",
            strerror(-error));
        return;
    }
    print_text(supervisor, why);
    LOG(supervisor->log, LOG_ERROR, NULL,
        "the upgrade is refused: generation %u serves on",
        supervisor->current->number);
    free(why);
}

static void stop_all(struct supervisor *supervisor)
{
    struct list *link = supervisor->generations.next;

    while (link != &supervisor->generations) {
        struct generation *generation =
            CONTAINER_OF(link, struct generation, link);

        link = link->next; /* it may be over at once */
        generation_stop(generation, BERTH_EXIT, NULL);
    }
}

static void end_all(struct supervisor *supervisor,
                    void (*end)(struct generation *generation))
{
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        end(CONTAINER_OF(link, struct generation, link));
    }
}

static void begin_stop(struct supervisor *supervisor)
{
    uint64_t timeout_ms = 0;

    if (supervisor->current != NULL) {
        timeout_ms =
            generation_operation(supervisor->current)->drain_timeout_ms;
    }
    LOG(supervisor->log, LOG_INFO, NULL, "stopping");
    (void)notify_stopping(&supervisor->notify);
    supervisor->is_stopping = true;
    stop_all(supervisor);
    if (timeout_ms != 0) {
        loop_set_timer(&supervisor->loop, &supervisor->source,
                       timeout_ms + KILL_AFTER_MS);
    }
}

static void end_now(struct supervisor *supervisor)
{
    LOG(supervisor->log, LOG_WARNING, NULL, "told twice to stop");
    end_all(supervisor, generation_end);
    loop_set_timer(&supervisor->loop, &supervisor->source, KILL_AFTER_MS);
}

static void kill_rest(struct source *source)
{
    struct supervisor *supervisor =
        CONTAINER_OF(source, struct supervisor, source);

    LOG(supervisor->log, LOG_ERROR, NULL, "workers that do not end are killed");
    end_all(supervisor, generation_kill);
}

static const struct source_ops supervisor_ops = {.expired = kill_rest};

static void reopen_log(struct supervisor *supervisor)
{
    int error = log_reopen(supervisor->log);
    const struct channel_message message = {
        .type = CREW_LOG_FILE,
        .fd = supervisor->log->path == NULL ? -1 : supervisor->log->fd,
    };

    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL,
            "the log file cannot be opened anew: %s", strerror(-error));
    }
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        generation_tell(CONTAINER_OF(link, struct generation, link), &message);
    }
}

static void reap_one(struct supervisor *supervisor, pid_t pid, int status)
{
    if (pid == supervisor->upgrade.pid) {
        end_trial(supervisor, status);
        return;
    }
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        if (generation_reap(CONTAINER_OF(link, struct generation, link), pid,
                            status)) {
            return;
        }
    }
}

static void reap(struct supervisor *supervisor)
{
    for (;;) {
        int status = 0;
        const pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid <= 0) {
            return;
        }
        reap_one(supervisor, pid, status);
    }
}

static void take_signal(void *owner, uint32_t number)
{
    struct supervisor *supervisor = owner;

    switch (number) {
    case SIGCHLD:
        reap(supervisor);
        break;
    case SIGUSR1:
        reopen_log(supervisor);
        break;
    case SIGHUP:
        supervisor->is_reload_wanted = true;
        break;
    case SIGUSR2:
        supervisor->is_upgrade_wanted = true;
        break;
    default:
        if (supervisor->is_stopping) {
            end_now(supervisor);
        } else {
            begin_stop(supervisor);
        }
        break;
    }
}

/* ------------------------------------------------------------------ commands */

static void order_reload(void *owner)
{
    struct supervisor *supervisor = owner;

    supervisor->is_reload_wanted = true;
}

static void order_stop(void *owner)
{
    struct supervisor *supervisor = owner;

    if (!supervisor->is_stopping) {
        begin_stop(supervisor);
    }
}

static void order_level(void *owner, enum log_level level)
{
    struct supervisor *supervisor = owner;
    const int32_t value = (int32_t)level;
    const struct channel_message message = {
        .type = CREW_LOG_LEVEL,
        .data = &value,
        .size = sizeof(value),
        .fd = -1,
    };

    supervisor->log->level = level;
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        generation_tell(CONTAINER_OF(link, struct generation, link), &message);
    }
}

static void order_drain(void *owner, size_t entry)
{
    struct supervisor *supervisor = owner;

    generation_drain(supervisor->current, entry);
}

static const char *describe_state(void *owner)
{
    const struct supervisor *supervisor = owner;

    if (supervisor->is_stopping) {
        return "draining";
    }
    return is_busy(supervisor) ? "reloading" : "serving";
}

static const struct commands_ops commands_ops = {
    .reload = order_reload,
    .stop = order_stop,
    .set_level = order_level,
    .drain = order_drain,
    .state = describe_state,
};

/* ------------------------------------------------------------------- running */

/* Reports of this turn may have pointed to them. */
static bool end_turn(void *arg)
{
    struct supervisor *supervisor = arg;

    if (supervisor->is_control_due) {
        supervisor->is_control_due = false;
        meet_control(supervisor);
    }
    while (!list_is_empty(&supervisor->over)) {
        struct generation *generation =
            CONTAINER_OF(supervisor->over.next, struct generation, link);

        release_addresses(generation);
        generation_free(generation);
    }
    go_on(supervisor);
    supervisor->is_over =
        supervisor->is_stopping && list_is_empty(&supervisor->generations);
    return false;
}

bool supervisor_is_heir(void)
{
    return getenv(HANDOVER_VARIABLE) != NULL;
}

static int take_inheritance(struct supervisor *supervisor,
                            struct errors *errors)
{
    const struct generation_parts parts = {
        .owner = supervisor,
        .ops = &generation_ops,
        .loop = &supervisor->loop,
        .log = supervisor->log,
        .source = *supervisor->parts->source,
        .errors = errors,
    };
    struct handover handover = {
        .addresses = &supervisor->bindings.addresses,
        .generations = &supervisor->generations,
    };
    int error = handover_load(handover_take(), &parts, &handover);

    if (error < 0) {
        return error;
    }
    supervisor->stats = handover.stats;
    if (handover.control >= 0 &&
        control_adopt(&supervisor->loop, handover.control, supervisor->log,
                      commands_handle, &supervisor->commands,
                      &supervisor->control) < 0) {
        (void)close(handover.control);
    }
    supervisor->current = handover.current;
    supervisor->generation_count = handover.generation_count;
    LOG(supervisor->log, LOG_INFO, NULL,
        "upgraded to berth %s: generation %u serves on", BERTH_VERSION,
        supervisor->current == NULL ? 0 : supervisor->current->number);
    reap(supervisor); /* its signal may have gone to the old program */
    return 0;
}

/* What this program makes of server.yaml takes over from what the last one
   made of it. */
static int begin(struct supervisor *supervisor, struct errors *errors)
{
    int error = supervisor_is_heir() ? take_inheritance(supervisor, errors) : 0;

    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL,
            "what the last program left cannot be taken over: %s",
            strerror(-error));
    }
    error = supervisor->stats == NULL
                ? stats_new(STATS_SLOTS, &supervisor->stats)
                : 0;
    if (error < 0) {
        return error;
    }
    supervisor->commands.stats = supervisor->stats;
    if (supervisor->current != NULL) {
        reload(supervisor);
        return 0;
    }
    return begin_generation(supervisor, errors);
}

static int run(struct supervisor *supervisor)
{
    struct errors errors;
    int error;

    errors_init(&errors);
    error = begin(supervisor, &errors);
    if (error < 0) {
        errors_print(&errors, stderr);
    }
    errors_fini(&errors);
    (void)end_turn(supervisor); /* of what could not even begin */
    while (error == 0 && !supervisor->is_over) {
        error = loop_turn(&supervisor->loop);
    }
    return error;
}

/* Twice in the time that the service manager allows. */
static void tell_alive(struct source *source)
{
    struct supervisor *supervisor =
        CONTAINER_OF(source, struct supervisor, pulse);

    (void)notify_alive(&supervisor->notify);
    loop_set_timer(&supervisor->loop, source,
                   supervisor->notify.watchdog_ms / 2);
}

static const struct source_ops pulse_ops = {.expired = tell_alive};

static void meet_manager(struct supervisor *supervisor)
{
    const int error = notify_open(&supervisor->notify);

    if (error < 0) {
        LOG(supervisor->log, LOG_WARNING, NULL,
            "the service manager cannot be told anything: %s",
            strerror(-error));
    }
    source_init(&supervisor->pulse, &pulse_ops);
    if (supervisor->notify.watchdog_ms != 0) {
        loop_set_timer(&supervisor->loop, &supervisor->pulse,
                       supervisor->notify.watchdog_ms / 2);
    }
}

static int set_up(struct supervisor *supervisor)
{
    int error = loop_open(&supervisor->loop, loop_monotonic_ms, NULL, end_turn,
                          supervisor);

    if (error < 0) {
        return error;
    }
    signals_block(numbers);
    error = signals_open(&supervisor->signals, &supervisor->loop, numbers,
                         take_signal, supervisor);
    if (error < 0) {
        loop_close(&supervisor->loop);
        return error;
    }
    meet_manager(supervisor);
    return 0;
}

int supervisor_run(const struct supervisor_parts *parts)
{
    struct supervisor supervisor = {.parts = parts, .log = parts->log};
    int error;

    list_init(&supervisor.generations);
    list_init(&supervisor.over);
    bindings_init(&supervisor.bindings, parts->log);
    source_init(&supervisor.source, &supervisor_ops);
    upgrade_init(&supervisor.upgrade);
    supervisor.commands = (struct commands){
        .ops = &commands_ops,
        .owner = &supervisor,
        .loop = &supervisor.loop,
        .log = parts->log,
        .generations = &supervisor.generations,
        .current = &supervisor.current,
    };
    commands_init(&supervisor.commands);
    error = set_up(&supervisor);
    if (error == 0) {
        error = run(&supervisor);
        commands_fini(&supervisor.commands);
        control_close(supervisor.control);
        stats_free(supervisor.stats);
        notify_close(&supervisor.notify);
        signals_close(&supervisor.signals);
        loop_close(&supervisor.loop);
    }
    if (error < 0) {
        (void)fprintf(stderr, "berth: cannot serve: %s\n", strerror(-error));
        return CLI_EXIT_SYSTEM;
    }
    if (supervisor.status == CLI_EXIT_OK) {
        LOG(parts->log, LOG_INFO, NULL, "stopped");
    }
    return supervisor.status;
}
