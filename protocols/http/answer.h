/* SPDX-License-Identifier: MIT */
/*
 * Writing an answer. A handler calls exactly one of these functions for a
 * request, once. They write the status line, Date, Server and the headers of
 * the settings, Connection where it is due, Content-Type, Content-Length and
 * the answer's own headers; then the body, unless the request is HEAD or the
 * status is 204 or 304. They write the line of the access log, too.
 *
 * Results are 0 or -errno, as those of the berth_ function that failed; the
 * connection then ends by itself.
 */
#ifndef HTTP_ANSWER_H
#define HTTP_ANSWER_H

#include <berth/protocol.h>

#include "request.h"

/* What an answer says before its body. */
struct http_answer {
    unsigned status;  /* 200 to 599 */
    const char *type; /* Content-Type; NULL: none */
    uint64_t size;    /* of the body: Content-Length; with a HEAD
                                         what GET would have got. Neither 204 nor
                                         304 tells it */
    const struct http_header *fields; /* more headers; without CR, LF, NUL */
    size_t field_count;
};

/* The reason that goes with a status: "Not Found"; "Unknown" for others. */
const char *http_status_text(unsigned status);

/* The body is copied. */
int http_answer_copy(berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer,
                     const void *body);

/*
 * The body is lent, as to berth_write_owned(). Unlike there, release (may be
 * NULL) runs exactly once whatever the result is, and possibly before this
 * function returns: where no body is sent, or on an error.
 */
int http_answer_owned(berth_conn *c,
                      const struct http_request *request,
                      const struct http_answer *answer,
                      const void *body,
                      berth_release_fn *release,
                      void *arg);

/* A part of a file, from offset on. */
struct http_part {
    int fd;
    uint64_t offset;
};

/*
 * The body is answer->size bytes of a file, as by berth_sendfile(); release as
 * for http_answer_owned().
 */
int http_answer_file(berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer,
                     struct http_part part,
                     berth_release_fn *release,
                     void *arg);

/*
 * An answer that is nothing but its status: a line of text that says it as
 * body, or none for 204 and 304. fields as in struct http_answer; NULL, 0:
 * none.
 */
int http_answer_status(berth_conn *c,
                       const struct http_request *request,
                       unsigned status,
                       const struct http_header *fields,
                       size_t field_count);

#endif
