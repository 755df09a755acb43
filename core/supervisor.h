/* SPDX-License-Identifier: MIT */
/*
 * The supervisor: the parent process. It owns the listening sockets, starts
 * generations of workers, replaces workers that die, and handles signals. It
 * never runs code of a plugin.
 */
#ifndef BERTH_SUPERVISOR_H
#define BERTH_SUPERVISOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bindings.h"
#include "commands.h"
#include "config.h"
#include "control.h"
#include "generation.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "signals.h"
#include "stats.h"
#include "upgrade.h"

/* What a server is made of; all borrowed. */
struct supervisor_parts {
    const struct config_source *source; /* without a snapshot */
    struct log *log;     /* open; becomes what a later server.yaml says */
    int32_t workers;     /* of the command line; below 0: as server.yaml says */
    const char *program; /* the file that runs, for an upgrade */
    char *const *argv;   /* what it was started with, ending with NULL */
};

/* Was the program started by a supervisor that became it? Then there are
   workers to take over, and it must not end. */
bool supervisor_is_heir(void);

/*
 * Serves until SIGTERM or SIGINT, then lets connections end within
 * drain_timeout; a second signal ends them at once. SIGHUP reads server.yaml
 * and its plugins anew, SIGUSR1 opens the log file anew, SIGUSR2 replaces the
 * program by what its file is now. Returns the status to exit with: 0; 78 or 71
 * if it could not begin, which is told on stderr.
 */
int supervisor_run(const struct supervisor_parts *parts);

/* ------------------------------------- between this header's own files */

struct supervisor {
    const struct supervisor_parts *parts;
    struct log *log;
    struct log next_log; /* what takes its place when `next` serves */
    struct stats *stats;
    struct loop loop;
    struct signals signals;
    struct source source;    /* its timer: the end must come */
    struct list generations; /* all that have processes, oldest first */
    struct list over;        /* those that are freed at the turn's end */
    struct bindings bindings;
    struct generation *current; /* the one that serves; NULL: none yet */
    struct generation *next;    /* the one that is to; NULL: none */
    struct generation *leaving; /* whose end of accepting is waited for */
    uint32_t generation_count;  /* that there were */
    struct upgrade upgrade;
    struct notify notify;    /* the service manager */
    struct source pulse;     /* its timer: to tell it that we live */
    struct control *control; /* NULL: nobody can command */
    struct commands commands;
    bool is_reload_wanted; /* while something else is under way */
    bool is_upgrade_wanted;
    bool is_control_due; /* a new file serves: it may want another socket */
    bool is_stopping;
    bool is_over;
    int status;
};

/* supervisor.c: is a generation on its way in or out, or a trial? One thing at
   a time. */
bool supervisor_is_busy(const struct supervisor *supervisor);

/* Prints what errors_print() made; to the log, if that is a file and it serves.
   NULL is fine. */
void supervisor_print(const struct supervisor *supervisor, const char *text);

/* supervisor_reload.c: what its generations are made of. */
struct generation_parts
supervisor_generation_parts(struct supervisor *supervisor,
                            struct errors *errors);

/* Begins the next generation. Returns 0; or -errno, and errors tells why
   server.yaml cannot be read, if that is what failed. */
int supervisor_begin(struct supervisor *supervisor, struct errors *errors);

/* Begins a generation that takes over from the current one; later, if the
   supervisor is busy. */
void supervisor_reload(struct supervisor *supervisor);

/* The generation listens nowhere any more. */
void supervisor_release(struct generation *generation);

/*
 * supervisor_log.c: opens the log that the generation's server.yaml wants. Its
 * workers write to it from the first moment, the supervisor once they serve.
 * Returns 0; or -errno: the generation has failed for it.
 */
int supervisor_open_log(struct supervisor *supervisor,
                        struct generation *generation);

/* The generation serves: its log is the server's from now on. Workers of older
   ones write there, too, in the same format. */
void supervisor_change_log(struct supervisor *supervisor,
                           struct generation *generation);

/* All processes open the log files anew. */
void supervisor_reopen_logs(struct supervisor *supervisor);

/* Until the next reload: what is on its way stays as server.yaml has it. */
void supervisor_set_level(struct supervisor *supervisor, enum log_level level);

/* supervisor_upgrade.c: tries the program's file; later, if the supervisor is
   busy. */
void supervisor_upgrade(struct supervisor *supervisor);

/* The trial has ended, as waitpid(2) says: returns only if this program stays
   what it is. */
void supervisor_judge_upgrade(struct supervisor *supervisor, int status);

/* Takes over what the last program left. Returns 0 or -errno. */
int supervisor_inherit(struct supervisor *supervisor, struct errors *errors);

/* supervisor_orders.c: what stops, and the commands; before the rest. */
void supervisor_init_orders(struct supervisor *supervisor);

/* A signals_fn; owner is a struct supervisor. */
void supervisor_take_signal(void *owner, uint32_t number);

/* Children that have ended are taken note of. */
void supervisor_reap(struct supervisor *supervisor);

/* Opens and closes the control socket, as the file that serves now wants it. A
   socket that stays is kept. */
void supervisor_meet_control(struct supervisor *supervisor);

#endif
