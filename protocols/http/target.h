/* SPDX-License-Identifier: MIT */
/* The target of a request, and Host (RFC 9112, section 3.2). */
#ifndef HTTP_TARGET_H
#define HTTP_TARGET_H

#include <stdbool.h>

#include "request.h"

/*
 * Splits request->target into path and query. The host of an absolute one
 * takes the place of Host. Returns 0 or the status to refuse with: -400.
 */
int target_read(struct http_request *request);

/* Whether these bytes are a host, with or without a port. */
bool target_is_host(struct http_span text);

/*
 * The path as it is compared with routes: escapes decoded, "." and ".."
 * resolved, runs of slashes made one. room: path->size bytes, where it then
 * lies. Only for one that is not plain already. Returns 0, or -400: a broken
 * escape, a NUL, or a climb above the root.
 */
int target_normalise(struct http_span *path, char *room);

#endif
