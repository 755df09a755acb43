/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "amount.h"
#include "line.h"

/* Between columns, for people. */
#define GAP 2

static bool is_none(const struct table_column *column,
                    const struct table_value *value)
{
    return column->type == TABLE_WORD ? value->text == NULL
                                      : value->number == TABLE_NONE;
}

/* ------------------------------------------------------------- for programs */

static void print_json_value(struct json *json,
                             const struct table_column *column,
                             const struct table_value *value)
{
    if (is_none(column, value)) {
        json_raw(json, "null");
    } else if (column->type == TABLE_WORD) {
        json_text(json, value->text);
    } else {
        json_number(json, value->number);
    }
}

static void print_object(struct json *json,
                         const struct table_column *columns,
                         size_t count,
                         const struct table_value *values)
{
    json_begin(json, '{');
    for (size_t i = 0; i < count; i++) {
        json_key(json, columns[i].name);
        print_json_value(json, &columns[i], &values[i]);
    }
    json_end(json, '}');
}

static void print_tsv_text(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;

        if (byte == '\t') {
            (void)fputs("\\t", stream);
        } else if (byte == '\n') {
            (void)fputs("\\n", stream);
        } else if (byte == '\\') {
            (void)fputs("\\\\", stream);
        } else if (byte < 0x20 || byte == 0x7f) {
            (void)fprintf(stream, "\\x%02x", byte);
        } else {
            (void)fputc(byte, stream);
        }
    }
}

static void
print_tsv_names(FILE *stream, const struct table_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(stream, "%s%s", i == 0 ? "" : "\t", columns[i].name);
    }
    (void)fputc('\n', stream);
}

static void print_tsv_row(FILE *stream,
                          const struct table_column *columns,
                          size_t count,
                          const struct table_value *values)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            (void)fputc('\t', stream);
        }
        if (is_none(&columns[i], &values[i])) {
            continue;
        }
        if (columns[i].type == TABLE_WORD) {
            print_tsv_text(stream, values[i].text);
        } else {
            (void)fprintf(stream, "%" PRId64, values[i].number);
        }
    }
    (void)fputc('\n', stream);
}

/* --------------------------------------------------------------- for people */

static void
make_amount(char text[AMOUNT_TEXT_MAX], enum table_type type, int64_t number)
{
    if (type == TABLE_BYTES && number >= 0) {
        amount_print_bytes(text, (uint64_t)number);
    } else if (type == TABLE_SECONDS && number >= 0) {
        amount_print_seconds(text, (uint64_t)number);
    } else if (type == TABLE_MS && number >= 0) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64 ".%03d s",
                       number / 1000, (int)(number % 1000));
    } else {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "%" PRId64, number);
    }
}

/* What people see of a value; line is empty. */
static void make_cell(struct line *line,
                      const struct table_column *column,
                      const struct table_value *value)
{
    char text[AMOUNT_TEXT_MAX];

    if (is_none(column, value)) {
        line_put_text(line, "-");
    } else if (column->type == TABLE_WORD) {
        line_escape(line, value->text, LINE_PLAIN);
    } else {
        make_amount(text, column->type, value->number);
        line_put_text(line, text);
    }
}

/* In characters: bytes that do not go on with one. */
static size_t measure(const char *text, size_t length)
{
    size_t width = 0;

    for (size_t i = 0; i < length; i++) {
        width += ((unsigned char)text[i] & 0xc0u) != 0x80u;
    }
    return width;
}

static void widen(struct table *table, size_t column, size_t width)
{
    if (table->widths[column] < width) {
        table->widths[column] = width;
    }
}

static void keep_cells(struct table *table, const struct table_value *values)
{
    for (size_t i = 0; i < table->count; i++) {
        struct line line = {.limit = LINE_SIZE};

        if (table->columns[i].title == NULL) {
            continue;
        }
        make_cell(&line, &table->columns[i], &values[i]);
        widen(table, i, measure(line.bytes, line.length));
        (void)fwrite(line.bytes, 1, line.length, table->cells);
        (void)fputc('\0', table->cells);
    }
}

