/* SPDX-License-Identifier: MIT */
/*
 * A struct that a table of options describes, printed as YAML: each value as
 * it takes effect, and in a comment where it comes from. What is printed is
 * read back as the same values.
 */
#ifndef BERTH_VALUES_H
#define BERTH_VALUES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "node.h"
#include "option.h"

/* Where the values of a struct were given. */
struct values_origin {
    const char *file;            /* as it is shown */
    const struct node *node;     /* the mapping; what is no mapping stands for
                                    its required key; NULL: none */
    const struct node *fallback; /* the mapping that is asked for what is not
                                    in the other one; NULL: none */
};

struct values;

/* Prints the value of an option that is option_is_node(). */
typedef void values_node_fn(struct values *values,
                            const berth_option *option,
                            const struct values_origin *origin);

/* To begin: {.stream = stream}, and what print_node needs. */
struct values {
    FILE *stream;
    size_t depth;               /* blanks before a key */
    bool is_item;               /* the next key begins an item of a list */
    values_node_fn *print_node; /* NULL: these are left out */
    const void *arg;            /* for print_node */
};

/*
 * Prints what is at target, key by key. Secrets are left out, with a comment,
 * as is what was not given and has no default.
 */
void values_print(struct values *values,
                  const berth_option *table,
                  const void *target,
                  const struct values_origin *origin);

/*
 * Prints those that were given, as a mapping in one line, "{a: 1, b: [x, y]}";
 * secrets are left out. Returns how many of these there are. None was given:
 * "{}".
 */
size_t values_print_line(FILE *stream,
                         const berth_option *table,
                         const void *target,
                         const struct node *given);

/* For print_node: "name:" with its origin; deeper until values_end(). */
void values_begin(struct values *values,
                  const berth_option *option,
                  const struct values_origin *origin);
void values_end(struct values *values);

/* A struct that is an item of the list that was begun. */
void values_print_item(struct values *values,
                       const berth_option *table,
                       const void *target,
                       const struct values_origin *origin);

#endif
