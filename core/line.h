/* SPDX-License-Identifier: MIT */
/*
 * A line of text being made in place, of parts that may come from anybody.
 */
#ifndef BERTH_LINE_H
#define BERTH_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* PIPE_BUF: a longer write to a pipe may be mixed with another process's. */
#define LINE_SIZE 4096

/*
 * What does not fit below the limit is left out: from the first part that is
 * too long on, nothing is added. To begin: {.limit = at most LINE_SIZE}; the
 * owner may raise the limit and clear is_cut to add an end.
 */
struct line {
    size_t length;
    size_t limit;
    bool is_cut;
    char bytes[LINE_SIZE]; /* no NUL behind them */
};

/* Adds bytes as they are: all of them or none. */
void line_put(struct line *line, const char *bytes, size_t size);
void line_put_text(struct line *line, const char *text);

/* The same for what printf(3) makes; at most 127 bytes of it. */
__attribute__((format(printf, 2, 3))) void
line_format(struct line *line, const char *format, ...);

/* What a text that is added stands in. */
enum line_form {
    LINE_PLAIN,  /* nothing */
    LINE_QUOTED, /* quotation marks: these and backslashes have a backslash */
    LINE_JSON,   /* the same, for a reader of JSON */
};

/*
 * Adds text from anybody so that it stays on this line and does nothing to a
 * terminal or to a reader's eye: a newline becomes \n; C0 and C1 controls, line
 * separators, what turns the direction of text, and bytes that are not UTF-8
 * become \xNN. In JSON the characters among these become \uNNNN, and the bytes
 * that are none a text that reads \xNN. No character is cut in two.
 */
void line_escape(struct line *line, const char *text, enum line_form form);

#endif
