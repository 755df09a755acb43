/* SPDX-License-Identifier: MIT */
#include "resp_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct blob *blob_new(size_t size)
{
    struct blob *blob = calloc(1, sizeof(*blob) + size);

    if (blob != NULL) {
        blob->references = 1;
        blob->size = size;
    }
    return blob;
}

struct blob *blob_keep(struct blob *blob)
{
    blob->references++;
    return blob;
}

void blob_drop(void *blob)
{
    struct blob *dropped = blob;

    if (dropped != NULL && --dropped->references == 0) {
        free(dropped);
    }
}

bool blob_is(const struct blob *blob, const char *text)
{
    return blob->size == strlen(text) &&
           strncasecmp(blob->bytes, text, blob->size) == 0;
}

static bool is_same(const struct blob *a, const struct blob *b)
{
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* FNV-1a. Whoever finds collisions gets no chain longer than max keys. */
static uint32_t hash(const struct blob *key)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < key->size; i++) {
        sum = (sum ^ (uint8_t)key->bytes[i]) * 16777619u;
    }
    return sum;
}

/* Where the item with this key is, or would be. */
static struct store_item **find(struct store *store, const struct blob *key)
{
    struct store_item **place = &store->buckets[hash(key) % STORE_BUCKETS];

    while (*place != NULL && !is_same((*place)->key, key)) {
        place = &(*place)->next;
    }
    return place;
}

static void remove_item(struct store *store, struct store_item **place)
{
    struct store_item *item = *place;

    *place = item->next;
    store->count--;
    blob_drop(item->key);
    blob_drop(item->value);
    free(item);
}

struct blob *store_get(struct store *store, const struct blob *key)
{
    const struct store_item *item = *find(store, key);

    return item == NULL ? NULL : item->value;
}

int store_set(struct store *store,
              struct blob *key,
              struct blob *value,
              int64_t max)
{
    struct store_item **place = find(store, key);

    if (*place == NULL) {
        if (store->count >= max) {
            return -EDQUOT;
        }
        *place = calloc(1, sizeof(**place));
        if (*place == NULL) {
            return -ENOMEM;
        }
        (*place)->key = blob_keep(key);
        store->count++;
    }
    blob_drop((*place)->value);
    (*place)->value = blob_keep(value);
    return 0;
}

bool store_delete(struct store *store, const struct blob *key)
{
    struct store_item **place = find(store, key);

    if (*place == NULL) {
        return false;
    }
    remove_item(store, place);
    return true;
}

void store_clear(struct store *store)
{
    for (size_t i = 0; i < STORE_BUCKETS; i++) {
        while (store->buckets[i] != NULL) {
            remove_item(store, &store->buckets[i]);
        }
    }
}
