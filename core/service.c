/* SPDX-License-Identifier: MIT */
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "access.h"
#include "attribute.h"

/* What a protocol has done or seen means nothing to the next one. */
#define FLAGS_OF_A_SERVICE                                                     \
    ((uint32_t)CONNECTION_SWITCH | (uint32_t)CONNECTION_PAUSED |               \
     (uint32_t)CONNECTION_OFFERED | (uint32_t)CONNECTION_END_TOLD |            \
     (uint32_t)CONNECTION_DRAIN_OWED | (uint32_t)CONNECTION_EMPTYING |         \
     (uint32_t)CONNECTION_STOP_RELOAD | (uint32_t)CONNECTION_STOP_EXIT)

static struct entry_service *service_of(const struct connection *c)
{
    return c->extra == NULL ? &connection_entry(c)->service : c->extra->service;
}

static int take_state(struct entry_service *service, void **state)
{
    *state = NULL;
    if (service->protocol->state_size > 0) {
        *state = slab_take(&service->states);
        return *state == NULL ? -ENOMEM : 0;
    }
    return 0;
}

int service_prepare(struct connection *c)
{
    return take_state(service_of(c), &c->head.state);
}

void service_begin(struct connection *c)
{
    const berth_protocol *protocol = connection_protocol(c);
    int error = 0;

    if (protocol->on_open != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_OPEN);
        error = protocol->on_open(&c->head);
        connection_end_call(c, entry);
    }
    if (error < 0) {
        connection_close(c, error);
    }
}

static void log_end(const struct connection *c, int why)
{
    const char *text = why < 0 ? strerrordesc_np(-why) : NULL;

    if (text == NULL) {
        text = why == BERTH_SWITCHED ? "switched" : "the server stopped";
    }
    if (why != 0) {
        CONNECTION_LOG(c, LOG_DEBUG, "ended: %s", text);
    }
}

static void end_service(struct connection *c, int why)
{
    const berth_protocol *protocol = connection_protocol(c);

    log_end(c, why);
    c->phase = CONNECTION_LINGERING;  /* nothing that it calls has an effect */
    (void)connection_stop_corking(c); /* no write either */
    if (protocol->on_close != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_CLOSE);
        protocol->on_close(&c->head, why);
        connection_end_call(c, entry);
    }
    slab_give(&service_of(c)->states, c->head.state);
    c->head.state = NULL;
}

static void count_closed(const struct connection *c, int why)
{
    account_raise(connection_entry(c)->account,
                  ACCOUNT_CLOSED + connection_reason(c, why), 1);
}

static void log_access(const struct connection *c, int why)
{
    const struct entry *entry = connection_entry(c);
    const struct tally *tally = connection_tally(c);

    if (tally != NULL && entry->logs_access) {
        access_write(entry->log,
                     &(struct access){
                         .subject = {.entry = entry->head.name,
                                     .peer = tally->peer,
                                     .connection = connection_serial(c)},
                         .duration_ms = entry->loop->now_ms - tally->opened_ms,
                         .bytes_in = tally->bytes_in,
                         .bytes_out = tally->bytes_out,
                         .why = why,
                     });
    }
}

void service_end(struct connection *c, int why)
{
    end_service(c, why);
    count_closed(c, why);
    log_access(c, why);
    connection_drop_input(c);
    connection_drop_extra(c);
}

/* Where it goes no line will tell of it. A gate was only on its way. */
static void log_leaving(const struct connection *c, const struct entry *next)
{
    if (!next->logs_access && !connection_entry(c)->is_gate) {
        log_access(c, BERTH_SWITCHED);
    }
}

/* A new id, so that the refs of the old protocol find nothing. */
static void change_id(struct connection *c)
{
    struct connections *all = connection_all(c);
    uint64_t serial = connection_serial(c);

    c->id++;
    if (connection_serial(c) != serial) { /* it was switched 65,536 times */
        c->id = ++all->serial << CONNECTION_SWITCH_BITS;
    }
}

static void move_to(struct connection *c, struct entry *entry)
{
    struct entry *before = connection_entry(c);

    if (entry != before) {
        count_closed(c, BERTH_SWITCHED);
        entry_add_open(before, -1);
        entry_add_open(entry, 1);
        quota_settle(entry->account);
        account_raise(entry->account, ACCOUNT_ACCEPTED, 1);
        connection_recount(c, before->account, entry->account);
        entry->connections->released++; /* its listeners may go on */
    }
    c->head.entry = &entry->head;
}

/* Takes over what the order says; an extra is kept only if it says anything
   that the entry does not. */
static void take_order(struct connection *c, struct switch_order order)
{
    struct extra *extra = c->extra;

    free(extra->arg);
    extra->arg = order.arg;
    extra->arg_size = order.arg_size;
    extra->service = order.service;
    move_to(c, order.entry);
    if (order.entry->logs_access) {
        connection_start_tally(c);
    } else {
        free(extra->tally);
        extra->tally = NULL;
    }
    if (extra->arg == NULL && extra->tally == NULL &&
        order.service == &order.entry->service) {
        connection_drop_extra(c);
    }
}

static void refuse_switch(struct connection *c, const struct entry *entry)
{
    c->flags &= ~(uint32_t)CONNECTION_SWITCH;
    CONNECTION_LOG(c, LOG_INFO,
                   "closed: '%s' has no place for it (limits.connections)",
                   entry->head.name);
    connection_close(c, -EDQUOT);
}

/* Others may have taken the last one since it was ordered. */
static bool has_place(const struct connection *c, struct entry *entry)
{
    return entry == connection_entry(c) ||
           connections_claim(connection_all(c), entry);
}

COLD void service_switch(struct connection *c)
{
    struct switch_order order = c->extra->next;
    uint32_t stop_flags = connection_all(c)->stop_flags;
    void *state;

    if (!has_place(c, order.entry)) {
        refuse_switch(c, order.entry);
        return;
    }
    if (take_state(order.service, &state) < 0) {
        c->flags &= ~(uint32_t)CONNECTION_SWITCH;
        CONNECTION_LOG(c, LOG_ERROR, "aborted: no memory to switch to '%s'",
                       order.service->protocol->name);
        connection_reset(c, -ENOMEM);
        quota_settle(order.entry->account);
        return;
    }
    end_service(c, BERTH_SWITCHED);
    log_leaving(c, order.entry);
    c->extra->next = (struct switch_order){.entry = NULL};
    take_order(c, order);
    change_id(c);
    c->head.state = state;
    c->flags = (c->flags & ~FLAGS_OF_A_SERVICE) | stop_flags;
    c->deadline_ms = 0;
    c->phase = CONNECTION_OPEN;
    service_begin(c);
}
