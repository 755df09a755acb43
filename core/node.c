/* SPDX-License-Identifier: MIT */
#include "node.h"

#include <string.h>

const struct node *node_find(const struct node *node, const char *key)
{
    const struct node *child = NULL;

    if (node != NULL && node->kind == NODE_MAPPING) {
        child = node->first;
    }
    while (child != NULL && strcmp(child->key->text, key) != 0) {
        child = child->next;
    }
    return child;
}

bool node_is_empty(const struct node *node)
{
    return node->kind == NODE_SCALAR && node->length == 0 && !node->is_quoted;
}

const char *node_describe(const struct node *node)
{
    static const char *const kinds[] = {
        [NODE_SCALAR] = "a text",
        [NODE_LIST] = "a list",
        [NODE_MAPPING] = "a mapping",
    };

    return node_is_empty(node) ? "empty" : kinds[node->kind];
}
