/* SPDX-License-Identifier: MIT */
/*
 * What came of it, printed.
 */
#ifndef BERTH_LOAD_REPORT_H
#define BERTH_LOAD_REPORT_H

#include <stdio.h>

#include "options.h"
#include "result.h"
#include "team.h"

/* For people, or with options->is_json as output.schema.json says. Errors are
   those of the stream: see ferror(3). */
void report_print(FILE *stream,
                  const struct options *options,
                  const struct result *result,
                  const struct team_facts *facts);

#endif
