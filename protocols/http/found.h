/* SPDX-License-Identifier: MIT */
/*
 * What is answered when there is a file: its conditions and range, its head,
 * its bytes.
 */
#ifndef HTTP_FOUND_H
#define HTTP_FOUND_H

#include <berth/protocol.h>

#include "cache.h"
#include "facts.h"
#include "request.h"

/* A file: a copy if there is one, else open. */
struct found {
    const struct facts *facts;
    struct copy *copy; /* borrowed; NULL: none */
    int fd;            /* -1: not open, or taken over by the answer */
};

/* The room before the bytes of a copy that its answers need: cache_take(). */
size_t found_room(const berth_conn *c, const char *type);

/* Answers GET or HEAD. Returns 0 or -errno as the functions of answer.h. */
int found_answer(struct found *found,
                 berth_conn *c,
                 const struct http_request *request);

#endif
