/* SPDX-License-Identifier: MIT */
#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "attribute.h"
#include "common.h"
#include "settings.h"
#include "target.h"

#define BIT(method_) (1u << (method_))
/* All that reach a handler. */
#define ANY                                                                    \
    (BIT(HTTP_METHOD_GET) | BIT(HTTP_METHOD_HEAD) | BIT(HTTP_METHOD_POST) |    \
     BIT(HTTP_METHOD_PUT) | BIT(HTTP_METHOD_DELETE) |                          \
     BIT(HTTP_METHOD_OPTIONS) | BIT(HTTP_METHOD_PATCH))

/* The option that an error is about. It must outlive init. */
static int refuse(berth_error *error, const char *text, const char *path)
{
    return berth_refuse(error, "routes", -EINVAL, "'%s' %s", path, text);
}

static bool has_respond(const struct http_respond_settings *respond)
{
    return respond->status != 0 || respond->type != NULL ||
           respond->body != NULL || respond->headers.count > 0;
}

static uint32_t read_methods(const struct http_route_settings *settings)
{
    const int32_t *methods = settings->methods.items;
    uint32_t bits = 0;

    if (settings->methods.count == 0) {
        return settings->has_echo || settings->redirect.to != NULL
                   ? ANY
                   : BIT(HTTP_METHOD_GET) | BIT(HTTP_METHOD_HEAD);
    }
    for (size_t i = 0; i < settings->methods.count; i++) {
        bits |= BIT(methods[i]);
    }
    /* RFC 9110, 9.1: whoever answers GET answers HEAD. */
    if ((bits & BIT(HTTP_METHOD_GET)) != 0) {
        bits |= BIT(HTTP_METHOD_HEAD);
    }
    return bits;
}

static int check(const struct http_route_settings *settings, berth_error *error)
{
    const char *path = settings->path;
    const char *star = strchr(path, '*');
    int kinds = has_respond(&settings->respond) +
                (settings->redirect.to != NULL) + settings->has_echo +
                settings->has_health + settings->has_metrics;

    if (*path != '/') {
        return refuse(error, "must begin with a slash", path);
    }
    if (star != NULL && star[1] != '\0') {
        return refuse(error, "may have a * only at its end", path);
    }
    if (kinds != 1) {
        return refuse(error,
                      "needs one of respond, redirect, echo, health, metrics",
                      path);
    }
    return 0;
}

/* ----------------------------------------------------------- fixed answers */

static int make_fixed(struct route *route,
                      const struct http_answer *answer,
                      struct http_span common,
                      const char *body,
                      berth_error *error)
{
    if (fixed_init(&route->fixed, answer, common, body) < 0) {
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    return 0;
}

static int make_respond(struct route *route,
                        const struct http_respond_settings *respond,
                        struct http_span common,
                        berth_error *error)
{
    const berth_pair *pairs = respond->headers.items;
    const char *body = respond->body == NULL ? "" : respond->body;
    struct http_answer answer = {
        .status = respond->status == 0 ? 200 : (unsigned)respond->status,
        .type = respond->type,
        .size = strlen(body),
        .field_count = respond->headers.count,
    };
    struct http_header *fields;
    int result = common_check(&respond->headers, "routes", error);

    if (result < 0) {
        return result;
    }
    if (answer.type != NULL && !common_is_value(answer.type)) {
        return refuse(error, "has a control character", answer.type);
    }
    if (answer.type == NULL && answer.size > 0) {
        answer.type = "text/plain; charset=utf-8";
    }
    fields = calloc(answer.field_count + 1, sizeof(*fields));
    if (fields == NULL) {
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < answer.field_count; i++) {
        fields[i] = (struct http_header){http_span_of(pairs[i].key),
                                         http_span_of(pairs[i].value)};
    }
    answer.fields = fields;
    result = make_fixed(route, &answer, common, body, error);
    free(fields);
    return result;
}

static int make_redirect(struct route *route,
                         const struct http_redirect_settings *redirect,
                         struct http_span common,
                         berth_error *error)
{
    struct http_header location = {http_span_of("Location"),
                                   http_span_of(redirect->to)};
    struct http_answer answer = {
        .status = (unsigned)redirect->status,
        .fields = &location,
        .field_count = 1,
    };
    int status = redirect->status;

    if ((status > 303 && status < 307) || !common_is_value(redirect->to) ||
        strchr(redirect->to, ' ') != NULL) {
        return refuse(error, "and its status make no redirect", redirect->to);
    }
    return make_fixed(route, &answer, common, "", error);
}

static int make_route(struct route *route,
                      const struct http_route_settings *settings,
                      struct http_span common,
                      berth_error *error)
{
    int result = check(settings, error);

    if (result < 0) {
        return result;
    }
    route->path = http_span_of(settings->path);
    route->is_prefix = route->path.data[route->path.size - 1] == '*';
    route->path.size -= route->is_prefix;
    route->methods = read_methods(settings);
    if (settings->has_echo) {
        route->kind = ROUTE_ECHO;
        return 0;
    }
    if (settings->has_health) {
        route->kind = ROUTE_HEALTH;
        return 0;
    }
    if (settings->has_metrics) {
        route->kind = ROUTE_METRICS;
        return 0;
    }
    route->kind = ROUTE_FIXED;
    return settings->redirect.to != NULL
               ? make_redirect(route, &settings->redirect, common, error)
               : make_respond(route, &settings->respond, common, error);
}

/* ------------------------------------------------------------------- whole */

int routes_init(struct routes *routes,
                const berth_entry *entry,
                struct http_span common,
                berth_error *error)
{
    const struct http_settings *settings = entry->settings;
    const struct http_route_settings *items = settings->routes.items;
    int result = 0;

    routes->path = malloc(settings->max_head);
    routes->items = calloc(settings->routes.count + 1, sizeof(*routes->items));
    if (routes->path == NULL || routes->items == NULL) {
        routes_fini(routes);
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < settings->routes.count && result == 0; i++) {
        result = make_route(&routes->items[i], &items[i], common, error);
        routes->count++;
    }
    if (result < 0) {
        routes_fini(routes);
    }
    return result;
}

void routes_fini(struct routes *routes)
{
    for (size_t i = 0; i < routes->count; i++) {
        fixed_fini(&routes->items[i].fixed);
    }
    free(routes->items);
    free(routes->path);
}

static bool fits(const struct route *route, struct http_span path)
{
    return (route->is_prefix ? path.size >= route->path.size
                             : path.size == route->path.size) &&
           memcmp(path.data, route->path.data, route->path.size) == 0;
}

static struct route_match find(const struct routes *routes,
                               struct http_span path,
                               enum http_method method)
{
    struct route_match match = {0};

    for (size_t i = 0; i < routes->count; i++) {
        struct route *route = &routes->items[i];

        if (!fits(route, path)) {
            continue;
        }
        match.allowed |= route->methods;
        if ((route->methods & BIT(method)) != 0) {
            match.route = route;
            break;
        }
    }
    return match;
}

COLD static struct route_match
find_normalised(struct routes *routes, const struct http_request *request)
{
    struct http_span path = request->path;

    if (target_normalise(&path, routes->path) < 0) {
        return (struct route_match){.status = 400};
    }
    return find(routes, path, request->method);
}

struct route_match routes_find(struct routes *routes,
                               const struct http_request *request)
{
    if (routes->count == 0) {
        return (struct route_match){0};
    }
    return request->is_plain ? find(routes, request->path, request->method)
                             : find_normalised(routes, request);
}
