/* SPDX-License-Identifier: MIT */
/* An answer that is always the same, made once: only its date changes. */
#ifndef HTTP_FIXED_H
#define HTTP_FIXED_H

#include "answer.h"

struct fixed {
    struct http_answer answer; /* status and size; the rest is in `bytes` */
    char *bytes;               /* the head, an empty line, the body */
    size_t head_size;          /* without the empty line */
    size_t size;
    size_t date_offset;
    uint64_t second; /* of the date that stands there; 0: none */
};

/* Returns 0 or -ENOMEM. common: the lines that all answers have. */
int fixed_init(struct fixed *fixed,
               const struct http_answer *answer,
               struct http_span common,
               const char *body);
void fixed_fini(struct fixed *fixed);

/* How much fixed_place() needs before the body. */
size_t fixed_room(const struct http_answer *answer, struct http_span common);

/*
 * The same without memory of its own, so that fixed_fini() is not called: the
 * head is put right before the body, which stays where it is. is_whole: the
 * body is written with it, else the caller writes it behind.
 */
void fixed_place(struct fixed *fixed,
                 const struct http_answer *answer,
                 struct http_span common,
                 char *body,
                 bool is_whole);

/* Writes it, as http_answer_copy(). */
int fixed_write(struct fixed *fixed,
                berth_conn *c,
                const struct http_request *request);

#endif
