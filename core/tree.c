/* SPDX-License-Identifier: MIT */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static struct place place_of_event(const struct tree *tree,
                                   const yaml_event_t *event)
{
    const yaml_mark_t *start = &event->start_mark;
    const yaml_mark_t *end = &event->end_mark;

    return (struct place){
        .file = tree->file,
        .line = start->line + 1,
        .column = start->column + 1,
        .length = end->line == start->line &&
                          event->type == YAML_SCALAR_EVENT &&
                          end->column > start->column
                      ? end->column - start->column
                      : 1,
    };
}

static int refuse_event(struct tree *tree,
                        const yaml_event_t *event,
                        const char *text,
                        const char *hint)
{
    const struct place place = place_of_event(tree, event);

    errors_add(tree->errors, &place, hint, "%s", text);
    return -EINVAL;
}

static int refuse_memory(struct tree *tree)
{
    errors_no_memory(tree->errors);
    return -ENOMEM;
}

static const char *anchor_of(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return (const char *)event->data.scalar.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return (const char *)event->data.sequence_start.anchor;
    case YAML_MAPPING_START_EVENT:
        return (const char *)event->data.mapping_start.anchor;
    default:
        return NULL;
    }
}

static bool is_tagged(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.tag != NULL;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.tag != NULL;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.tag != NULL;
    default:
        return false;
    }
}

static const struct tree_anchor *find_anchor(const struct tree *tree,
                                             const char *name)
{
    for (size_t i = 0; i < tree->anchor_count; i++) {
        if (strcmp(tree->anchors[i].name, name) == 0) {
            return &tree->anchors[i];
        }
    }
    return NULL;
}

static int add_anchor(struct tree *tree,
                      const yaml_event_t *event,
                      const struct node *node)
{
    const char *name = anchor_of(event);
    const char *copy;

    if (name == NULL) {
        return 0;
    }
    if (find_anchor(tree, name) != NULL) {
        return refuse_event(tree, event, "this anchor is there already",
                            "give each anchor ('&') a name of its own");
    }
    /* They are searched one by one. */
    if (tree->anchor_count == TREE_ANCHORS_MAX) {
        return refuse_event(tree, event, "more than 256 anchors", NULL);
    }
    copy = arena_text(tree->arena, name, strlen(name));
    if (copy == NULL) {
        return refuse_memory(tree);
    }
    tree->anchors[tree->anchor_count++] =
        (struct tree_anchor){.name = copy, .node = node};
    return 0;
}

static struct tree_level *top_of(struct tree *tree)
{
    return tree->depth == 0 ? NULL : &tree->levels[tree->depth - 1];
}

static int
count_nodes(struct tree *tree, const yaml_event_t *event, size_t count)
{
    if (count > TREE_NODES_MAX - tree->nodes) {
        return refuse_event(tree, event, "more than 100,000 values",
                            "an alias ('*') counts as what it stands for");
    }
    tree->nodes += count;
    return 0;
}

/* A mapping's child is taken for a key and for a value in turn. */
static int link_key(struct tree *tree,
                    const yaml_event_t *event,
                    struct tree_level *level,
                    const struct node *node)
{
    if (node->kind != NODE_SCALAR) {
        return refuse_event(tree, event,
                            "a key must be a text, not a list or mapping",
                            "quote what is meant as a text");
    }
    if (!node->is_quoted && strcmp(node->text, "<<") == 0) {
        return refuse_event(tree, event, "merge keys ('<<') are not supported",
                            "write the keys out, or use an alias ('*') for "
                            "the whole mapping");
    }
    if (strlen(node->text) != node->length) {
        return refuse_event(tree, event, "a key must not contain a NUL", NULL);
    }
    level->key = node;
    return 0;
}

static int
link_node(struct tree *tree, const yaml_event_t *event, struct node *node)
{
    struct tree_level *level = top_of(tree);

    if (level == NULL) {
        tree->root = node;
        return 0;
    }
    if (level->node->kind == NODE_MAPPING && level->key == NULL) {
        return link_key(tree, event, level, node);
    }
    node->key = level->key;
    level->key = NULL;
    *level->tail = node;
    level->tail = &node->next;
    level->node->count++;
    return 0;
}

static struct node *
make_node(struct tree *tree, const yaml_event_t *event, enum node_kind kind)
{
    const struct place place = place_of_event(tree, event);
    struct node *node = arena_alloc(tree->arena, sizeof(*node));

    if (node == NULL) {
        return NULL;
    }
    *node = (struct node){
        .kind = kind,
        .line = place.line,
        .column = place.column,
        .characters = place.length,
        .weight = 1,
        .height = 1,
    };
    return node;
}

/* Makes a node for the event, counts it, anchors it and links it. */
static int add_node(struct tree *tree,
                    const yaml_event_t *event,
                    enum node_kind kind,
                    struct node **added)
{
    struct node *node;
    int error = count_nodes(tree, event, 1);

