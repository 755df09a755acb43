/* SPDX-License-Identifier: MIT */
/*
 * The server's side of the contract: the table of functions that a plugin
 * reaches through its connection or entry. Each worker has one, so that a
 * thread which posts finds the worker by the table that its ref names.
 */
#ifndef BERTH_HOST_H
#define BERTH_HOST_H

#include <berth/protocol.h>

#include "post.h"
#include "stats.h"

struct host {
    berth_host table; /* what plugins see; must be first */
    struct post_office office;
    const struct stats *stats; /* borrowed; NULL: there are none to be told */
};

/* Makes the table; the rest may be filled in later, the office before anything
   is posted. */
void host_init(struct host *host);

#endif
