/* SPDX-License-Identifier: MIT */
/*
 * A request that has come in part: what its handler will need is kept here,
 * since the bytes of a read are gone when the callback returns. A request that
 * comes whole, without a body, needs none of it.
 */
#ifndef HTTP_PENDING_H
#define HTTP_PENDING_H

#include "body.h"
#include "head.h"

/* Bytes that grow. */
struct store {
    char *data;
    size_t size, capacity;
};

struct pending {
    struct store text;     /* the head; behind it the trailer section */
    size_t head_size;      /* 0: not complete yet */
    struct head_scan scan; /* of the head, then of the trailer section */
    struct body body;
    struct store content; /* the body, if it is kept */
    bool keeps_content;
};

/* NULL: no memory. */
struct pending *pending_new(void);
void pending_free(struct pending *pending); /* NULL is fine */

/* Appends bytes. Returns 0 or -ENOMEM. */
int store_add(struct store *store, const char *data, size_t size);

/*
 * Adds the next bytes of the head, or of the trailer section once there is a
 * head, up to its end; it may have max bytes. *is_complete: its end has come.
 * Returns how many bytes were used, -ENOMEM, or the status to refuse with:
 * -400, -414, -431.
 */
ssize_t pending_collect(struct pending *pending,
                        size_t max,
                        const char *data,
                        size_t size,
                        bool *is_complete);

/* The trailer section follows. */
void pending_begin_trailer(struct pending *pending);

/* The status for a head of more than max bytes, by how far it was seen. */
int pending_too_long(const struct head_scan *scan, size_t max);

#endif
