/* SPDX-License-Identifier: MIT */
/*
 * The keys of server.yaml for a manual page: in mdoc(7).
 */
#ifndef BERTH_MANUAL_H
#define BERTH_MANUAL_H

#include <stdio.h>

/*
 * Prints the keys of a mapping as items of a list, without those of mappings
 * within. path: which one, as in "" (the top level), "limits",
 * "protocols.listen". Returns 0 or -ENOENT.
 */
int manual_print_keys(FILE *stream, const char *path);

#endif
