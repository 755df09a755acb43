/* SPDX-License-Identifier: MIT */
/* Headers that server.yaml gives: they are checked, and made lines of once. */
#ifndef HTTP_COMMON_H
#define HTTP_COMMON_H

#include <berth/protocol.h>

#include "request.h"

/*
 * Checks a mapping of headers: names are tokens and none of those that the
 * server writes itself, values have no control characters. option: what is
 * named in the error. Returns 0, or -EINVAL and fills *error.
 */
int common_check(const berth_list *headers,
                 const char *option,
                 berth_error *error);

/* Whether a text may stand in a header: it has no control characters. */
bool common_is_value(const char *text);

/*
 * Makes the lines Server and `headers`, which all answers have. They are of
 * malloc(3). Returns 0 or -errno, then with *error filled.
 */
int common_make(const berth_entry *entry,
                struct http_span *lines,
                berth_error *error);

#endif
