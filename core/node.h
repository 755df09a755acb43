/* SPDX-License-Identifier: MIT */
/*
 * A value as it stands in a YAML file: a text, a list or a mapping, and where.
 * What a text means is for the option tables to say, never for YAML to guess.
 */
#ifndef BERTH_NODE_H
#define BERTH_NODE_H

#include <stdbool.h>
#include <stddef.h>

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAPPING,
};

struct node {
    enum node_kind kind;
    bool is_quoted;    /* a scalar in quotes, or a block scalar */
    const char *text;  /* of a scalar, with a NUL behind it; else NULL */
    size_t length;     /* of text, in bytes */
    size_t line;       /* from 1 */
    size_t column;     /* from 1, in characters */
    size_t characters; /* that it takes on its line; 1 if it goes on below */
    size_t count;      /* children */
    size_t weight;     /* nodes in this subtree, this one and keys counted */
    size_t height;     /* levels of this subtree; 1 for a scalar */
    const struct node *first; /* child: an item, or the value of a key */
    const struct node *next;  /* child of the same parent */
    const struct node *key;   /* of a value in a mapping; else NULL */
};

/* The value of a key; NULL: there is none, or node is NULL or no mapping. */
const struct node *node_find(const struct node *node, const char *key);

/* Is there nothing where the value should be, as in "key:"? */
bool node_is_empty(const struct node *node);

/* What it is, for messages: "empty", "a text", "a list" or "a mapping". */
const char *node_describe(const struct node *node);

#endif
