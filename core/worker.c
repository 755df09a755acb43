/* SPDX-License-Identifier: MIT */
#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "connection.h"
#include "driver.h"
#include "entry.h"
#include "gate.h"
#include "host.h"
#include "listener.h"
#include "loop.h"

enum worker_state {
    WORKER_SERVES,
    WORKER_DRAINS,
    WORKER_ENDED
};

struct worker {
    const struct config *config;
    struct log *log;
    struct loop loop;
    struct connections connections;
    struct watch watch;
    struct entry *entries;
    size_t entry_count; /* those whose init has run */
    struct gate *gates; /* of addresses that are shared */
    size_t gate_count;
    const struct config_listener **firsts; /* one for each address */
    const char **texts;                    /* what they are in server.yaml */
    size_t address_count;
    struct listener *listeners; /* those of these that are open */
    size_t listener_count;
    struct source source; /* signals; its timer is the drain timeout */
    int signal_fd;
    uint64_t released; /* connections that were gone at the last look */
    enum worker_state state;
};

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* ----------------------------------------------------------------- signals */

static void begin_drain(struct worker *worker)
{
    uint64_t timeout_ms = worker->config->drain_timeout_ms;

    worker->state = WORKER_DRAINS;
    for (size_t i = 0; i < worker->listener_count; i++) {
        listener_finish(&worker->listeners[i]);
    }
    LOG(worker->log, LOG_INFO, NULL, "stopping: %zu connection%s to finish",
        worker->connections.open, plural(worker->connections.open));
    driver_stop_all(&worker->connections, BERTH_EXIT);
    if (timeout_ms != 0) {
        loop_set_timer(&worker->loop, &worker->source, timeout_ms);
    }
}

/* They are freed when the turn is over: its reports may point to them. */
static void end_now(struct worker *worker, const char *why)
{
    if (worker->connections.open > 0) {
        LOG(worker->log, LOG_WARNING, NULL, "%s: %zu connection%s ended", why,
            worker->connections.open, plural(worker->connections.open));
    }
    worker->state = WORKER_ENDED;
}

static void reopen_log(struct worker *worker)
{
    int error = log_reopen(worker->log);

    if (error < 0) {
        LOG(worker->log, LOG_ERROR, NULL,
            "the log file cannot be opened anew: %s", strerror(-error));
    }
}

static void take_signal(struct worker *worker, uint32_t number)
{
    if (number == SIGUSR1) {
        reopen_log(worker);
    } else if (worker->state == WORKER_SERVES) {
        begin_drain(worker);
    } else {
        end_now(worker, "told twice to stop");
    }
}

static void read_signals(struct source *source, uint32_t events)
{
    struct worker *worker = CONTAINER_OF(source, struct worker, source);
    struct signalfd_siginfo info;

    (void)events;
    while (read(worker->signal_fd, &info, sizeof(info)) ==
           (ssize_t)sizeof(info)) {
        take_signal(worker, info.ssi_signo);
    }
}

static void drain_timed_out(struct source *source)
{
    end_now(CONTAINER_OF(source, struct worker, source),
            "drain_timeout has passed");
}

static const struct source_ops signal_ops = {
    .ready = read_signals,
    .expired = drain_timed_out,
};

/* Blocked in all threads that a plugin may start; a write to a connection that
   is gone is an error like others. */
static int watch_signals(struct worker *worker)
{
    sigset_t signals;

    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGUSR1);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    source_init(&worker->source, &signal_ops);
    worker->signal_fd = signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
    if (worker->signal_fd < 0) {
        return -errno;
    }
    return selector_register(&worker->loop.selector, worker->signal_fd,
                             SELECTOR_READ, SELECTOR_LEVEL, &worker->source);
}

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
        for (size_t i = 0; i < worker->listener_count; i++) {
            listener_resume(&worker->listeners[i]);
        }
    }
    return is_busy;
}

/* What all entries of the worker share. */
static struct entry_parts shared_parts(struct worker *worker)
{
    return (struct entry_parts){
        .host = host_table(),
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
    parts.counter_count = from->plugin->counter_count;
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

    for (size_t i = 0; i < config->entry_count; i++) {
        int error = start_entry(worker, i, errors);

        if (error == -EINVAL) {
            is_refused = true;
        } else if (error < 0) {
            return error;
        }
        worker->entries[i].is_started = error == 0;
        worker->entry_count = i + 1;
    }
    worker->connections.entries = worker->entries;
    worker->connections.entry_count = worker->entry_count;
    return is_refused ? -EINVAL : 0;
}

static int open_gate(struct worker *worker,
                     const struct config_listener *first,
                     struct errors *errors)
{
    struct gate *gate = &worker->gates[worker->gate_count];
    struct entry_parts parts = shared_parts(worker);
    int error = gate_init(gate, worker->config, first, &parts);

