/* SPDX-License-Identifier: MIT */
/*
 * A table that the server sent as TSV: rows and named columns.
 */
#ifndef BERTHCTL_SHEET_H
#define BERTHCTL_SHEET_H

#include <stddef.h>
#include <stdint.h>

/* What is not there, or is no number. */
#define SHEET_NONE INT64_MIN

struct sheet {
    char *bytes;  /* with a NUL behind each cell */
    char **cells; /* the names, then row by row */
    size_t columns;
    size_t rows; /* the names not counted */
};

/*
 * Reads it; text is copied. Returns 0, -EPROTO (no names, or a row of another
 * length), or -ENOMEM. An empty sheet is {.rows = 0}.
 */
int sheet_read(struct sheet *sheet, const char *text);
void sheet_free(struct sheet *sheet);

/* The cell of that column; NULL: there is no such column. "" if it is empty. */
const char *
sheet_text(const struct sheet *sheet, size_t row, const char *column);

/* The same as a number from 0. */
int64_t sheet_number(const struct sheet *sheet, size_t row, const char *column);

/* The row that has this text in that column, or SIZE_MAX. */
size_t
sheet_find(const struct sheet *sheet, const char *column, const char *text);

#endif
