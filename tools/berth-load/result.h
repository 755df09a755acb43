/* SPDX-License-Identifier: MIT */
/*
 * What came of it: what each process counted, in memory that they share, and
 * the sum of them.
 */
#ifndef BERTH_LOAD_RESULT_H
#define BERTH_LOAD_RESULT_H

#include <stddef.h>
#include <stdint.h>

#include "latency.h"

/* What can go wrong with a connection, which then is closed and counted here,
   once. */
enum fault {
    FAULT_REFUSED = 0, /* nobody listens */
    FAULT_RESET,       /* it was reset, or could not be written to */
    FAULT_ENDED,       /* the server ended it, and owes answers or was not
                          asked to */
    FAULT_TIMEOUT,     /* nothing came for too long */
    FAULT_WRONG,       /* other bytes came than should have */
    FAULT_SURPLUS,     /* bytes came that nobody has asked for */
    FAULT_MALFORMED,   /* what came is no answer of HTTP */
    FAULT_SYSTEM,      /* this machine had no socket, port or memory for it */
    FAULT_COUNT,
};

#define RESULT_NOTE_MAX 200

struct result {
    uint64_t measured_ns; /* how long it was measured: most of all processes */
    uint64_t messages;    /* that were answered meanwhile */
    uint64_t bytes;       /* of these answers, as they came */
    uint64_t connects;    /* connections that were made meanwhile */
    uint64_t open;        /* that were open when measuring began */
    uint64_t unsent;      /* open loop: were due meanwhile, and never sent */
    uint64_t faults[FAULT_COUNT]; /* from the beginning to the end */
    char note[RESULT_NOTE_MAX];   /* the first fault, in words */
    struct latency latency;       /* of messages that were begun meanwhile */
    struct latency lag; /* open loop: how long after its time a message was
                           sent */
};

/* "refused", as JSON has it. */
const char *fault_name(enum fault fault);

/* Counts one; note: what happened, as printf(3) prints it. */
__attribute__((format(printf, 3, 4))) void
result_fault(struct result *result, enum fault fault, const char *note, ...);

uint64_t result_faults(const struct result *result);

/* Adds another process's; an empty one is of zeros. */
void result_merge(struct result *result, const struct result *other);

#endif
