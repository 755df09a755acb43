/* SPDX-License-Identifier: MIT */
/*
 * The roster: which workers of a generation are there, and so which of them
 * accepts from which socket. Every worker holds all sockets and knows the
 * roster, so all come to the same answer.
 */
#ifndef BERTH_ROSTER_H
#define BERTH_ROSTER_H

#include <stdbool.h>
#include <stdint.h>

#define ROSTER_MAX 256

struct roster {
    uint32_t count; /* of workers, also those that are away */
    uint64_t present[ROSTER_MAX / 64];
};

/* None is there. count: at most ROSTER_MAX. */
void roster_init(struct roster *roster, uint32_t count);
void roster_set(struct roster *roster, uint32_t worker, bool is_present);
bool roster_has(const struct roster *roster, uint32_t worker);

/* One of the sockets of an address. */
struct roster_shard {
    uint32_t number;  /* from 0 */
    uint32_t count;   /* of the address: at least 1 */
    uint32_t workers; /* that serve the address: the first ones; 0: all */
};

/*
 * Does the worker accept from it? A shard has one worker, shard k worker k mod
 * workers; what one who is away would serve is dealt out among the others.
 * Where there are more workers than shards, several share one. As long as any
 * of the workers is there, each shard is served.
 */
bool roster_serves(const struct roster *roster,
                   uint32_t worker,
                   const struct roster_shard *shard);

#endif
