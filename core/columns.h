/* SPDX-License-Identifier: MIT */
/*
 * What the server tells berthctl: the tables of its answers, and their columns.
 * Both sides are made with this header; but they may be of different versions,
 * so whoever reads an answer finds columns by name.
 *
 *     command       answer
 *     status        status, entries, workers; as TSV the first alone
 *     entries       entries
 *     workers       workers
 *     connections   connections
 *
 * Counters (accepted, bytes, callbacks, CPU time ...) only grow while the
 * server runs, also when a worker or a generation ends: rates are differences
 * of two answers.
 */
#ifndef BERTH_COLUMNS_H
#define BERTH_COLUMNS_H

#include <stddef.h>

#include "table.h"

/* The server as a whole: a record. */
enum columns_status {
    COLUMNS_STATUS_VERSION,     /* as berth --version prints it */
    COLUMNS_STATUS_PID,         /* of the supervisor */
    COLUMNS_STATUS_STATE,       /* serving, reloading, draining */
    COLUMNS_STATUS_UPTIME,      /* seconds since the server was started */
    COLUMNS_STATUS_CONFIG,      /* the file that was read */
    COLUMNS_STATUS_GENERATION,  /* its number, from 1 */
    COLUMNS_STATUS_OLD,         /* earlier generations that are still there */
    COLUMNS_STATUS_RELOADS,     /* that succeeded */
    COLUMNS_STATUS_FAILED,      /* that did not */
    COLUMNS_STATUS_LAST_RELOAD, /* ok, failed, or nothing before the first */
    COLUMNS_STATUS_WORKERS,     /* that are alive */
    COLUMNS_STATUS_CRASHES,     /* of workers */
    COLUMNS_STATUS_OPEN,        /* connections */
    COLUMNS_STATUS_ACCEPTED,    /* connections, ever */
    COLUMNS_STATUS_LOG,         /* the log's level */
    COLUMNS_STATUS_COUNT,
};

/* A row for each entry, summed over its workers and generations. */
enum columns_entry {
    COLUMNS_ENTRY_NAME,
    COLUMNS_ENTRY_STATE,     /* serving, draining, put aside */
    COLUMNS_ENTRY_LISTEN,    /* real addresses, with blanks between */
    COLUMNS_ENTRY_OPEN,      /* connections */
    COLUMNS_ENTRY_ACCEPTED,  /* connections, ever */
    COLUMNS_ENTRY_IN,        /* bytes received */
    COLUMNS_ENTRY_OUT,       /* bytes sent */
    COLUMNS_ENTRY_CALLBACKS, /* calls of the plugin */
    COLUMNS_ENTRY_QUEUED,    /* bytes that wait to be sent */
    COLUMNS_ENTRY_CRASHES,   /* of workers, within its plugin */
    COLUMNS_ENTRY_TIMES,     /* sampled callback times, as buckets.h says */
    COLUMNS_ENTRY_COUNT,
};

/* A row for each worker process; one that is being replaced has no pid. */
enum columns_worker {
    COLUMNS_WORKER_NUMBER, /* within its generation, from 0 */
    COLUMNS_WORKER_GENERATION,
    COLUMNS_WORKER_PID,
    COLUMNS_WORKER_STATE,  /* starting, serving, draining, stuck, down */
    COLUMNS_WORKER_UPTIME, /* seconds */
    COLUMNS_WORKER_OPEN,
    COLUMNS_WORKER_ACCEPTED,
    COLUMNS_WORKER_CPU,     /* ms of processor time of this process */
    COLUMNS_WORKER_CRASHES, /* of this number in this generation */
    COLUMNS_WORKER_COUNT,
};

/* A row for each connection. */
enum columns_connection {
    COLUMNS_CONNECTION_ID, /* PID.NUMBER, which `close` takes */
    COLUMNS_CONNECTION_ENTRY,
    COLUMNS_CONNECTION_PEER,
    COLUMNS_CONNECTION_AGE, /* seconds */
    COLUMNS_CONNECTION_IN,
    COLUMNS_CONNECTION_OUT,
    COLUMNS_CONNECTION_QUEUED,
    COLUMNS_CONNECTION_WAITS, /* what it waits for, in words */
    COLUMNS_CONNECTION_COUNT,
};

enum columns_table {
    COLUMNS_STATUS,
    COLUMNS_ENTRIES,
    COLUMNS_WORKERS,
    COLUMNS_CONNECTIONS,
};

/* The columns of a table, in the order of its enum above: constant. */
const struct table_column *columns_get(enum columns_table table, size_t *count);

#endif
