/* SPDX-License-Identifier: MIT */
/*
 * What a hunt sets out from: a temporary folder of inputs made of transcripts,
 * and a file of words, which libFuzzer calls a dictionary.
 */
#ifndef BERTH_FUZZ_SEEDS_H
#define BERTH_FUZZ_SEEDS_H

#include <limits.h>
#include <stddef.h>

#include "image.h"
#include "transcript.h"

struct seeds {
    char folder[PATH_MAX]; /* of the inputs; empty: there is none */
    char words[PATH_MAX];  /* the file */
    char list[PATH_MAX];   /* a file with the names of the inputs */
    size_t inputs;
    size_t texts; /* so many of transcripts and others */
    size_t word_count;
};

/* Makes folder and file below $TMPDIR. Returns 0, or -errno after telling on
   stderr what is wrong: then there is nothing to be removed. */
int seeds_init(struct seeds *seeds);

/* An input of the transcript, with the settings of that number, and several that
   differ in their manner. Returns 0 or -errno. */
int seeds_add(struct seeds *seeds,
              const struct transcript *transcript,
              size_t variant);

/* Inputs that say something to most protocols. */
int seeds_add_usual(struct seeds *seeds);

/* Writes the list of inputs, and the words of transcripts and of the plugin, and the dictionary that is
   named (NULL: none). Returns 0 or -errno. */
struct seeds_words {
    const struct transcript *const *transcripts;
    size_t count;
    const struct image *image;
    const char *dictionary;
};
int seeds_write(struct seeds *seeds, const struct seeds_words *words);

/* Removes them. */
void seeds_fini(struct seeds *seeds);

#endif
