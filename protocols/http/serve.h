/* SPDX-License-Identifier: MIT */
/* From a request to its answer: routes first, then files. */
#ifndef HTTP_SERVE_H
#define HTTP_SERVE_H

#include <berth/protocol.h>

#include "request.h"

/* Answers. Returns 0 or -errno. */
int serve(berth_conn *c, const struct http_request *request);

/* Whether the answer needs the body of the request. */
bool serve_wants_body(berth_conn *c, const struct http_request *request);

/* Whether the answer is a refusal, whatever the body is. */
bool serve_refuses(berth_conn *c, const struct http_request *request);

#endif
