/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean": the word nearest to one that was mistyped.
 */
#ifndef BERTH_SUGGEST_H
#define BERTH_SUGGEST_H

#include <stddef.h>

/* What suggest_distance() returns for a word that is another's beginning, of
   three letters or more, and for words that are not alike. */
#define SUGGEST_BEGUN 4u
#define SUGGEST_FAR 1000u

/*
 * How many letters must be inserted, removed, changed or swapped with their
 * neighbour to make one word of the other, upper and lower case being the
 * same; SUGGEST_BEGUN or SUGGEST_FAR if that is too many for words of this
 * length to be taken for each other. Words longer than 64 bytes are always far.
 */
unsigned suggest_distance(const char *word, const char *other);

/* The nearest of words[0..count), the first one of several; NULL: all far. */
const char *
suggest_nearest(const char *word, const char *const *words, size_t count);

#endif
