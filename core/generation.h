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
#include "member.h"
#include "report.h"
#include "roster.h"
#include "shards.h"
#include "stats.h"
#include "strikes.h"

enum generation_state {
    GENERATION_CHECKING = 0,
    GENERATION_STARTING, /* workers run their init */
    GENERATION_SERVING,
    GENERATION_STOPPING, /* workers finish their connections */
    GENERATION_OVER,     /* no process of it is left, and none will be */
};

struct generation;

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
    /* These addresses are not served any more: their plugin is put aside. The
       generation has let go of them. */
    void (*dropped)(struct generation *generation,
                    const struct index_set *addresses);
    /* The worker that had this slot of the statistics has ended. */
    void (*lost)(struct member *member, int slot);
    /* The result of a worker's request; the descriptor is the owner's. */
    void (*done)(struct member *member,
                 const struct crew_result *result,
                 int fd);
};

struct generation {
    struct list link; /* the owner's */
    void *owner;
    const struct generation_ops *ops;
    struct loop *loop;
    struct log *log;
    struct log *crew_log; /* its workers'; see generation_use_log() */
    uint32_t number;
    enum generation_state state;
    struct config_source source; /* its snapshot is the generation's */
    struct config *top;          /* the top level of server.yaml */
    struct report report;
    struct stats *stats;
    pid_t checker; /* 0: none */
    int checker_slot;
    bool is_checker_killed;
    struct channel channel;      /* the checker's */
    struct source checker_timer; /* it has reported, and is to end */
    struct source timer;         /* start_timeout; then the watchdog */
    struct source end_timer;  /* once it stops: who is stuck is not waited for,
                                 then killed */
    struct shards **shards;   /* the owner's, one for each listener */
    uint32_t *workers;        /* that serve each listener; 0: all */
    struct member_parts crew; /* what its members have in common */
    struct strikes *strikes;  /* of each entry's plugin: its first entry's */
    struct index_set aside;   /* entries that are not served any more */
    struct index_set drained; /* entries that get no new connections */
    struct member *members;
    uint32_t member_count;
    struct roster roster;
    int32_t log_level; /* that was ordered, for successors, too; -1: none */
    struct crew_stop order; /* once it stops */
    bool is_stop_told;      /* `stopped` was */
    bool is_late;           /* who is left when end_timer fires is killed */
    char *text;             /* why it failed; as errors_print() has it */
    int status;             /* to exit with then */
};

/* What it is made of. */
struct generation_parts {
    void *owner;
    const struct generation_ops *ops;
    struct loop *loop;
    struct log *log;
    struct stats *stats;
    uint32_t number;
    struct config_source source; /* without a snapshot */
    struct errors *errors;       /* what is wrong with it, if it fails */
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

/* Room for that many members, for generation_start() and member_adopt(), when
   all else is known. */
int generation_make_members(struct generation *generation, uint32_t count);

/* Members that it has adopted are looked after from now on. */
void generation_take_up(struct generation *generation);

/* No process of it may be left. */
void generation_free(struct generation *generation);

/* How the file says that the server is operated. */
static inline const struct operation *
generation_operation(const struct generation *generation)
{
    return &generation->top->operation;
}

/* Fails at once, telling the owner, if this process may not start workers as
   whom the file names. */
int generation_check(struct generation *generation);

/* What its workers write to, those that are started from now on; else it is the
   generation's own. Stays the caller's. */
void generation_use_log(struct generation *generation, struct log *log);

/* shards: found in the owner's table, one for each listener of the report; the
   array is taken over. */
int generation_start(struct generation *generation,
                     struct shards **shards,
                     uint32_t workers);

void generation_serve(struct generation *generation);

/* The entry gets no new connections; its workers know already. Addresses where
   nobody else listens are dropped. */
void generation_drain(struct generation *generation, size_t entry);

/*
 * As worker_stop(); kept is NULL at the server's end, which the owner bounds.
 * Else one who does not answer is waited for no longer than 5 s, and killed 5 s
 * after drain_timeout.
 */
void generation_stop(struct generation *generation,
                     int reason,
                     const struct index_set *kept);

/* Whoever is left ends at once: with CREW_END, or by SIGKILL. */
void generation_end(struct generation *generation);
void generation_kill(struct generation *generation);

/* A checker that is still about to end is not waited for. */
void generation_dismiss_checker(struct generation *generation);

/* Sends to each worker that there is, see member_order(); a level of the log
   to those that come later, too. */
void generation_tell(struct generation *generation,
                     const struct channel_message *message);

/* A process has ended, as waitpid(2) says. Returns whether it was one of this
   generation. */
bool generation_reap(struct generation *generation, pid_t pid, int status);

/* Has failed: text is owned from now on, as errors_print() has it; NULL: there
   was no memory for it. Between this header's own files. */
void generation_fail_with(struct generation *generation,
                          int status,
                          char *text);
__attribute__((format(printf, 3, 4))) void generation_fail(
    struct generation *generation, int status, const char *format, ...);

/* The watchdog has a look. Between this header's own files. */
void generation_watch(struct generation *generation);

/* end_timer has fired. */
void generation_hurry(struct generation *generation);

/* Is that the end of it? Between this header's own files. */
void generation_settle(struct generation *generation);

/* What the checker's end means, as waitpid(2) tells it; and that it does not
   come. The same. */
void generation_lose_checker(struct generation *generation, int status);
void generation_leave_slot(struct generation *generation); /* the checker's */
void generation_hurry_checker(struct generation *generation);

/* What a worker's end means; see member_reap(). The same. */
void generation_lose_member(struct member *member, int status);

/* The worker of that process; NULL: it is none of this generation. */
struct member *generation_find(const struct generation *generation, pid_t pid);

/* How many processes there are. */
size_t generation_processes(const struct generation *generation);

#endif
