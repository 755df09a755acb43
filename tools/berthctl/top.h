/* SPDX-License-Identifier: MIT */
/*
 * `berthctl top`: what the server does, again and again.
 */
#ifndef BERTHCTL_TOP_H
#define BERTHCTL_TOP_H

#include <stdbool.h>
#include <stdint.h>

struct top_options {
    const char *socket; /* as client_ask() wants it */
    uint64_t interval_ms;
    bool is_once; /* print one interval, then end */
};

/*
 * Shows it on a terminal until q, Ctrl-C or a signal ends it, which leaves the
 * terminal as it was; anywhere else, it prints one interval. Returns 0, -errno
 * as client_ask() does if the server was not there in the beginning, or
 * -EREMOTEIO after telling on stderr why the server refuses.
 */
int top_run(const struct top_options *options);

#endif
