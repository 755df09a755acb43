/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 512

struct pending *pending_new(void)
{
    return calloc(1, sizeof(struct pending));
}

void pending_free(struct pending *pending)
{
    if (pending != NULL) {
        free(pending->text.data);
        free(pending->content.data);
        free(pending);
    }
}

int store_add(struct store *store, const char *data, size_t size)
{
    if (size > store->capacity - store->size) {
        size_t capacity = 2 * (store->size + size);
        char *grown;

        if (capacity < CAPACITY_FIRST) {
            capacity = CAPACITY_FIRST;
        }
        grown = realloc(store->data, capacity);
        if (grown == NULL) {
            return -ENOMEM;
        }
        store->data = grown;
        store->capacity = capacity;
    }
    memcpy(store->data + store->size, data, size);
    store->size += size;
    return 0;
}

int pending_too_long(const struct head_scan *scan, size_t max)
{
    return scan->first == 0 || scan->first > max ? -414 : -431;
}

ssize_t pending_collect(struct pending *pending,
                        size_t max,
                        const char *data,
                        size_t size,
                        bool *is_complete)
{
    size_t before = pending->text.size - pending->head_size;
    size_t most = max - before + 1; /* one too many: then it is too long */
    ssize_t length;
    int error;

    if (size > most) {
        size = most;
    }
    error = store_add(&pending->text, data, size);
    if (error < 0) {
        return error;
    }
    length = head_scan(&pending->scan, pending->text.data + pending->head_size,
                       before + size);
    if (length < 0) {
        return length;
    }
    *is_complete = length > 0;
    if (length == 0) {
        return before + size > max ? pending_too_long(&pending->scan, max)
                                   : (ssize_t)size;
    }
    if ((size_t)length > max) {
        return pending_too_long(&pending->scan, max);
    }
    pending->text.size = pending->head_size + (size_t)length;
    return length - (ssize_t)before;
}

void pending_begin_trailer(struct pending *pending)
{
    pending->scan.line = 0;
    pending->scan.seen = 0;
}
