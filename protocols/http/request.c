/* SPDX-License-Identifier: MIT */
#include "request.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

/* Spans, so that finding one counts no bytes. */
#define METHOD(text_)                                                          \
    {                                                                          \
        .data = (text_), .size = sizeof(text_) - 1                             \
    }
static const struct http_span methods[HTTP_METHODS] = {
    [HTTP_METHOD_GET] = METHOD("GET"),
    [HTTP_METHOD_HEAD] = METHOD("HEAD"),
    [HTTP_METHOD_POST] = METHOD("POST"),
    [HTTP_METHOD_PUT] = METHOD("PUT"),
    [HTTP_METHOD_DELETE] = METHOD("DELETE"),
    [HTTP_METHOD_OPTIONS] = METHOD("OPTIONS"),
    [HTTP_METHOD_PATCH] = METHOD("PATCH"),
    [HTTP_METHOD_TRACE] = METHOD("TRACE"),
    [HTTP_METHOD_CONNECT] = METHOD("CONNECT"),
};

const char *http_method_text(enum http_method method)
{
    return methods[method].data;
}

int http_method_find(struct http_span text)
{
    for (int i = 0; i < HTTP_METHODS; i++) {
        if (methods[i].size == text.size &&
            memcmp(methods[i].data, text.data, text.size) == 0) {
            return i;
        }
    }
    return -ENOENT;
}

bool http_span_is(struct http_span span, const char *text)
{
    return strlen(text) == span.size &&
           strncasecmp(span.data, text, span.size) == 0;
}

struct http_span http_span_of(const char *text)
{
    return (struct http_span){.data = text, .size = strlen(text)};
}

const struct http_span *http_request_header(const struct http_request *request,
                                            const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (http_span_is(request->headers[i].name, name)) {
            return &request->headers[i].value;
        }
    }
    return NULL;
}
