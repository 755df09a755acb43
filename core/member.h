/* SPDX-License-Identifier: MIT */
/*
 * A member of the crew: a worker as its supervisor sees it. Its process, its
 * channel, and what it was doing.
 */
#ifndef BERTH_MEMBER_H
#define BERTH_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "config.h"
#include "crew.h"
#include "identity.h"
#include "index_set.h"
#include "log.h"
#include "loop.h"
#include "process.h"
#include "shards.h"
#include "stats.h"

enum member_state {
    MEMBER_AWAY = 0, /* no process */
    MEMBER_STARTING,
    MEMBER_READY,
    MEMBER_STOPPED, /* it does not accept any more */
};

struct member;

/* What the owner is told. */
struct member_ops {
    void (*ready)(struct member *member);
    /* Why it cannot begin, a piece of it; it leaves. */
    void (*refused)(struct member *member, const char *text, size_t size);
    void (*stopped)(struct member *member);
    /* The result of a request; the descriptor is the owner's, -1: none. */
    void (*done)(struct member *member,
                 const struct crew_result *result,
                 int fd);
    /* The time has come that member_retry() set, or the owner. */
    void (*retry)(struct member *member);
};

/* What the members of a generation have in common; all borrowed. */
struct member_parts {
    void *owner;
    const struct member_ops *ops;
    struct loop *loop;
    struct log *log;
    struct log *crew_log; /* what they write to */
    struct stats *stats;
    uint32_t generation;
    const struct config_source *source; /* with a sealed snapshot */
    struct shards *const *shards; /* one for each address; NULL: dropped */
    const uint32_t *workers;      /* that serve each address; 0: all */
    size_t address_count;
    const struct index_set *aside;   /* entries that are not served */
    const struct index_set *drained; /* nor these by those that start */
    const struct identity *identity; /* as whom they run */
    pid_t supervisor;                /* whom they do not outlive */
};

struct member {
    const struct member_parts *parts;
    uint32_t number;
    pid_t pid; /* 0: none */
    int slot;  /* in the stats; -1: none */
    enum member_state state;
    bool is_leaving;   /* it said that its end is no crash */
    bool is_killed;    /* by us */
    bool is_stuck;     /* in one callback for too long, or deaf to orders */
    uint64_t seen;     /* the callback that it was last seen in */
    uint64_t seen_ms;  /* since when */
    uint64_t ready_ms; /* when it became ready */
    uint32_t failures; /* short lives in a row */
    uint32_t crashes;  /* in all */
    struct channel channel;
    struct source source; /* its timer: the next try */
};

/* How a process ended, in words, and whose fault it was. */
struct member_end {
    char text[320]; /* as in "SIGSEGV in on_data of 'echo', connection 3" */
    char entry[ACCOUNT_NAME_SIZE]; /* in whose callback; empty: in none */
    bool is_fault; /* its own: a fault, an abort or an exit within a callback */
};

void member_init(struct member *member,
                 const struct member_parts *parts,
                 uint32_t number);

/* Lets go of what it has; there must be no process. */
void member_fini(struct member *member);

/* Starts a process. Returns 0 or -errno. */
int member_start(struct member *member);

/* The process is there already, see handover.h; the channel is taken over. */
int member_adopt(struct member *member,
                 pid_t pid,
                 enum member_state state,
                 int slot,
                 int channel);

/* Returns 0 or -errno, see channel_send(). */
int member_send(struct member *member, const struct channel_message *message);

/*
 * The same for an order that is not to be missed: one who cannot be told, since
 * he does not read what was sent before, is killed, and the log says what he
 * was doing.
 */
int member_order(struct member *member, const struct channel_message *message);

void member_kill(struct member *member);

/*
 * Its process has ended, as waitpid(2) says: what it sent before is heard, then
 * the member is away. is_replaced: a successor is going to count in its slot.
 */
void member_reap(struct member *member,
                 int status,
                 bool is_replaced,
                 struct member_end *end);

/* A next try after a while: longer, the more tries have failed in a row. */
void member_retry(struct member *member);

/* Has it been in one callback for so long? To be asked now and then. */
bool member_is_stuck(struct member *member, uint64_t limit_ms);

/* What it is doing, for messages: "on_data of 'echo', connection 3". */
void member_describe(const struct stats *stats,
                     int slot,
                     char *text,
                     size_t size);

#endif
