/* SPDX-License-Identifier: MIT */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

static const int numbers[] = {
    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD, 0,
};

/* One thing at a time: is a generation on its way in or out, or a trial? */
bool supervisor_is_busy(const struct supervisor *supervisor)
{
    return supervisor->next != NULL || supervisor->leaving != NULL ||
           supervisor->upgrade.pid != 0;
}

void supervisor_print(const struct supervisor *supervisor, const char *text)
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
        log_write(supervisor->log, NULL, LOG_ERROR, NULL, "%.*s",
                  (int)(end - text), text);
    }
}

/* ------------------------------------------------------------------ running */

/* What was asked for meanwhile. */
static void go_on(struct supervisor *supervisor)
{
    if (supervisor->is_stopping || supervisor_is_busy(supervisor)) {
        return;
    }
    if (supervisor->is_reload_wanted) {
        supervisor->is_reload_wanted = false;
        supervisor_reload(supervisor);
    } else if (supervisor->is_upgrade_wanted) {
        supervisor->is_upgrade_wanted = false;
        supervisor_upgrade(supervisor);
    }
}

/* Reports of this turn may have pointed to them. */
static bool end_turn(void *arg)
{
    struct supervisor *supervisor = arg;

    if (supervisor->is_control_due) {
        supervisor->is_control_due = false;
        supervisor_meet_control(supervisor);
    }
    while (!list_is_empty(&supervisor->over)) {
        struct generation *generation =
            CONTAINER_OF(supervisor->over.next, struct generation, link);

        supervisor_release(generation);
        generation_free(generation);
    }
    go_on(supervisor);
    supervisor->is_over =
        supervisor->is_stopping && list_is_empty(&supervisor->generations);
    return false;
}

/* What this program makes of server.yaml takes over from what the last one
   made of it. */
static int begin(struct supervisor *supervisor, struct errors *errors)
{
    int error =
        supervisor_is_heir() ? supervisor_inherit(supervisor, errors) : 0;

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
        supervisor_reload(supervisor);
        return 0;
    }
    return supervisor_begin(supervisor, errors);
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
                         supervisor_take_signal, supervisor);
    if (error < 0) {
        loop_close(&supervisor->loop);
        return error;
    }
    meet_manager(supervisor);
    return 0;
}

int supervisor_run(const struct supervisor_parts *parts)
{
    struct supervisor supervisor = {
        .parts = parts,
        .log = parts->log,
        .next_log = {.fd = -1},
    };
    int error;

    list_init(&supervisor.generations);
    list_init(&supervisor.over);
    bindings_init(&supervisor.bindings, parts->log);
    upgrade_init(&supervisor.upgrade);
    supervisor_init_orders(&supervisor);
    error = set_up(&supervisor);
    if (error == 0) {
        error = run(&supervisor);
        commands_fini(&supervisor.commands);
        control_close(supervisor.control);
        log_close(&supervisor.next_log);
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
