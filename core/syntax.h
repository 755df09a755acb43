/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with the text of a YAML file, in words that say what to do.
 * libyaml finds most of it; its own messages are for those who know YAML's
 * grammar.
 */
#ifndef BERTH_SYNTAX_H
#define BERTH_SYNTAX_H

#include <stddef.h>

/* Longest text that is read. */
#define SYNTAX_SIZE_MAX ((size_t)1024 * 1024)

struct syntax_problem {
    size_t line;   /* from 1; 0: the file as a whole */
    size_t column; /* from 1, in characters */
    size_t length; /* in characters */
    char text[256];
    char hint[256]; /* empty: none */
};

/* An error of libyaml; lines and columns from 1. */
struct syntax_report {
    const char *problem; /* NULL is taken for "" */
    size_t line, column;
    const char *context; /* the same */
    size_t context_line, context_column;
};

/*
 * Finds what libyaml lets pass and we do not: too long a text, characters that
 * end a line for YAML but for no editor (so that places would be wrong), tag
 * directives (it compares each with each, which takes minutes for a hostile
 * file). Returns 0, or -EINVAL with *problem filled.
 */
int syntax_check(const char *text, size_t size, struct syntax_problem *problem);

/* The place just behind the text, from 1. */
void syntax_end(const char *text, size_t size, size_t *line, size_t *column);

/* Puts an error of libyaml's scanner or parser into words. */
void syntax_explain(const struct syntax_report *report,
                    const char *text,
                    size_t size,
                    struct syntax_problem *problem);

/* The same for a byte that cannot be part of a text. */
void syntax_explain_byte(const char *text,
                         size_t size,
                         size_t offset,
                         struct syntax_problem *problem);

#endif
