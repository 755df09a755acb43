/* SPDX-License-Identifier: MIT */
/* Another program takes the place of this one. */
#include "supervisor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "handover.h"

/* ------------------------------------------------------------------- before */

void supervisor_upgrade(struct supervisor *supervisor)
{
    const uint64_t timeout_ms =
        generation_operation(supervisor->current)->start_timeout_ms;
    int error;

    if (supervisor_is_busy(supervisor)) {
        supervisor->is_upgrade_wanted = true;
        return;
    }
    if (supervisor->parts->source->folders.image != NULL) {
        log_write(supervisor->log, NULL, LOG_ERROR, NULL,
                  "cannot upgrade: the configuration came through a pipe or a "
                  "device, which the next program cannot read again");
        return;
    }
    log_write(supervisor->log, NULL, LOG_INFO, NULL,
              "upgrading: trying %s --check", supervisor->parts->program);
    error = upgrade_try(&supervisor->upgrade, &supervisor->loop,
                        supervisor->parts->program, supervisor->parts->argv,
                        timeout_ms);
    if (error < 0) {
        log_write(supervisor->log, NULL, LOG_ERROR, NULL, "cannot upgrade: %s",
                  strerror(-error));
    }
}

/* The next program does not know them. */
static void dismiss_checkers(struct supervisor *supervisor)
{
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        generation_dismiss_checker(CONTAINER_OF(link, struct generation, link));
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
    dismiss_checkers(supervisor);
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

void supervisor_judge_upgrade(struct supervisor *supervisor, int status)
{
    char *why = NULL;
    int error = upgrade_judge(&supervisor->upgrade, status, &why);

    if (supervisor->is_stopping) {
        free(why);
        return;
    }
    if (error == 0) {
        error = become(supervisor);
        log_write(supervisor->log, NULL, LOG_ERROR, NULL, "cannot upgrade: %s",
                  strerror(-error));
        return;
    }
    supervisor_print(supervisor, why);
    log_write(supervisor->log, NULL, LOG_ERROR, NULL,
              "the upgrade is refused: generation %u serves on",
              supervisor->current->number);
    free(why);
}

/* -------------------------------------------------------------------- after */

bool supervisor_is_heir(void)
{
    return getenv(HANDOVER_VARIABLE) != NULL;
}

int supervisor_inherit(struct supervisor *supervisor, struct errors *errors)
{
    const struct generation_parts parts =
        supervisor_generation_parts(supervisor, errors);
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
    log_write(supervisor->log, NULL, LOG_INFO, NULL,
              "upgraded to berth %s: generation %u serves on", BERTH_VERSION,
              supervisor->current == NULL ? 0 : supervisor->current->number);
    supervisor_reap(
        supervisor); /* its signal may have gone to the old program */
    return 0;
}
