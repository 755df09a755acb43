/* SPDX-License-Identifier: MIT */
/*
 * A control socket without a server: it answers berthctl with rows that are
 * known in advance, until its stdin ends.
 *
 *     control_server PATH [ENTRIES]
 *
 * Each answer about entries counts 100 more of everything than the one before.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buckets.h"
#include "columns.h"
#include "control.h"

/* How long a reload takes. */
#define RELOAD_MS 20

struct server {
    struct loop loop;
    struct log log;
    struct control *control;
    struct source input; /* stdin, and the time that a reload takes */
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
        loop_set_timer(&server->loop, &server->input, RELOAD_MS);
    } else if (strcmp(command, "close") == 0 &&
               strcmp(request->argv[1], "4711.3") != 0) {
        control_fail(request, "there is no connection %s", request->argv[1]);
    } else {
        control_end(request, 0, "done");
    }
}

static void end_reload(struct source *source)
{
    struct server *server = CONTAINER_OF(source, struct server, input);

    control_end(server->reload, -EINVAL,
                "server.yaml:3:5: error: unknown key 'plugn'\n"
                "    3 |   - plugn: echo\n"
                "      |     ^~~~~\n"
                "  hint: did you mean 'plugin'?\n");
    server->reload = NULL;
}

static void see_end(struct source *source, uint32_t events)
{
    char byte;

    (void)events;
    if (read(STDIN_FILENO, &byte, 1) <= 0) {
        CONTAINER_OF(source, struct server, input)->is_over = true;
    }
}

static const struct source_ops input_ops = {
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
        (void)fprintf(stderr, "%s: %s\n", path, strerror(-error));
        return error;
    }
    (void)puts("ready");
    (void)fflush(stdout);
    while (!server->is_over) {
        (void)loop_turn(&server->loop);
    }
    control_close(server->control);
    if (server->reload != NULL) {
        control_end(server->reload, 0, NULL);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct server server = {.entries =
                                argc > 2 ? strtol(argv[2], NULL, 10) : 2};
    int error;

    if (argc < 2) {
        return EXIT_FAILURE;
    }
    source_init(&server.input, &input_ops);
    if (log_open(&server.log, NULL, LOG_WARNING, LOG_TEXT) < 0 ||
        loop_open(&server.loop, loop_monotonic_ms, NULL, NULL, NULL) < 0) {
        return EXIT_FAILURE;
    }
    error = selector_register(&server.loop.selector, STDIN_FILENO,
                              SELECTOR_READ, SELECTOR_LEVEL, &server.input);
    if (error == 0) {
        error = serve(&server, argv[1]);
    }
    loop_close(&server.loop);
    log_close(&server.log);
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
