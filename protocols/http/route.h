/* SPDX-License-Identifier: MIT */
/* What `routes` of the settings says, made ready. */
#ifndef HTTP_ROUTE_H
#define HTTP_ROUTE_H

#include <berth/protocol.h>

#include "fixed.h"
#include "request.h"

enum route_kind {
    ROUTE_FIXED, /* respond and redirect */
    ROUTE_ECHO,
    ROUTE_HEALTH,
    ROUTE_METRICS
};

struct route {
    enum route_kind kind;
    struct http_span path; /* without the * of a prefix */
    bool is_prefix;
    uint32_t methods; /* a bit for each enum http_method */
    struct fixed fixed;
};

struct routes {
    struct route *items;
    size_t count;
    char *path; /* room for a path of the longest head */
};

/* What was found for a request. */
struct route_match {
    struct route *route; /* that answers; NULL: none */
    uint32_t allowed;    /* methods of all routes of that path; 0: no route */
    unsigned status;     /* 0, or the path is broken: 400 */
};

/* Returns 0, or -errno and fills *error. common: as for fixed_init(). */
int routes_init(struct routes *routes,
                const berth_entry *entry,
                struct http_span common,
                berth_error *error);
void routes_fini(struct routes *routes);

/* Finds the first route of that path that takes the method. */
struct route_match routes_find(struct routes *routes,
                               const struct http_request *request);

#endif
