/* SPDX-License-Identifier: MIT */
/*
 * A request as its handler sees it: head and body are complete and have been
 * checked. All of it is borrowed until the callback returns; spans point into
 * the received bytes and are not ended by a NUL.
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of something else; {NULL, 0}: not there. */
struct http_span {
    const char *data;
    size_t size;
};

/* The methods of RFC 9110 and RFC 5789; requests with others, with TRACE or
   with CONNECT never reach a handler. */
enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_PUT,
    HTTP_METHOD_DELETE,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_PATCH,
    HTTP_METHOD_TRACE,
    HTTP_METHOD_CONNECT,
    HTTP_METHODS /* how many there are */
};

/* A header field. The value is without the white space around it, and has no
   CR, LF or NUL. */
struct http_header {
    struct http_span name;
    struct http_span value;
};

struct http_request {
    enum http_method method;
    bool is_head;    /* the answer has no body */
    bool keep_alive; /* the connection stays open after the answer */
    bool is_last;    /* the client sends nothing after it: it has said so */
    unsigned minor;  /* 0 or 1: HTTP/1.0 or HTTP/1.1 */

    struct http_span method_text; /* as received: "GET" */
    struct http_span target; /* as received: "/a%20b?c", "http://h/a", "*" */
    struct http_span path;   /* of the target, still encoded: "/a%20b"; begins
                                     with '/', or is "*" */
    bool is_plain;           /* the path has no escape, no backslash, no "//"
                                     and no "/." */
    struct http_span query;  /* behind the '?'; data is NULL if there is none */
    struct http_span host;   /* of the target or of Host; may be missing in
                                     HTTP/1.0 */

    const struct http_header *headers; /* in the order received */
    size_t header_count;

    bool has_body;         /* one was announced, be it empty */
    struct http_span body; /* decoded; only where a route asked for it (`echo`),
                              else it was read and dropped */
};

/* The text of a method: "GET". */
const char *http_method_text(enum http_method method);

/* The method of that text (case matters), or -ENOENT. */
int http_method_find(struct http_span text);

/*
 * The first header of that name, in whatever case; NULL if there is none.
 * More of the same name may follow: they are in `headers`.
 */
const struct http_span *http_request_header(const struct http_request *request,
                                            const char *name);

/* Whether the bytes are those of text, in whatever case of ASCII letters. */
bool http_span_is(struct http_span span, const char *text);

static inline bool http_is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The bytes without the spaces and tabs around them. */
static inline struct http_span http_span_trim(struct http_span span)
{
    while (span.size > 0 && http_is_space(*span.data)) {
        span.data++;
        span.size--;
    }
    while (span.size > 0 && http_is_space(span.data[span.size - 1])) {
        span.size--;
    }
    return span;
}

/* A span of a text that ends with a NUL. */
struct http_span http_span_of(const char *text);

#endif
