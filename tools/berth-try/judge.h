/* SPDX-License-Identifier: MIT */
/*
 * The judge stands between the server and the plugin, on both ways: it calls
 * the plugin's callbacks for the server, and is the table of functions that the
 * plugin calls. So it sees each call and each result, and holds them against
 * berth/protocol.h. Whatever is broken ends the process by finding_end().
 *
 * There is one in a process, since the plugin's jobs and a signal's handler can
 * be given none.
 */
#ifndef BERTH_TRY_JUDGE_H
#define BERTH_TRY_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "crumb.h"
#include "finding.h"
#include "list.h"
#include "simulator.h"

struct pages_state;

struct judge_options {
    struct finding_board *board;
    uint32_t allowed;    /* 1 << enum finding_rule, or-ed */
    uint64_t slow_ms;    /* a callback takes no longer; 0: any time */
    size_t output_limit; /* limits.output */
    size_t memory_limit; /* bytes of the plugin's, for the one connection */
    void (*see)(uint32_t callback); /* is told of each that returned; NULL */
};

/* A protocol as the judge sees it: what the simulator is given, and what it is
   made from. */
struct judge_protocol {
    berth_protocol seen;
    berth_protocol original;
    const berth_protocol *given; /* by the plugin, for a switch; NULL */
    struct judge_protocol *next;
};

/* Once, on the thread that is the server's. Returns 0 or -errno. */
int judge_init(const struct judge_options *options);

void judge_wrap(struct judge_protocol *protocol,
                const berth_protocol *original);

/* For simulator_parts.adapt: takes over the table. */
void judge_adapt(berth_host *table);

/* Around each run. The end checks that each connection was closed and each
   loan released. */
void judge_begin_run(void);
void judge_end_run(void);

/*
 * Jobs run only between these two, while the server rests: so what happens is
 * the same each time. Until the gate is opened a job waits.
 */
void judge_open_gate(void);
void judge_close_gate(void);

/* false: jobs run at any time, since this build looks for races. */
bool judge_has_gate(void);

/* Is that rule to be kept? */
bool judge_minds(enum finding_rule rule);

/* More memory than the plugin may have? */
void judge_check_memory(const char *when);

/* --------------------------------------------------- for judge_*.c alone */

/* One protocol's time with a connection. */
struct judge_service {
    struct list link;
    berth_conn *c;
    struct judge_protocol *protocol;
    struct judge_protocol *next; /* switched to; NULL: an entry's */
    void *core_state;
    struct pages_state *state;
    const char *ended_by;   /* the plugin's call; NULL: none so far */
    bool is_over;           /* on_close has been called */
    bool is_closing;        /* it is being called */
    size_t beyond;          /* bytes written in this callback without room */
    unsigned writes_beyond; /* in so many calls */
};

/* What the judge knows in this process. */
struct judge {
    struct judge_options options;
    berth_host real;
    struct list services;
    struct judge_protocol *switched; /* protocols that were switched to */
    size_t loans;                    /* not released yet */
    uint64_t calls;
};

extern struct judge judge;

/* A callback of the plugin, from judge_enter() to judge_leave(). */
struct judge_call {
    uint32_t side; /* before */
    uint32_t callback;
    uint64_t begun_ns;
};

void judge_enter(struct judge_call *call,
                 struct judge_service *service,
                 enum crumb_callback callback);
void judge_leave(const struct judge_call *call);

/* The service that a connection has or had last; NULL: never seen. */
struct judge_service *judge_find(const berth_conn *c);

/* Is this the server's thread? */
bool judge_is_at_home(void);

/* What the plugin runs now: "on_data (call 3)", "a job". */
const char *judge_place(void);

/* Around a job, on its own thread. */
void judge_enter_job(void);
void judge_leave_job(void);

/* The tool's own memory, which never fails. */
void *judge_take_memory(size_t size);
void judge_give_memory(void *block);

/* The table with which the judge stands before the server's. */
void judge_fill_table(berth_host *table);

#endif
