/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addresses.h"
#include "connection.h"
#include "driver.h"
#include "entry.h"
#include "host.h"
#include "loop.h"
#include "recorder.h"

enum worker_state {
    WORKER_SERVES,
    WORKER_DRAINS,
    WORKER_ENDED
};

struct worker {
    const struct config *config;
    struct log *log;
    struct stats *stats; /* NULL: nobody looks at what is counted */
    struct loop loop;
    struct connections connections;
    struct host host;
    struct mailbox *mailbox;
    struct pool *pool;
    size_t hanging; /* jobs that were left behind at the end */
    struct watch watch;
    struct entry *entries;
    size_t entry_count; /* those whose init has run */
    struct addresses addresses;
    struct recorder recorder; /* not open: nothing is recorded */
    struct source source;     /* its timer is the drain timeout */
    uint64_t released;        /* connections that were gone at the last look */
    enum worker_state state;
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ---------------------------------------------------------------- stopping */

bool worker_is_serving(const struct worker *worker)
{
    return worker->state == WORKER_SERVES;
}

void worker_stop(struct worker *worker,
                 int reason,
                 const struct index_set *kept)
{
    uint64_t timeout_ms = worker->config->operation.drain_timeout_ms;

    if (worker->state == WORKER_SERVES) {
        worker->state = WORKER_DRAINS;
        addresses_finish(&worker->addresses, kept);
        LOG(worker->log, LOG_INFO, NULL, "stopping: %zu connection%s to finish",
            worker->connections.open, plural(worker->connections.open));
        if (timeout_ms != 0) {
            loop_set_timer(&worker->loop, &worker->source, timeout_ms);
        }
    }
    driver_stop_all(&worker->connections, reason);
}

/* They are freed when the turn is over: its reports may point to them. */
void worker_end(struct worker *worker, const char *why)
{
    if (worker->connections.open > 0) {
        LOG(worker->log, LOG_WARNING, NULL, "%s: %zu connection%s ended", why,
            worker->connections.open, plural(worker->connections.open));
    }
    worker->state = WORKER_ENDED;
}

void worker_drop(struct worker *worker, const struct index_set *dropped)
{
    addresses_drop(&worker->addresses, dropped);
}

void worker_put_aside(struct worker *worker, const struct index_set *aside)
{
    for (size_t i = 0; i < worker->entry_count; i++) {
        struct entry *entry = &worker->entries[i];

        if (index_set_has(aside, i) && entry->is_started) {
            entry->is_aside = true;
            loop_cancel_timer(&entry->source);
            driver_kill_entry(&worker->connections, entry);
        }
    }
    addresses_put_aside(&worker->addresses, aside);
}

struct connections *worker_connections(struct worker *worker)
{
    return &worker->connections;
}

size_t worker_drain_entry(struct worker *worker, size_t index)
{
    struct index_set drained = {.bits = {0}};
    struct entry *entry;

    if (index >= worker->entry_count || !worker->entries[index].is_started) {
        return 0;
    }
    entry = &worker->entries[index];
    entry->is_aside = true;
    index_set_add(&drained, index);
    addresses_put_aside(&worker->addresses, &drained);
    driver_stop_entry(&worker->connections, entry, BERTH_EXIT);
    return entry->open;
}

void worker_set_log_level(struct worker *worker, enum log_level level)
{
    worker->log->level = level;
    for (size_t i = 0; i < worker->entry_count; i++) {
        if (worker->entries[i].is_started) {
            worker->entries[i].log->level = level;
        }
    }
}

void worker_reopen_plugins(struct worker *worker)
{
    for (size_t i = 0; i < worker->entry_count; i++) {
        if (worker->entries[i].is_started) {
            entry_reopen(&worker->entries[i]);
        }
    }
}

/* The server's own first: it is there that plugins complain. */
void worker_reopen_log(struct worker *worker)
{
    int error = log_reopen(worker->log);

    if (error < 0) {
        LOG(worker->log, LOG_ERROR, NULL,
            "the log file cannot be opened anew: %s", log_explain(error));
    }
    worker_reopen_plugins(worker);
}

static void drain_timed_out(struct source *source)
{
    worker_end(CONTAINER_OF(source, struct worker, source),
               "drain_timeout has passed");
}

static const struct source_ops worker_ops = {.expired = drain_timed_out};

/* -------------------------------------------------------------- beginnings */

/* The loop asks for the time as soon as it has waited. */
static uint64_t begin_turn(void *arg)
{
    struct worker *worker = arg;

    watch_wake(&worker->watch);
    return loop_monotonic_ms(NULL);
}

/* Those who wait for descriptors or places hear that some are free again. */
static bool end_turn(void *arg)
{
    struct worker *worker = arg;
    bool is_busy = driver_end_turn(&worker->connections);

    if (worker->released != worker->connections.released) {
        worker->released = worker->connections.released;
        addresses_resume(&worker->addresses);
    }
    return is_busy;
}

/* What all entries of the worker share. */
static struct entry_parts shared_parts(struct worker *worker)
{
    return (struct entry_parts){
        .host = &worker->host.table,
        .connections = &worker->connections,
        .loop = &worker->loop,
        .watch = &worker->watch,
        .log = worker->log,
    };
}

static int
start_entry(struct worker *worker, size_t index, struct errors *errors)
{
    const struct config_entry *from = &worker->config->entries[index];
    struct entry *entry = &worker->entries[index];
    struct entry_parts parts = shared_parts(worker);
    berth_error refusal;
    int error;

    parts.name = from->name;
    parts.protocol = &from->plugin->protocol;
    parts.counters = from->plugin->counters;
    parts.counter_count = from->plugin->counter_count;
    parts.stats = worker->stats;
    parts.settings = from->settings;
    parts.limits = &from->limits;
    parts.log_scope = &from->log;
    error = entry_init(entry, &parts);
    if (error < 0) {
        return error;
    }
    error = entry_start(entry, &refusal);
    if (error < 0) {
        config_refuse(worker->config, index, &refusal, error, errors);
        entry_fini(entry);
        return -EINVAL;
    }
    return 0;
}

/* All are started even if one refuses, so that all refusals are told. */
static int start_entries(struct worker *worker, struct errors *errors)
{
    const struct config *config = worker->config;
    bool is_refused = false;

    worker->entries = calloc(config->entry_count + 1, sizeof(*worker->entries));
    if (worker->entries == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < config->entry_count; i++) {
        int error =
            config->entries[i].is_aside ? 0 : start_entry(worker, i, errors);

        if (error == -EINVAL) {
            is_refused = true;
        } else if (error < 0) {
            return error;
        }
        worker->entries[i].is_started =
            error == 0 && !config->entries[i].is_aside;
        worker->entry_count = i + 1;
    }
    worker->connections.entries = worker->entries;
    worker->connections.entry_count = worker->entry_count;
    return is_refused ? -EINVAL : 0;
}

/* Where other threads post to, and the threads that blocking jobs run on. */
static int open_office(struct worker *worker)
{
    const struct pool_options options = {
        .threads = worker->config->pool_threads,
        .queue = worker->config->pool_queue,
    };
    int error = mailbox_open(&worker->loop, &worker->mailbox);

    if (error == 0) {
        error = pool_new(&options, worker->mailbox, &worker->pool);
    }
    worker->host.office = (struct post_office){
        .connections = &worker->connections,
        .mailbox = worker->mailbox,
        .pool = worker->pool,
    };
    return error;
}

static int collect_addresses(struct worker *worker, struct errors *errors)
{
    const struct entry_parts parts = shared_parts(worker);
    struct addresses *addresses = &worker->addresses;
    int error = addresses_init(addresses, worker->config, &parts, errors);

    if (error == 0) {
        worker->connections.listeners = addresses->texts;
        worker->connections.listener_count = addresses->count;
    }
    return error;
}

/* Before any init: it shall not run for a server that does not start. */
static int open_recorder(struct worker *worker, struct errors *errors)
{
    const struct config *config = worker->config;
    struct recorder *recorder = &worker->recorder;
    const struct place place = {.file = "--record"};
    int error;

    if (config->record == NULL) {
        return 0;
    }
    error = recorder_open(recorder, config->record, config->entry_count);
    if (error < 0) {
        errors_add(errors, &place, error == -ENOENT ? "make it first" : NULL,
                   "no transcript can be written to '%s': %s", config->record,
                   strerror(-error));
        return -EINVAL;
    }
    worker->connections.recorder = recorder;
    for (size_t i = 0; i < config->entry_count && error == 0; i++) {
        const struct config_entry *entry = &config->entries[i];

        error = recorder_describe(recorder, i, entry->plugin->options,
                                  entry->settings,
                                  node_find(entry->node, "settings"));
    }
    return error;
}

/* On failure the worker is gone. */
static int set_up(struct worker *worker, struct errors *errors)
{
    const struct connections_parts parts = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &worker->loop,
        .log = worker->log,
        .host = &worker->host.table,
        .stats = worker->stats,
        .trigger =
            worker->config->edge_triggered ? SELECTOR_EDGE : SELECTOR_LEVEL,
    };
    int error = loop_open(&worker->loop, begin_turn, worker, end_turn, worker);

