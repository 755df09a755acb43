/* SPDX-License-Identifier: MIT */
/*
 * The command line of berth-fuzz.
 */
#ifndef BERTH_FUZZ_OPTIONS_H
#define BERTH_FUZZ_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "berth-try/subject.h"
#include "berth-try/trial.h"

enum options_command {
    OPTIONS_FUZZ = 0,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_command command;
    struct subject_options subject;
    struct trial_options trial;     /* the seed is libFuzzer's: 32 bits */
    uint64_t seconds;               /* 0: for ever */
    uint64_t runs;                  /* inputs; 0: any number */
    const char *corpus;             /* a folder; NULL: none is kept */
    const char *dictionary;         /* a file; NULL: none */
    const char *output;             /* for the transcript; NULL: a new name */
    const char *const *transcripts; /* within argv */
    size_t transcript_count;
    const char **sets; /* owned */
};

/* Returns 0, or -EINVAL after telling on stderr what is wrong: then there is
   nothing to be freed. argv is put in order, options first. */
int options_parse(struct options *options, int argc, char **argv);
void options_fini(struct options *options);

void options_print_help(FILE *stream);

/* The command with which berth-try repeats a manner of a transcript, as a shell
   reads it. */
void options_print_repeat(const struct options *options,
                          const char *manner,
                          const char *transcript,
                          FILE *stream);

#endif
