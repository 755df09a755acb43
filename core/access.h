/* SPDX-License-Identifier: MIT */
/*
 * The access line: what is told of a connection when it has ended, if
 * `log: {access: true}` asks for it.
 */
#ifndef BERTH_ACCESS_H
#define BERTH_ACCESS_H

#include <stdint.h>

#include "log.h"

/* A connection that has ended. */
struct access {
    struct log_subject subject; /* its entry, number and peer */
    uint64_t duration_ms;       /* from accept to the end */
    uint64_t bytes_in;          /* received */
    uint64_t bytes_out;         /* sent */
    int why;                    /* as for on_close */
};

/*
 * Writes the line: level info, message "access", and the fields seconds (with
 * milliseconds), in, out, why ("done", "switched", "stopped", or the name of an
 * errno). Neither the log's level nor a rate keeps it back.
 */
void access_write(struct log *log, const struct access *ended);

#endif
