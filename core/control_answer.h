/* SPDX-License-Identifier: MIT */
/*
 * The answer to a command, made piece by piece: text and tables, in the format
 * that was asked for. It is bounded, and stays in memory until it is whole: only
 * its end decides whether it begins with "ok" or with "error".
 */
#ifndef BERTH_CONTROL_ANSWER_H
#define BERTH_CONTROL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "json.h"
#include "table.h"

/* The most bytes of an answer; a longer one becomes an error. */
#define CONTROL_ANSWER_MAX ((size_t)16 << 20)

struct control_answer {
    enum table_format format;
    FILE *stream;
    struct json json;
    struct table table;
    bool has_table; /* one is begun */
    bool has_names; /* in an object, in JSON */
    bool is_begun;  /* something was printed by the functions below */
    int error;      /* what befell it: -ENOMEM, -EFBIG */
    char *bytes;
    size_t size, capacity;
};

/* Begins an answer, which stays where it is. Returns 0 or -ENOMEM. */
int control_answer_init(struct control_answer *answer,
                        enum table_format format);

/* Frees one that is not finished. */
void control_answer_fini(struct control_answer *answer);

/* Where text may be printed to: it comes before all tables. */
FILE *control_answer_stream(struct control_answer *answer);

/*
 * Begins a table, which ends where the next one begins, or the answer ends. An
 * answer that is one table has no name (NULL). If there are several, each has
 * one: in JSON they are members of an object, in TSV the line "# NAME" comes
 * before, for people an empty line between.
 */
void control_answer_table(struct control_answer *answer,
                          const char *name,
                          const struct table_column *columns,
                          size_t count);

/* A row of the table that was begun. */
void control_answer_row(struct control_answer *answer,
                        const struct table_value *values);

/* A table of one row, see table_print_record(). */
void control_answer_record(struct control_answer *answer,
                           const char *name,
                           const struct table_column *columns,
                           size_t count,
                           const struct table_value *values);

/*
 * Makes it whole, and gives it to the caller, who frees *bytes.
 *
 * error 0: "ok" in a line of its own, what was printed, and the message; where
 * JSON was asked for and nothing was printed, {"message": ...}. Else -errno:
 * "error " and the message, or what errno says, then what was printed.
 *
 * message may be NULL. Returns 0 or -ENOMEM; answer is finished in any case.
 */
int control_answer_finish(struct control_answer *answer,
                          int error,
                          const char *message,
                          char **bytes,
                          size_t *size);

#endif
