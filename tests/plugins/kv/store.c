/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *one, const void *other)
{
    const struct key *a = one, *b = other;

    if (a->size != b->size) {
        return a->size < b->size ? -1 : 1;
    }
    return memcmp(a->bytes, b->bytes, a->size);
}

void store_init(struct store *store, size_t capacity)
{
    *store = (struct store){.capacity = capacity};
    TAILQ_INIT(&store->items);
}

void item_drop(struct item *item)
{
    if (--item->references == 0) {
        free(item);
    }
}

static void unlink_item(struct store *store, struct item *item)
{
    TAILQ_REMOVE(&store->items, item, link);
    store->count--;
    item_drop(item);
}

static void remove_item(struct store *store, struct item *item)
{
    (void)tdelete(&item->key, &store->tree, compare);
    unlink_item(store, item);
}

void store_fini(struct store *store)
{
    while (!TAILQ_EMPTY(&store->items)) {
        remove_item(store, TAILQ_FIRST(&store->items));
    }
}

struct item *store_get(struct store *store, const struct key *key)
{
    struct item **place = tfind(key, &store->tree, compare);

    return place == NULL ? NULL : *place;
}

static struct item *make(const struct key *key, const char *value, size_t size)
{
    struct item *item = malloc(sizeof(*item) + key->size + size);

    if (item != NULL) {
        *item = (struct item){.references = 1, .value_size = size};
        item->key = (struct key){.bytes = item->bytes, .size = key->size};
        memcpy(item->bytes, key->bytes, key->size);
        memcpy(item->bytes + key->size, value, size);
    }
    return item;
}

int store_set(struct store *store,
              const struct key *key,
              const char *value,
              size_t value_size,
              uint64_t expires_ms)
{
    struct item **place = tfind(key, &store->tree, compare);
    struct item *item;

    if (place == NULL && store->count == store->capacity) {
        return -ENOBUFS;
    }
    item = make(key, value, value_size);
    if (item == NULL) {
        return -ENOMEM; /* the old value is still there */
    }
    if (place != NULL) {
        unlink_item(store, *place);
        *place = item;
    } else if (tsearch(&item->key, &store->tree, compare) == NULL) {
        free(item);
        return -ENOMEM;
    }
    item->expires_ms = expires_ms;
    TAILQ_INSERT_TAIL(&store->items, item, link);
    store->count++;
    return 0;
}

bool store_delete(struct store *store, const struct key *key)
{
    struct item *item = store_get(store, key);

    if (item != NULL) {
        remove_item(store, item);
    }
    return item != NULL;
}

uint64_t store_expire(struct store *store, uint64_t now_ms)
{
    struct item *first = TAILQ_FIRST(&store->items);

    while (first != NULL && first->expires_ms <= now_ms) {
        remove_item(store, first);
        first = TAILQ_FIRST(&store->items);
    }
    return first == NULL ? STORE_NEVER : first->expires_ms;
}

size_t store_take(struct store *store, struct item **items)
{
    struct item *item = TAILQ_FIRST(&store->items);
    size_t count = 0;

    while (item != NULL) {
        item->references++;
        items[count++] = item;
        item = TAILQ_NEXT(item, link);
    }
    return count;
}
