/* SPDX-License-Identifier: MIT */
/*
 * What there is to complete of a program, read from its help.
 */
#ifndef COMPLETION_HELP_H
#define COMPLETION_HELP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum kind {
    OPTION,
    COMMAND,
    WORD,    /* of what an option's value may be */
    EXAMPLE, /* none of it is offered */
};

struct item {
    enum kind kind;
    char letter; /* '\0': none */
    char name[32];
    char value[32]; /* "": takes none; of a WORD, the value that it may be */
    char help[96];
};

struct program {
    const char *name;
    char function[32]; /* the name, as one of a function */
    bool is_server;    /* the words are names of plugins, or their files */
    bool is_try;       /* the words are a plugin's file, and transcripts */
    struct item items[96];
    size_t count;
};

/* The program whose help was read. */
extern struct program program;

/* Its name, which is kept, not copied; then its help. */
void help_set_program(const char *name);
void help_read(FILE *help);

/* Is there anything of the kind? */
bool help_has(enum kind kind);

/* All names of the kind: `before` before the first, `between` before others. */
void help_print_names(FILE *file,
                      enum kind kind,
                      const char *between,
                      const char *before);

/* What the value of an item may be, between blanks; nothing, if that is not
   known. */
void help_print_words(FILE *file, const struct item *item);
bool help_has_words(const struct item *item);

/* Is the value a file, and of those, a folder? */
bool help_is_file(const struct item *item);
bool help_is_folder(const struct item *item);

#endif
