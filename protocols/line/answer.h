/* SPDX-License-Identifier: MIT */
/*
 * An answer as it stands in server.yaml: text, and names in braces for what is
 * only known when it is sent. It is taken apart once.
 */
#ifndef LINE_ANSWER_H
#define LINE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#include "request.h"

struct part;

struct answer {
    struct part *parts;
    size_t count;
    bool closes;
};

enum answer_kind {
    ANSWER_REPLY,    /* to a line: ends as a line does */
    ANSWER_GREETING, /* the same, to no line: there is no {line}, no {args} */
    ANSWER_PROMPT,   /* as a greeting, but without an end */
};

/*
 * Borrows text. option is its place, for *error. Returns 0, -EINVAL (a name in
 * braces that is not known) or -ENOMEM, with *error filled and *answer empty.
 */
int answer_parse(struct answer *answer,
                 const char *text,
                 enum answer_kind kind,
                 const char *option,
                 berth_error *error);
void answer_fini(struct answer *answer);

/* Sends it; request->closes is set if it says so. An empty one does nothing. */
void answer_send(const struct answer *answer, struct request *request);

/* Sends what {peer} and {time} stand for. */
void answer_send_peer(const struct request *request);
void answer_send_time(const struct request *request);

#endif
