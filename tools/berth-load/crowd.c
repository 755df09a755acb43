/* SPDX-License-Identifier: MIT */
#include "crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t crowd_part(const struct crowd_share *share, uint64_t n)
{
    return (n / share->of) + (share->number < n % share->of ? 1 : 0);
}

static void init_clients(struct crowd *crowd, const struct crowd_share *share)
{
    const uint32_t depth = (uint32_t)crowd->options->depth;
    uint64_t *ring = crowd->rings;

    for (size_t i = 0; i < crowd->count; i++) {
        struct client *client = &crowd->clients[i];
        const bool is_idle = i >= crowd->talkers;

        client_init(client, (i * share->of) + share->number, ring,
                    is_idle ? 1 : depth);
        client->is_idle = is_idle;
        client->start = pattern_start(crowd->pattern, client->number);
        ring += client->depth;
        /* Who is going to connect for each message does so when it is due. */
        if (is_idle || crowd->options->reconnect == 0) {
            list_append(&crowd->waiting, &client->link);
        }
    }
}

static int allocate(struct crowd *crowd)
{
    const size_t idle = crowd->count - crowd->talkers;
    const size_t rings = (crowd->talkers * crowd->options->depth) + idle;

    crowd->clients = calloc(crowd->count + 1, sizeof(crowd->clients[0]));
    crowd->rings = calloc(rings + 1, sizeof(crowd->rings[0]));
    crowd->buffer = malloc(CROWD_BUFFER);
    return crowd->clients == NULL || crowd->rings == NULL ||
                   crowd->buffer == NULL
               ? -ENOMEM
               : selector_open(&crowd->selector);
}

static void free_all(struct crowd *crowd)
{
    free(crowd->clients);
    free(crowd->rings);
    free(crowd->buffer);
}

int crowd_init(struct crowd *crowd,
               const struct options *options,
               const struct crowd_share *share,
               const struct pattern *pattern,
               struct reply_model *model,
               struct result *result)
{
    const size_t talkers = crowd_part(share, options->connections);
    int error;

    *crowd = (struct crowd){
        .options = options,
        .pattern = pattern,
        .model = model,
        .result = result,
        .talkers = talkers,
        .count = talkers + crowd_part(share, options->idle),
        .active_max = crowd_part(share, options->active),
        .schedule = {.rate = options->rate,
                     .next = share->number,
                     .step = share->of},
        .begin_ns = UINT64_MAX,
        .end_ns = UINT64_MAX,
    };
    list_init(&crowd->waiting);
    list_init(&crowd->broken);
    list_init(&crowd->ready);
    error = allocate(crowd);
    if (error < 0) {
        free_all(crowd);
        return error;
    }
    init_clients(crowd, share);
    return 0;
}

void crowd_fini(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->count; i++) {
        client_fini(&crowd->clients[i]);
    }
    selector_close(&crowd->selector);
    free_all(crowd);
}

/* ------------------------------------------------------------- connections */

void crowd_watch(struct crowd *crowd, struct client *client)
{
    const int error = selector_modify(
        &crowd->selector, client->fd,
        client->wants_write ? SELECTOR_READ | SELECTOR_WRITE : SELECTOR_READ,
        SELECTOR_LEVEL, client);

    if (error < 0) {
        crowd_fail_call(crowd, client, "epoll_ctl", error);
    }
}

static void count_connection(struct crowd *crowd)
{
    if (crowd->is_measuring) {
        crowd->result->connects++;
    }
}

bool crowd_open(struct crowd *crowd, struct client *client)
{
    const uint64_t sources = crowd->options->sources;
    const uint64_t source = sources > 0 ? 1 + (client->number % sources) : 0;
    int done;

    client->moved_ns = crowd->now_ns;
    crowd->present += client->is_idle ? 0 : 1; /* a fault takes it back */
    done = client_connect(client, &crowd->options->address, source);
    if (done < 0) {
        crowd_fail_call(crowd, client, "connect", done);
        return false;
    }
    if (done == 0) {
        count_connection(crowd);
    }
    done = selector_register(&crowd->selector, client->fd,
                             done == 0 ? SELECTOR_READ
                                       : SELECTOR_READ | SELECTOR_WRITE,
                             SELECTOR_LEVEL, client);
    if (done < 0) {
        crowd_fail_call(crowd, client, "epoll_ctl", done);
        return false;
    }
    return true;
}

bool crowd_connected(struct crowd *crowd, struct client *client)
{
    const int error = client_connected(client);

    if (error < 0) {
        crowd_fail_call(crowd, client, "connect", error);
        return false;
    }
    count_connection(crowd);
    crowd_watch(crowd, client);
    return client->phase == CLIENT_OPEN;
}

void crowd_settle(struct crowd *crowd, struct client *client)
{
    if (client->is_settled) {
        return;
    }
    client->is_settled = true;
    crowd->settled++;
    if (crowd->phase == CROWD_OPENING) {
        crowd->opening--;
    }
}

/* It is none of those any more that are counted. */
static void take_out(struct crowd *crowd, struct client *client)
{
    if (client->is_settled) {
        crowd->settled--;
    } else if (crowd->phase == CROWD_OPENING) {
        crowd->opening--;
    }
    if (!client->is_idle) {
        crowd->present--;
        crowd->active -= client->pending > 0 ? 1 : 0;
    }
    list_remove(&client->link);
    client_close(client);
}

void crowd_close(struct crowd *crowd, struct client *client)
{
    take_out(crowd, client);
}

/* ------------------------------------------------------------------ faults */

static void put_aside(struct crowd *crowd, struct client *client)
{
    take_out(crowd, client);
    list_append(&crowd->broken, &client->link);
}

void crowd_fail(struct crowd *crowd,
                struct client *client,
                enum fault fault,
                const char *note,
                ...)
{
    char text[RESULT_NOTE_MAX];
    va_list args;

    va_start(args, note);
    (void)vsnprintf(text, sizeof(text), note, args);
    va_end(args);
    result_fault(crowd->result, fault, "connection %" PRIu64 ": %s",
                 client->number, text);
    put_aside(crowd, client);
}

static enum fault fault_of(int error)
{
    switch (-error) {
    case ECONNREFUSED:
    case ENOENT: /* a unix socket's path */
    case EAGAIN: /* its queue is full */
        return FAULT_REFUSED;
    case ECONNRESET:
    case EPIPE:
        return FAULT_RESET;
    case ETIMEDOUT:
        return FAULT_TIMEOUT;
    default:
        return FAULT_SYSTEM;
    }
}

void crowd_fail_call(struct crowd *crowd,
                     struct client *client,
                     const char *call,
                     int error)
{
    crowd_fail(crowd, client, fault_of(error), "%s: %s", call,
               strerror(-error));
}
