/* SPDX-License-Identifier: MIT */
/*
 * A control socket without a server: it answers berthctl with rows that are
 * known in advance, until SIGTERM. "ready" on stderr says that it listens.
 *
 *     control_server PATH [ENTRIES]
 *
 * Each answer about entries counts 100 more of everything than the one before.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "buckets.h"
#include "columns.h"
#include "control.h"

/* How long a reload takes. */
#define RELOAD_MS 20
/* More than the kernel holds, where a test makes that little. */
#define LONG_ANSWER 200000

struct server {
    struct loop loop;
    struct log log;
    struct control *control;
    int signals;
    struct source end; /* SIGTERM, and the time that a reload takes */
    struct control_request *reload;
    bool is_over;
    int64_t count;   /* of everything */
    int64_t entries; /* how many there are */
};

static void begin_table(struct control_request *request,
                        const char *name,
                        enum columns_table table)
{
    size_t count;
    const struct table_column *columns = columns_get(table, &count);

    control_table(request, name, columns, count);
}

static void print_status(const struct server *server,
                         struct control_request *request,
                         const char *name)
{
    size_t count;
    const struct table_column *columns = columns_get(COLUMNS_STATUS, &count);
    const struct table_value values[COLUMNS_STATUS_COUNT] = {
        [COLUMNS_STATUS_VERSION] = {.text = "1.2.3"},
        [COLUMNS_STATUS_PID] = {.number = getpid()},
        [COLUMNS_STATUS_STATE] = {.text = "serving"},
        [COLUMNS_STATUS_UPTIME] = {.number = 3725},
        [COLUMNS_STATUS_CONFIG] = {.text = "/etc/berth/server.yaml"},
        [COLUMNS_STATUS_GENERATION] = {.number = 4},
        [COLUMNS_STATUS_WORKERS] = {.number = 2},
        [COLUMNS_STATUS_OPEN] = {.number = 7},
        [COLUMNS_STATUS_ACCEPTED] = {.number = server->count},
        [COLUMNS_STATUS_LOG] = {.text = "info"},
    };

    control_record(request, name, columns, count, values);
}

static void print_entry(const struct server *server,
                        struct control_request *request,
                        int64_t i)
{
    struct buckets buckets = {.count = 0};
    char times[256];
    char name[32];
    struct table_value values[COLUMNS_ENTRY_COUNT] = {
        [COLUMNS_ENTRY_NAME] = {.text = name},
        [COLUMNS_ENTRY_STATE] = {.text = i == 1 ? "put aside" : "serving"},
        [COLUMNS_ENTRY_LISTEN] = {.text = "127.0.0.1:8080"},
        [COLUMNS_ENTRY_OPEN] = {.number = 7 + i},
        [COLUMNS_ENTRY_ACCEPTED] = {.number = server->count},
        [COLUMNS_ENTRY_IN] = {.number = server->count * 1024},
        [COLUMNS_ENTRY_OUT] = {.number = server->count * 2048},
        [COLUMNS_ENTRY_CALLBACKS] = {.number = server->count},
        [COLUMNS_ENTRY_QUEUED] = {.number = 1536},
        [COLUMNS_ENTRY_TIMES] = {.text = times},
    };

    (void)snprintf(name, sizeof(name), "entry-%" PRId64, i);
    buckets_add(&buckets, 1500, (uint64_t)server->count);
    buckets_add(&buckets, 48000, 1000); /* long ago */
    (void)buckets_format(&buckets, times, sizeof(times));
    control_row(request, values);
}

static void print_entries(struct server *server,
                          struct control_request *request,
                          const char *name)
{
    server->count += 100;
    begin_table(request, name, COLUMNS_ENTRIES);
    for (int64_t i = 0; i < server->entries; i++) {
        print_entry(server, request, i);
    }
}

static void print_workers(const struct server *server,
                          struct control_request *request,
                          const char *name)
{
    begin_table(request, name, COLUMNS_WORKERS);
    for (int64_t i = 0; i < 2; i++) {
        const struct table_value values[COLUMNS_WORKER_COUNT] = {
            [COLUMNS_WORKER_NUMBER] = {.number = i},
            [COLUMNS_WORKER_GENERATION] = {.number = 4},
            [COLUMNS_WORKER_PID] = {.number = i == 0 ? 4711 : TABLE_NONE},
            [COLUMNS_WORKER_STATE] = {.text = i == 0 ? "serving" : "down"},
            [COLUMNS_WORKER_UPTIME] = {.number = 5},
            [COLUMNS_WORKER_OPEN] = {.number = 7},
            [COLUMNS_WORKER_ACCEPTED] = {.number = server->count},
            [COLUMNS_WORKER_CPU] = {.number = server->count},
        };

        control_row(request, values);
    }
}

