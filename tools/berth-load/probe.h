/* SPDX-License-Identifier: MIT */
/*
 * A first connection, before all others: is there a server, and what does it
 * answer?
 */
#ifndef BERTH_LOAD_PROBE_H
#define BERTH_LOAD_PROBE_H

#include "options.h"
#include "pattern.h"
#include "reply.h"

/*
 * Connects and closes; with http it asks once before, and learns the answer.
 * Returns 0, or -errno: -EPROTO, it answers something else, and *why (constant
 * text) says what; NULL: there is nothing more to say than the error.
 */
int probe_run(const struct options *options,
              const struct pattern *pattern,
              struct reply_model *model,
              const char **why);

#endif
