/* SPDX-License-Identifier: MIT */
/*
 * Answers of HTTP/1: as much of them as one must know to find their ends.
 */
#ifndef BERTH_CONFORM_ANSWER_H
#define BERTH_CONFORM_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct answer {
    unsigned status;
    size_t size;      /* of head and body, as they are on the wire */
    size_t body_size; /* without the framing of chunks */
    uint64_t sum;     /* a sum of the body */
};

/* How an answer may end. */
enum answer_manner {
    ANSWER_BODY = 0, /* of a GET */
    ANSWER_HEAD,     /* of a HEAD: there is no body */
};

/*
 * Reads the answer at the beginning of bytes[0..size); is_ended: no more will
 * come. Returns 1; 0 if there is not all of it yet; or -EPROTO if this is no
 * answer: then *why says so (constant text).
 */
int answer_read(struct answer *answer,
                enum answer_manner manner,
                const char *bytes,
                size_t size,
                bool is_ended,
                const char **why);

/* Are status and body the same? */
bool answer_equals(const struct answer *answer, const struct answer *other);

#endif
