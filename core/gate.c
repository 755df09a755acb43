/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "connections.h"

static size_t count_listeners(const struct config_listener *first)
{
    size_t count = 1;

    while (first->next != NULL) {
        first = first->next;
        count++;
    }
    return count;
}

/* "line+http" */
static char *join_names(const struct config *config,
                        const struct config_listener *first)
{
    const struct config_listener *listener;
    size_t size = 1;
    char *joined;
    char *end;

    for (listener = first; listener != NULL; listener = listener->next) {
        size += strlen(config->entries[listener->entry].name) + 1;
    }
    joined = malloc(size);
    if (joined == NULL) {
        return NULL;
    }
    end = joined;
    for (listener = first; listener != NULL; listener = listener->next) {
        end = stpcpy(end, config->entries[listener->entry].name);
        *end++ = listener->next == NULL ? '\0' : '+';
    }
    return joined;
}

static uint32_t number_of(const struct entry_parts *shared, size_t entry)
{
    const struct connections *all = shared->connections;

    return all == NULL || entry >= all->entry_count
               ? 0
               : all->entries[entry].number;
}

static void list_candidates(struct gate *gate,
                            const struct config *config,
                            const struct config_listener *first,
                            const struct entry_parts *shared)
{
    struct sniff_candidate *next = gate->candidates;

    for (; first != NULL; first = first->next) {
        const struct config_entry *entry = &config->entries[first->entry];

        *next++ = (struct sniff_candidate){
            .entry = entry->name,
            .sniff = entry->is_aside ? NULL : entry->plugin->protocol.sniff,
            .number = number_of(shared, first->entry),
        };
    }
}

/* None of the entries is to be offered more than it allows to wait. */
static uint64_t least_input(const struct config *config,
                            const struct config_listener *first)
{
    uint64_t least = UINT64_MAX;

    for (; first != NULL; first = first->next) {
        const struct limits *limits = &config->entries[first->entry].limits;

        least = limits->input < least ? limits->input : least;
    }
    return least;
}

/* Then what comes before it is known whose it is counts, too. */
static bool is_access_logged(const struct config *config,
                             const struct config_listener *first)
{
    bool is_logged = false;

    for (; first != NULL; first = first->next) {
        is_logged |= config->entries[first->entry].log.access;
    }
    return is_logged;
}

int gate_init(struct gate *gate,
              const struct config *config,
              const struct config_listener *first,
              const struct entry_parts *shared)
{
    /* Only sniff_timeout ends the wait; nothing is written meanwhile. */
    const struct limits limits = {.input = least_input(config, first)};
    struct entry_parts parts = *shared;
    size_t count = count_listeners(first);
    int error = -ENOMEM;

    *gate = (struct gate){
        .candidates = calloc(count, sizeof(*gate->candidates)),
        .name = join_names(config, first),
    };
    if (gate->candidates != NULL && gate->name != NULL) {
        list_candidates(gate, config, first, shared);
        gate->settings = (struct sniff_settings){
            .candidates = gate->candidates,
            .count = count,
            .timeout_ms = config->sniff_timeout_ms,
            .most = limits.input,
            .crumb = shared->watch == NULL ? NULL : shared->watch->crumb,
        };
        parts.name = gate->name;
        parts.protocol = sniff_protocol();
        parts.counter_count = 0;
        parts.settings = &gate->settings;
        parts.limits = &limits;
        error = entry_init(&gate->entry, &parts);
        gate->entry.is_gate = true;
        gate->entry.logs_access = is_access_logged(config, first);
    }
    if (error < 0) {
        free(gate->candidates);
        free(gate->name);
    }
    return error;
}

void gate_put_aside(struct gate *gate,
                    const struct config_listener *first,
                    const struct index_set *aside)
{
    for (size_t i = 0; first != NULL; first = first->next, i++) {
        if (index_set_has(aside, first->entry)) {
            gate->candidates[i].sniff = NULL;
        }
    }
}

void gate_fini(struct gate *gate)
{
    entry_fini(&gate->entry);
    free(gate->candidates);
    free(gate->name);
}

/* --------------------------------------------------------------- warnings */

struct check {
    const struct gate *gate;
    const struct config_listener *first;
    struct errors *errors;
};

static const struct place *place_of(const struct check *check, size_t index)
{
    const struct config_listener *listener = check->first;

    while (index-- > 0) {
        listener = listener->next;
    }
    return &listener->place;
}

static void warn_clash(void *arg,
                       const struct sniff_candidate *first,
                       const struct sniff_candidate *second,
                       const char *kind)
{
    const struct check *check = arg;
    size_t index = (size_t)(second - check->gate->candidates);

    errors_warn(check->errors, place_of(check, index),
                "give one of them an address of its own",
                "'%s' and '%s' both claim connections that begin with %s: "
                "'%s' has them, it is first in the list",
                first->entry, second->entry, kind, first->entry);
}

static void warn_deaf(const struct check *check, size_t index)
{
    errors_warn(check->errors, place_of(check, index),
                "make it the last one of the entries at this address",
                "'%s' has no connections here: its plugin does not tell from "
                "the first bytes what is its own, and others follow it",
                check->gate->candidates[index].entry);
}

void gate_check(const struct gate *gate,
                const struct config_listener *first,
                struct errors *errors)
{
    struct check check = {.gate = gate, .first = first, .errors = errors};

    for (size_t i = 0; i + 1 < gate->settings.count; i++) {
        if (gate->candidates[i].sniff == NULL) {
            warn_deaf(&check, i);
        }
    }
    sniff_compare(&gate->settings, warn_clash, &check);
}
