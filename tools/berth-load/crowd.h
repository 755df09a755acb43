/* SPDX-License-Identifier: MIT */
/*
 * The connections of one process: they are opened, a few at a time, fail, and
 * are opened again. What they talk about is talk.h.
 */
#ifndef BERTH_LOAD_CROWD_H
#define BERTH_LOAD_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "client.h"
#include "list.h"
#include "options.h"
#include "pattern.h"
#include "reply.h"
#include "schedule.h"
#include "selector.h"

enum crowd_phase {
    CROWD_OPENING = 0, /* those that are to be there from the beginning */
    CROWD_WAITING,     /* for other processes */
    CROWD_TALKING,
    CROWD_FINISHING, /* no message is begun any more */
};

/* Bytes of a read; larger than any message of which many are sent. */
#define CROWD_BUFFER PATTERN_PIECE_MAX

struct crowd {
    const struct options *options;
    const struct pattern *pattern;
    struct reply_model *model; /* http; its memory of the last answer is ours */
    struct result *result;
    struct selector selector;
    struct client *clients; /* [0..talkers) talk, [talkers..count) are idle */
    size_t count;
    size_t talkers;
    uint64_t *rings;     /* what their begun_ns point to */
    char *buffer;        /* of CROWD_BUFFER */
    struct list waiting; /* to be opened */
    struct list broken;  /* failed, and are opened again in a while */
    struct list ready;   /* may begin a message, the longest silent one first */
    size_t opening;      /* taken from waiting, and not settled yet */
    size_t settled;
    size_t present; /* talkers that have a socket */
    size_t active;  /* talkers that have a message pending: see talk.c */
    size_t active_max;
    struct schedule schedule; /* of an open loop */
    enum crowd_phase phase;
    uint64_t now_ns;   /* not older than this turn */
    uint64_t begin_ns; /* messages are measured that begin from here ... */
    uint64_t end_ns;   /* ... to here; UINT64_MAX: not known yet */
    bool is_measuring;
    uint64_t messages; /* answered, from the beginning */
};

/* Which part of the whole a process has. */
struct crowd_share {
    uint64_t number; /* of this process, from 0 */
    uint64_t of;     /* processes */
};

/*
 * Without any connection yet; what is given must outlive it. Returns 0, or
 * -errno: then nothing is left to be freed.
 */
int crowd_init(struct crowd *crowd,
               const struct options *options,
               const struct crowd_share *share,
               const struct pattern *pattern,
               struct reply_model *model,
               struct result *result);
void crowd_fini(struct crowd *crowd);

/* How many of n things this process has: they are dealt out in turn. */
uint64_t crowd_part(const struct crowd_share *share, uint64_t n);

/* Connects. It may fail at once: then the client is closed and false is
   returned. */
bool crowd_open(struct crowd *crowd, struct client *client);

/* A connection that was being made is there: watches for what comes. */
bool crowd_connected(struct crowd *crowd, struct client *client);

/* It is as it was to be when the opening is over. */
void crowd_settle(struct crowd *crowd, struct client *client);

/* Closes it as it should be. */
void crowd_close(struct crowd *crowd, struct client *client);

/* Counts a fault and closes it; it is opened again later. note as in
   result_fault(). */
__attribute__((format(printf, 4, 5))) void crowd_fail(struct crowd *crowd,
                                                      struct client *client,
                                                      enum fault fault,
                                                      const char *note,
                                                      ...);
/* The same for what a system call returned: -errno. */
void crowd_fail_call(struct crowd *crowd,
                     struct client *client,
                     const char *call,
                     int error);

/* Watches whether it can be written to, as wants_write says. */
void crowd_watch(struct crowd *crowd, struct client *client);

#endif
