/* SPDX-License-Identifier: MIT */
/*
 * Answers of HTTP/1 as they come, in pieces of any size: where each ends, and
 * whether it is the one that is expected.
 */
#ifndef BERTH_LOAD_REPLY_H
#define BERTH_LOAD_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The largest head. */
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

enum reply_step {
    REPLY_HEAD = 0,
    REPLY_BODY,
    REPLY_CHUNK_SIZE, /* digits */
    REPLY_CHUNK_REST, /* behind them, up to LF */
    REPLY_CHUNK_DATA,
    REPLY_CHUNK_END, /* CR LF behind the data */
    REPLY_TRAILER,
    REPLY_TO_THE_END, /* the body ends with the connection */
};

/* An answer that has begun; of zeros before the first one. */
struct reply {
    enum reply_step step;
    unsigned status;
    bool is_last;       /* the server closes after it */
    bool has_digits;    /* of the size of a chunk */
    uint64_t left;      /* of the body or the chunk */
    uint64_t body_size; /* came so far */
    size_t line;        /* bytes of a trailer's line */
    char *head;         /* what came of it before; NULL: nothing */
    size_t head_size;
};

void reply_model_fini(struct reply_model *model);
void reply_fini(struct reply *reply);

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
