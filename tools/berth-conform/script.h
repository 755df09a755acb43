/* SPDX-License-Identifier: MIT */
/*
 * What a client says, and whether what comes is the answer to it. Knows nothing
 * of sockets.
 */
#ifndef BERTH_CONFORM_SCRIPT_H
#define BERTH_CONFORM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "bytes.h"
#include "verdict.h"

enum profile {
    PROFILE_ECHO = 0, /* every byte comes back */
    PROFILE_LINE,     /* every line comes back, when it has ended */
    PROFILE_HTTP,     /* a GET has an answer */
};

#define PROFILE_COUNT 3

/* "echo", "line", "http" */
const char *profile_name(enum profile profile);

/* What a server of it does, in some words. */
const char *profile_meaning(enum profile profile);

/* Of http: what must come to a request. */
enum reply {
    REPLY_GET = 'G',      /* the model */
    REPLY_HEAD = 'H',     /* the model without its body */
    REPLY_ANY = 'A',      /* any final answer */
    REPLY_BAD = 'B',      /* 400 */
    REPLY_CONTINUE = 'C', /* 100, or any final answer */
};

/* To whom all scripts of a run are said; with http, texts for requests. */
struct part {
    enum profile profile;
    const char *host;
    const char *path;
    struct answer model; /* what a GET of path was answered once */
};

struct script {
    const struct part *part;
    struct bytes said;
    struct bytes replies; /* of http: an enum reply for each request; with the
                             other profiles what is said comes back */
};

/* part must outlive it. */
void script_init(struct script *script, const struct part *part);
void script_fini(struct script *script);

/* A message that no other number has; with http all are the same GET. */
void script_add(struct script *script, size_t number);

/* So many of them, numbered from 0. */
void script_add_many(struct script *script, size_t count);

/* As many as make size bytes. */
void script_add_size(struct script *script, size_t size);

/* A whole script: with http of so many requests, else of size bytes. */
void script_fill(struct script *script,
                 const struct part *part,
                 size_t requests,
                 size_t size);

/* At least size bytes of messages whose numbers come again; not with http. */
void script_add_bulk(struct script *script, size_t size);

/* With http: a request with more fields (each with its CR LF), and a body. */
void script_request(struct script *script,
                    const char *method,
                    const char *fields,
                    enum reply reply);

/* How far what came is right. To begin: {.at = 0}. */
struct progress {
    size_t at;      /* bytes */
    size_t answers; /* of http */
    struct answer last;
};

enum match {
    MATCH_MORE = 0, /* so far it is right */
    MATCH_WHOLE,    /* and that is all */
    MATCH_WRONG,    /* the verdict has what and where */
};

/* bytes[0..size): all that has come since the beginning. is_ended: no more
   will. What comes beyond a whole is wrong. */
enum match script_match(const struct script *script,
                        struct progress *progress,
                        const struct bytes *came,
                        bool is_ended,
                        struct verdict *verdict);

/* How much is expected, and how much of it has come, in words. */
void script_expect(const struct script *script, struct verdict *verdict);
void script_tell(const struct script *script,
                 const struct progress *progress,
                 char *text,
                 size_t size);

#endif
