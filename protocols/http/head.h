/* SPDX-License-Identifier: MIT */
/*
 * The head of a request, up to the empty line: first its lines are counted
 * off, then all of it is parsed where it lies.
 *
 * A result that is negative is the status to refuse with: -400. What llhttp
 * lets through and RFC 9112 does not, or leaves to the server, is refused.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdint.h>
#include <sys/types.h>

#include <llhttp.h>

#include "request.h"

/* How far the lines of a head, or of a trailer section, have been seen; all 0 at
   the beginning of a head. */
struct head_scan {
    uint32_t first; /* size of the request line; 0: not complete */
    uint32_t line;  /* where the line that is not complete begins */
    uint32_t seen;  /* bytes that hold no end of that line */
};

/* A head, and what it says of the body that follows. */
struct message {
    struct http_request request;
    uint64_t body_size; /* of Content-Length; 0 without */
    bool is_chunked;
    bool is_expecting; /* the peer waits for 100 (Continue) */
};

/* The last Host that was found to be one: nearly all requests have the same,
   and comparing is cheaper than reading. */
struct known_host {
    size_t size;
    char text[64];
};

/* The parser of an entry. */
struct head {
    llhttp_t parser; /* behind a request line; a copy of it reads fields */
    llhttp_settings_t callbacks;
    struct http_header *headers;
    size_t count, max;
    bool is_full;
    struct known_host host;
};

/* Returns 0 or -ENOMEM. max: most headers. */
int head_init(struct head *head, size_t max);
void head_fini(struct head *head);

/*
 * Looks at the lines of data[0..size); bytes that were seen before must still
 * be there. Returns the size of the head when it is complete, 0 when it is not,
 * or -400: a line ends in a bare LF, goes on in the next one (it is folded), or
 * has no name.
 */
ssize_t head_scan(struct head_scan *scan, const char *data, size_t size);

/*
 * Parses a complete head, whose first line is of that size: head_scan.first.
 * *message points into data and into head, until the next call. Returns 0 or
 * -status.
 */
int head_parse(struct head *head,
               const char *data,
               size_t size,
               size_t first,
               struct message *message);

/* Checks the trailer section of a chunked body: lines and an empty one. Returns
   0 or -status. */
int head_check_trailer(struct head *head, const char *data, size_t size);

#endif
