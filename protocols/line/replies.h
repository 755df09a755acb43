/* SPDX-License-Identifier: MIT */
/*
 * The answers of server.yaml by their lines: whole ones, and beginnings that
 * are written with a * behind them.
 */
#ifndef LINE_REPLIES_H
#define LINE_REPLIES_H

#include <stdbool.h>
#include <stddef.h>

#include "answer.h"
#include "request.h"

struct reply;

/* Replies of one kind, sorted by their keys. */
struct reply_table {
    struct reply *items;
    size_t count;
};

/* "replies[4294967295]" and the NUL. */
#define REPLIES_PLACE_SIZE 32

struct replies {
    struct reply_table whole, prefixes;
    bool is_case_sensitive;
    char *keys;
    char place[REPLIES_PLACE_SIZE]; /* for *error, which outlives init */
};

/*
 * Takes the pairs, which are borrowed. Returns 0, -EINVAL (a bad answer, or two
 * keys that are the same) or -ENOMEM, with *error filled and nothing to free.
 */
int replies_init(struct replies *replies,
                 const berth_list *pairs,
                 bool is_case_sensitive,
                 berth_error *error);
void replies_fini(struct replies *replies);

/*
 * The answer to a line: that of the whole line, else that of its longest
 * beginning; NULL if there is none. *args is what stands for the *.
 */
const struct answer *replies_find(const struct replies *replies,
                                  struct span line,
                                  struct span *args);

#endif
