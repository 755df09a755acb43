/* SPDX-License-Identifier: MIT */
/* Orders: signals, and what berthctl asks for. */
#include "supervisor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* What remains after so long is killed: drain_timeout has passed by then. */
#define KILL_AFTER_MS 5000

/* ----------------------------------------------------------------- stopping */

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

/* ------------------------------------------------------------------ signals */

static void reap_one(struct supervisor *supervisor, pid_t pid, int status)
{
    if (pid == supervisor->upgrade.pid) {
        supervisor_judge_upgrade(supervisor, status);
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

void supervisor_reap(struct supervisor *supervisor)
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

void supervisor_take_signal(void *owner, uint32_t number)
{
    struct supervisor *supervisor = owner;

    switch (number) {
    case SIGCHLD:
        supervisor_reap(supervisor);
        break;
    case SIGUSR1:
        supervisor_reopen_logs(supervisor);
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

/* ----------------------------------------------------------------- commands */

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
    supervisor_set_level(owner, level);
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
    return supervisor_is_busy(supervisor) ? "reloading" : "serving";
}

static const struct commands_ops commands_ops = {
    .reload = order_reload,
    .stop = order_stop,
    .set_level = order_level,
    .drain = order_drain,
    .state = describe_state,
};

/* Where the file says nothing of it, in the folder that a service manager has
   made for this server (RuntimeDirectory in systemd.exec(5)). */
static bool find_control(const struct config *top, struct address *address)
{
    const char *folder = getenv("RUNTIME_DIRECTORY"); /* the first of several */
    const bool is_said =
        top->root != NULL && node_find(top->root, "control") != NULL;
    char text[ADDRESS_TEXT_MAX];
    const char *why;
    const char *hint;
    int length;

    if (top->operation.has_control) {
        *address = top->operation.control;
        return true;
    }
    if (is_said || folder == NULL || folder[0] != '/') {
        return false;
    }
    length = snprintf(text, sizeof(text), "unix:%.*s/control.sock",
                      (int)strcspn(folder, ":"), folder);
    return length < (int)sizeof(text) &&
           address_parse(address, text, NULL, &why, &hint) == 0;
}

void supervisor_meet_control(struct supervisor *supervisor)
{
    struct address address;
    bool is_wanted;
    int error;

    if (supervisor->current == NULL) {
        return;
    }
    is_wanted = find_control(supervisor->current->top, &address);
    if (supervisor->control != NULL && is_wanted &&
        address_equals(control_address(supervisor->control), &address)) {
        return;
    }
    control_close(supervisor->control);
    supervisor->control = NULL;
    if (!is_wanted) {
        return;
    }
    error = control_open(&supervisor->loop, &address, supervisor->log,
                         commands_handle, &supervisor->commands,
                         &supervisor->control);
    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL,
            "berthctl cannot reach this server: control: %s", strerror(-error));
    }
}

void supervisor_init_orders(struct supervisor *supervisor)
{
    source_init(&supervisor->source, &supervisor_ops);
    supervisor->commands = (struct commands){
        .ops = &commands_ops,
        .owner = supervisor,
        .loop = &supervisor->loop,
        .log = supervisor->log,
        .generations = &supervisor->generations,
        .current = &supervisor->current,
    };
    commands_init(&supervisor->commands);
}
