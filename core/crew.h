/* SPDX-License-Identifier: MIT */
/*
 * The crew: workers that are processes of a supervisor. What the two sides of
 * a worker's channel say to each other, and the worker's side of it.
 */
#ifndef BERTH_CREW_H
#define BERTH_CREW_H

#include <stddef.h>
#include <stdint.h>

#include "addresses.h"
#include "channel.h"
#include "config.h"
#include "log.h"
#include "roster.h"
#include "stats.h"

/* From the supervisor. */
enum crew_order {
    CREW_ROSTER = 1,  /* struct roster: accept accordingly */
    CREW_STOP,        /* struct crew_stop: finish, then leave */
    CREW_END,         /* leave now */
    CREW_LOG_FILE,    /* a descriptor: the log goes there from now on */
    CREW_LOG_LEVEL,   /* int32_t */
    CREW_DROP,        /* struct index_set: addresses not served any more */
    CREW_ASIDE,       /* struct index_set: entries not served any more */
    CREW_CONNECTIONS, /* struct crew_request */
    CREW_CLOSE,       /* struct crew_request: the connection of that id */
    CREW_DRAIN,       /* struct crew_request: all connections of the entry */
    CREW_LOG, /* int32_t, enum log_format, and a descriptor: the log goes there
                 from now on, in that format */
};

/* From the worker. */
enum crew_answer {
    CREW_READY = 1, /* every init has run: it waits for a roster */
    CREW_REFUSED,   /* a piece of text: why it cannot begin; it leaves */
    CREW_STOPPED,   /* it does not accept any more, as it was told: by the
                       supervisor, or by SIGTERM */
    CREW_LEAVING,   /* all is done: what follows is its end, and no crash */
    CREW_DONE,      /* struct crew_result; with CREW_CONNECTIONS a file */
};

struct crew_stop {
    int32_t reason; /* BERTH_RELOAD or BERTH_EXIT */
    struct index_set kept;
};

struct crew_request {
    uint64_t request; /* comes back with the result */
    uint64_t subject; /* a connection's number, or an entry's index */
};

struct crew_result {
    uint64_t request;
    int64_t result; /* a count, or -errno */
};

/* What a worker is made of; all borrowed. */
struct crew_parts {
    const struct config_source *source; /* its snapshot is sealed */
    struct log *log;
    struct stats *stats;
    unsigned slot; /* this worker's, in them */
    int channel;   /* taken over */
    struct addresses_given addresses;
    const struct index_set *aside; /* entries that are not served */
};

/*
 * Runs a worker until it was told to leave, or the supervisor is gone. Returns
 * the status to exit with; *may_free: false if threads of plugins may still
 * touch what there is.
 */
int crew_run(const struct crew_parts *parts, bool *may_free);

#endif
