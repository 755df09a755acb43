/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "signals.h"
#include "worker.h"

/* SIGTERM stops one worker; what a terminal or a service manager sends to all
   processes of a group is the supervisor's business. */
static const int numbers[] = {
    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, 0,
};

struct member {
    const struct crew_parts *parts;
    struct worker *worker;
    struct channel channel;
    struct signals signals;
    struct log *log;
};

static void say(const struct member *member,
                enum crew_answer answer,
                const void *data,
                size_t size)
{
    const struct channel_message message = {
        .type = answer,
        .data = data,
        .size = size,
        .fd = -1,
    };

    if (member->channel.fd >= 0) {
        (void)channel_push(member->channel.fd, &message);
    }
}

/* ------------------------------------------------------------------- orders */

static void follow_roster(struct member *member,
                          const struct channel_message *message)
{
    struct roster roster;
    int error;

    if (message->size != sizeof(roster)) {
        return;
    }
    memcpy(&roster, message->data, sizeof(roster));
    error = worker_follow(member->worker, &roster, member->parts->number);
    if (error < 0) {
        LOG(member->log, LOG_ERROR, NULL, "cannot accept: %s",
            strerror(-error));
    }
}

static void stop(struct member *member, const struct channel_message *message)
{
    struct crew_stop order;

    if (message->size == sizeof(order)) {
        memcpy(&order, message->data, sizeof(order));
        worker_stop(member->worker, order.reason, &order.kept);
        say(member, CREW_STOPPED, NULL, 0);
    }
}

static void set_level(struct member *member,
                      const struct channel_message *message)
{
    int32_t level;

    if (message->size == sizeof(level)) {
        memcpy(&level, message->data, sizeof(level));
        worker_set_log_level(member->worker, (enum log_level)level);
    }
}

static void drop(struct member *member, const struct channel_message *message)
{
    struct addresses_set dropped;

    if (message->size == sizeof(dropped)) {
        memcpy(&dropped, message->data, sizeof(dropped));
        worker_drop(member->worker, &dropped);
    }
}

static void obey(void *owner, const struct channel_message *message)
{
    struct member *member = owner;

    switch (message->type) {
    case CHANNEL_END: /* the supervisor is gone */
        worker_stop(member->worker, BERTH_EXIT, NULL);
        break;
    case CREW_ROSTER:
        follow_roster(member, message);
        break;
    case CREW_STOP:
        stop(member, message);
        break;
    case CREW_END:
        worker_end(member->worker, "told to leave");
        break;
    case CREW_LOG_FILE:
        log_redirect(member->log, message->fd);
        break;
    case CREW_LOG_LEVEL:
        set_level(member, message);
        break;
    case CREW_DROP:
        drop(member, message);
        break;
    default: /* of a later version */
        break;
    }
    if (message->fd >= 0) {
        (void)close(message->fd);
    }
}

static void take_signal(void *owner, uint32_t number)
{
    struct member *member = owner;

    if (number == SIGTERM) {
        worker_stop(member->worker, BERTH_EXIT, NULL);
        say(member, CREW_STOPPED, NULL, 0); /* so that others serve */
    }
}

/* ---------------------------------------------------------------- beginning */

/* What errors_print() prints goes to the supervisor, in pieces. */
static void refuse(struct member *member, struct errors *errors)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    if (stream == NULL) {
        return;
    }
    errors_print(errors, stream);
    (void)fclose(stream);
    for (size_t at = 0; at < size; at += CHANNEL_MESSAGE_MAX) {
        const size_t left = size - at;

        say(member, CREW_REFUSED, text + at,
            left < CHANNEL_MESSAGE_MAX ? left : CHANNEL_MESSAGE_MAX);
    }
    free(text);
}

static int begin(struct member *member)
{
    struct worker *worker = member->worker;
    struct loop *loop = worker_loop(worker);
    int error =
        worker_adopt(worker, member->parts->shards, member->parts->workers);

    if (error == 0) {
        error =
            signals_open(&member->signals, loop, numbers, take_signal, member);
    }
    if (error == 0) {
        error = channel_open(&member->channel, loop, member->parts->channel,
                             obey, member);
    }
    return error;
}

static int serve(struct member *member)
{
    int error = begin(member);

    if (error == 0) {
        say(member, CREW_READY, NULL, 0);
        error = worker_run(member->worker);
    }
    if (error < 0) {
        LOG(member->log, LOG_ERROR, NULL, "a worker cannot run: %s",
            strerror(-error));
        return CLI_EXIT_SYSTEM;
    }
    return CLI_EXIT_OK;
}

/* The channel is read only once there is a worker's loop. */
static int
make(struct member *member, struct config **config, struct errors *errors)
{
    int error = config_read(member->parts->source, errors, config);

    if (error == 0) {
        error = worker_new(*config, member->log, errors, &member->worker);
    }
    return error;
}

int crew_run(const struct crew_parts *parts, bool *may_free)
{
    struct member member = {
        .parts = parts,
        .channel = {.fd = parts->channel},
        .signals = {.fd = -1},
        .log = parts->log,
    };
    struct config *config = NULL;
    struct errors errors;
    int status = CLI_EXIT_CONFIG;

    *may_free = true;
    signals_block(numbers);
    errors_init(&errors);
    if (make(&member, &config, &errors) < 0) {
        refuse(&member, &errors);
    } else {
        status = serve(&member);
        *may_free = worker_free(member.worker);
    }
    say(&member, CREW_LEAVING, NULL, 0);
    signals_close(&member.signals);
    if (member.channel.fd >= 0) {
        (void)close(member.channel.fd);
    }
    if (*may_free) {
        config_free(config);
    }
    errors_fini(&errors);
    return status;
}
