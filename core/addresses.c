/* SPDX-License-Identifier: MIT */
#include "addresses.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inherited.h"

/* ------------------------------------------------------------- what there is */

static void note_firsts(const struct config_entry *entry,
                        const struct config_listener **firsts,
                        const char **texts,
                        size_t *count)
{
    for (size_t i = 0; i < entry->listener_count; i++) {
        const struct config_listener *listener = &entry->listeners[i];

        if (listener->is_first) {
            firsts[*count] = listener;
            texts[*count] = listener->text;
            *count += 1;
        }
    }
}

/* Of "fd:NAME" there may be several. */
static size_t count_inherited(const struct addresses *addresses)
{
    size_t count = 0;

    for (size_t i = 0; i < addresses->count; i++) {
        const char *name = address_inherited(&addresses->firsts[i]->address);

        count += name == NULL ? 0 : inherited_count(name);
    }
    return count;
}

static int allocate(struct addresses *addresses, const struct config *config)
{
    size_t most = config->listener_count + 1; /* none is fine, too */
    const struct config_listener **firsts =
        calloc(most, sizeof(const struct config_listener *));
    const char **texts = calloc(most, sizeof(const char *));

    addresses->firsts = firsts;
    addresses->texts = texts;
    addresses->gates = calloc(most, sizeof(*addresses->gates));
    if (firsts == NULL || texts == NULL || addresses->gates == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < config->entry_count; i++) {
        note_firsts(&config->entries[i], firsts, texts, &addresses->count);
    }
    addresses->listeners = calloc(most + count_inherited(addresses),
                                  sizeof(*addresses->listeners));
    return addresses->listeners == NULL ? -ENOMEM : 0;
}

/* What gates are made of. */
struct making {
    struct addresses *addresses;
    const struct config *config;
    const struct entry_parts *shared;
    struct errors *errors;
};

static int make_gate(const struct making *making,
                     const struct config_listener *first)
{
    struct addresses *addresses = making->addresses;
    struct gate *gate = &addresses->gates[addresses->gate_count];
    int error = gate_init(gate, making->config, first, making->shared);

    if (error == 0) {
        addresses->gate_count++;
        gate_check(gate, first, making->errors);
    }
    return error;
}

/* Those of the addresses that this entry is the first at. */
static int make_gates(const struct making *making,
                      const struct config_entry *entry)
{
    int error = 0;

    for (size_t i = 0; i < entry->listener_count && error == 0; i++) {
        const struct config_listener *listener = &entry->listeners[i];

        if (listener->is_first && listener->next != NULL) {
            error = make_gate(making, listener);
        }
    }
    return error;
}

int addresses_init(struct addresses *addresses,
                   const struct config *config,
                   const struct entry_parts *shared,
                   struct errors *errors)
{
    const struct making making = {addresses, config, shared, errors};
    int error;

    *addresses = (struct addresses){.count = 0};
    error = allocate(addresses, config);
    for (size_t i = 0; i < config->entry_count && error == 0; i++) {
        error = make_gates(&making, &config->entries[i]);
    }
    if (error < 0) {
        addresses_fini(addresses);
    }
    return error;
}

void addresses_fini(struct addresses *addresses)
{
    while (addresses->gate_count > 0) {
        gate_fini(&addresses->gates[--addresses->gate_count]);
    }
    free(addresses->shards);
    free(addresses->listeners);
    free(addresses->gates);
    free((void *)(uintptr_t)addresses->texts);
    free((void *)(uintptr_t)addresses->firsts);
    *addresses = (struct addresses){.count = 0};
}

/* --------------------------------------------------------------- listening */

/* At no limited rate, as below: each address is told. */
static void tell_address(const struct listener *listener)
{
    char text[ADDRESS_TEXT_MAX];
    struct log_subject subject = {.entry = listener->entry->head.name};

    (void)address_format(&listener->socket.address, text, sizeof(text));
    log_write(listener->entry->log, NULL, LOG_INFO, &subject, "listening on %s",
              text);
}

/* The sockets of "fd:NAME": a listener for each. */
static int inherit(struct addresses *addresses,
                   const struct listener_parts *parts,
                   const char **step)
{
    const struct socket_parts asked = {.address = parts->address};
    struct shards *shards = NULL;
    const int error = shards_open(&asked, 1, &shards, step);

    if (error < 0) {
        return error;
    }
    for (size_t i = 0; i < shards->count; i++) {
        struct listener_parts real = *parts;

        real.address = &shards->sockets[i].address;
        listener_adopt(&addresses->listeners[addresses->open_count++], &real,
                       shards->sockets[i].fd);
    }
    shards_forget(shards);
    return 0;
}

static int open_listener(struct addresses *addresses,
                         const struct listener_parts *parts,
                         const char **step)
{
    struct listener *next = &addresses->listeners[addresses->open_count];
    int error;

    if (address_inherited(parts->address) != NULL) {
        return inherit(addresses, parts, step);
    }
    error = listener_open(next, parts, step);
    addresses->open_count += error == 0 ? 1 : 0;
    return error;
}

static int
open_one(struct addresses *addresses, struct entry *entry, size_t index)
{
    const struct config_listener *from = addresses->firsts[index];
    struct listener_parts parts = {
        .entry = entry,
        .index = (uint16_t)index, /* there are at most CONFIG_LISTENERS_MAX */
        .address = &from->address,
        .backlog = from->backlog,
        .mode = from->mode,
    };
    struct log_subject subject = {.entry = entry->head.name};
    const char *step = "";
    const int error = open_listener(addresses, &parts, &step);

    if (error < 0) {
        log_write(entry->log, NULL, LOG_ERROR, &subject, "cannot %s %s: %s",
                  step, from->text, socket_explain(parts.address, error));
    }
    return error;
}

