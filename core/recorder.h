/* SPDX-License-Identifier: MIT */
/*
 * The recorder: makes a transcript (tests/README.md) of each connection of a
 * worker, a file in a folder. It stands between the connection and its stream,
 * and passes on what it sees; a connection that is not recorded does not know
 * of it.
 */
#ifndef BERTH_RECORDER_H
#define BERTH_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "connection.h"
#include "node.h"
#include "recording.h"
#include "stream.h"

/* Connections of a worker that are recorded; those that come later are not. */
#define RECORDER_CONNECTIONS_MAX 10000

struct recorder {
    int folder;
    char **settings; /* of each entry, lines for its head, or NULL; itself
                        NULL: it is not open */
    size_t entry_count;
    uint64_t count; /* connections that were recorded */
    uint64_t most;  /* RECORDER_CONNECTIONS_MAX unless a test wants less */
    bool is_full;   /* there are so many, and that was told */
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

/* ------------------------------------- between this header's own files */

/* A connection that is recorded: what its stream's operations are. */
struct recorded {
    struct stream_ops ops; /* must be first: the stream points to it */
    const struct stream_ops *inner;
    struct recorder *recorder;
    struct recording recording;
    const struct entry *entry; /* whose connection it was at the last look */
    uint64_t opened_ms;        /* by the loop's clock */
    uint64_t opened_real_ms;   /* by the wall clock */
    uint64_t told_ms;          /* of the time since then, what the file says */
    uint64_t ahead_ms;         /* how much that was ahead of the loop's clock */
    uint64_t last_ms;          /* when anything was told, by the loop's clock */
    uint32_t stop_flags;       /* of the worker, as far as they are told */
    bool is_behind;            /* the last write left something */
    bool has_ended;            /* the peer finished sending, and that is told */
    bool is_shut;              /* the server did */
    bool is_reset;             /* the peer reset the connection */
};

/* What a step is to the peer. */
enum recorder_step {
    RECORDER_ACT,    /* he did something */
    RECORDER_SIGHT,  /* he must see something */
    RECORDER_FINISH, /* the same; the last one */
};

static inline bool recorder_is_over(const struct recorded *recorded)
{
    return recorded->recording.is_over;
}

/* What a function of recording.h came to: the log hears of a failure. */
void recorder_check(const struct recorded *recorded,
                    const struct connection *c,
                    int error);

/* recording_act() and recording_tell(), checked. */
void recorder_act(struct recorded *recorded,
                  const struct connection *c,
                  enum recording_place place,
                  const char *line);
void recorder_tell(struct recorded *recorded,
                   const struct connection *c,
                   enum recording_place place,
                   const char *lines);

/* The name that the file has while this entry serves the connection. */
void recorder_make_name(const struct recorded *recorded,
                        const struct connection *c,
                        char name[RECORDING_NAME_MAX]);

/* What holds for the entry that serves it. */
void recorder_describe_entry(struct recorded *recorded, struct connection *c);

/* recorder_steps.c: before each step, tells what happened meanwhile. Returns
   where an act goes. */
enum recording_place recorder_catch_up(struct recorded *recorded,
                                       struct connection *c,
                                       enum recorder_step step);

/* The rest is not known: why. */
void recorder_cut(struct recorded *recorded,
                  struct connection *c,
                  const char *why);

/* The peer reset the connection. */
void recorder_meet_reset(struct recorded *recorded, struct connection *c);

/* The server finished sending. */
void recorder_tell_shut(struct recorded *recorded, struct connection *c);

/* on_close has come. reset: the server resets the connection. */
void recorder_finish(struct recorded *recorded,
                     struct connection *c,
                     bool reset);

/* recorder_stream.c: the operations of its stream pass through. */
void recorder_intercept(struct recorded *recorded, struct connection *c);

#endif
