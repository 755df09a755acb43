/* SPDX-License-Identifier: MIT */
/* What resp keeps: values under keys. Of the server it knows nothing. */
#ifndef RESP_STORE_H
#define RESP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_BUCKETS 4096

/* Bytes, for all who hold a reference to them. */
struct blob {
    size_t references;
    size_t size;
    char bytes[];
};

struct store_item {
    struct store_item *next;
    struct blob *key, *value;
};

/* Zeroed, it is empty. */
struct store {
    int64_t count;
    struct store_item *buckets[STORE_BUCKETS];
};

/* Zeroed bytes, with a reference for the caller. NULL: no memory. */
struct blob *blob_new(size_t size);
struct blob *blob_keep(struct blob *blob);
/* Gives a reference back; the last one frees. NULL is fine. */
void blob_drop(void *blob);
/* Are these its bytes, in letters of either case? */
bool blob_is(const struct blob *blob, const char *text);

/* The value; NULL: there is none. The reference stays the store's. */
struct blob *store_get(struct store *store, const struct blob *key);
/* Takes references of its own. 0, -ENOMEM, or -EDQUOT: it has max keys. */
int store_set(struct store *store,
              struct blob *key,
              struct blob *value,
              int64_t max);
/* Returns whether there was one. */
bool store_delete(struct store *store, const struct blob *key);
void store_clear(struct store *store);

#endif
