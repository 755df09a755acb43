/* SPDX-License-Identifier: MIT */
#include "config_entry.h"

#include <string.h>

static struct place place_of_name(const struct config_entry *entry)
{
    const struct settings_source source = {.file = entry->place.file};
    const struct node *name = node_find(entry->node, "name");

    return name == NULL ? entry->place : settings_place(&source, name);
}

/* "line 3, column 5", or "the word 'echo'". */
static void write_place(const struct place *place, char *text, size_t size)
{
    if (place->line == 0) {
        (void)snprintf(text, size, "the word '%.200s'", place->file);
    } else {
        (void)snprintf(text, size, "line %zu, column %zu", place->line,
                       place->column);
    }
}

static void refuse_name(const struct config_maker *maker,
                        const struct config_entry *entry,
                        const struct config_entry *other)
{
    const struct place place = place_of_name(entry);
    const struct place first = place_of_name(other);
    char where[256];

    write_place(&first, where, sizeof(where));
    errors_add(maker->source.errors, &place,
               "give each entry a 'name' of its own",
               "the name '%s' is taken by the entry in %s", entry->name, where);
}

static void compare_names(const struct config_maker *maker,
                          const struct config_entry *entries,
                          size_t count)
{
    for (size_t i = 1; i < count; i++) {
        size_t j = 0;

        if (entries[i].name == NULL) {
            continue;
        }
        while (j < i && (entries[j].name == NULL ||
                         strcmp(entries[j].name, entries[i].name) != 0)) {
            j++;
        }
        if (j < i) {
            refuse_name(maker, &entries[i], &entries[j]);
        }
    }
}

static void refuse_listener(const struct config_maker *maker,
                            const struct config_listener *listener,
                            const struct config_listener *other)
{
    const bool is_word = listener->place.line == 0;
    char where[256];

    write_place(&other->place, where, sizeof(where));
    errors_add(maker->source.errors, &listener->place,
               is_word ? "write PLUGIN=ADDRESS"
                       : "entries may share an address only if it is the same",
               "the address '%.200s' overlaps '%.200s' in %s", listener->text,
               other->text, where);
}

static void refuse_twin(const struct config_maker *maker,
                        const struct config_listener *listener,
                        const struct config_listener *other,
                        const char *what,
                        const char *hint)
{
    char where[256];

    write_place(&other->place, where, sizeof(where));
    errors_add(maker->source.errors, &listener->place, hint,
               "the address '%.200s' %s %s", listener->text, what, where);
}

/* Words that do not say where they listen do not mean to share it. */
static bool is_accident(const struct config_listener *listener,
                        const struct config_listener *other)
{
    return listener->place.line == 0 && listener->text == other->text;
}

/* One socket serves both, so they must agree on what is set for it. */
static bool agree(const struct config_entry *entries,
                  const struct config_listener *listener,
                  const struct config_listener *first)
{
    return first->backlog == listener->backlog &&
           first->mode == listener->mode &&
           entries[first->entry].keys.workers ==
               entries[listener->entry].keys.workers;
}

static void share_listener(const struct config_maker *maker,
                           const struct config_entry *entries,
                           struct config_listener *listener,
                           struct config_listener *first)
{
    struct config_listener *last = first;

    while (last->next != NULL) {
        last = last->next;
    }
    if (last->entry == listener->entry) {
        refuse_twin(maker, listener, last, "is the entry's already, in",
                    "remove one of them");
    } else if (!agree(entries, listener, first)) {
        refuse_twin(maker, listener, first,
                    "is shared, but has another backlog, mode or number of "
                    "workers in",
                    "write the same for all entries that share it");
    } else {
        last->next = listener;
    }
}

/* Listeners that are the first at their addresses. */
struct firsts {
    const struct config_entry *entries; /* theirs */
    struct config_listener **items;
    size_t count;
};

/* Compares a listener with those before it, and adds it to them. */
static void compare_listener(const struct config_maker *maker,
                             struct config_listener *listener,
                             struct firsts *firsts)
{
    for (size_t i = 0; i < firsts->count; i++) {
        struct config_listener *first = firsts->items[i];

        if (!address_overlaps(&listener->address, &first->address)) {
            continue;
        }
        if (address_equals(&listener->address, &first->address) &&
            !is_accident(listener, first)) {
            share_listener(maker, firsts->entries, listener, first);
        } else {
            refuse_listener(maker, listener, first);
        }
        return;
    }
    listener->is_first = true;
    firsts->items[firsts->count++] = listener;
}

static void compare_listeners(const struct config_maker *maker,
                              struct config_entry *entries,
                              size_t count)
{
    const struct place file = {.file = maker->source.file};
    struct firsts firsts = {.entries = entries};
    size_t total = 0;

    for (size_t i = 0; i < count; i++) {
        total += entries[i].listener_count;
    }
    if (total > KEYS_LISTENERS_MAX) {
        errors_add(maker->source.errors, &file, NULL, "more than %d addresses",
                   KEYS_LISTENERS_MAX);
        return;
    }
    firsts.items = arena_array(maker->source.arena, total,
                               sizeof(struct config_listener *));
    if (firsts.items == NULL) {
        errors_no_memory(maker->source.errors);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < entries[i].listener_count; k++) {
            entries[i].listeners[k].entry = i;
            compare_listener(maker, &entries[i].listeners[k], &firsts);
        }
    }
}

void config_entry_compare(const struct config_maker *maker,
                          struct config_entry *entries,
                          size_t count)
{
    compare_names(maker, entries, count);
    compare_listeners(maker, entries, count);
}
