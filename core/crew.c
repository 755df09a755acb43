/* SPDX-License-Identifier: MIT */
#include "crew.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli.h"
#include "connection.h"
#include "crash.h"
#include "inherited.h"
#include "listing.h"
#include "notify.h"
#include "signals.h"
#include "worker.h"

/* SIGTERM stops one worker; what a terminal or a service manager sends to all
   processes of a group is the supervisor's business. */
static const int numbers[] = {
    SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, 0,
};

struct hand {
    const struct crew_parts *parts;
    struct worker *worker;
    struct channel channel;
    struct signals signals;
    struct log *log;
};

static void say(const struct hand *hand,
                enum crew_answer answer,
                const void *data,
                size_t size)
{
    const struct channel_message message = channel_compose(answer, data, size);

    if (hand->channel.fd >= 0) {
        (void)channel_push(hand->channel.fd, &message);
    }
}

/* ------------------------------------------------------------------- orders */

static void follow_roster(struct hand *hand,
                          const struct channel_message *message)
{
    struct roster roster;
    int error;

    if (message->size != sizeof(roster)) {
        return;
    }
    memcpy(&roster, message->data, sizeof(roster));
    error = worker_follow(hand->worker, &roster, hand->parts->addresses.worker);
    if (error < 0) {
        LOG(hand->log, LOG_ERROR, NULL, "cannot accept: %s", strerror(-error));
    }
}

static void stop(struct hand *hand, const struct channel_message *message)
{
    struct crew_stop order;

    if (message->size == sizeof(order)) {
        memcpy(&order, message->data, sizeof(order));
        worker_stop(hand->worker, order.reason, &order.kept);
        say(hand, CREW_STOPPED, NULL, 0);
    }
}

static void change_log(struct hand *hand, const struct channel_message *message)
{
    int32_t format;

    if (message->size == sizeof(format)) {
        memcpy(&format, message->data, sizeof(format));
        hand->log->format = (enum log_format)format;
        log_redirect(hand->log, message->fd);
    }
}

static void set_level(struct hand *hand, const struct channel_message *message)
{
    int32_t level;

    if (message->size == sizeof(level)) {
        memcpy(&level, message->data, sizeof(level));
        worker_set_log_level(hand->worker, (enum log_level)level);
    }
}

static void drop(struct hand *hand, const struct channel_message *message)
{
    struct index_set dropped;

    if (message->size == sizeof(dropped)) {
        memcpy(&dropped, message->data, sizeof(dropped));
        worker_drop(hand->worker, &dropped);
    }
}

static void put_aside(struct hand *hand, const struct channel_message *message)
{
    struct index_set aside;

    if (message->size == sizeof(aside)) {
        memcpy(&aside, message->data, sizeof(aside));
        worker_put_aside(hand->worker, &aside);
    }
}

/* ----------------------------------------------------------------- requests */

static void answer(struct hand *hand, uint64_t request, int64_t result, int fd)
{
    const struct crew_result done = {.request = request, .result = result};
    const struct channel_message message = {
        .type = CREW_DONE,
        .data = &done,
        .size = sizeof(done),
        .fd = fd,
    };

    (void)channel_push(hand->channel.fd, &message);
}

