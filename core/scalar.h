/* SPDX-License-Identifier: MIT */
/*
 * Texts written into a YAML file, so that they are read back as they are.
 */
#ifndef BERTH_SCALAR_H
#define BERTH_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Writes a value of server.yaml, in quotes where YAML or a variable ("${")
 * would make something else of it. is_text: also where a reader that guesses
 * types would (`true`, `0660`), and `none`. A byte that is no UTF-8 becomes
 * U+FFFD.
 */
void scalar_print(FILE *stream, const char *text, bool is_text);

/* The same for a key, in which there are no variables. */
void scalar_print_key(FILE *stream, const char *text);

/* Is it a number as JSON has it, so that a reader that guesses takes it so? */
bool scalar_is_number(const char *text);

#endif
