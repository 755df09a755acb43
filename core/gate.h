/* SPDX-License-Identifier: MIT */
/*
 * A gate: the entry behind an address that several entries of the
 * configuration share. Its protocol (sniff.h) tells whose a connection is. An
 * address with one entry has none.
 */
#ifndef BERTH_GATE_H
#define BERTH_GATE_H

#include "config.h"
#include "entry.h"
#include "error.h"
#include "index_set.h"
#include "sniff.h"

struct gate {
    struct entry entry;
    struct sniff_settings settings;
    struct sniff_candidate *candidates; /* in the order of the entries */
    char *name;                         /* of its entries, joined by "+" */
};

/*
 * Makes the gate of the address that begins with first. shared: host,
 * connections, loop and log of its entry; the rest is ignored. Returns 0 or
 * -ENOMEM.
 */
int gate_init(struct gate *gate,
              const struct config *config,
              const struct config_listener *first,
              const struct entry_parts *shared);
void gate_fini(struct gate *gate);

/* Entries whose plugins are not asked any more, and have no connections. */
void gate_put_aside(struct gate *gate,
                    const struct config_listener *first,
                    const struct index_set *aside);

/* Adds warnings about entries that cannot have a connection, or that claim the
   same ones. */
void gate_check(const struct gate *gate,
                const struct config_listener *first,
                struct errors *errors);

#endif
