/* SPDX-License-Identifier: MIT */
/*
 * Where a worker listens: a listener for each address of the configuration,
 * and a gate where several entries share one.
 */
#ifndef BERTH_ADDRESSES_H
#define BERTH_ADDRESSES_H

#include <stddef.h>
#include <stdint.h>

#include "config.h"
#include "entry.h"
#include "error.h"
#include "gate.h"
#include "index_set.h"
#include "listener.h"
#include "roster.h"
#include "shards.h"

struct addresses {
    size_t count;
    /* What the configuration says of each: the first entry's. */
    const struct config_listener *const *firsts;
    const char *const *texts; /* as written there */
    struct gate *gates;       /* of those that are shared, in their order */
    size_t gate_count;
    struct listener *listeners;  /* in the same order; those that are open: of
                                   an address one, or one for each shard */
    struct roster_shard *shards; /* what each one listens to; NULL: they are
                                    this process's own */
    size_t open_count;
};

/*
 * Nothing is bound. shared: as for gate_init(). Adds the warnings of
 * gate_check(). Returns 0 or -ENOMEM: then addresses_fini() is not due.
 */
int addresses_init(struct addresses *addresses,
                   const struct config *config,
                   const struct entry_parts *shared,
                   struct errors *errors);

/*
 * Binds all, also if one fails, so that all failures are told. entries: those
 * of the configuration, in its order. Returns 0 or the first -errno.
 */
int addresses_open(struct addresses *addresses, struct entry *entries);

/* What a supervisor has bound. All borrowed, but the descriptors are this
   process's own. */
struct addresses_given {
    const struct shards *const *shards; /* one for each address; NULL: it is
                                           not served any more */
    const uint32_t *workers;            /* that serve each address: the first
                                           ones; 0: all */
    size_t count;                       /* of addresses */
    uint32_t worker;                    /* which of them this process is */
};

/*
 * The same with what is bound already. Sockets of an address that this worker
 * is not to serve are closed: others have them. Returns 0; -EPROTO: the
 * configuration has another number of addresses; -ENOMEM.
 */
int addresses_adopt(struct addresses *addresses,
                    struct entry *entries,
                    const struct addresses_given *given);

/* Begins to accept, and tells where. Returns 0 or -errno. */
int addresses_start(struct addresses *addresses);

/* Accepts from those that are the worker's by the roster, and from no others.
   Returns 0, or the first -errno: the others are tried nevertheless. */
int addresses_follow(struct addresses *addresses,
                     const struct roster *roster,
                     uint32_t worker);

/* These entries have no connections any more, see gate_put_aside(). */
void addresses_put_aside(struct addresses *addresses,
                         const struct index_set *aside);

/* These addresses are not served any more. */
void addresses_drop(struct addresses *addresses,
                    const struct index_set *dropped);

/*
 * Closes all: after accepting what the kernel holds already, but at addresses
 * that others go on to serve. kept NULL: there are none.
 */
void addresses_finish(struct addresses *addresses,
                      const struct index_set *kept);

/* For each that is open: listener_resume(), listener_close(). */
void addresses_resume(struct addresses *addresses);
void addresses_close(struct addresses *addresses);

/* They must be closed. Zeroed ones are fine. */
void addresses_fini(struct addresses *addresses);

#endif
