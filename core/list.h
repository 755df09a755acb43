/* SPDX-License-Identifier: MIT */
/*
 * A circular, doubly linked list whose links live in the members. The head is
 * a link too; an empty list's head points to itself. Nothing is allocated.
 */
#ifndef BERTH_LIST_H
#define BERTH_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next;
    struct list *prev;
};

/* The struct of the given type around one of its members. */
#define CONTAINER_OF(pointer_, type_, member_)                                 \
    ((type_ *)(void *)((char *)(pointer_)-offsetof(type_, member_)))

static inline void list_init(struct list *list)
{
    list->next = list;
    list->prev = list;
}

static inline bool list_is_empty(const struct list *list)
{
    return list->next == list;
}

static inline void list_append(struct list *list, struct list *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Takes the link out; afterwards it is an empty list of its own. */
static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Moves all members of one list to another that is empty. */
static inline void list_move(struct list *from, struct list *to)
{
    list_init(to);
    if (list_is_empty(from)) {
        return;
    }
    to->next = from->next;
    to->prev = from->prev;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#endif