    if (error == 0) {
        worker->gate_count++;
        gate_check(gate, first, errors);
    }
    return error;
}

/* One listener for each address, and a gate if several entries share it. */
static int collect_addresses(struct worker *worker, struct errors *errors)
{
    const struct config *config = worker->config;
    int error = 0;

    for (size_t i = 0; i < config->entry_count && error == 0; i++) {
        const struct config_entry *entry = &config->entries[i];

        for (size_t k = 0; k < entry->listener_count && error == 0; k++) {
            const struct config_listener *listener = &entry->listeners[k];

            if (!listener->is_first) {
                continue;
            }
            worker->firsts[worker->address_count] = listener;
            worker->texts[worker->address_count++] = listener->text;
            if (listener->next != NULL) {
                error = open_gate(worker, listener, errors);
            }
        }
    }
    worker->connections.listeners = worker->texts;
    worker->connections.listener_count = worker->address_count;
    return error;
}

static int allocate_parts(struct worker *worker)
{
    const size_t entries = worker->config->entry_count + 1;
    const size_t addresses = worker->config->listener_count + 1;

    worker->entries = calloc(entries, sizeof(*worker->entries));
    worker->gates = calloc(addresses, sizeof(*worker->gates));
    worker->firsts = calloc(addresses, sizeof(*worker->firsts));
    worker->texts = calloc(addresses, sizeof(*worker->texts));
    worker->listeners = calloc(addresses, sizeof(*worker->listeners));
    return worker->entries == NULL || worker->gates == NULL ||
                   worker->firsts == NULL || worker->texts == NULL ||
                   worker->listeners == NULL
               ? -ENOMEM
               : 0;
}

/* On failure the worker is gone. */
static int set_up(struct worker *worker, struct errors *errors)
{
    const struct connections_parts parts = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &worker->loop,
        .log = worker->log,
        .host = host_table(),
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
    error = allocate_parts(worker);
    if (error == 0) {
        error = watch_signals(worker);
    }
    if (error == 0) {
        error = start_entries(worker, errors);
    }
    if (error == 0) {
        error = collect_addresses(worker, errors);
    }
    if (error < 0) {
        worker_free(worker);
    }
    return error;
}

int worker_new(const struct config *config,
               struct log *log,
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
    made->signal_fd = -1;
    watch_init(&made->watch, config->slow_callback_ms);
    error = set_up(made, errors);
    if (error < 0) {
        return error;
    }
    *worker = made;
    return 0;
}

/* --------------------------------------------------------------- listening */

/* At no limited rate, as below: each address is told. */
static void tell_address(const struct listener *listener)
{
    char text[ADDRESS_TEXT_MAX];
    struct log_subject subject = {.entry = listener->entry->head.name};

    (void)address_format(&listener->address, text, sizeof(text));
    log_write(listener->entry->log, NULL, LOG_INFO, &subject, "listening on %s",
              text);
}

static int
open_listener(struct worker *worker, struct entry *entry, uint16_t index)
{
    const struct config_listener *from = worker->firsts[index];
    struct listener *listener = &worker->listeners[worker->listener_count];
    struct listener_parts parts = {
        .entry = entry,
        .index = index,
        .address = &from->address,
        .backlog = from->backlog,
        .mode = from->mode,
    };
    struct log_subject subject = {.entry = entry->head.name};
    const char *step = "";
    int error = listener_open(listener, &parts, &step);

    if (error < 0) {
        log_write(entry->log, NULL, LOG_ERROR, &subject, "cannot %s %s: %s",
                  step, from->text, strerror(-error));
        return error;
    }
    worker->listener_count++;
    return 0;
}

/* All are tried even if one fails, so that all failures are told. */
int worker_listen(struct worker *worker)
{
    struct gate *gate = worker->gates;
    int first_error = 0;

    LOG(worker->log, LOG_INFO, NULL, "berth %s, configuration: %s",
        BERTH_VERSION, worker->config->source);
    for (size_t i = 0; i < worker->address_count; i++) {
        const struct config_listener *first = worker->firsts[i];
        struct entry *entry = first->next == NULL
                                  ? &worker->entries[first->entry]
                                  : &gate++->entry;
        int error = open_listener(worker, entry, (uint16_t)i);

        if (first_error == 0) {
            first_error = error;
        }
    }
    return first_error;
}

/* ----------------------------------------------------------------- running */

static int start_listeners(struct worker *worker)
{
    for (size_t i = 0; i < worker->listener_count; i++) {
        int error = listener_start(&worker->listeners[i]);

        if (error < 0) {
            return error;
        }
        tell_address(&worker->listeners[i]);
    }
    LOG(worker->log, LOG_INFO, NULL, "ready: %zu protocol%s, %zu listener%s",
        worker->entry_count, plural(worker->entry_count),
        worker->listener_count, plural(worker->listener_count));
    return 0;
}

static bool is_over(const struct worker *worker)
{
    return worker->state == WORKER_ENDED ||
           (worker->state == WORKER_DRAINS && worker->connections.open == 0 &&
            worker->connections.pending.count == 0);
}

int worker_run(struct worker *worker)
{
    int error = watch_start(&worker->watch);

    if (error == 0) {
        error = start_listeners(worker);
    }
    while (error == 0 && !is_over(worker)) {
        error = loop_turn(&worker->loop);
    }
    driver_kill_all(&worker->connections);
    watch_stop(&worker->watch);
    if (error == 0) {
        LOG(worker->log, LOG_INFO, NULL, "stopped");
    }
    return error;
}

void worker_free(struct worker *worker)
{
    if (worker == NULL) {
        return;
    }
    for (size_t i = 0; i < worker->listener_count; i++) {
        listener_close(&worker->listeners[i]);
    }
    driver_kill_all(&worker->connections);
    for (size_t i = worker->entry_count; i-- > 0;) {
        if (worker->entries[i].is_started) {
            entry_stop(&worker->entries[i]);
            entry_fini(&worker->entries[i]);
        }
    }
    while (worker->gate_count > 0) {
        gate_fini(&worker->gates[--worker->gate_count]);
    }
    connections_fini(&worker->connections);
    if (worker->signal_fd >= 0) {
        (void)close(worker->signal_fd);
    }
    loop_close(&worker->loop);
    free(worker->listeners);
    free(worker->texts);
    free(worker->firsts);
    free(worker->gates);
    free(worker->entries);
    free(worker);
}
