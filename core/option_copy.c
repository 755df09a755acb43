/* SPDX-License-Identifier: MIT */
#include "option.h"

#include <stdalign.h>
#include <string.h>

#include "arena.h"

/* The least that an option of any version has. */
#define STRIDE_MIN offsetof(berth_option, fallback)

struct copying {
    size_t stride; /* of the tables that are read */
    struct arena *arena;
    size_t depth;
    size_t total; /* options copied */
};

/* Is all of an element zero that this server knows nothing of? */
static bool is_tail_zero(const char *element, size_t stride)
{
    for (size_t i = sizeof(berth_option); i < stride; i++) {
        if (element[i] != 0) {
            return false;
        }
    }
    return true;
}

static int copy_element(const struct copying *copying,
                        const char *element,
                        berth_option *copy)
{
    const size_t size =
        copying->stride < sizeof(*copy) ? copying->stride : sizeof(*copy);

    memcpy(copy, element, size);
    return is_tail_zero(element, copying->stride) ? 0 : -ENOTSUP;
}

/* Counts up to the end of the table: how many, or -EINVAL. */
static ssize_t count_elements(const struct copying *copying, const char *table)
{
    size_t count = 0;

    for (;; count++) {
        const char *name;

        memcpy(&name, table + count * copying->stride, sizeof(name));
        if (name == NULL) {
            return (ssize_t)count;
        }
        if (count == OPTION_TABLE_MAX) {
            return -EINVAL;
        }
    }
}

static int copy_table(struct copying *copying,
                      const berth_option *table,
                      const berth_option **copy);

static int copy_item(struct copying *copying,
                     const berth_option *item,
                     const berth_option **copy)
{
    berth_option *made = arena_alloc(copying->arena, sizeof(*made));

    if (made == NULL) {
        return -ENOMEM;
    }
    *copy = made;
    return copy_element(copying, (const char *)item, made);
}

static int copy_nested(struct copying *copying, berth_option *option)
{
    if (option->items == NULL) {
        return 0;
    }
    switch (option->type) {
    case BERTH_LIST:
        return copy_item(copying, option->items, &option->items);
    case BERTH_MAPPINGS:
    case BERTH_GROUP:
        return copy_table(copying, option->items, &option->items);
    default:
        return 0;
    }
}

static int copy_table(struct copying *copying,
                      const berth_option *table,
                      const berth_option **copy)
{
    const char *element = (const char *)table;
    const ssize_t count = count_elements(copying, element);
    berth_option *made;
    int error = 0;

    if (count < 0 || copying->depth == OPTION_DEPTH_MAX ||
        (size_t)count > OPTION_TOTAL_MAX - copying->total) {
        return -EINVAL;
    }
    copying->total += (size_t)count;
    made = arena_array(copying->arena, (size_t)count + 1, sizeof(*made));
    if (made == NULL) {
        return -ENOMEM;
    }
    copying->depth++;
    for (ssize_t i = 0; error == 0 && i < count; i++) {
        error = copy_element(copying, element, &made[i]);
        if (error == 0) {
            error = copy_nested(copying, &made[i]);
        }
        element += copying->stride;
    }
    copying->depth--;
    if (error == 0) {
        *copy = made;
    }
    return error;
}

int option_copy(const berth_option *table,
                size_t stride,
                struct arena *arena,
                const berth_option **copy)
{
    static const berth_option empty = BERTH_OPTIONS_END;
    struct copying copying = {.stride = stride, .arena = arena};

    if (table == NULL) {
        *copy = &empty;
        return 0;
    }
    if (stride < STRIDE_MIN || stride % alignof(berth_option) != 0) {
        return -EINVAL;
    }
    return copy_table(&copying, table, copy);
}
