/* SPDX-License-Identifier: MIT */
/*
 * Limits that count for the whole server: limits.connections and
 * limits.connections_per_ip. Each worker writes what it has, of an entry and of
 * a peer, into its own slot of the statistics; whoever wants one more writes
 * that down first and then adds up what all have. So nobody needs a lock, and
 * what a worker had is gone with it, however it died.
 *
 * There are never more than the limit says. Of two who ask for the last place
 * at the same moment one gets it: who finds too many waits, for about a
 * millisecond at most, until those of higher slots are done, and adds up once
 * more. So it happens only beside a worker that was stopped right there that
 * neither gets it.
 */
#ifndef BERTH_QUOTA_H
#define BERTH_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "stats.h"

struct quota {
    const struct stats *stats; /* NULL: this process is the only one */
};

/*
 * A place for one more connection of the entry, if that keeps the whole server
 * within limit. Once the connection is counted as open, or is not coming,
 * quota_settle() is due. account: in this worker's slot, or in private.
 */
bool quota_claim(const struct quota *quota,
                 struct account *account,
                 uint64_t limit);

static inline void quota_settle(struct account *account)
{
    atomic_store_explicit(&account->claims, 0, memory_order_release);
}

/* Around the asking for one more connection of a peer: what this worker has
   is written in between. */
void quota_enter(const struct quota *quota);
void quota_leave(const struct quota *quota);

/* Is the server within limit, with the mine connections of the peer that this
   worker has, also the new one? tag: the peer's, see peers.h. */
bool quota_allows_peer(const struct quota *quota,
                       uint64_t tag,
                       uint64_t mine,
                       uint64_t limit);

#endif
