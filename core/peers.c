/* SPDX-License-Identifier: MIT */
#include "peers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NONE UINT32_MAX
#define CAPACITY_MIN 64u
#define CAPACITY_MAX (UINT32_MAX / 2 + 1)

struct peer {
    uint64_t key[2];
    uint32_t connections;
    uint32_t next; /* in its bucket's chain, or in that of the free slots */
};

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/*
 * SipHash-2-4 (Aumasson and Bernstein 2012, section 2) of a message that is
 * two words long. A peer with a /64 of IPv6 addresses would find collisions of
 * a hash without secret, and make each accept walk a chain of thousands.
 */
static uint64_t hash_key(const uint64_t seed[2], const uint64_t key[2])
{
    /* The last block holds the bytes left over (none) and the length, 16. */
    const uint64_t blocks[3] = {key[0], key[1], UINT64_C(16) << 56};
    uint64_t v[4] = {seed[0] ^ UINT64_C(0x736f6d6570736575),
                     seed[1] ^ UINT64_C(0x646f72616e646f6d),
                     seed[0] ^ UINT64_C(0x6c7967656e657261),
                     seed[1] ^ UINT64_C(0x7465646279746573)};

    for (size_t i = 0; i < 3; i++) {
        v[3] ^= blocks[i];
        sip_round(v);
        sip_round(v);
        v[0] ^= blocks[i];
    }
    v[2] ^= 0xff;
    for (size_t i = 0; i < 4; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void peers_init(struct peers *peers,
                const uint64_t seed[2],
                struct headcount *published)
{
    *peers = (struct peers){
        .free = NONE,
        .seed = {seed[0], seed[1]},
        .published = published,
    };
}

static void drop_memory(struct peers *peers)
{
    free(peers->slots);
    free(peers->buckets);
    peers->slots = NULL;
    peers->buckets = NULL;
    peers->capacity = 0;
    peers->used = 0;
    peers->free = NONE;
}

void peers_fini(struct peers *peers)
{
    drop_memory(peers);
    peers->count = 0;
}

static uint32_t *find_bucket(struct peers *peers, const uint64_t key[2])
{
    uint64_t hash = hash_key(peers->seed, key);

    return &peers->buckets[hash & (peers->capacity - 1)];
}

/* Every slot is in use when this is called. */
static void chain_all(struct peers *peers)
{
    memset(peers->buckets, 0xff, peers->capacity * sizeof(*peers->buckets));
    for (uint32_t i = 0; i < peers->used; i++) {
        uint32_t *bucket = find_bucket(peers, peers->slots[i].key);

        peers->slots[i].next = *bucket;
        *bucket = i;
    }
}

static int grow(struct peers *peers)
{
    uint32_t capacity =
        peers->capacity == 0 ? CAPACITY_MIN : peers->capacity * 2;
    struct peer *slots;
    uint32_t *buckets;

    if (peers->capacity >= CAPACITY_MAX) {
        return -ENOMEM;
    }
    buckets = malloc(capacity * sizeof(*buckets));
    if (buckets == NULL) {
        return -ENOMEM;
    }
    slots = reallocarray(peers->slots, capacity, sizeof(*slots));
    if (slots == NULL) {
        free(buckets);
        return -ENOMEM;
    }
    free(peers->buckets);
    peers->buckets = buckets;
    peers->slots = slots;
    peers->capacity = capacity;
    chain_all(peers);
    return 0;
}

static uint32_t find_slot(struct peers *peers, const uint64_t key[2])
{
    uint32_t slot;

    if (peers->capacity == 0) {
        return NONE;
    }
    slot = *find_bucket(peers, key);
    while (slot != NONE && (peers->slots[slot].key[0] != key[0] ||
                            peers->slots[slot].key[1] != key[1])) {
        slot = peers->slots[slot].next;
    }
    return slot;
}

/* There is room: the caller has grown the table if need be. */
static uint32_t add_slot(struct peers *peers, const uint64_t key[2])
{
    uint32_t *bucket = find_bucket(peers, key);
    uint32_t slot = peers->free;

    if (slot == NONE) {
        slot = peers->used++;
    } else {
        peers->free = peers->slots[slot].next;
    }
    peers->slots[slot] = (struct peer){
        .key = {key[0], key[1]}, .connections = 0, .next = *bucket};
    *bucket = slot;
    peers->count++;
    return slot;
}

uint64_t peers_count(const struct peers *peers, uint32_t slot)
{
    return peers->slots[slot].connections;
}

uint64_t peers_tag(const struct peers *peers, uint32_t slot)
{
    const uint64_t hash = hash_key(peers->seed, peers->slots[slot].key);

    return hash == 0 ? 1 : hash; /* 0 stands for no peer */
}

static void publish(const struct peers *peers, uint32_t slot)
{
    if (peers->published != NULL) {
        headcount_set(peers->published, peers_tag(peers, slot),
                      peers_count(peers, slot));
    }
}

int peers_enter(struct peers *peers,
                const unsigned char key[16],
                uint64_t limit,
                uint32_t *slot)
{
    uint64_t words[2];
    uint32_t found;

    memcpy(words, key, sizeof(words));
    found = find_slot(peers, words);
    if (found == NONE) {
        if (peers->count == peers->capacity && grow(peers) != 0) {
            return -ENOMEM;
        }
        found = add_slot(peers, words);
    } else if (limit != 0 && peers->slots[found].connections >= limit) {
        return -EDQUOT;
    }
    peers->slots[found].connections++;
    publish(peers, found);
    *slot = found;
    return 0;
}

static void remove_slot(struct peers *peers, uint32_t slot)
{
    uint32_t *link = find_bucket(peers, peers->slots[slot].key);

    while (*link != slot) {
        link = &peers->slots[*link].next;
    }
    *link = peers->slots[slot].next;
    peers->slots[slot].next = peers->free;
    peers->free = slot;
    peers->count--;
}

void peers_leave(struct peers *peers, uint32_t slot)
{
    peers->slots[slot].connections--;
    publish(peers, slot);
    if (peers->slots[slot].connections > 0) {
        return;
    }
    remove_slot(peers, slot);
    /* A quiet server would else take and give back memory for each peer. */
    if (peers->count == 0 && peers->capacity > CAPACITY_MIN) {
        drop_memory(peers);
    }
}
