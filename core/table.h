/* SPDX-License-Identifier: MIT */
/*
 * Rows of typed columns, printed for people or for programs.
 */
#ifndef BERTH_TABLE_H
#define BERTH_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "json.h"

enum table_format {
    TABLE_TEXT = 0, /* aligned, with units: for people */
    TABLE_JSON,     /* an array of objects */
    TABLE_TSV,      /* columns between tabs, their names in the first row */
};

/* What a value is; only people see units. */
enum table_type {
    TABLE_WORD,    /* a text */
    TABLE_NUMBER,  /* a count */
    TABLE_BYTES,   /* 1.5 MiB */
    TABLE_SECONDS, /* 1h2m */
    TABLE_MS,      /* 1.250 s */
};

struct table_column {
    const char *name;  /* for programs, as in bytes_in */
    const char *title; /* for people, as in "IN"; NULL: they do not see it */
    enum table_type type;
};

/* One value of a row: text of a TABLE_WORD, number of the others. */
struct table_value {
    const char *text; /* from anybody; NULL: there is none */
    int64_t number;   /* TABLE_NONE: there is none */
};

/* What is not there: "-" for people, null in JSON, nothing in TSV. */
#define TABLE_NONE INT64_MIN

/* The most columns a table may have. */
#define TABLE_COLUMNS_MAX 24

struct table {
    enum table_format format;
    FILE *stream;
    struct json *json;
    const struct table_column *columns;
    size_t count;
    FILE *cells; /* as text: widths are known at the end only */
    char *bytes; /* of cells */
    size_t size;
    size_t rows;
    size_t widths[TABLE_COLUMNS_MAX]; /* in characters */
};

/*
 * Begins a table of columns[0..count), which must outlive it. json: where a
 * JSON value may come; its stream is that of the others, too. Errors of the
 * stream are its owner's: see ferror(3). Returns 0 or -ENOMEM.
 */
int table_begin(struct table *table,
                enum table_format format,
                struct json *json,
                const struct table_column *columns,
                size_t count);

/* Adds a row: values[0..count), copied. */
void table_row(struct table *table, const struct table_value *values);

/*
 * Prints what is not printed yet. Texts are escaped: for people so that they do
 * nothing to a terminal, in TSV as \t, \n, \\ and \xNN (other controls). A
 * table without rows is its titles, [], or the names of its columns. Returns 0,
 * or -ENOMEM: then the table is not whole.
 */
int table_end(struct table *table);

/*
 * Prints one row by itself: for people a line for each value, in JSON an
 * object, in TSV as a table.
 */
void table_print_record(enum table_format format,
                        struct json *json,
                        const struct table_column *columns,
                        size_t count,
                        const struct table_value *values);

#endif
