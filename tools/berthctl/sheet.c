/* SPDX-License-Identifier: MIT */
#include "sheet.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static size_t count_bytes(const char *text, char byte)
{
    size_t count = 0;

    for (; *text != '\0'; text++) {
        count += *text == byte;
    }
    return count;
}

static int value_of(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit == '\0' ? NULL : strchr(digits, digit);

    return found == NULL ? -1 : (int)(found - digits);
}

/* A character that stands for another, and the bytes that it is written as. */
static char unescape(const char *text, size_t *size)
{
    const int high = text[1] == 'x' ? value_of(text[2]) : -1;
    const int low = high >= 0 ? value_of(text[3]) : -1;

    *size = 2;
    switch (text[1]) {
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case '\\':
        return '\\';
    default:
        break;
    }
    if (low >= 0) {
        *size = 4;
        return (char)(high * 16 + low);
    }
    *size = 1;
    return text[0];
}

/* In place: what is written is never longer than what it stands for. */
static void unescape_cell(char *cell)
{
    char *to = cell;

    while (*cell != '\0') {
        size_t size = 1;

        if (*cell == '\\') {
            *to++ = unescape(cell, &size);
        } else {
            *to++ = *cell;
        }
        cell += size;
    }
    *to = '\0';
}

/* A line's cells. Returns how many, or 0 if there are more than limit. */
static size_t cut_line(char *line, char **cells, size_t limit)
{
    size_t count = 0;
    char *cell;

    while ((cell = strsep(&line, "\t")) != NULL) {
        if (count == limit) {
            return 0;
        }
        unescape_cell(cell);
        cells[count++] = cell;
    }
    return count;
}

/* Up to the first empty line: then another table begins. */
static int cut(struct sheet *sheet, size_t lines)
{
    char *next = sheet->bytes;

    for (size_t i = 0; i < lines; i++) {
        char *line = strsep(&next, "\n");
        char **cells = sheet->cells + (i * sheet->columns);

        if (*line == '\0') {
            break;
        }
        if (cut_line(line, cells, sheet->columns) != sheet->columns) {
            return -EPROTO;
        }
        sheet->rows = i;
    }
    return 0;
}

int sheet_read(struct sheet *sheet, const char *text)
{
    const size_t lines = count_bytes(text, '\n');
    const size_t first = strcspn(text, "\n");
    int error = -ENOMEM;

    *sheet = (struct sheet){.rows = 0};
    if (lines == 0 || first == 0) {
        return -EPROTO;
    }
    sheet->columns = 1;
    for (size_t i = 0; i < first; i++) {
        sheet->columns += text[i] == '\t';
    }
    sheet->bytes = strdup(text);
    sheet->cells = calloc(lines * sheet->columns, sizeof(*sheet->cells));
    if (sheet->bytes != NULL && sheet->cells != NULL) {
        error = cut(sheet, lines);
    }
    if (error < 0) {
        sheet_free(sheet);
    }
    return error;
}

void sheet_free(struct sheet *sheet)
{
    free(sheet->cells);
    free(sheet->bytes);
    *sheet = (struct sheet){.rows = 0};
}

static size_t find_column(const struct sheet *sheet, const char *column)
{
    for (size_t i = 0; i < sheet->columns; i++) {
        if (strcmp(sheet->cells[i], column) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

const char *
sheet_text(const struct sheet *sheet, size_t row, const char *column)
{
    const size_t found = find_column(sheet, column);

    if (found == SIZE_MAX || row >= sheet->rows) {
        return NULL;
    }
    return sheet->cells[((row + 1) * sheet->columns) + found];
}

int64_t sheet_number(const struct sheet *sheet, size_t row, const char *column)
{
    const char *text = sheet_text(sheet, row, column);
    char *end = NULL;
    long long number;

    if (text == NULL || *text < '0' || *text > '9') {
        return SHEET_NONE;
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    return errno != 0 || *end != '\0' ? SHEET_NONE : (int64_t)number;
}

size_t
sheet_find(const struct sheet *sheet, const char *column, const char *text)
{
    for (size_t i = 0; i < sheet->rows; i++) {
        const char *cell = sheet_text(sheet, i, column);

        if (cell != NULL && strcmp(cell, text) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}
