/* SPDX-License-Identifier: MIT */
/*
 * The header fields on which depends how a message is read: Host, Connection,
 * Content-Length, Transfer-Encoding, Expect. A result that is negative is the
 * status to refuse with.
 */
#ifndef HTTP_FIELD_H
#define HTTP_FIELD_H

#include <stdbool.h>

#include "head.h"

/* Whether these bytes, at least one, are a token (RFC 9110, 5.6.2). */
bool field_is_token(struct http_span text);

/*
 * Reads them from message->request, of which method, minor and headers are
 * filled, into the rest of the message. Returns 0 or -status.
 */
int field_read_all(struct message *message, struct known_host *host);

/* Whether a field of that name may stand in a trailer section. */
bool field_may_trail(struct http_span name);

#endif
