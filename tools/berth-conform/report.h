/* SPDX-License-Identifier: MIT */
/*
 * What the checks came to, printed.
 */
#ifndef BERTH_CONFORM_REPORT_H
#define BERTH_CONFORM_REPORT_H

#include <stddef.h>
#include <stdio.h>

#include "checks.h"
#include "json.h"
#include "verdict.h"

enum report_format {
    REPORT_TEXT = 0, /* for people */
    REPORT_TAP,
    REPORT_JSON,
};

struct report {
    enum report_format format;
    FILE *stream;
    const char *address; /* as it was given */
    enum profile profile;
    struct json json;
    size_t counts[3]; /* by enum verdict_kind */
};

/* format, stream, address and profile are set before. Errors are those of the
   stream: see ferror(3). */
void report_begin(struct report *report, size_t checks);
void report_add(struct report *report,
                const struct check *check,
                const struct verdict *verdict);
void report_end(struct report *report);

/* The checks, and why they matter; names alone are not so many that a width
   must be given. */
void report_list(FILE *stream);

#endif