    if (error < 0) {
        free(worker);
        return error;
    }
    error = connections_init(&worker->connections, &parts);
    if (error < 0) {
        loop_close(&worker->loop);
        free(worker);
        return error;
    }
    loop_busy_poll(&worker->loop, worker->config->busy_poll_us);
    source_init(&worker->source, &worker_ops);
    error = open_recorder(worker, errors);
    if (error == 0) {
        error = open_office(worker);
    }
    if (error == 0) {
        error = start_entries(worker, errors);
    }
    if (error == 0) {
        error = collect_addresses(worker, errors);
    }
    if (error < 0) {
        (void)worker_free(worker); /* no init may begin a job */
    }
    return error;
}

int worker_new(const struct config *config,
               struct log *log,
               struct stats *stats,
               struct errors *errors,
               struct worker **worker)
{
    struct worker *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL) {
        return -ENOMEM;
    }
    made->config = config;
    made->log = log;
    made->stats = stats;
    watch_init(&made->watch, config->slow_callback_ms,
               stats == NULL ? NULL : stats_crumb(stats));
    host_init(&made->host);
    made->host.stats = stats;
    error = set_up(made, errors);
    if (error < 0) {
        return error;
    }
    *worker = made;
    return 0;
}

/* ----------------------------------------------------------------- running */

