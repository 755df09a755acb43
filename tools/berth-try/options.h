/* SPDX-License-Identifier: MIT */
/*
 * The command line of berth-try.
 */
#ifndef BERTH_TRY_OPTIONS_H
#define BERTH_TRY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "manner.h"
#include "subject.h"
#include "trial.h"

enum options_command {
    OPTIONS_TRY = 0,
    OPTIONS_BENCH,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_command command;
    struct subject_options subject;
    struct trial_options trial;
    struct manner only;
    size_t jobs;
    const char *const *transcripts; /* within argv */
    size_t transcript_count;
    const char **sets;  /* owned */
    char *const *words; /* of the command line, but for --only; owned: the */
    size_t word_count;  /* array alone */
};

/* Returns 0, or -EINVAL after telling on stderr what is wrong: then there is
   nothing to be freed. argv is put in order, options first. */
int options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);

void options_print_help(FILE *stream);

/* The command that repeats one manner of one transcript, as a shell reads it. */
void options_print_repeat(const struct options *options,
                          const char *manner,
                          const char *transcript,
                          FILE *stream);

#endif