/*
 * Words are to the left, amounts to the right; nothing is behind the last.
 * gap: blanks that are due before it. Returns those that are due after it.
 */
static size_t print_cell(const struct table *table,
                         size_t column,
                         const char *text,
                         size_t gap)
{
    const size_t padding = table->widths[column] - measure(text, strlen(text));
    const bool is_word = table->columns[column].type == TABLE_WORD;

    (void)fprintf(table->stream, "%*s%s", (int)(gap + (is_word ? 0 : padding)),
                  "", text);
    return GAP + (is_word ? padding : 0);
}

static void print_titles(const struct table *table)
{
    size_t gap = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].title != NULL) {
            gap = print_cell(table, i, table->columns[i].title, gap);
        }
    }
    (void)fputc('\n', table->stream);
}

static const char *print_cells(const struct table *table, const char *next)
{
    size_t gap = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].title != NULL) {
            gap = print_cell(table, i, next, gap);
            next += strlen(next) + 1;
        }
    }
    (void)fputc('\n', table->stream);
    return next;
}

static void print_aligned(const struct table *table)
{
    const char *next = table->bytes;

    print_titles(table);
    for (size_t i = 0; i < table->rows; i++) {
        next = print_cells(table, next);
    }
}

static void print_record(FILE *stream,
                         const struct table_column *columns,
                         size_t count,
                         const struct table_value *values)
{
    size_t width = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t length =
            columns[i].title == NULL ? 0 : strlen(columns[i].title);

        width = length > width ? length : width;
    }
    for (size_t i = 0; i < count; i++) {
        struct line line = {.limit = LINE_SIZE};

        if (columns[i].title != NULL) {
            make_cell(&line, &columns[i], &values[i]);
            (void)fprintf(stream, "%-*s%.*s\n", (int)(width + GAP),
                          columns[i].title, (int)line.length, line.bytes);
        }
    }
}

/* ---------------------------------------------------------------- the table */

int table_begin(struct table *table,
                enum table_format format,
                struct json *json,
                const struct table_column *columns,
                size_t count)
{
    *table = (struct table){
        .format = format,
        .stream = json->stream,
        .json = json,
        .columns = columns,
        .count = count,
    };
    if (format == TABLE_JSON) {
        json_begin(json, '[');
    } else if (format == TABLE_TSV) {
        print_tsv_names(table->stream, columns, count);
    } else {
        table->cells = open_memstream(&table->bytes, &table->size);
        if (table->cells == NULL) {
            return -ENOMEM;
        }
    }
    for (size_t i = 0; i < count && format == TABLE_TEXT; i++) {
        const char *title = columns[i].title;

        widen(table, i, title == NULL ? 0 : measure(title, strlen(title)));
    }
    return 0;
}

void table_row(struct table *table, const struct table_value *values)
{
    table->rows++;
    if (table->format == TABLE_JSON) {
        print_object(table->json, table->columns, table->count, values);
    } else if (table->format == TABLE_TSV) {
        print_tsv_row(table->stream, table->columns, table->count, values);
    } else {
        keep_cells(table, values);
    }
}

int table_end(struct table *table)
{
    int error = 0;

    if (table->format == TABLE_JSON) {
        json_end(table->json, ']');
    }
    if (table->cells == NULL) {
        return 0;
    }
    if (ferror(table->cells)) {
        error = -ENOMEM;
    }
    if (fclose(table->cells) != 0) {
        error = -ENOMEM;
    }
    if (error == 0) {
        print_aligned(table);
    }
    free(table->bytes);
    table->cells = NULL;
    return error;
}

void table_print_record(enum table_format format,
                        struct json *json,
                        const struct table_column *columns,
                        size_t count,
                        const struct table_value *values)
{
    if (format == TABLE_JSON) {
        print_object(json, columns, count, values);
    } else if (format == TABLE_TSV) {
        print_tsv_names(json->stream, columns, count);
        print_tsv_row(json->stream, columns, count, values);
    } else {
        print_record(json->stream, columns, count, values);
    }
}
