/* SPDX-License-Identifier: MIT */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define STORE_NEVER UINT64_MAX

struct key {
    const char *bytes;
    size_t size;
};

/* A key with its value. The bytes never change: setting a key again makes
   another item. */
struct item {
    struct key key; /* in bytes; the first member: the tree compares keys */
    TAILQ_ENTRY(item) link;
    uint64_t expires_ms;
    size_t references;
    size_t value_size;
    char bytes[]; /* the key, then the value */
};

/* How many there are has a bound. */
struct store {
    void *tree;                    /* by key: see tsearch(3) */
    TAILQ_HEAD(items, item) items; /* the one that was set first comes first */
    size_t count, capacity;
};

void store_init(struct store *store, size_t capacity);
void store_fini(struct store *store);

/* NULL: there is none. Valid until the next change. */
struct item *store_get(struct store *store, const struct key *key);
/* Times are milliseconds of any clock; no item expires before an older one.
   -ENOBUFS: there are too many; -ENOMEM. */
int store_set(struct store *store,
              const struct key *key,
              const char *value,
              size_t value_size,
              uint64_t expires_ms);
/* Returns whether there was one. */
bool store_delete(struct store *store, const struct key *key);
/* Removes what has expired. Returns when the next one does, or STORE_NEVER. */
uint64_t store_expire(struct store *store, uint64_t now_ms);

/* All items, the first ones first; items has room for store->count. Returns how
   many there are. Each outlives its place in the store until it is dropped. */
size_t store_take(struct store *store, struct item **items);
void item_drop(struct item *item);

#endif
