/* SPDX-License-Identifier: MIT */
/*
 * Counts the connections of each peer address, for limits.connections_per_ip.
 * A connection keeps the slot of its peer, four bytes, until it is closed.
 */
#ifndef BERTH_PEERS_H
#define BERTH_PEERS_H

#include <stddef.h>
#include <stdint.h>

#include "headcount.h"

struct peer;

struct peers {
    struct peer *slots; /* those in use, and a chain of those that are free */
    uint32_t *buckets;  /* a power of two of chains */
    uint32_t capacity;  /* of slots; as many buckets */
    uint32_t used;      /* slots that have been handed out at least once */
    uint32_t free;      /* the first free slot among these */
    uint32_t count;     /* addresses that have connections */
    uint64_t seed[2];   /* secret: peers choose their addresses */
    struct headcount *published; /* what others see of it; NULL: nothing */
};

/* Takes no memory before the first peer. published: empty; NULL: there is
   nobody who looks. */
void peers_init(struct peers *peers,
                const uint64_t seed[2],
                struct headcount *published);
void peers_fini(struct peers *peers);

/*
 * A connection from the address key (address_key()) begins. limit: how many it
 * may have at once; 0: any number. Returns 0 and the *slot, which stays valid
 * and the same for all connections of this address until the last of them
 * leaves; or -EDQUOT at the limit, -ENOMEM.
 */
int peers_enter(struct peers *peers,
                const unsigned char key[16],
                uint64_t limit,
                uint32_t *slot);

/*
 * A connection that peers_enter() let in ends. Memory of addresses that are
 * gone is used again, and given back when there are none left.
 */
void peers_leave(struct peers *peers, uint32_t slot);

/* How many connections the slot's peer has, and its tag: the same in all tables
   with that seed, as it is published. */
uint64_t peers_count(const struct peers *peers, uint32_t slot);
uint64_t peers_tag(const struct peers *peers, uint32_t slot);

#endif
