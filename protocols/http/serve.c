/* SPDX-License-Identifier: MIT */
#include "serve.h"

#include <string.h>

#include "answer.h"
#include "local.h"
#include "state.h"

#define ALLOW_SIZE 64

static struct route_match find(berth_conn *c,
                               const struct http_request *request)
{
    struct http_local *local = c->entry->local;

    return routes_find(&local->routes, request);
}

/* "GET, HEAD, OPTIONS" */
static int answer_allow(berth_conn *c,
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

static int answer_methods(berth_conn *c,
                          const struct http_request *request,
                          uint32_t methods)
{
    unsigned status = request->method == HTTP_METHOD_OPTIONS ? 204 : 405;

    return answer_allow(c, request, status, methods);
}

/* The body, with the type that it came with. */
static int answer_echo(berth_conn *c, const struct http_request *request)
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

static int answer_health(berth_conn *c, const struct http_request *request)
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

static int answer_route(berth_conn *c,
                        const struct http_request *request,
                        struct route *route)
{
    switch (route->kind) {
    case ROUTE_ECHO:
        return answer_echo(c, request);
    case ROUTE_HEALTH:
        return answer_health(c, request);
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
