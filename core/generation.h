/* SPDX-License-Identifier: MIT */
/*
 * A generation: one reading of server.yaml and of the plugins it names, and the
 * workers that serve it.
 *
 * Its life: generation_check() has a checker look at it; generation_start()
 * starts the workers, which run every init and wait; generation_serve() lets
 * them accept; generation_stop() lets them finish. What comes of each step is
 * told to the owner (struct generation_ops) in a later turn of the loop, but a
 * step that cannot even begin returns -errno.
 */
#ifndef BERTH_GENERATION_H
#define BERTH_GENERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "channel.h"
#include "config.h"
#include "crew.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "report.h"
#include "roster.h"
#include "shards.h"

enum generation_state {
    GENERATION_CHECKING = 0,
    GENERATION_STARTING, /* workers run their init */
    GENERATION_SERVING,
    GENERATION_STOPPING, /* workers finish their connections */
    GENERATION_OVER,     /* no process of it is left, and none will be */
};

enum member_state {
    MEMBER_AWAY = 0, /* no process */
    MEMBER_STARTING,
    MEMBER_READY,
    MEMBER_STOPPED, /* it does not accept any more */
};

struct generation;

/* A worker, seen from the supervisor. */
struct member {
    struct generation *generation;
    uint32_t number;
    pid_t pid;
    enum member_state state;
    bool is_leaving;   /* it said that its end is no crash */
    bool is_killed;    /* by us */
    uint32_t failures; /* ends before it was ready, in a row */
    struct channel channel;
    struct source source; /* its timer: when the next try is due */
};

/* What the owner is told. */
struct generation_ops {
    /* The checker has found it good; its listeners are known now. */
    void (*checked)(struct generation *generation);
    /* All workers are ready. */
    void (*ready)(struct generation *generation);
    /* Checking or starting has failed: text and status say why. What is left
       of it ends; `over` follows. */
    void (*failed)(struct generation *generation);
    /* All workers have stopped accepting, as generation_stop() told them. */
    void (*stopped)(struct generation *generation);
    /* No process is left. */
    void (*over)(struct generation *generation);
};

struct generation {
    struct list link; /* the owner's */
    void *owner;
    const struct generation_ops *ops;
    struct loop *loop;
    struct log *log;
    uint32_t number;
    enum generation_state state;
    struct config_source source; /* its snapshot is the generation's */
    struct config *top;          /* the top level of server.yaml */
    struct report report;
    pid_t checker;              /* 0: none */
    struct channel channel;     /* the checker's */
    struct source source_timer; /* start_timeout */
    struct shards **shards;     /* the owner's, one for each listener */
    uint32_t *workers;          /* that serve each listener; 0: all */
    struct member *members;
    uint32_t member_count;
    struct roster roster;
    bool is_stop_told; /* `stopped` was */
    char *text;        /* why it failed; as errors_print() has it */
    int status;        /* to exit with then */
};

/* What it is made of. */
struct generation_parts {
    void *owner;
    const struct generation_ops *ops;
    struct loop *loop;
    struct log *log;
    uint32_t number;
    struct config_source source; /* without a snapshot */
};

/* Reads the file's bytes and its top level. Returns 0 or -errno. */
int generation_new(const struct generation_parts *parts,
                   struct generation **generation);

/*
 * One whose processes are there already (handover.h): its snapshot is taken
 * over, also on failure; the owner fills in the rest, members last. Returns 0
 * or -errno.
 */
int generation_adopt(const struct generation_parts *parts,
                     struct snapshot *snapshot,
                     struct generation **generation);
int generation_make_members(struct generation *generation, uint32_t count);
int generation_adopt_member(struct generation *generation,
                            uint32_t number,
                            pid_t pid,
                            enum member_state state,
                            int channel);

/* No process of it may be left. */
void generation_free(struct generation *generation);

/* How the file says that the server is operated. */
static inline const struct operation *
generation_operation(const struct generation *generation)
{
    return &generation->top->operation;
}

int generation_check(struct generation *generation);

/* shards: found in the owner's table, one for each listener of the report; the
   array is taken over. */
int generation_start(struct generation *generation,
                     struct shards **shards,
                     uint32_t workers);

void generation_serve(struct generation *generation);

/* As worker_stop(). */
void generation_stop(struct generation *generation,
                     int reason,
                     const struct index_set *kept);

/* Whoever is left ends at once: with CREW_END, or by SIGKILL. */
void generation_end(struct generation *generation);
void generation_kill(struct generation *generation);

/* Sends to each worker that there is. */
void generation_tell(struct generation *generation,
                     const struct channel_message *message);

/* A process has ended, as waitpid(2) says. Returns whether it was one of this
   generation. */
bool generation_reap(struct generation *generation, pid_t pid, int status);

/* How many processes there are. */
size_t generation_processes(const struct generation *generation);

#endif
