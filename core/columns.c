/* SPDX-License-Identifier: MIT */
#include "columns.h"

static const struct table_column status[COLUMNS_STATUS_COUNT] = {
    [COLUMNS_STATUS_VERSION] = {"version", "version", TABLE_WORD},
    [COLUMNS_STATUS_PID] = {"pid", "process", TABLE_NUMBER},
    [COLUMNS_STATUS_STATE] = {"state", "state", TABLE_WORD},
    [COLUMNS_STATUS_UPTIME] = {"uptime_seconds", "up for", TABLE_SECONDS},
    [COLUMNS_STATUS_CONFIG] = {"config", "configuration", TABLE_WORD},
    [COLUMNS_STATUS_GENERATION] = {"generation", "generation", TABLE_NUMBER},
    [COLUMNS_STATUS_OLD] = {"old_generations", "earlier ones", TABLE_NUMBER},
    [COLUMNS_STATUS_RELOADS] = {"reloads", "reloads", TABLE_NUMBER},
    [COLUMNS_STATUS_FAILED] = {"failed_reloads", "failed reloads",
                               TABLE_NUMBER},
    [COLUMNS_STATUS_LAST_RELOAD] = {"last_reload", "last reload", TABLE_WORD},
    [COLUMNS_STATUS_WORKERS] = {"workers", "workers", TABLE_NUMBER},
    [COLUMNS_STATUS_CRASHES] = {"crashes", "crashes", TABLE_NUMBER},
    [COLUMNS_STATUS_OPEN] = {"open", "connections", TABLE_NUMBER},
    [COLUMNS_STATUS_ACCEPTED] = {"accepted", "accepted so far", TABLE_NUMBER},
    [COLUMNS_STATUS_LOG] = {"log_level", "log level", TABLE_WORD},
};

static const struct table_column entries[COLUMNS_ENTRY_COUNT] = {
    [COLUMNS_ENTRY_NAME] = {"entry", "ENTRY", TABLE_WORD},
    [COLUMNS_ENTRY_STATE] = {"state", "STATE", TABLE_WORD},
    [COLUMNS_ENTRY_LISTEN] = {"listen", "LISTENS ON", TABLE_WORD},
    [COLUMNS_ENTRY_OPEN] = {"open", "OPEN", TABLE_NUMBER},
    [COLUMNS_ENTRY_ACCEPTED] = {"accepted", "ACCEPTED", TABLE_NUMBER},
    [COLUMNS_ENTRY_IN] = {"bytes_in", "IN", TABLE_BYTES},
    [COLUMNS_ENTRY_OUT] = {"bytes_out", "OUT", TABLE_BYTES},
    [COLUMNS_ENTRY_CALLBACKS] = {"callbacks", "CALLBACKS", TABLE_NUMBER},
    [COLUMNS_ENTRY_QUEUED] = {"bytes_queued", "QUEUED", TABLE_BYTES},
    [COLUMNS_ENTRY_CRASHES] = {"crashes", "CRASHES", TABLE_NUMBER},
    [COLUMNS_ENTRY_TIMES] = {"callback_times", NULL, TABLE_WORD},
};

static const struct table_column workers[COLUMNS_WORKER_COUNT] = {
    [COLUMNS_WORKER_NUMBER] = {"worker", "WORKER", TABLE_NUMBER},
    [COLUMNS_WORKER_GENERATION] = {"generation", "GENERATION", TABLE_NUMBER},
    [COLUMNS_WORKER_PID] = {"pid", "PID", TABLE_NUMBER},
    [COLUMNS_WORKER_STATE] = {"state", "STATE", TABLE_WORD},
    [COLUMNS_WORKER_UPTIME] = {"uptime_seconds", "UP FOR", TABLE_SECONDS},
    [COLUMNS_WORKER_OPEN] = {"open", "OPEN", TABLE_NUMBER},
    [COLUMNS_WORKER_ACCEPTED] = {"accepted", "ACCEPTED", TABLE_NUMBER},
    [COLUMNS_WORKER_CPU] = {"cpu_ms", "CPU", TABLE_MS},
    [COLUMNS_WORKER_CRASHES] = {"crashes", "CRASHES", TABLE_NUMBER},
};

static const struct table_column connections[COLUMNS_CONNECTION_COUNT] = {
    [COLUMNS_CONNECTION_ID] = {"id", "ID", TABLE_WORD},
    [COLUMNS_CONNECTION_ENTRY] = {"entry", "ENTRY", TABLE_WORD},
    [COLUMNS_CONNECTION_PEER] = {"peer", "PEER", TABLE_WORD},
    [COLUMNS_CONNECTION_AGE] = {"age_seconds", "AGE", TABLE_SECONDS},
    [COLUMNS_CONNECTION_IN] = {"bytes_in", "IN", TABLE_BYTES},
    [COLUMNS_CONNECTION_OUT] = {"bytes_out", "OUT", TABLE_BYTES},
    [COLUMNS_CONNECTION_QUEUED] = {"bytes_queued", "QUEUED", TABLE_BYTES},
    [COLUMNS_CONNECTION_WAITS] = {"waits_for", "WAITS FOR", TABLE_WORD},
};

static const struct {
    const struct table_column *columns;
    size_t count;
} tables[] = {
    [COLUMNS_STATUS] = {status, COLUMNS_STATUS_COUNT},
    [COLUMNS_ENTRIES] = {entries, COLUMNS_ENTRY_COUNT},
    [COLUMNS_WORKERS] = {workers, COLUMNS_WORKER_COUNT},
    [COLUMNS_CONNECTIONS] = {connections, COLUMNS_CONNECTION_COUNT},
};

const struct table_column *columns_get(enum columns_table table, size_t *count)
{
    *count = tables[table].count;
    return tables[table].columns;
}
