/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a document, built from libyaml's events one by one, so that
 * every bound is checked before memory or time is spent on what is beyond it.
 */
#ifndef BERTH_TREE_H
#define BERTH_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"
#include "error.h"
#include "node.h"

#define TREE_DEPTH_MAX 32     /* lists and mappings within each other */
#define TREE_NODES_MAX 100000 /* an alias counts as what it stands for */
#define TREE_ANCHORS_MAX 256  /* they are searched one by one */

/* A list or mapping whose end has not come yet. */
struct tree_level {
    struct node *node;
    const struct node **tail; /* where the next child is linked */
    const struct node *key;   /* of a mapping, waiting for its value */
    size_t nodes;             /* of the tree when it began */
};

struct tree_anchor {
    const char *name;
    const struct node *node;
};

/* Set file, errors and arena; zero the rest. */
struct tree {
    const char *file;
    struct errors *errors;
    struct arena *arena; /* for the nodes and their texts */
    const struct node *root;
    struct tree_level levels[TREE_DEPTH_MAX];
    size_t depth;
    struct tree_anchor anchors[TREE_ANCHORS_MAX];
    size_t anchor_count;
    size_t nodes;
    bool is_begun; /* a document has begun; another one is an error */
};

struct yaml_event_s; /* yaml_event_t of libyaml */

/*
 * Takes an event. Returns 0, or -EINVAL with an error added: no more events
 * may follow; or -ENOMEM, which is added, too. Errors that leave a usable tree
 * (tags, keys that are there twice) are added and return 0.
 */
int tree_add(struct tree *tree, const struct yaml_event_s *event);

#endif
