/* SPDX-License-Identifier: MIT */
/*
 * The addresses that a server is bound to, whichever of its generations listen
 * there. An address that two of them have in common keeps its sockets.
 */
#ifndef BERTH_BINDINGS_H
#define BERTH_BINDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "list.h"
#include "log.h"
#include "report.h"
#include "shards.h"

struct bindings {
    struct list addresses; /* struct shards */
    struct log *log;
};

void bindings_init(struct bindings *bindings, struct log *log);

/*
 * Finds or binds each address that the report names, with count sockets if it
 * is new; items has a place for each. All are tried, so that all failures are
 * told, in the log. Returns 0, or the first -errno: then nothing is held.
 */
int bindings_take(struct bindings *bindings,
                  const struct report *report,
                  size_t count,
                  struct shards **items);

/* One user less; the last one closes it. NULL is fine. */
void bindings_drop(struct shards *shards);

/* Is it in items[0..count)? */
bool bindings_have(struct shards *const *items,
                   size_t count,
                   const struct shards *shards);

#endif
