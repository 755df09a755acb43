/* SPDX-License-Identifier: MIT */
/*
 * The command line of a tool, taken and refused. Before it comes the tool's
 * options.h, and PROGRAM, its name.
 */
#ifndef BERTH_OPTIONS_SAID_H
#define BERTH_OPTIONS_SAID_H

#include <errno.h>
#include <getopt.h>

#include "said.h"

static struct options options;
static char *argv[SAID_WORDS_MAX + 1];

/* words: without the program. */
static inline int parse(const char *words)
{
    char line[512];
    int result;

    (void)snprintf(line, sizeof(line), PROGRAM " %s", words);
    optind = 0; /* getopt(3) begins anew */
    said_begin();
    result = options_parse(&options, said_split(line, argv), argv);
    said_end();
    return result;
}

static inline void take(const char *words)
{
    ck_assert_msg(parse(words) == 0, "'%s': %s", words, said);
    ck_assert_str_eq(said, "");
}

static inline void refuse(const char *words, const char *message)
{
    char expected[512];

    ck_assert_msg(parse(words) == -EINVAL, "'%s' is taken", words);
    (void)snprintf(expected, sizeof(expected),
                   PROGRAM ": %s\ntry '" PROGRAM " --help'\n", message);
    ck_assert_str_eq(said, expected);
}

#endif
