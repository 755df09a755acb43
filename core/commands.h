/* SPDX-License-Identifier: MIT */
/*
 * What berthctl can ask for and order: the handler behind the control socket.
 * What only the supervisor can do it is asked to (struct commands_ops).
 */
#ifndef BERTH_COMMANDS_H
#define BERTH_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "control_request.h"
#include "crew.h"
#include "generation.h"
#include "list.h"
#include "log.h"
#include "loop.h"
#include "member.h"
#include "stats.h"

struct commands_ops {
    /* Begins a reload, or has one follow the one that is under way;
       commands_end_reload() tells of its end. */
    void (*reload)(void *owner);
    /* Stops the whole server, as SIGTERM does. */
    void (*stop)(void *owner);
    void (*set_level)(void *owner, enum log_level level);
    /* These entries of the generation that serves get no new connections. */
    void (*drain)(void *owner, size_t entry);
    /* "serving", "reloading" or "draining". */
    const char *(*state)(void *owner);
};

struct commands {
    const struct commands_ops *ops;
    void *owner;
    struct loop *loop;
    struct log *log;
    struct stats *stats;
    struct list *generations;    /* of struct generation, all there are */
    struct generation **current; /* the one that serves; *current may be NULL */
    struct list asked;           /* requests that workers have yet to answer */
    struct list reloads;         /* those that wait for the end of a reload */
    uint64_t last;               /* request to a worker */
};

/* The members up to current are filled; makes the rest. */
void commands_init(struct commands *commands);

/* All that waits is answered: the server ends. */
void commands_fini(struct commands *commands);

/* A control_handler; owner is a struct commands. */
void commands_handle(void *owner, struct control_request *request);

/* A worker's result; fd is closed. Workers that end meanwhile are not waited
   for long. */
void commands_take_result(struct commands *commands,
                          const struct member *member,
                          const struct crew_result *result,
                          int fd);

/* The worker of that slot of the statistics has ended: what it was asked it will
   not answer. */
void commands_lose_worker(struct commands *commands, int slot);

/* A reload has ended; text: what errors_print() printed, NULL: nothing. */
void commands_end_reload(struct commands *commands,
                         bool is_good,
                         const char *text);

/* Between this header's own files: the tables of `status`, `entries` and
   `workers`. */
void commands_show_status(const struct commands *commands,
                          struct control_request *request,
                          const char *name);
void commands_show_entries(const struct commands *commands,
                           struct control_request *request,
                           const char *name);
void commands_show_workers(const struct commands *commands,
                           struct control_request *request,
                           const char *name);

#endif
