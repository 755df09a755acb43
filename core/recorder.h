/* SPDX-License-Identifier: MIT */
/*
 * The recorder: makes a transcript (tests/README.md) of each connection of a
 * worker, a file in a folder. It stands between the connection and its stream,
 * and passes on what it sees; a connection that is not recorded does not know
 * of it.
 */
#ifndef BERTH_RECORDER_H
#define BERTH_RECORDER_H

#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "connection.h"
#include "node.h"

/* Connections of a worker that are recorded; those that come later are not. */
#define RECORDER_CONNECTIONS_MAX 10000

struct recorder {
    int folder;
    char **settings; /* of each entry, lines for its head, or NULL; itself
                        NULL: it is not open */
    size_t entry_count;
    uint64_t count; /* connections that were recorded */
    uint64_t most;  /* RECORDER_CONNECTIONS_MAX unless a test wants less */
};

/* Opens the folder, in which files must be able to be made. Returns 0 or
   -errno; then there is nothing to close. */
int recorder_open(struct recorder *recorder,
                  const char *path,
                  size_t entry_count);

/* What the settings of the entry of that index are, as they were given; given:
   their mapping, NULL: none. Returns 0 or -ENOMEM. */
int recorder_describe(struct recorder *recorder,
                      size_t index,
                      const berth_option *table,
                      const void *settings,
                      const struct node *given);

/*
 * From now on the connection is recorded, which has begun and of which the
 * plugin has not heard. The recorder must outlive it. If it cannot be, the log
 * says so.
 */
void recorder_start(struct recorder *recorder, struct connection *c);

/* One that is zero is fine. */
void recorder_close(struct recorder *recorder);

#endif
