/* SPDX-License-Identifier: MIT */
/*
 * The judge in the plugin's place: what the server calls.
 */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "memory.h"
#include "pages.h"

static struct finding_board *board(void)
{
    return judge.options.board;
}

/* The protocol of an entry, as the simulator was given it. */
static struct judge_protocol *protocol_of(const berth_entry *entry)
{
    const struct simulator *simulator =
        CONTAINER_OF((uintptr_t)entry->host, struct simulator, host.table);
    const struct entry *whole = (const struct entry *)(const void *)entry;
    const berth_protocol *seen =
        simulator->originals[whole - simulator->entries];

    return CONTAINER_OF((uintptr_t)seen, struct judge_protocol, seen);
}

static struct pages_state *take_state(size_t size, const char *what)
{
    const enum memory_side side = memory_enter(MEMORY_OTHERS);
    struct pages_state *state = pages_state_new(size, what);

    (void)memory_enter(side);
    if (state == NULL) {
        abort();
    }
    return state;
}

/* State and local lie where the judge sees who touches them. The server's own
   is put back before the server looks for it. */
static struct pages_state *
give_state(void **place, size_t size, const char *what)
{
    struct pages_state *state;

    if (size == 0) {
        return NULL;
    }
    state = take_state(size, what);
    *place = state->state;
    return state;
}

/* ----------------------------------------------------------------- entries */

/* Of an entry: what the server gave it. */
struct local {
    struct list link;
    const berth_entry *entry;
    void *core_local;
    struct pages_state *state;
};

static struct list locals = {&locals, &locals};

static void take_local(berth_entry *entry)
{
    for (struct list *link = locals.next; link != &locals; link = link->next) {
        struct local *local = CONTAINER_OF(link, struct local, link);

        if (local->entry == entry) {
            entry->local = local->core_local;
            pages_state_end(local->state);
            list_remove(&local->link);
            judge_give_memory(local);
            return;
        }
    }
}

static void give_local(berth_entry *entry, size_t size)
{
    struct local *local;

    if (size == 0) {
        return;
    }
    local = judge_take_memory(sizeof(*local));
    *local = (struct local){.entry = entry, .core_local = entry->local};
    local->state = give_state(&entry->local, size, "local");
    list_append(&locals, &local->link);
}

static int judge_on_init(berth_entry *entry, berth_error *error)
{
    const struct judge_protocol *protocol = protocol_of(entry);
    struct judge_call call;
    int result = 0;

    give_local(entry, protocol->original.local_size);
    judge_enter(&call, NULL, CRUMB_INIT);
    if (protocol->original.init != NULL) {
        result = protocol->original.init(entry, error);
    }
    judge_leave(&call);
    if (result < 0) {
        take_local(entry);
    }
    return result;
}

static void judge_on_fini(berth_entry *entry)
{
    const struct judge_protocol *protocol = protocol_of(entry);
    struct judge_call call;

    judge_enter(&call, NULL, CRUMB_FINI);
    if (protocol->original.fini != NULL) {
        protocol->original.fini(entry);
    }
    judge_leave(&call);
    take_local(entry);
}

static void judge_on_tick(berth_entry *entry)
{
    struct judge_call call;

    judge_enter(&call, NULL, CRUMB_ON_TICK);
    protocol_of(entry)->original.on_tick(entry);
    judge_leave(&call);
}

static void judge_on_reopen(berth_entry *entry)
{
    struct judge_call call;

    judge_enter(&call, NULL, CRUMB_ON_REOPEN);
    protocol_of(entry)->original.on_reopen(entry);
    judge_leave(&call);
}

/* ------------------------------------------------------------- connections */

static struct judge_service *begin_service(berth_conn *c)
{
    const struct judge_service *before = judge_find(c);
    struct judge_service *service = judge_take_memory(sizeof(*service));

    *service = (struct judge_service){
        .c = c,
        .protocol = before != NULL && before->next != NULL
                        ? before->next
                        : protocol_of(c->entry),
        .core_state = c->state,
    };
    service->state =
        give_state(&c->state, service->protocol->original.state_size, "state");
    list_append(&judge.services, &service->link);
    return service;
}

static int judge_on_open(berth_conn *c)
{
    struct judge_service *service = begin_service(c);
    const berth_protocol *protocol = &service->protocol->original;
    struct judge_call call;
    int result = 0;

    judge_enter(&call, service, CRUMB_ON_OPEN);
    if (protocol->on_open != NULL) {
        result = protocol->on_open(c);
    }
    judge_leave(&call);
    return result;
}

/* What the plugin did to the input beyond its end. */
static void check_end(const char *copy, size_t size, const char *callback)
{
    if (copy[size] != '\0') {
        finding_end(board(), FINDING_OVERRUN,
                    "%s wrote behind its input: data[%zu] is not the plugin's",
                    callback, size);
    }
}

