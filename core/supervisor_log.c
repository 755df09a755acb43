/* SPDX-License-Identifier: MIT */
/* The log, as one server.yaml or the next one says. */
#include "supervisor.h"

#include <errno.h>

#include "cli.h"

/* ------------------------------------------------------------------ a reload */

static char *explain_log(const struct generation *generation, int error)
{
    const struct config *top = generation->top;
    const struct place place = config_place(top, "log.file");
    struct errors errors;
    char *text;

    errors_init(&errors);
    errors_add(&errors, &place, NULL, "the log '%s' cannot be opened: %s",
               top->log.file == NULL ? "stderr" : top->log.file,
               log_explain(error));
    text = errors_text(&errors, NULL);
    errors_fini(&errors);
    return text;
}

int supervisor_open_log(struct supervisor *supervisor,
                        struct generation *generation)
{
    const struct config_log *wanted = &generation->top->log;
    const int error = log_succeed(&supervisor->next_log, supervisor->log,
                                  wanted->file, wanted->level, wanted->format);

    if (error < 0) {
        supervisor->next_log.fd = -1;
        generation_fail_with(generation, CLI_EXIT_SYSTEM,
                             explain_log(generation, error));
        return error;
    }
    generation_use_log(generation, &supervisor->next_log);
    return 0;
}

/* The old workers follow, so that a file that is rotated is nobody's any more
   when SIGUSR1 was sent. */
void supervisor_change_log(struct supervisor *supervisor,
                           struct generation *generation)
{
    struct channel_message message;
    int32_t format;

    log_close(supervisor->log);
    *supervisor->log = supervisor->next_log;
    supervisor->next_log = (struct log){.fd = -1};
    generation_use_log(generation, supervisor->log);
    format = (int32_t)supervisor->log->format;
    message = channel_compose(CREW_LOG, &format, sizeof(format));
    message.fd = supervisor->log->fd;
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        struct generation *other = CONTAINER_OF(link, struct generation, link);

        if (other != generation) {
            generation_tell(other, &message);
        }
    }
}

/* -------------------------------------------------------------------- orders */

/* Returns what its workers are told. */
static struct channel_message reopen(struct supervisor *supervisor,
                                     struct log *log)
{
    struct channel_message message = channel_compose(CREW_LOG_FILE, NULL, 0);
    const int error = log_reopen(log);

    if (error < 0) {
        LOG(supervisor->log, LOG_ERROR, NULL,
            "the log file cannot be opened anew: %s", log_explain(error));
    }
    message.fd = log->path == NULL ? -1 : log->fd;
    return message;
}

void supervisor_reopen_logs(struct supervisor *supervisor)
{
    const struct channel_message message = reopen(supervisor, supervisor->log);
    const struct channel_message next =
        reopen(supervisor, &supervisor->next_log);

    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        struct generation *generation =
            CONTAINER_OF(link, struct generation, link);

        generation_tell(generation,
                        generation == supervisor->next ? &next : &message);
    }
}

void supervisor_set_level(struct supervisor *supervisor, enum log_level level)
{
    const int32_t value = (int32_t)level;
    const struct channel_message message =
        channel_compose(CREW_LOG_LEVEL, &value, sizeof(value));

    supervisor->log->level = level;
    for (struct list *link = supervisor->generations.next;
         link != &supervisor->generations; link = link->next) {
        struct generation *generation =
            CONTAINER_OF(link, struct generation, link);

        if (generation != supervisor->next) {
            generation_tell(generation, &message);
        }
    }
}
