/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Longest key that is looked for. */
#define KEY_MAX 256

/* One part of a path, a key or "[2]"; returns what is behind it. */
static const char *take_step(const char *path, const struct node **node)
{
    const struct node *child = NULL;
    char key[KEY_MAX];
    size_t length;

    if (path[0] == '[' && isdigit((unsigned char)path[1])) {
        size_t index = strtoul(path + 1, NULL, 10);

        length = strcspn(path, "]");
        child = (*node)->first;
        while (child != NULL && index-- > 0) {
            child = child->next;
        }
    } else {
        length = strcspn(path, ".[");
        (void)snprintf(key, sizeof(key), "%.*s",
                       length < sizeof(key) ? (int)length : 0, path);
        child = node_find(*node, key);
    }
    if (child == NULL) {
        return NULL;
    }
    *node = child;
    path += length;
    path += *path == ']' ? 1 : 0;
    return path + (*path == '.' ? 1 : 0);
}

const struct node *settings_find(const struct node *node, const char *path)
{
    while (node != NULL && path != NULL && *path != '\0') {
        path = take_step(path, &node);
    }
    return node;
}
