/* SPDX-License-Identifier: MIT */
/*
 * Signals as reports of the loop: signalfd(2). They are blocked before any
 * thread is started, so that none goes to a thread of a plugin.
 */
#ifndef BERTH_SIGNALS_H
#define BERTH_SIGNALS_H

#include <signal.h>
#include <stdint.h>

#include "loop.h"

/* Told of each signal, in the loop; several of one number may be one. */
typedef void signals_fn(void *owner, uint32_t number);

struct signals {
    struct source source;
    int fd; /* -1: not open */
    signals_fn *handler;
    void *owner;
};

/* Blocks these (the last one is 0), and ignores SIGPIPE: a write to a peer that
   is gone is an error like others. */
void signals_block(const int *numbers);

/* Reports these, which must be blocked. Returns 0 or -errno. */
int signals_open(struct signals *signals,
                 struct loop *loop,
                 const int *numbers,
                 signals_fn *handler,
                 void *owner);

/* One that is not open is fine. */
void signals_close(struct signals *signals);

#endif
