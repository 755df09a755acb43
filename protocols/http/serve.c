/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "attribute.h"
#include "local.h"
#include "state.h"

#define ALLOW_SIZE 64
/* What there is room for at first, and is added when that was too little. */
#define METRICS_SIZE 65536
#define METRICS_ATTEMPTS 4

static struct route_match find(berth_conn *c,
                               const struct http_request *request)
{
    struct http_local *local = c->entry->local;

    return routes_find(&local->routes, request);
}

/* "GET, HEAD, OPTIONS" */
COLD static int answer_allow(berth_conn *c,
                             const struct http_request *request,
                             unsigned status,
                             uint32_t methods)
{
    char text[ALLOW_SIZE];
    struct http_header allow = {http_span_of("Allow"), {text, 0}};

    methods |= 1u << HTTP_METHOD_OPTIONS;
    for (int i = 0; i < HTTP_METHODS; i++) {
        if ((methods & (1u << i)) != 0) {
            allow.value.size += (size_t)snprintf(
                text + allow.value.size, sizeof(text) - allow.value.size,
                "%s%s", allow.value.size > 0 ? ", " : "",
                http_method_text((enum http_method)i));
        }
    }
    return http_answer_status(c, request, status, &allow, 1);
}

COLD static int answer_methods(berth_conn *c,
                               const struct http_request *request,
                               uint32_t methods)
{
    unsigned status = request->method == HTTP_METHOD_OPTIONS ? 204 : 405;

    return answer_allow(c, request, status, methods);
}

/* The body, with the type that it came with. */
COLD static int answer_echo(berth_conn *c, const struct http_request *request)
{
    const struct http_span *type = http_request_header(request, "content-type");
    struct http_header field = {http_span_of("Content-Type"),
                                http_span_of("application/octet-stream")};
    struct http_answer answer = {
        .status = 200,
        .size = request->body.size,
        .fields = &field,
        .field_count = 1,
    };

    if (type != NULL && type->size > 0) {
        field.value = *type;
    }
    return http_answer_copy(c, request, &answer, request->body.data);
}

COLD static int answer_health(berth_conn *c, const struct http_request *request)
{
    static const char text[] = "ok\n";
    const struct http_state *state = c->state;
    struct http_header field = {http_span_of("Cache-Control"),
                                http_span_of("no-store")};
    struct http_answer answer = {
        .status = 200,
        .type = "text/plain; charset=utf-8",
        .size = sizeof(text) - 1,
        .fields = &field,
        .field_count = 1,
    };

    if (state->is_stopping) {
        return http_answer_status(c, request, 503, &field, 1);
    }
    return http_answer_copy(c, request, &answer, text);
}

/* Room for what the server counts, and how much of it there is. Returns 0 or
   -errno; the caller frees *text. */
static int take_metrics(const berth_entry *entry, char **text, size_t *length)
{
    size_t size = 0;
    ssize_t result = 0;

    *text = NULL;
    for (int i = 0; i < METRICS_ATTEMPTS && result >= (ssize_t)size; i++) {
        size = (size_t)result + METRICS_SIZE; /* it may have grown again */
        free(*text);
        *text = malloc(size);
        if (*text == NULL) {
            return -ENOMEM;
        }
        result = berth_metrics(entry, BERTH_METRICS_PROMETHEUS, *text, size);
    }
    if (result < 0 || result >= (ssize_t)size) {
        free(*text);
        return result < 0 ? (int)result : -EAGAIN;
    }
    *length = (size_t)result;
    return 0;
}

COLD static int answer_metrics(berth_conn *c,
                               const struct http_request *request)
{
    struct http_answer answer = {
        .status = 200,
        .type = "text/plain; version=0.0.4; charset=utf-8",
    };
    size_t length;
    char *text;

    if (take_metrics(c->entry, &text, &length) < 0) {
        return http_answer_status(c, request, 503, NULL, 0);
    }
    answer.size = length;
    return http_answer_owned(c, request, &answer, text, free, text);
}

static int answer_route(berth_conn *c,
                        const struct http_request *request,
                        struct route *route)
{
    switch (route->kind) {
    case ROUTE_ECHO:
        return answer_echo(c, request);
    case ROUTE_HEALTH:
        return answer_health(c, request);
    case ROUTE_METRICS:
        return answer_metrics(c, request);
    case ROUTE_FIXED:
        break;
    }
    return fixed_write(&route->fixed, c, request);
}

/* What no route has: a file, if there is a root. */
static int answer_path(berth_conn *c, const struct http_request *request)
{
    struct http_local *local = c->entry->local;

    if (local->files != NULL) {
        return files_serve(local->files, c, request);
    }
    return http_answer_status(c, request, 404, NULL, 0);
}

int serve(berth_conn *c, const struct http_request *request)
{
    struct route_match match;

    if (*request->path.data == '*') {
        return answer_allow(c, request, 204, (1u << HTTP_METHOD_TRACE) - 1);
    }
    match = find(c, request);
    if (match.status != 0) {
        return http_answer_status(c, request, match.status, NULL, 0);
    }
    if (match.route != NULL) {
        return answer_route(c, request, match.route);
    }
    if (match.allowed != 0) {
        return answer_methods(c, request, match.allowed);
    }
    return answer_path(c, request);
}

bool serve_wants_body(berth_conn *c, const struct http_request *request)
{
    struct route_match match = find(c, request);

    return match.route != NULL && match.route->kind == ROUTE_ECHO;
}

bool serve_refuses(berth_conn *c, const struct http_request *request)
{
    const struct http_local *local = c->entry->local;
    struct route_match match = find(c, request);

    return match.route == NULL &&
           (match.allowed != 0 || match.status != 0 || local->files == NULL ||
            !files_has_method(request->method));
}
