/* SPDX-License-Identifier: MIT */
/*
 * What the command lines of berth-try and berth-fuzz have in common. Whatever
 * reads a value returns 0, or -EINVAL after telling on stderr what is wrong.
 */
#ifndef BERTH_TRY_ARGUMENTS_H
#define BERTH_TRY_ARGUMENTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "usage.h"

/* The value of --name: a number from 0 to max. */
int argument_count(const struct usage *usage,
                   const char *name,
                   const char *text,
                   uint64_t max,
                   uint64_t *number);

/* Milliseconds, or bytes; "none" is 0. */
int argument_duration(const struct usage *usage,
                      const char *name,
                      const char *text,
                      uint64_t *ms);
int argument_size(const struct usage *usage,
                  const char *name,
                  const char *text,
                  uint64_t *size);

/* --allow: adds 1 << the rule's number. */
int argument_rule(const struct usage *usage, const char *name, uint32_t *rules);

/* --set: is it KEY=VALUE? */
int argument_set(const struct usage *usage, const char *text);

/* For the help: the rules that can be allowed to be broken, with a title. */
void argument_print_rules(FILE *stream);

/* A blank, and the word as a shell reads it: in single quotes, if it needs
   any. */
void argument_print(const char *word, FILE *stream);

#endif
