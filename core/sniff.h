/* SPDX-License-Identifier: MIT */
/*
 * Sniffing: whose is a connection on an address that several entries share?
 * It is itself a protocol: it looks at the first bytes, uses none of them, and
 * switches to the entry that claims them.
 */
#ifndef BERTH_SNIFF_H
#define BERTH_SNIFF_H

#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "crumb.h"

/* An entry that may be it. */
struct sniff_candidate {
    const char *entry;                                          /* its name */
    enum berth_verdict (*sniff)(const char *data, size_t size); /* or NULL */
    uint32_t number; /* of the entry in breadcrumbs; 0: it has none */
};

/*
 * The settings of the protocol. Candidates are asked in their order: the first
 * YES has it. MORE waits for more bytes, up to most bytes and until the time
 * is up, and then counts as NO. The last one is not asked, it has what nobody
 * claims.
 */
struct sniff_settings {
    const struct sniff_candidate *candidates;
    size_t count;        /* 1 or more */
    uint64_t timeout_ms; /* from the connection's beginning; 0: none */
    size_t most;         /* bytes */
    struct crumb *crumb; /* where it is left whose sniff is called; or NULL */
};

const berth_protocol *sniff_protocol(void);

/* Whose is it? An index, or -EAGAIN: more bytes can tell. With is_late no more
   are waited for. */
ssize_t sniff_choose(const struct sniff_settings *settings,
                     const char *data,
                     size_t size,
                     bool is_late);

/* Told of two candidates that claim connections of one kind. */
typedef void sniff_clash_fn(void *arg,
                            const struct sniff_candidate *first,
                            const struct sniff_candidate *second,
                            const char *kind);

/*
 * Tries first bytes of well-known protocols: calls clash, once for each two
 * candidates, if both say YES. The last one counts only if it would be asked
 * (has a sniff).
 */
void sniff_compare(const struct sniff_settings *settings,
                   sniff_clash_fn *clash,
                   void *arg);

#endif