/* Their number is not bounded, so they go through a file. */
static void list_connections(struct hand *hand, uint64_t request)
{
    const int fd = memfd_create("berth-connections", MFD_CLOEXEC);
    const int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = copy < 0 ? NULL : fdopen(copy, "w");
    struct connections *all = worker_connections(hand->worker);

    if (stream != NULL) {
        listing_write(all, stream);
        (void)fclose(stream);
        answer(hand, request, (int64_t)all->open, fd);
    } else {
        answer(hand, request, -ENOMEM, -1);
    }
    if (stream == NULL && copy >= 0) {
        (void)close(copy);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
}

static int close_connection(struct hand *hand, uint64_t number)
{
    struct connection *c =
        listing_find(worker_connections(hand->worker), number);

    if (c == NULL) {
        return -ENOENT;
    }
    connection_close(c, BERTH_STOPPED);
    connection_schedule(c);
    return 0;
}

static void take_request(struct hand *hand,
                         const struct channel_message *message)
{
    struct crew_request request;

    if (message->size != sizeof(request)) {
        return;
    }
    memcpy(&request, message->data, sizeof(request));
    if (message->type == CREW_CONNECTIONS) {
        list_connections(hand, request.request);
    } else if (message->type == CREW_CLOSE) {
        answer(hand, request.request, close_connection(hand, request.subject),
               -1);
    } else {
        const size_t left = worker_drain_entry(hand->worker, request.subject);

        answer(hand, request.request, (int64_t)left, -1);
    }
}

/* -------------------------------------------------------------- the channel */

static void obey(void *owner, const struct channel_message *message)
{
    struct hand *hand = owner;

    switch (message->type) {
    case CHANNEL_END: /* the supervisor is gone */
        worker_stop(hand->worker, BERTH_EXIT, NULL);
        break;
    case CREW_ROSTER:
        follow_roster(hand, message);
        break;
    case CREW_STOP:
        stop(hand, message);
        break;
    case CREW_END:
        worker_end(hand->worker, "told to leave");
        break;
    case CREW_LOG_FILE:
        log_redirect(hand->log, message->fd);
        worker_reopen_plugins(hand->worker);
        break;
    case CREW_LOG:
        change_log(hand, message);
        break;
    case CREW_LOG_LEVEL:
        set_level(hand, message);
        break;
    case CREW_DROP:
        drop(hand, message);
        break;
    case CREW_ASIDE:
        put_aside(hand, message);
        break;
    case CREW_CONNECTIONS:
    case CREW_CLOSE:
    case CREW_DRAIN:
        take_request(hand, message);
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
    struct hand *hand = owner;

    if (number == SIGTERM) {
        worker_stop(hand->worker, BERTH_EXIT, NULL);
        say(hand, CREW_STOPPED, NULL, 0); /* so that others serve */
    }
}

/* ---------------------------------------------------------------- beginning */

/* What errors_print() prints goes to the supervisor, in pieces. */
static void refuse(struct hand *hand, struct errors *errors)
{
    size_t size = 0;
    char *text = errors_text(errors, &size);

    for (size_t at = 0; at < size; at += CHANNEL_MESSAGE_MAX) {
        const size_t left = size - at;

        say(hand, CREW_REFUSED, text + at,
            left < CHANNEL_MESSAGE_MAX ? left : CHANNEL_MESSAGE_MAX);
    }
    free(text);
}

static int begin(struct hand *hand)
{
    struct worker *worker = hand->worker;
    struct loop *loop = worker_loop(worker);
    int error = worker_adopt(worker, &hand->parts->addresses);

    if (error == 0) {
        error = signals_open(&hand->signals, loop, numbers, take_signal, hand);
    }
    if (error == 0) {
        error = channel_open(&hand->channel, loop, hand->parts->channel, obey,
                             hand);
    }
    return error;
}

static int serve(struct hand *hand)
{
    int error = begin(hand);

    if (error == 0) {
        say(hand, CREW_READY, NULL, 0);
        error = worker_run(hand->worker);
    }
    if (error < 0) {
        LOG(hand->log, LOG_ERROR, NULL, "a worker cannot run: %s",
            strerror(-error));
        return CLI_EXIT_SYSTEM;
    }
    return CLI_EXIT_OK;
}

/* Entries that are put aside, and those that other workers serve alone: here
   not even their init runs. */
static void mark_aside(struct config *config, const struct crew_parts *parts)
{
    for (size_t i = 0; i < config->entry_count; i++) {
        struct config_entry *entry = &config->entries[i];
        const int32_t workers = entry->keys.workers;

        entry->is_aside =
            index_set_has(parts->aside, i) ||
            (workers > 0 && parts->addresses.worker >= (uint32_t)workers);
    }
}

/* The channel is read only once there is a worker's loop. */
static int
make(struct hand *hand, struct config **config, struct errors *errors)
{
    int error = config_read(hand->parts->source, errors, config);

    if (error == 0) {
        mark_aside(*config, hand->parts);
        error = worker_new(*config, hand->log, hand->parts->stats, errors,
                           &hand->worker);
    }
    return error;
}

int crew_run(const struct crew_parts *parts, bool *may_free)
{
    struct hand hand = {
        .parts = parts,
        .channel = {.fd = parts->channel},
        .signals = {.fd = -1},
        .log = parts->log,
    };
    struct notify nobody = {.fd = -1};
    struct config *config = NULL;
    struct errors errors;
    int status = CLI_EXIT_CONFIG;

    *may_free = true;
    notify_forget(&nobody);
    inherited_forget();
    signals_block(numbers);
    if (stats_own(parts->stats, parts->slot) == 0) {
        crash_watch(stats_own_death(parts->stats));
    }
    errors_init(&errors);
    if (make(&hand, &config, &errors) < 0) {
        refuse(&hand, &errors);
    } else {
        status = serve(&hand);
        *may_free = worker_free(hand.worker);
    }
    say(&hand, CREW_LEAVING, NULL, 0);
    signals_close(&hand.signals);
    if (hand.channel.fd >= 0) {
        (void)close(hand.channel.fd);
    }
    if (*may_free) {
        config_free(config);
    }
    errors_fini(&errors);
    return status;
}
