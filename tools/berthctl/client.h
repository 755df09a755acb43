/* SPDX-License-Identifier: MIT */
/*
 * Asks a server over its control socket: see core/control.h for what is said.
 */
#ifndef BERTHCTL_CLIENT_H
#define BERTHCTL_CLIENT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Whoever sends more is no server of ours. */
#define CLIENT_ANSWER_MAX ((size_t)64 << 20)

/* How long to wait for an answer, and what else ends the waiting. */
struct client_patience {
    int timeout_ms; /* without a byte; -1: for ever */
    const struct pollfd *others;
    nfds_t count; /* of others; at most CLIENT_OTHERS_MAX */
};

#define CLIENT_OTHERS_MAX 2

struct client_answer {
    bool is_ok;
    char *text; /* behind "ok" and its newline, or behind "error "; ends with a
                   NUL, and may hold others */
    size_t length;
    char *bytes; /* the whole of it: text is within */
};

/*
 * Sends a request (its newline is added) to the socket of this name: a path,
 * "unix:/path" or "unix:@abstract". patience NULL: for ever. Returns 0 and an
 * answer to be freed by client_forget(), or -errno: of connect(2), where
 * -EAGAIN is that too many wait already; -EINVAL (no such name can be),
 * -ETIMEDOUT, -EINTR (one of the others is ready), -ENODATA (the stream ended
 * before the answer), -EPROTO (it is no answer).
 */
int client_ask(const char *name,
               const char *request,
               const struct client_patience *patience,
               struct client_answer *answer);

void client_forget(struct client_answer *answer);

/* Writes why asking failed, in a line or two: what is with the socket, and what
   may help. */
void client_explain(FILE *stream, const char *name, int error);

#endif