    if (error != 0) {
        return error;
    }
    if (is_tagged(event)) {
        (void)refuse_event(tree, event, "tags ('!') are not supported",
                           "quote a text that begins with '!'");
    }
    node = make_node(tree, event, kind);
    if (node == NULL) {
        return refuse_memory(tree);
    }
    if (kind == NODE_SCALAR) {
        node->length = event->data.scalar.length;
        node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
        node->text = arena_text(
            tree->arena, (const char *)event->data.scalar.value, node->length);
        if (node->text == NULL) {
            return refuse_memory(tree);
        }
    }
    error = add_anchor(tree, event, node);
    if (error == 0) {
        error = link_node(tree, event, node);
    }
    if (error == 0) {
        *added = node;
    }
    return error;
}

static int add_scalar(struct tree *tree, const yaml_event_t *event)
{
    struct node *node;

    return add_node(tree, event, NODE_SCALAR, &node);
}

static int
begin_level(struct tree *tree, const yaml_event_t *event, enum node_kind kind)
{
    const size_t nodes = tree->nodes;
    struct node *node;
    int error;

    if (tree->depth == TREE_DEPTH_MAX) {
        return refuse_event(tree, event, "more than 32 levels", NULL);
    }
    error = add_node(tree, event, kind, &node);
    if (error != 0) {
        return error;
    }
    tree->levels[tree->depth++] = (struct tree_level){
        .node = node,
        .tail = &node->first,
        .nodes = nodes,
    };
    return 0;
}

static int compare_texts(const struct node *a, const struct node *b)
{
    if (a->length != b->length) {
        return a->length < b->length ? -1 : 1;
    }
    return memcmp(a->text, b->text, a->length);
}

static int compare_keys(const void *left, const void *right)
{
    const struct node *a = *(const struct node *const *)left;
    const struct node *b = *(const struct node *const *)right;
    const int order = compare_texts(a, b);

    if (order != 0) {
        return order;
    }
    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }
    return (a->column > b->column) - (a->column < b->column);
}

static struct place place_of_node(const struct tree *tree,
                                  const struct node *node)
{
    return (struct place){
        .file = tree->file,
        .line = node->line,
        .column = node->column,
        .length = node->characters,
    };
}

/* Sorted, because each with each would take minutes for a hostile file. */
static int refuse_doubles(struct tree *tree, const struct node *mapping)
{
    const struct node **keys;
    size_t first = 0, count = 0;

    if (mapping->count < 2) {
        return 0;
    }
    keys = malloc(mapping->count * sizeof(const struct node *));
    if (keys == NULL) {
        return refuse_memory(tree);
    }
    for (const struct node *n = mapping->first; n != NULL; n = n->next) {
        keys[count++] = n->key;
    }
    qsort(keys, count, sizeof(const struct node *), compare_keys);
    for (size_t i = 1; i < count; i++) {
        const struct place place = place_of_node(tree, keys[i]);

        if (compare_texts(keys[first], keys[i]) != 0) {
            first = i;
            continue;
        }
        errors_add(tree->errors, &place, NULL,
                   "the key '%.100s' is there already, in line %zu, column %zu",
                   keys[i]->text, keys[first]->line, keys[first]->column);
    }
    free(keys);
    return 0;
}

static int end_level(struct tree *tree)
{
    struct node *node = top_of(tree)->node;
    const struct node *child = node->first;

    node->weight = tree->nodes - top_of(tree)->nodes;
    for (; child != NULL; child = child->next) {
        if (child->height >= node->height) {
            node->height = child->height + 1;
        }
    }
    tree->depth--;
    return node->kind == NODE_MAPPING ? refuse_doubles(tree, node) : 0;
}

static bool is_open(const struct tree *tree, const struct node *node)
{
    for (size_t i = 0; i < tree->depth; i++) {
        if (tree->levels[i].node == node) {
            return true;
        }
    }
    return false;
}

/* An alias is a node of its own that shares the children. */
static int add_alias(struct tree *tree, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct tree_anchor *anchor = find_anchor(tree, name);
    struct node *node;
    int error;

    if (anchor == NULL) {
        return refuse_event(tree, event,
                            "there is no such anchor ('&') before this alias",
                            "quote a text that begins with '*'");
    }
    if (is_open(tree, anchor->node)) {
        return refuse_event(tree, event,
                            "this alias is inside what it stands for", NULL);
    }
    error = count_nodes(tree, event, anchor->node->weight);
    if (error != 0) {
        return error;
    }
    if (tree->depth + anchor->node->height > TREE_DEPTH_MAX + 1) {
        return refuse_event(tree, event, "more than 32 levels", NULL);
    }
    node = arena_alloc(tree->arena, sizeof(*node));
    if (node == NULL) {
        return refuse_memory(tree);
    }
    *node = *anchor->node;
    node->next = NULL;
    node->key = NULL;
    return link_node(tree, event, node);
}

static int begin_document(struct tree *tree, const yaml_event_t *event)
{
    if (tree->is_begun) {
        return refuse_event(tree, event, "a second document begins here",
                            "a file holds one: remove the line '---'");
    }
    tree->is_begun = true;
    return 0;
}

int tree_add(struct tree *tree, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        return begin_document(tree, event);
    case YAML_SCALAR_EVENT:
        return add_scalar(tree, event);
    case YAML_SEQUENCE_START_EVENT:
        return begin_level(tree, event, NODE_LIST);
    case YAML_MAPPING_START_EVENT:
        return begin_level(tree, event, NODE_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return end_level(tree);
    case YAML_ALIAS_EVENT:
        return add_alias(tree, event);
    default:
        return 0;
    }
}
