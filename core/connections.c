/* SPDX-License-Identifier: MIT */
#include "connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "seed.h"

#define QUEUE_CAPACITY_MIN 64

static int init_peers(struct connections *all, struct stats *stats)
{
    uint64_t seed[2];
    int error;

    all->quota.stats = stats;
    if (stats != NULL && stats_slots(stats) > 1) {
        peers_init(&all->peers, stats_seed(stats), stats_own_peers(stats));
        return 0;
    }
    error = seed_make(seed);
    if (error == 0) {
        peers_init(&all->peers, seed, NULL);
    }
    return error;
}

int connections_init(struct connections *all,
                     const struct connections_parts *parts)
{
    char *buffer = malloc(ENTRY_READ_SIZE + 1 + CONNECTIONS_CORK_SIZE);
    int error;

    if (buffer == NULL) {
        return -ENOMEM;
    }
    *all = (struct connections){
        .loop = parts->loop,
        .log = parts->log,
        .host = parts->host,
        .trigger = parts->trigger,
        .buffer = buffer,
        .cork = buffer + ENTRY_READ_SIZE + 1,
        .cork_next = buffer + ENTRY_READ_SIZE + 1,
    };
    error = init_peers(all, parts->stats);
    if (error < 0) {
        free(buffer);
        return error;
    }
    slab_init(&all->slab, parts->connection_size);
    slab_init(&all->extras, parts->extra_size);
    output_pool_init(&all->outputs);
    return 0;
}

void connections_fini(struct connections *all)
{
    free(all->pending.items);
    free(all->taken.items);
    output_pool_fini(&all->outputs);
    slab_fini(&all->extras);
    slab_fini(&all->slab);
    peers_fini(&all->peers);
    free(all->buffer);
}

/* Only what is in the queue is copied: pages that are never written to cost
   nothing. */
static int grow_queue(struct connections_queue *queue, size_t capacity)
{
    struct connection **items = malloc(capacity * sizeof(struct connection *));

    if (items == NULL) {
        return -ENOMEM;
    }
    if (queue->count > 0) {
        memcpy(items, queue->items, queue->count * sizeof(struct connection *));
    }
    free(queue->items);
    queue->items = items;
    return 0;
}

COLD static int grow_queues(struct connections *all)
{
    size_t capacity =
        all->queue_capacity == 0 ? QUEUE_CAPACITY_MIN : 2 * all->queue_capacity;

    if (grow_queue(&all->pending, capacity) < 0 ||
        grow_queue(&all->taken, capacity) < 0) {
        return -ENOMEM;
    }
    all->queue_capacity = capacity;
    return 0;
}

struct connection *connections_take(struct connections *all)
{
    if (all->slab.used == all->queue_capacity && grow_queues(all) < 0) {
        return NULL;
    }
    return slab_take(&all->slab);
}

void connections_give(struct connections *all, struct connection *c)
{
    slab_give(&all->slab, c);
    all->released++;
}

void connections_queue(struct connections *all, struct connection *c)
{
    all->pending.items[all->pending.count++] = c;
}

bool connections_claim(const struct connections *all, struct entry *entry)
{
    const uint64_t limit = entry->limits.connections;

    return limit == 0 || quota_claim(&all->quota, entry->account, limit);
}

/* The others have theirs. */
static int enter_peer(struct connections *all,
                      const unsigned char key[16],
                      uint64_t limit,
                      uint32_t *slot)
{
    uint32_t found;
    int error = peers_enter(&all->peers, key, limit, &found);

    if (error == 0 &&
        !quota_allows_peer(&all->quota, peers_tag(&all->peers, found),
                           peers_count(&all->peers, found), limit)) {
        peers_leave(&all->peers, found);
        error = -EDQUOT;
    }
    if (error == 0) {
        *slot = found;
    }
    return error;
}

int connections_enter_peer(struct connections *all,
                           const struct entry *entry,
                           const struct address *peer,
                           uint32_t *slot)
{
    const bool has_slot = *slot != CONNECTIONS_NO_PEER;
    uint64_t limit = entry->limits.connections_per_ip;
    unsigned char key[16];
    int error;

    if (limit == 0 || address_key(peer, key) < 0) {
        return 0;
    }
    quota_enter(&all->quota);
    if (!has_slot) {
        error = enter_peer(all, key, limit, slot);
    } else {
        /* It is counted already: in again beside itself, and out once. */
        error = enter_peer(all, key, limit + 1, slot);
        if (error == 0) {
            peers_leave(&all->peers, *slot);
        }
    }
    quota_leave(&all->quota);
    return error;
}

struct entry *connections_find_entry(const struct connections *all,
                                     const char *name)
{
    for (size_t i = 0; i < all->entry_count; i++) {
        struct entry *entry = &all->entries[i];

        /* One that is put aside may have none. */
        if (!entry->is_aside && entry->head.name != NULL &&
            strcmp(entry->head.name, name) == 0) {
            return entry;
        }
    }
    return NULL;
}
