/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a command line, in the words that all programs have in
 * common.
 */
#ifndef BERTH_USAGE_H
#define BERTH_USAGE_H

#include <stddef.h>
#include <stdint.h>

/* Whose command line it is. */
struct usage {
    const char *program; /* "berth" */
    const char *help;    /* the command that tells more: "berth --help" */
};

/* Tells on stderr what is wrong, and where to read more. Returns -EINVAL. */
__attribute__((format(printf, 2, 3))) int
usage_refuse(const struct usage *usage, const char *format, ...);

/* The same for what getopt_long(3) returned, called with a ':' first: ':' or
   '?'. word: as it was given. */
int usage_refuse_option(const struct usage *usage, int value, const char *word);

/* Reads the time that the option --name was given: from min_ms to max_ms, which
   are called range in words. Returns 0, or -EINVAL after telling why. */
struct usage_time {
    const char *name;
    const char *range;
    uint64_t min_ms;
    uint64_t max_ms;
};

int usage_read_time(const struct usage *usage,
                    const struct usage_time *of,
                    const char *text,
                    uint64_t *ms);

#endif