/* Who has the connections of an address: its entry, or the next gate. */
static struct entry *find_owner(const struct addresses *addresses,
                                struct entry *entries,
                                size_t index,
                                struct gate **gate)
{
    const struct config_listener *first = addresses->firsts[index];

    return first->next == NULL ? &entries[first->entry] : &(*gate)++->entry;
}

int addresses_open(struct addresses *addresses, struct entry *entries)
{
    struct gate *gate = addresses->gates;
    int first_error = 0;

    for (size_t i = 0; i < addresses->count; i++) {
        struct entry *entry = find_owner(addresses, entries, i, &gate);
        int error = open_one(addresses, entry, i);

        if (first_error == 0) {
            first_error = error;
        }
    }
    return first_error;
}

static bool is_served(const struct addresses_given *given, size_t index)
{
    return given->workers[index] == 0 || given->worker < given->workers[index];
}

/* Others serve there: what waits in their sockets is not ours to take, not
   even at the end. */
static void let_go(const struct shards *shards)
{
    for (size_t k = 0; k < shards->count; k++) {
        (void)close(shards->sockets[k].fd);
    }
}

static void adopt_one(struct addresses *addresses,
                      struct entry *entry,
                      size_t index,
                      const struct addresses_given *given)
{
    const struct shards *shards = given->shards[index];

    for (size_t k = 0; k < shards->count; k++) {
        const struct listener_parts parts = {
            .entry = entry,
            .index = (uint16_t)index,
            .address = &shards->sockets[k].address,
        };
        const size_t next = addresses->open_count++;

        listener_adopt(&addresses->listeners[next], &parts,
                       shards->sockets[k].fd);
        addresses->shards[next] = (struct roster_shard){
            .number = (uint32_t)k,
            .count = (uint32_t)shards->count,
            .workers = given->workers[index],
        };
    }
}

/* Room for what there is more of here: of an address several. */
static int make_room(struct addresses *addresses,
                     const struct addresses_given *given)
{
    size_t total = 1; /* none is fine, too */

    for (size_t i = 0; i < given->count; i++) {
        total += given->shards[i] == NULL ? 0 : given->shards[i]->count;
    }
    free(addresses->listeners);
    addresses->listeners = calloc(total, sizeof(*addresses->listeners));
    addresses->shards = calloc(total, sizeof(*addresses->shards));
    return addresses->listeners == NULL || addresses->shards == NULL ? -ENOMEM
                                                                     : 0;
}

int addresses_adopt(struct addresses *addresses,
                    struct entry *entries,
                    const struct addresses_given *given)
{
    struct gate *gate = addresses->gates;
    int error = given->count == addresses->count ? 0 : -EPROTO;

    if (error == 0) {
        error = make_room(addresses, given);
    }
    for (size_t i = 0; i < addresses->count && error == 0; i++) {
        struct entry *entry = find_owner(addresses, entries, i, &gate);

        if (given->shards[i] == NULL) {
            continue;
        }
        if (is_served(given, i)) {
            adopt_one(addresses, entry, i, given);
        } else {
            let_go(given->shards[i]);
        }
    }
    return error;
}

int addresses_follow(struct addresses *addresses,
                     const struct roster *roster,
                     uint32_t worker)
{
    int first_error = 0;

    for (size_t i = 0; i < addresses->open_count; i++) {
        struct listener *listener = &addresses->listeners[i];
        int error = 0;

        if (!roster_serves(roster, worker, &addresses->shards[i])) {
            listener_idle(listener);
        } else if (listener->socket.fd >= 0 &&
                   listener->pause == LISTENER_IDLE) {
            error = listener_start(listener);
        }
        if (first_error == 0) {
            first_error = error;
        }
    }
    return first_error;
}

void addresses_put_aside(struct addresses *addresses,
                         const struct index_set *aside)
{
    struct gate *gate = addresses->gates;

    for (size_t i = 0; i < addresses->count; i++) {
        if (addresses->firsts[i]->next != NULL) {
            gate_put_aside(gate++, addresses->firsts[i], aside);
        }
    }
}

void addresses_drop(struct addresses *addresses,
                    const struct index_set *dropped)
{
    for (size_t i = 0; i < addresses->open_count; i++) {
        struct listener *listener = &addresses->listeners[i];

        if (index_set_has(dropped, listener->index)) {
            listener_close(listener);
        }
    }
}

int addresses_start(struct addresses *addresses)
{
    for (size_t i = 0; i < addresses->open_count; i++) {
        int error = listener_start(&addresses->listeners[i]);

        if (error < 0) {
            return error;
        }
        tell_address(&addresses->listeners[i]);
    }
    return 0;
}

void addresses_resume(struct addresses *addresses)
{
    for (size_t i = 0; i < addresses->open_count; i++) {
        listener_resume(&addresses->listeners[i]);
    }
}

void addresses_finish(struct addresses *addresses, const struct index_set *kept)
{
    for (size_t i = 0; i < addresses->open_count; i++) {
        struct listener *listener = &addresses->listeners[i];

        if (kept != NULL && index_set_has(kept, listener->index)) {
            listener_close(listener);
        } else {
            listener_finish(listener);
        }
    }
}

void addresses_close(struct addresses *addresses)
{
    for (size_t i = 0; i < addresses->open_count; i++) {
        listener_close(&addresses->listeners[i]);
    }
}
