/* SPDX-License-Identifier: MIT */
/*
 * What an option's table says, in words for people.
 */
#ifndef BERTH_PHRASE_H
#define BERTH_PHRASE_H

#include <stdio.h>

#include "line.h"
#include "option.h"

/*
 * Adds what may be written for the option: "size, 1KiB to 1GiB", "number, from
 * 1, or none", "list of paths", "auto, text, logfmt".
 */
void phrase_value(struct line *line, const berth_option *option);

/*
 * The default as it is written in server.yaml without quotes; NULL: there is
 * none, the option need not be given and is then empty. A REQUIRED option has
 * an example here, or NULL.
 */
const char *phrase_fallback(const berth_option *option);

/* Prints the line's words, at most 80 columns wide if they can be; each line
   printed begins with lead. */
void phrase_wrap(FILE *stream, const char *lead, const struct line *line);

#endif
