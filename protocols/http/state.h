/* SPDX-License-Identifier: MIT */
/* What a connection has at c->state. While it is idle this is all. */
#ifndef HTTP_STATE_H
#define HTTP_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "pending.h"

enum http_phase {
    HTTP_HEAD_PHASE, /* a request is awaited, or its head is not complete */
    HTTP_BODY_PHASE,
    HTTP_TRAILER_PHASE
};

struct http_state {
    struct pending *pending; /* NULL: between two requests */
    uint64_t answered_ms;    /* when the last answer was written */
    uint32_t requests;       /* that were begun */
    uint8_t phase;           /* enum http_phase */
    bool is_stopping;        /* the server drains */
    bool has_skipped;        /* an empty line before this request */
    bool is_keep_alive_set; /* the deadline is that of keep_alive, or earlier */
};

#endif
