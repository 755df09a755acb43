/* SPDX-License-Identifier: MIT */
/*
 * A finding, as it is printed.
 */
#ifndef BERTH_TRY_REPORT_H
#define BERTH_TRY_REPORT_H

#include <stdio.h>

#include "finding.h"
#include "subject.h"

/* What was found, what was seen there, when, and by which rule; each line
   begins with `lead`. */
void report_finding(const struct script *script,
                    const struct finding_board *board,
                    const char *lead,
                    FILE *stream);

#endif