int worker_listen(struct worker *worker)
{
    LOG(worker->log, LOG_INFO, NULL, "berth %s, configuration: %s",
        BERTH_VERSION, worker->config->source);
    config_tell_recording(worker->config->record, worker->log);
    return addresses_open(&worker->addresses, worker->entries);
}

int worker_adopt(struct worker *worker, const struct addresses_given *given)
{
    const int error = watch_start(&worker->watch);

    return error < 0
               ? error
               : addresses_adopt(&worker->addresses, worker->entries, given);
}

int worker_start(struct worker *worker)
{
    size_t listeners = worker->addresses.open_count;
    int error = watch_start(&worker->watch);

    if (error == 0) {
        error = addresses_start(&worker->addresses);
    }
    if (error == 0) {
        LOG(worker->log, LOG_INFO, NULL,
            "ready: %zu protocol%s, %zu listener%s", worker->entry_count,
            plural(worker->entry_count), listeners, plural(listeners));
    }
    return error;
}

int worker_follow(struct worker *worker,
                  const struct roster *roster,
                  uint32_t number)
{
    return addresses_follow(&worker->addresses, roster, number);
}

struct loop *worker_loop(struct worker *worker)
{
    return &worker->loop;
}

/* Jobs outlive the connections that they were for. */
static bool is_over(const struct worker *worker)
{
    return worker->state == WORKER_ENDED ||
           (worker->state == WORKER_DRAINS && worker->connections.open == 0 &&
            worker->connections.pending.count == 0 &&
            pool_unfinished(worker->pool) == 0);
}

/* Whatever was posted or is still a job comes to its end, but for jobs that
   hang; from now on nothing more can be posted. */
static void close_office(struct worker *worker)
{
    if (worker->pool != NULL) {
        worker->hanging += pool_abandon(worker->pool);
    }
    if (worker->mailbox != NULL) {
        mailbox_shut(worker->mailbox);
        mailbox_deliver_rest(worker->mailbox);
    }
}

/* Every way that leads to a plugin ends here. */
static void end_all(struct worker *worker)
{
    driver_kill_all(&worker->connections);
    close_office(worker);
    driver_kill_all(&worker->connections); /* releases that came of it */
    watch_stop(&worker->watch);
}

int worker_run(struct worker *worker)
{
    int error = 0;

    while (error == 0 && !is_over(worker)) {
        error = loop_turn(&worker->loop);
    }
    end_all(worker);
    if (worker->hanging > 0) {
        LOG(worker->log, LOG_ERROR, NULL,
            "%zu job%s of plugins do%s not end: left behind, without fini",
            worker->hanging, worker->hanging == 1 ? "" : "s",
            worker->hanging == 1 ? "es" : "");
    }
    if (error == 0) {
        LOG(worker->log, LOG_INFO, NULL, "stopped");
    }
    return error;
}

static void stop_entries(struct worker *worker)
{
    for (size_t i = worker->entry_count; i-- > 0;) {
        if (worker->entries[i].is_started) {
            entry_stop(&worker->entries[i]);
            entry_fini(&worker->entries[i]);
        }
    }
}

bool worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return true;
    }
    addresses_close(&worker->addresses);
    end_all(worker);
    if (worker->hanging > 0) {
        return false;
    }
    stop_entries(worker);
    addresses_fini(&worker->addresses);
    pool_free(worker->pool);
    mailbox_close(worker->mailbox);
    connections_fini(&worker->connections);
    recorder_close(&worker->recorder);
    loop_close(&worker->loop);
    free(worker->entries);
    free(worker);
    return true;
}
