/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define WORD_MAX 64

/* tolower(3) depends on the locale, keys do not. */
static char to_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* A third of the longer word may be wrong, and never more than 3 letters. */
static unsigned tolerance(size_t a, size_t b)
{
    const size_t longer = a > b ? a : b;

    return least((unsigned)(longer + 1) / 3, 3);
}

/* Three rows of the table that count_edits() fills. */
struct rows {
    const unsigned *earlier, *before;
    unsigned *now;
};

/* The row of word[i - 1]; row[0] is there. */
static void fill_row(const struct rows *rows,
                     const char *word,
                     size_t i,
                     const char *other,
                     size_t columns)
{
    const char a = to_lower(word[i - 1]);

    for (size_t j = 1; j <= columns; j++) {
        const char b = to_lower(other[j - 1]);
        unsigned edits = least(rows->before[j], rows->now[j - 1]) + 1;

        edits = least(edits, rows->before[j - 1] + (a != b));
        if (i > 1 && j > 1 && a == to_lower(other[j - 2]) &&
            b == to_lower(word[i - 2])) {
            edits = least(edits, rows->earlier[j - 2] + 1);
        }
        rows->now[j] = edits;
    }
}

/*
 * Optimal string alignment: one row of the usual table for each letter of
 * word, and the two rows before it, because a swap reaches back that far.
 */
static unsigned
count_edits(const char *word, size_t rows, const char *other, size_t columns)
{
    unsigned table[3][WORD_MAX + 1] = {{0}};

    for (size_t j = 0; j <= columns; j++) {
        table[0][j] = (unsigned)j;
    }
    for (size_t i = 1; i <= rows; i++) {
        const struct rows three = {
            .earlier = table[(i + 1) % 3],
            .before = table[(i - 1) % 3],
            .now = table[i % 3],
        };

        three.now[0] = (unsigned)i;
        fill_row(&three, word, i, other, columns);
    }
    return table[rows % 3][columns];
}

/* "warn" for "warning": not near, but begun. */
static bool is_begun(const char *word, size_t a, const char *other, size_t b)
{
    const size_t shorter = a < b ? a : b;

    return shorter >= 3 && strncasecmp(word, other, shorter) == 0;
}

unsigned suggest_distance(const char *word, const char *other)
{
    const size_t a = strnlen(word, WORD_MAX + 1);
    const size_t b = strnlen(other, WORD_MAX + 1);
    unsigned distance;

    if (a > WORD_MAX || b > WORD_MAX) {
        return SUGGEST_FAR;
    }
    distance = count_edits(word, a, other, b);
    if (distance <= tolerance(a, b)) {
        return distance;
    }
    return is_begun(word, a, other, b) ? SUGGEST_BEGUN : SUGGEST_FAR;
}

const char *
suggest_nearest(const char *word, const char *const *words, size_t count)
{
    const char *nearest = NULL;
    unsigned best = SUGGEST_FAR;

    for (size_t i = 0; i < count; i++) {
        const unsigned distance = suggest_distance(word, words[i]);

        if (distance < best) {
            best = distance;
            nearest = words[i];
        }
    }
    return nearest;
}
