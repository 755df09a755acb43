/* SPDX-License-Identifier: MIT */
/*
 * Diagnostics: collected in any order, printed in the order of the file, each
 * with its place, the source line, a caret and a hint.
 *
 * Adding never fails from the caller's point of view: when memory runs out
 * that is remembered, counted as an error and printed.
 */
#ifndef BERTH_ERROR_H
#define BERTH_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* So many are kept; after these comes one line "too many errors". */
#define ERRORS_MAX 100

struct place {
    const char *file; /* as it is to be shown; NULL: none in particular */
    size_t line;      /* from 1; 0: the file as a whole */
    size_t column;    /* from 1, in characters */
    size_t length;    /* characters to underline; 0 counts as 1 */
    bool is_secret;   /* the source line is not shown */
};

/* One of them; texts and file are behind the struct, in the same block. */
struct diagnostic {
    struct place place;
    size_t file_order; /* of first naming, from 1; 0: no file */
    size_t sequence;   /* keeps the order of equal places */
    const char *level; /* "error" or "warning" */
    const char *hint;  /* NULL: none */
    char text[];
};

/* The text of a file; behind the struct, too, after its name. */
struct error_source {
    struct error_source *next;
    size_t size;
    char *text;
    char name[];
};

struct errors {
    struct diagnostic **items;
    size_t count, capacity;
    struct error_source *sources;
    size_t errors; /* errors added, also those that were not kept */
    bool is_too_many, is_out_of_memory;
};

void errors_init(struct errors *errors);
void errors_fini(struct errors *errors);

/* Attaches the text of a file (copied), so that its lines can be shown. */
void errors_source(struct errors *errors,
                   const char *file,
                   const char *text,
                   size_t size);

/*
 * Adds an error. All texts are copied; they may hold bytes of any kind, what
 * could play with a terminal is escaped when printed. place NULL: none; hint
 * NULL: none.
 */
__attribute__((format(printf, 4, 5))) void errors_add(struct errors *errors,
                                                      const struct place *place,
                                                      const char *hint,
                                                      const char *format,
                                                      ...);

/* The same for a warning, which is not counted by errors_count(). */
__attribute__((format(printf, 4, 5))) void
errors_warn(struct errors *errors,
            const struct place *place,
            const char *hint,
            const char *format,
            ...);

/* Memory ran out: adds that error (once) without needing any. */
void errors_no_memory(struct errors *errors);

/* How many errors were added; warnings do not count. */
size_t errors_count(const struct errors *errors);

/* Would another one not be kept? Then its text is not worth an effort. */
bool errors_is_full(const struct errors *errors);

/*
 * Prints all, sorted by file (in the order in which files were first named),
 * line and column; what has no file comes first:
 *
 *     server.yaml:5:21: error: 'limits.idle' needs a unit
 *         5 |     limits: {idle: 30}
 *           |                    ^~
 *       hint: did you mean 30s?
 */
void errors_print(struct errors *errors, FILE *stream);

/* The same as a text, which the caller frees; NULL: no memory. *size: its
   length; size may be NULL. */
char *errors_text(struct errors *errors, size_t *size);

#endif
