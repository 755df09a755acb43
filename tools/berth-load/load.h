/* SPDX-License-Identifier: MIT */
/*
 * A process that makes connections, from its beginning to its end: it opens
 * them, waits for the other processes, talks, is measured for a while, and
 * waits for the last answers.
 */
#ifndef BERTH_LOAD_LOAD_H
#define BERTH_LOAD_LOAD_H

#include "board.h"
#include "crowd.h"
#include "options.h"
#include "pattern.h"
#include "reply.h"

struct load_parts {
    const struct options *options;
    const struct pattern *pattern;
    struct reply_model *model; /* a copy of its own */
    struct board *board;
    size_t number; /* of its seat on the board */
    int opened_fd; /* eventfd: it adds 1 when its connections are there */
    int start_fd;  /* eventfd: readable when board->start_ns is set */
};

/* Its result is on the board. Returns 0, or -errno if it could not work at
   all. */
int load_run(const struct load_parts *parts);

#endif