static ssize_t judge_on_data(berth_conn *c, char *data, size_t size)
{
    struct judge_service *service = judge_find(c);
    char *copy = pages_lend(data, size, judge.calls + 1, CRUMB_ON_DATA);
    struct judge_call call;
    ssize_t used;

    if (copy == NULL) {
        abort();
    }
    judge_enter(&call, service, CRUMB_ON_DATA);
    used = service->protocol->original.on_data(c, copy, size);
    judge_leave(&call);
    if (used > (ssize_t)size) {
        finding_detail_bytes(board(), "offered", data, size, 0);
        finding_end(board(), FINDING_USE,
                    "on_data (call %llu) used more than it was offered: it "
                    "returned %zd for %zu bytes",
                    (unsigned long long)judge.calls, used, size);
    }
    check_end(copy, size, "on_data");
    memcpy(data, copy, size);
    pages_take_back();
    return used;
}

static void judge_partial(const char *data, size_t size)
{
    if (!judge_minds(FINDING_PARTIAL)) {
        return;
    }
    finding_detail_bytes(board(), "unused", data, size, 0);
    finding_end(board(), FINDING_PARTIAL,
                "a partial message at the end is ignored: the peer finished "
                "with %zu bytes unused, and there is no on_end. Answer them "
                "there, or return -EPROTO if a message must be whole",
                size);
}

static int judge_on_end(berth_conn *c, char *data, size_t size)
{
    struct judge_service *service = judge_find(c);
    const berth_protocol *protocol = &service->protocol->original;
    char *copy = pages_lend(data, size, judge.calls + 1, CRUMB_ON_END);
    struct judge_call call;
    int result = BERTH_CLOSE;

    if (copy == NULL) {
        abort();
    }
    judge_enter(&call, service, CRUMB_ON_END);
    if (protocol->on_end != NULL) {
        result = protocol->on_end(c, copy, size);
    }
    judge_leave(&call);
    check_end(copy, size, "on_end");
    memcpy(data, copy, size);
    pages_take_back();
    if (size > 0 && protocol->on_end == NULL) {
        judge_partial(data, size);
    }
    return result;
}

static void judge_on_drain(berth_conn *c)
{
    struct judge_service *service = judge_find(c);
    struct judge_call call;

    judge_enter(&call, service, CRUMB_ON_DRAIN);
    service->protocol->original.on_drain(c);
    judge_leave(&call);
}

static void judge_on_timer(berth_conn *c)
{
    struct judge_service *service = judge_find(c);
    struct judge_call call;

    judge_enter(&call, service, CRUMB_ON_TIMER);
    service->protocol->original.on_timer(c);
    judge_leave(&call);
}

static void judge_on_stop(berth_conn *c, int reason)
{
    struct judge_service *service = judge_find(c);
    struct judge_call call;

    judge_enter(&call, service, CRUMB_ON_STOP);
    service->protocol->original.on_stop(c, reason);
    judge_leave(&call);
}

/* Of those that the simulator does not know. */
static void
tell_simulator(berth_conn *c, const struct judge_protocol *protocol, int why)
{
    if (protocol->given != NULL) {
        simulator_note_close(c, why);
    }
}

static void judge_on_close(berth_conn *c, int why)
{
    struct judge_service *service = judge_find(c);
    const berth_protocol *protocol = &service->protocol->original;
    struct judge_call call;

    if (service->is_over) {
        finding_end(board(), FINDING_SERVER,
                    "on_close came twice: a bug of the server");
    }
    tell_simulator(c, service->protocol, why);
    service->is_closing = true;
    judge_enter(&call, service, CRUMB_ON_CLOSE);
    if (protocol->on_close != NULL) {
        protocol->on_close(c, why);
    }
    judge_leave(&call);
    service->is_closing = false;
    service->is_over = true;
    if (why != BERTH_SWITCHED) {
        service->next = NULL;
    }
    c->state = service->core_state;
    if (service->state != NULL) {
        pages_state_end(service->state);
    }
}

/* Those that mean something by being NULL stay so. */
void judge_wrap(struct judge_protocol *protocol, const berth_protocol *original)
{
    berth_protocol *seen = &protocol->seen;

    *protocol =
        (struct judge_protocol){.seen = *original, .original = *original};
    seen->init = judge_on_init;
    seen->fini = judge_on_fini;
    seen->on_open = judge_on_open;
    seen->on_data = judge_on_data;
    seen->on_end = judge_on_end;
    seen->on_close = judge_on_close;
    if (original->on_tick != NULL) {
        seen->on_tick = judge_on_tick;
    }
    if (original->on_reopen != NULL) {
        seen->on_reopen = judge_on_reopen;
    }
    if (original->on_drain != NULL) {
        seen->on_drain = judge_on_drain;
    }
    if (original->on_timer != NULL) {
        seen->on_timer = judge_on_timer;
    }
    if (original->on_stop != NULL) {
        seen->on_stop = judge_on_stop;
    }
}
