/* SPDX-License-Identifier: MIT */
/* Whether a connection goes on after an answer, and how the answer says it. */
#ifndef HTTP_PERSISTENCE_H
#define HTTP_PERSISTENCE_H

#include "request.h"

/* What is the default needs no line; NULL: a request that could not be read.
   The empty line that ends the head is in it. */
static inline struct http_span
persistence_line(const struct http_request *request)
{
    static const char close_line[] = "Connection: close\r\n\r\n";
    static const char keep_line[] = "Connection: keep-alive\r\n\r\n";

    if (request == NULL || !request->keep_alive) {
        return (struct http_span){close_line, sizeof(close_line) - 1};
    }
    if (request->minor == 0) {
        return (struct http_span){keep_line, sizeof(keep_line) - 1};
    }
    return (struct http_span){"\r\n", 2};
}

#endif
