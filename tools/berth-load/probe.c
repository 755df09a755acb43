/* SPDX-License-Identifier: MIT */
#include "probe.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "client.h"
#include "moment.h"

#define BUFFER ((size_t)65536)

struct probe {
    const struct pattern *pattern;
    struct reply_model *model;
    struct client client;
    uint64_t due_ns;
    char buffer[BUFFER];
    const char *why;
};

/* Returns 0 or -errno. */
static int wait_for(struct probe *probe, short events)
{
    struct pollfd ready = {.fd = probe->client.fd, .events = events};
    const uint64_t now_ns = moment_now();
    int count;

    if (now_ns >= probe->due_ns) {
        return -ETIMEDOUT;
    }
    count = poll(&ready, 1, (int)((probe->due_ns - now_ns) / MOMENT_MS) + 1);
    if (count < 0 && errno != EINTR) {
        return -errno;
    }
    return count == 0 ? -ETIMEDOUT : 0;
}

static int connect_to(struct probe *probe, const struct options *options)
{
    int error = client_connect(&probe->client, &options->address,
                               options->sources > 0 ? 1 : 0);

    if (error > 0) {
        error = wait_for(probe, POLLOUT);
        if (error == 0) {
            error = client_connected(&probe->client);
        }
    }
    return error;
}

static int say(struct probe *probe)
{
    int error;

    client_begin(&probe->client, probe->pattern, moment_now());
    do {
        error = client_send(&probe->client, probe->pattern);
        if (error == 0 && probe->client.wants_write) {
            error = wait_for(probe, POLLOUT);
        }
    } while (error == 0 && probe->client.wants_write);
    return error;
}

/* Returns 1 when all is there, 0 if not yet, or -errno. */
static int hear(struct probe *probe)
{
    struct client *client = &probe->client;
    const ssize_t size = recv(client->fd, probe->buffer, BUFFER, 0);
    size_t used;
    int done;

    if (size < 0) {
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    }
    if (size == 0) {
        done = reply_end(&client->reply, probe->model, &probe->why);
        if (done == 0) {
            probe->why = "the end instead of an answer";
        }
        return done == 0 ? -EPROTO : done;
    }
    done = reply_take(&client->reply, probe->model, probe->buffer, (size_t)size,
                      &used, &probe->why);
    if (done > 0 && used < (size_t)size) {
        probe->why = "more than one answer";
        return -EPROTO;
    }
    return done;
}

static int ask(struct probe *probe)
{
    int done = say(probe);

    while (done == 0) {
        done = wait_for(probe, POLLIN);
        if (done == 0) {
            done = hear(probe);
        }
    }
    return done < 0 ? done : 0;
}

int probe_run(const struct options *options,
              const struct pattern *pattern,
              struct reply_model *model,
              const char **why)
{
    struct probe *probe = calloc(1, sizeof(*probe));
    uint64_t ring[1];
    int error;

    *why = NULL;
    if (probe == NULL) {
        return -ENOMEM;
    }
    probe->pattern = pattern;
    probe->model = model;
    probe->due_ns = moment_now() + (options->timeout_ms * MOMENT_MS);
    client_init(&probe->client, 0, ring, 1);
    error = connect_to(probe, options);
    if (error == 0 && options->profile == PROFILE_HTTP) {
        error = ask(probe);
    }
    *why = probe->why;
    client_fini(&probe->client);
    free(probe);
    return error;
}
