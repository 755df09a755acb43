/* SPDX-License-Identifier: MIT */
/*
 * The body of a request, decoded piece by piece as it comes. Nothing of it is
 * kept here, and the same comes out wherever the pieces are cut.
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <sys/types.h>

#include "request.h"

enum body_phase {
    BODY_DATA, /* of a chunk, or of the whole */
    BODY_SIZE, /* of a chunk: the digits */
    BODY_GAP,  /* white space before an extension */
    BODY_EXTENSION,
    BODY_SIZE_LF, /* the end of that line */
    BODY_DATA_CR, /* behind the data of a chunk */
    BODY_DATA_LF,
    BODY_TRAILER, /* the last chunk has been; the trailer section is next */
    BODY_DONE
};

struct body {
    uint64_t left;    /* bytes that are yet to come: of the chunk, or of all */
    uint64_t allowed; /* bytes that may yet be announced */
    uint32_t extensions; /* bytes of extensions so far */
    uint8_t phase;       /* enum body_phase */
    uint8_t digits;      /* of this chunk's size */
    bool is_chunked;
    bool has_name; /* an extension has more than its semicolon */
};

/* A body of Content-Length, or with is_chunked of at most `allowed` bytes. */
void body_begin(struct body *body,
                bool is_chunked,
                uint64_t size,
                uint64_t allowed);

/*
 * Decodes from the front of data[0..size), size > 0, as much as is of one
 * kind. *piece: the bytes of the body among it, or empty. Returns how many
 * bytes were used, or the status to refuse with: -400, -413. To be called in
 * the phases before BODY_TRAILER.
 */
ssize_t body_decode(struct body *body,
                    const char *data,
                    size_t size,
                    struct http_span *piece);

#endif
