/* SPDX-License-Identifier: MIT */
/*
 * Answers of HTTP/1 as they come, in pieces of any size: where each ends, which
 * llhttp says, and whether it is the one that is expected.
 */
#ifndef BERTH_LOAD_REPLY_H
#define BERTH_LOAD_REPLY_H

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest head, or what stands beside a chunk; in bytes, and as much as one
   call takes more. */
#define REPLY_HEAD_MAX ((size_t)65536)
/* Answers up to this size, head and body, are known again by their bytes. */
#define REPLY_KNOWN_MAX ((size_t)4096)

/* What all answers must be: what the first one was. One for a process. */
struct reply_model {
    bool is_known; /* else the next one is learned */
    unsigned status;
    char *body;
    size_t size;                 /* of the body */
    size_t room;                 /* in body */
    char known[REPLY_KNOWN_MAX]; /* the last answer that was read */
    size_t known_size;           /* 0: none */
};

/* An answer that has begun; of zeros before the first one. */
struct reply {
    llhttp_t parser;
    struct reply_model *model; /* while it is taken, as all that follows */
    const char *why;           /* constant text */
    int error;                 /* of what is no mistake of the parser's */
    const char *body_end; /* behind the last bytes of it; NULL: none came */
    uint64_t body_size;   /* came so far */
    size_t beside;        /* bytes that came since, or since it began */
    bool has_begun;
    bool has_status; /* its first line was read */
    bool is_last;    /* the server closes after it */
};

void reply_model_fini(struct reply_model *model);

/* What came of an answer is forgotten. */
void reply_reset(struct reply *reply);

/*
 * Takes bytes that came; *used: how many. Returns 1 at the end of an answer:
 * what follows is another one's. 0: all were used, and there is more to come.
 * Or -errno, *why (constant text) says what is wrong: -EPROTO, it is no answer
 * of HTTP; -EBADMSG, it is another answer than the model; -ENOMEM. While the
 * model is learned there must be no other reply to it.
 */
int reply_take(struct reply *reply,
               struct reply_model *model,
               const char *bytes,
               size_t size,
               size_t *used,
               const char **why);

/* The connection has ended. Returns 1 if that is the end of an answer, 0 if
   none has begun; or -errno as above. */
int reply_end(struct reply *reply, struct reply_model *model, const char **why);

#endif
