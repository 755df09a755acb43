/* SPDX-License-Identifier: MIT */
/*
 * Statistics: a region of memory that all processes of the server share. Each
 * worker has a slot, which that worker alone writes: its breadcrumb and the
 * accounts of its entries. A part that the supervisor alone writes has what
 * counts for the whole server, and the totals of workers that are gone, so
 * that no number ever goes down. There is no lock, and no atomic
 * read-modify-write.
 *
 * The region outlives an exec of the supervisor: its descriptor is handed on.
 */
#ifndef BERTH_STATS_H
#define BERTH_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "crumb.h"
#include "headcount.h"

/* Slots of a server with a supervisor: workers of all generations. */
#define STATS_SLOTS 512
/* Enough for as many entries as there may be. Only what is used takes memory,
   here as in the totals. */
#define STATS_SLOT_SIZE ((size_t)4 * 1024 * 1024)
#define STATS_TOTALS_SIZE ((size_t)64 * 1024 * 1024)

/* Instead of a generation: the process only tries a configuration, and what it
   counts is not what the server counts. */
#define STATS_TRIAL UINT64_MAX

/* What is known of the whole server. */
enum stats_fact {
    STATS_STARTED_MS = 0, /* since 1970; set by stats_new() */
    STATS_GENERATION,
    STATS_RELOADS, /* that succeeded */
    STATS_RELOADS_FAILED,
    STATS_RELOADED_MS, /* the last one, since 1970; 0: none */
    STATS_RELOAD_OK,   /* 1: it succeeded */
    STATS_REPLACED,    /* workers that died and have a successor */
    STATS_FACTS,
};

/* The last words of a worker, of a handler of its signals. */
struct stats_death {
    _Atomic uint32_t is_noted; /* written last */
    _Atomic int32_t signal;
    _Atomic int32_t code;    /* si_code */
    _Atomic uint32_t is_own; /* raised inside of the worker */
};

/* Where a worker asks whether it may have one more connection: odd while it
   does, and something else each time. */
struct stats_door {
    _Atomic uint32_t sequence;
};

/* What a worker was doing. */
struct stats_doing {
    uint64_t sequence;   /* another one: it is not the same callback */
    bool in_callback;    /* else the rest is of the last one */
    uint32_t callback;   /* see crumb_callback_name() */
    uint64_t connection; /* 0: none */
    char entry[ACCOUNT_NAME_SIZE];    /* empty: not known */
    char protocol[ACCOUNT_NAME_SIZE]; /* the plugin's name for itself */
};

struct stats;

/* -------------------------------------------------------------- the region */

/*
 * Makes it, with 1 to STATS_SLOTS slots; before any fork. The descriptor is
 * closed on exec. Returns 0 or -errno.
 */
int stats_new(unsigned slots, struct stats **stats);

/*
 * Takes over the region of the server that this process was before an exec.
 * Returns 0: the descriptor is then the region's; -EPROTO: what is there has
 * another layout; else -errno.
 */
int stats_adopt(int fd, struct stats **stats);

/* -1 if there is none any more: this is a worker. */
int stats_fd(const struct stats *stats);

/* Unmaps it in this process; NULL is fine. */
void stats_free(struct stats *stats);

/* ---------------------------------------------------------- the supervisor */

/* An empty slot for a worker. Returns its number, or -ENOSPC. */
int stats_claim(struct stats *stats, uint32_t worker, uint64_t generation);

/* Nothing that was counted there is of interest. The slot is free. */
void stats_discard(struct stats *stats, unsigned slot);

/*
 * The worker of the slot died; its successor is going to count there. What it
 * counted joins the totals; connections that were open count as crashed.
 */
void stats_reset(struct stats *stats, unsigned slot);

/* The worker of the slot has left. Its counts join the totals; connections
   that were open count as stopped. The slot is free. */
void stats_retire(struct stats *stats, unsigned slot);

/* The worker of the slot died in a callback of that entry. To be called before
   stats_reset(). */
void stats_crashed(struct stats *stats, unsigned slot, const char *entry);

void stats_set(struct stats *stats, enum stats_fact fact, uint64_t value);
uint64_t stats_get(const struct stats *stats, enum stats_fact fact);

void stats_doing(const struct stats *stats,
                 unsigned slot,
                 struct stats_doing *doing);

/* The notes of the worker of that slot. */
const struct stats_death *stats_death(const struct stats *stats, unsigned slot);

/* --------------------------------------------------------------- the worker */

/*
 * This process is the worker of that slot: it can write to nothing else of the
 * region any more. Returns 0 or -errno.
 */
int stats_own(struct stats *stats, unsigned slot);

/* Of the slot that this process owns: its breadcrumb and its notes. */
struct crumb *stats_crumb(const struct stats *stats);
struct stats_death *stats_own_death(const struct stats *stats);

/* How the tags of peers are made, the same in all workers; secret, since peers
   choose their addresses. */
const uint64_t *stats_seed(const struct stats *stats);

/* Of the slot that this process owns; see also below. */
unsigned stats_own_slot(const struct stats *stats);
struct headcount *stats_own_peers(const struct stats *stats);
struct stats_door *stats_own_door(const struct stats *stats);

/* One more account; the label's worker is filled in. NULL: the slot is full. */
struct account *stats_open_account(const struct stats *stats,
                                   const struct account_label *label);

/* The number of the account in breadcrumbs, never 0. */
uint32_t stats_number(const struct stats *stats, const struct account *account);

/* --------------------------------------------------------------- the reader */

/* How many slots there are; is there a worker in that one? */
unsigned stats_slots(const struct stats *stats);
bool stats_is_taken(const struct stats *stats, unsigned slot);

/* What a slot has, to be read: connections of each peer, by tag; the door; the
   accounts. */
const struct headcount *stats_peers(const struct stats *stats, unsigned slot);
const struct stats_door *stats_door(const struct stats *stats, unsigned slot);
struct account_book stats_book(const struct stats *stats, unsigned slot);

/* Told of an account. A result other than 0 ends the walk. generation: of the
   worker; 0: these are totals of workers that are gone. */
typedef int
stats_visitor(void *arg, const struct account_view *view, uint64_t generation);

/*
 * Shows all accounts, in no particular order; of the same name and worker there
 * may be several, to be added up. Returns 0 or what the visitor said.
 */
int stats_visit(const struct stats *stats, stats_visitor *visitor, void *arg);

/* Another value than before: accounts were moved to the totals, so that who
   looked meanwhile may have seen some twice. Odd: they are being moved. */
uint64_t stats_moves(const struct stats *stats);

#endif