static void print_connections(struct control_request *request)
{
    const struct table_value values[COLUMNS_CONNECTION_COUNT] = {
        [COLUMNS_CONNECTION_ID] = {.text = "4711.3"},
        [COLUMNS_CONNECTION_ENTRY] = {.text = "entry-0"},
        [COLUMNS_CONNECTION_PEER] = {.text = "127.0.0.1:\t\x1b[31m\xff"},
        [COLUMNS_CONNECTION_AGE] = {.number = 90},
        [COLUMNS_CONNECTION_IN] = {.number = 1536},
        [COLUMNS_CONNECTION_OUT] = {.number = 0},
        [COLUMNS_CONNECTION_QUEUED] = {.number = 0},
        [COLUMNS_CONNECTION_WAITS] = {.text = "bytes"},
    };

    begin_table(request, NULL, COLUMNS_CONNECTIONS);
    control_row(request, values);
}

/* As its table in columns.h says. */
static void answer_status(struct server *server,
                          struct control_request *request)
{
    if (request->format == TABLE_TSV) {
        print_status(server, request, NULL);
        return;
    }
    print_status(server, request, "status");
    print_entries(server, request, "entries");
    print_workers(server, request, "workers");
}

static bool print_table(struct server *server, struct control_request *request)
{
    const char *command = request->argv[0];

    if (strcmp(command, "status") == 0) {
        answer_status(server, request);
    } else if (strcmp(command, "entries") == 0) {
        print_entries(server, request, NULL);
    } else if (strcmp(command, "workers") == 0) {
        print_workers(server, request, NULL);
    } else if (strcmp(command, "connections") == 0) {
        print_connections(request);
    } else if (strcmp(command, "metrics") == 0) {
        (void)fputs("berth_generation 4\n", control_stream(request));
    } else if (strcmp(command, "long") == 0) {
        control_print(request, "%*s\n", LONG_ANSWER, "");
    } else {
        return false;
    }
    return true;
}

static void handle(void *owner, struct control_request *request)
{
    struct server *server = owner;
    const char *command = request->argv[0];

    if (print_table(server, request)) {
        control_end(request, 0, NULL);
    } else if (strcmp(command, "reload") == 0) {
        server->reload = request;
        loop_set_timer(&server->loop, &server->end, RELOAD_MS);
    } else if (strcmp(command, "close") == 0 &&
               strcmp(request->argv[1], "4711.3") != 0) {
        control_fail(request, "there is no connection %s", request->argv[1]);
    } else {
        control_end(request, 0, "done");
    }
}

static void end_reload(struct source *source)
{
    struct server *server = CONTAINER_OF(source, struct server, end);

    control_end(server->reload, -EINVAL,
                "server.yaml:3:5: error: unknown key 'plugn'\n"
                "    3 |   - plugn: echo\n"
                "      |     ^~~~~\n"
                "  hint: did you mean 'plugin'?\n");
    server->reload = NULL;
}

static void see_end(struct source *source, uint32_t events)
{
    (void)events;
    CONTAINER_OF(source, struct server, end)->is_over = true;
}

static const struct source_ops end_ops = {
    .ready = see_end,
    .expired = end_reload,
};

static int serve(struct server *server, const char *path)
{
    struct address address;
    const char *why;
    const char *hint;
    int error = address_parse(&address, path, NULL, &why, &hint);

    if (error == 0) {
        error = control_open(&server->loop, &address, &server->log, handle,
                             server, &server->control);
    }
    if (error < 0) {
        return error;
    }
    (void)fputs("ready\n", stderr);
    while (!server->is_over) {
        (void)loop_turn(&server->loop);
    }
    control_close(server->control);
    if (server->reload != NULL) {
        control_end(server->reload, 0, NULL);
    }
    return 0;
}

/* SIGTERM is reported by the loop. */
static int watch_signal(struct server *server)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC);
    if (server->signals < 0) {
        return -errno;
    }
    source_init(&server->end, &end_ops);
    return selector_register(&server->loop.selector, server->signals,
                             SELECTOR_READ, SELECTOR_LEVEL, &server->end);
}

static int run(struct server *server, const char *path)
{
    int error = log_open(&server->log, NULL, LOG_WARNING, LOG_TEXT);

    if (error < 0) {
        return error;
    }
    error = loop_open(&server->loop, loop_monotonic_ms, NULL, NULL, NULL);
    if (error == 0) {
        error = watch_signal(server);
        if (error == 0) {
            error = serve(server, path);
        }
        loop_close(&server->loop);
    }
    if (server->signals >= 0) {
        (void)close(server->signals);
    }
    log_close(&server->log);
    return error;
}

int main(int argc, char **argv)
{
    struct server server = {
        .signals = -1,
        .entries = argc > 2 ? strtol(argv[2], NULL, 10) : 2,
    };
    int error = argc < 2 ? -EINVAL : run(&server, argv[1]);

    if (error < 0) {
        (void)fprintf(stderr, "control_server: %s\n", strerror(-error));
    }
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
