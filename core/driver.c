/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <errno.h>
#include <string.h>

#include "attribute.h"
#include "delivery.h"
#include "recorder.h"
#include "service.h"

/* Everything but the memory, which reports of this turn may still point to. */
COLD static void bury(struct connection *c, bool reset)
{
    struct connections *all = connection_all(c);

    c->stream.ops->close(&c->stream, reset);
    c->phase = CONNECTION_DEAD;
    loop_cancel_timer(&c->source);
    if (c->peer_slot != CONNECTIONS_NO_PEER) {
        peers_leave(&all->peers, c->peer_slot);
    }
    all->open--;
    entry_add_open(connection_entry(c), -1);
    connection_schedule(c);
}

/* on_close, and all that the plugin had. */
static void part_from_plugin(struct connection *c)
{
    if (c->input != NULL) {
        c->flags &= ~(uint32_t)CONNECTION_FINISHED; /* it sent what is unused */
    }
    service_end(c, c->why);
    connection_drop_output(c);
}

/* Is nothing more to come? Of a peer that has said so it is seen whether that is
   true so far: it may have sent more while it was not read. */
static bool has_ended(struct connection *c)
{
    return (c->flags & CONNECTION_PEER_ENDED) != 0 ||
           ((c->flags & CONNECTION_FINISHED) != 0 && delivery_is_empty(c));
}

/*
 * Closing a socket that holds unread bytes, or that the peer still sends to,
 * makes the kernel send RST, and an RST makes the peer lose answers that it
 * has not read yet (RFC 1122, 4.2.2.13). So: FIN, then read on until the peer
 * finishes too.
 */
static void linger(struct connection *c)
{
    if (has_ended(c)) {
        bury(c, false);
        return;
    }
    if ((c->flags & CONNECTION_SHUT) == 0) {
        c->stream.ops->shutdown(&c->stream);
    }
    c->phase = CONNECTION_LINGERING;
    connection_set_deadline(c, CONNECTION_LINGER_TOTAL_MS);
    connection_touch(c);
    /* What is there already is not reported again when edge-triggered. */
    if (connection_all(c)->trigger == SELECTOR_EDGE && !delivery_discard(c)) {
        bury(c, false);
    }
}

static void finish_closing(struct connection *c)
{
    if ((c->flags & (CONNECTION_RESET | CONNECTION_BROKEN)) != 0) {
        part_from_plugin(c);
        bury(c, true); /* what is missing must not pass for the end */
    } else if (c->output == NULL) {
        part_from_plugin(c);
        linger(c);
    }
}

/* berth_shutdown(): once all is sent the peer is told; once the peer has ended
   too there is nothing left to wait for. */
static void finish_shutdown(struct connection *c)
{
    if (c->output != NULL) {
        return;
    }
    if ((c->flags & CONNECTION_END_TOLD) != 0) {
        connection_close(c, 0);
    } else if ((c->flags & CONNECTION_SHUT) == 0) {
        c->stream.ops->shutdown(&c->stream);
        c->flags |= CONNECTION_SHUT;
    }
}

static void break_stream(struct connection *c)
{
    int error = c->stream.ops->error(&c->stream);

    connection_break(c, error == 0 ? -ECONNRESET : error);
}

/* Whatever was done with the connection: its ways on. */
COLD static void settle(struct connection *c)
{
    if (c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_SWITCH) != 0) {
        connection_schedule(c); /* what it waits for, the next one says */
        return;
    }
    /* An edge is not reported again. */
    if ((c->flags & CONNECTION_FAILED) != 0 && c->phase == CONNECTION_OPEN &&
        !connection_wants_read(c)) {
        break_stream(c);
    }
    if (c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_SHUTDOWN) != 0) {
        finish_shutdown(c);
    }
    if (c->phase == CONNECTION_CLOSING) {
        finish_closing(c);
    }
    if (c->phase == CONNECTION_DEAD) {
        return;
    }
    if (c->phase == CONNECTION_OPEN &&
        (c->flags & CONNECTION_DRAIN_OWED) != 0 &&
        connection_queued(c) <= connection_entry(c)->low_mark) {
        connection_schedule(c);
    }
    if ((c->flags & CONNECTION_PENDING) != 0 &&
        c->phase <= CONNECTION_CLOSING) {
        return; /* it comes here again: what it waits for is asked for then */
    }
    /* What cannot be awaited would be reported in every turn. */
    if (connection_watch(c) < 0 && c->phase == CONNECTION_LINGERING) {
        bury(c, false);
        return;
    }
    if (c->output != NULL || c->phase != CONNECTION_OPEN) {
        connection_arm(c);
    }
}

/* A hang-up or an error, where no read is going to tell. */
COLD static void meet_failure(struct connection *c, uint32_t events)
{
    if ((events & SELECTOR_ERROR) != 0) {
        c->flags |= CONNECTION_FAILED;
    }
    if (connection_wants_read(c) && (events & SELECTOR_READ) != 0) {
        return; /* what came before the failure is read first */
    }
    if ((events & SELECTOR_ERROR) != 0) {
        break_stream(c);
    } else {
        c->flags |= CONNECTION_HUNG_UP;
    }
}

/* Anything but bytes alone. */
COLD static void take_events(struct connection *c, uint32_t events)
{
    if ((events & SELECTOR_READ) != 0) {
        c->flags |= CONNECTION_READABLE;
    }
    /* Only an edge is lost when a short read is taken for the last one: the
       end of the stream may follow at once, and a read stops before the byte
       that is marked urgent (tcp(7)). */
    if ((events & (SELECTOR_PEER_END | SELECTOR_URGENT)) != 0) {
        c->flags |= CONNECTION_READABLE | CONNECTION_EXHAUST;
    }
    if ((events & SELECTOR_WRITE) != 0) {
        c->flags &= ~(uint32_t)CONNECTION_BLOCKED;
    }
    if ((events & (SELECTOR_ERROR | SELECTOR_HANGUP)) != 0) {
        meet_failure(c, events);
    }
}

/* Lingering or dead. */
COLD static void handle_after_life(struct connection *c)
{
    if (c->phase == CONNECTION_LINGERING && !delivery_discard(c)) {
        bury(c, false);
    }
}

/* Is it looked after at the turn's end anyhow? What others have written to it
   leaves then, so that what they still write in this turn leaves with it. */
static bool may_wait(const struct connection *c)
{
    return (c->flags & CONNECTION_PENDING) != 0 && c->output != NULL &&
           connection_produced(c) < connection_entry(c)->high_mark;
}

static void leave(struct connection *c)
{
    connection_flush(c);
    connection_all(c)->current = NULL;
}

/* What was left to be done with the one whose event was handled. */
COLD static void finish_event(struct connection *c)
{
    leave(c);
    settle(c);
}

/*
 * The same for one that was at rest. If it has answered a peer that sends no
 * more, and all that came is read by now (the read was a short one), has_ended()
 * need not look again: one recv(2) less for a connection of one request.
 */
COLD static void finish_read(struct connection *c)
{
    leave(c);
    if (c->phase == CONNECTION_CLOSING && c->output == NULL &&
        (c->flags & (CONNECTION_FINISHED | CONNECTION_READABLE)) ==
            CONNECTION_FINISHED) {
        c->flags |= CONNECTION_PEER_ENDED;
    }
    settle(c);
}

/* Anything but bytes for a connection that waits for nothing else. */
COLD static void handle_other_events(struct connection *c, uint32_t events)
{
    if (c->phase > CONNECTION_CLOSING) {
        handle_after_life(c);
        return;
    }
    connection_enter(c, connection_may_cork(c));
    take_events(c, events);
    if (!may_wait(c)) {
        connection_flush(c);
    }
    if (c->phase == CONNECTION_OPEN) {
        delivery_run(c);
    }
    if (may_wait(c)) {
        connection_all(c)->current = NULL;
        return;
    }
    finish_event(c);
}

static void handle_events(struct source *source, uint32_t events)
{
    struct connection *c = CONTAINER_OF(source, struct connection, source);
    const struct entry *entry = connection_entry(c);

    if (events != SELECTOR_READ || !connection_is_at_rest(c)) {
        handle_other_events(c, events);
        return;
    }
    connection_enter(c, true);
    delivery_read(c, entry);
    if (!connection_is_content(c) || !connection_leave(c, entry)) {
        finish_read(c);
    }
}

/* ----------------------------------------------------------------- limits */

static void close_late(struct connection *c, const char *limit, uint64_t ms)
{
    CONNECTION_LOG(c, LOG_INFO, "closed: %s for %llu ms (limits.%s)",
                   limit[0] == 's' ? "the peer takes no output"
                                   : "no byte came or went",
                   (unsigned long long)ms, limit);
}

/* Ends the connection if it is past one of its limits. */
static void check_limits(struct connection *c)
{
    const struct limits *limits = &connection_entry(c)->limits;
    uint64_t idle_ms = connection_idle_ms(c);

    if (connection_is_stalled(c)) {
        close_late(c, "stall", limits->stall_ms);
        connection_blame(c, ACCOUNT_STALL);
        connection_reset(c, -ETIMEDOUT);
    } else if (limits->first_byte_ms != 0 && connection_awaits_first_byte(c) &&
               idle_ms >= limits->first_byte_ms) {
        close_late(c, "first_byte", limits->first_byte_ms);
        connection_blame(c, ACCOUNT_FIRST_BYTE);
        connection_close(c, -ETIMEDOUT);
    } else if (limits->idle_ms != 0 && idle_ms >= limits->idle_ms) {
        close_late(c, "idle", limits->idle_ms);
        connection_blame(c, ACCOUNT_IDLE);
        if (connection_has_left(c)) {
            connection_reset(c, -ETIMEDOUT);
        } else {
            connection_close(c, -ETIMEDOUT);
        }
    }
}

static void check_deadline(struct connection *c)
{
    const berth_protocol *protocol = connection_protocol(c);

    if (!connection_is_served(c) || c->deadline_ms == 0 ||
        connection_left_ms(c) > 0) {
        return;
    }
    c->deadline_ms = 0;
    if (protocol->on_timer != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_TIMER);
        protocol->on_timer(&c->head);
        connection_end_call(c, entry);
    } else {
        connection_blame(c, ACCOUNT_DEADLINE);
        connection_close(c, -ETIMEDOUT);
    }
}

static bool has_lingered(const struct connection *c)
{
    return connection_left_ms(c) <= 0 ||
           connection_idle_ms(c) >= connection_linger_ms(c);
}

static void handle_timer(struct source *source)
{
    struct connection *c = CONTAINER_OF(source, struct connection, source);

    if (c->phase == CONNECTION_DEAD) {
        return;
    }
    if (c->phase != CONNECTION_LINGERING) {
        check_limits(c);
        check_deadline(c);
    } else if (has_lingered(c)) {
        bury(c, false);
        return;
    }
    connection_arm(c);
    if (c->phase == CONNECTION_CLOSING) {
        connection_schedule(c);
    }
}

static const struct source_ops connection_ops = {
    .ready = handle_events,
    .expired = handle_timer,
};

/* ------------------------------------------------------------- beginnings */

/* Undoes what the caller did; the plugin has not heard of it. */
static int turn_away(const struct driver_newcomer *newcomer, int error)
{
    struct stream stream = newcomer->stream;

    stream.ops->close(&stream, true);
    if (newcomer->peer_slot != CONNECTIONS_NO_PEER) {
        peers_leave(&newcomer->entry->connections->peers, newcomer->peer_slot);
    }
    return error;
}

static struct connection *
make_connection(const struct driver_newcomer *newcomer)
{
    struct entry *entry = newcomer->entry;
    struct connections *all = entry->connections;
    struct connection *c = connections_take(all);

    if (c == NULL) {
        return NULL;
    }
    c->head.host = all->host;
    c->head.entry = &entry->head;
    c->stream = newcomer->stream;
    c->listener = newcomer->listener;
    c->peer_slot = newcomer->peer_slot;
    c->watched = STREAM_NONE;
    c->id = ++all->serial << CONNECTION_SWITCH_BITS;
    ages_note(&all->ages, all->serial, all->loop->now_ms);
    c->flags = all->stop_flags;
    source_init(&c->source, &connection_ops);
    if (service_prepare(c) < 0) {
        connections_give(all, c);
        return NULL;
    }
    return c;
}

/* The selector refuses it. */
static int give_up(struct connection *c)
{
    int error = c->why;

    slab_give(&connection_entry(c)->service.states, c->head.state);
    c->head.state = NULL;
    c->phase = CONNECTION_DEAD; /* freed at the turn's end */
    return error;
}

int driver_open(const struct driver_newcomer *newcomer)
{
    struct entry *entry = newcomer->entry;
    struct connections *all = entry->connections;
    struct connection *c = make_connection(newcomer);

    if (c == NULL) {
        return turn_away(newcomer, -ENOMEM);
    }
    connection_touch(c);
    (void)connection_watch(c);
    if (c->watched == STREAM_NONE) {
        return turn_away(newcomer, give_up(c));
    }
    all->open++;
    entry_add_open(entry, 1);
    account_raise(entry->account, ACCOUNT_ACCEPTED, 1);
    if (all->recorder != NULL) {
        recorder_start(all->recorder, c);
    }
    connection_arm(c);
    if (entry->logs_access) {
        connection_start_tally(c);
    }
    service_begin(c);
    if (c->flags != 0) {
        connection_schedule(c);
    }
    return 0;
}

/* --------------------------------------------------------- the turn's end */

static void tell_stop(struct connection *c)
{
    const berth_protocol *protocol = connection_protocol(c);
    int reason =
        (c->flags & CONNECTION_STOP_RELOAD) != 0 ? BERTH_RELOAD : BERTH_EXIT;

    c->flags &= ~(uint32_t)(reason == BERTH_RELOAD ? CONNECTION_STOP_RELOAD
                                                   : CONNECTION_STOP_EXIT);
    if (protocol->on_stop != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_STOP);
        protocol->on_stop(&c->head, reason);
        connection_end_call(c, entry);
    } else if (reason == BERTH_EXIT) {
        c->flags |=
            CONNECTION_EMPTYING | CONNECTION_EXHAUST | CONNECTION_READABLE;
    }
}

static void tell_drain(struct connection *c)
{
    const berth_protocol *protocol = connection_protocol(c);

    if ((c->flags & CONNECTION_DRAIN_OWED) == 0 || !connection_is_served(c) ||
        connection_queued(c) > connection_entry(c)->low_mark) {
        return;
    }
    c->flags &= ~(uint32_t)CONNECTION_DRAIN_OWED;
    if (protocol->on_drain != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_DRAIN);
        protocol->on_drain(&c->head);
        connection_end_call(c, entry);
    }
}

static void handle_pending(struct connection *c)
{
    if (c->phase == CONNECTION_LINGERING) {
        handle_after_life(c);
        return;
    }
    connection_enter(c, connection_may_cork(c));
    connection_flush(c);
    if (c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_SWITCH) != 0) {
        service_switch(c); /* one a turn: two may hand it to and fro */
    }
    while (connection_is_served(c) &&
           (c->flags & (CONNECTION_STOP_EXIT | CONNECTION_STOP_RELOAD)) != 0) {
        tell_stop(c);
    }
    tell_drain(c);
    if (c->phase == CONNECTION_OPEN) {
        delivery_run(c);
    }
    finish_event(c);
}

/* Whoever lent it may be gone; his entry is not. */
static void call_release(const struct output_segment *owed)
{
    const struct entry *entry = owed->lender;

    entry_begin_release(entry, owed->number);
    owed->release(owed->arg);
    entry_end_call(entry);
}

bool driver_end_turn(struct connections *all)
{
    struct connections_queue queue = all->pending;
    bool is_owed;

    /* While they have their turn, the other queue takes what they cause. */
    all->pending = all->taken;
    all->taken = queue;
    for (size_t i = 0; i < queue.count; i++) {
        struct connection *c = queue.items[i];

        c->flags &= ~(uint32_t)CONNECTION_PENDING;
        if (c->phase == CONNECTION_DEAD) {
            connections_give(all, c);
        } else {
            handle_pending(c);
        }
    }
    all->taken.count = 0;
    is_owed = output_pool_settle(&all->outputs, call_release);
    return is_owed || all->pending.count > 0;
}

/* ---------------------------------------------------------------- endings */

struct stop_order {
    const struct entry *entry; /* NULL: all */
    uint32_t flag;
};

static void owe_stop(void *object, void *arg)
{
    struct connection *c = object;
    const struct stop_order *order = arg;

    if (order->entry != NULL && connection_entry(c) != order->entry) {
        return;
    }
    if (c->phase == CONNECTION_OPEN) {
        c->flags |= order->flag;
        connection_schedule(c);
    } else if (c->phase == CONNECTION_LINGERING) {
        connection_arm(c); /* for less time, if this is an exit */
    }
}

static uint32_t stop_flag(int reason)
{
    return reason == BERTH_EXIT ? CONNECTION_STOP_EXIT : CONNECTION_STOP_RELOAD;
}

void driver_stop_all(struct connections *all, int reason)
{
    struct stop_order order = {.flag = stop_flag(reason)};

    all->stop_flags = order.flag;
    slab_visit(&all->slab, owe_stop, &order);
}

void driver_stop_entry(struct connections *all,
                       const struct entry *entry,
                       int reason)
{
    struct stop_order order = {.entry = entry, .flag = stop_flag(reason)};

    slab_visit(&all->slab, owe_stop, &order);
}

/* only: NULL, or the entry whose connections end. */
static void kill_one(void *object, void *only)
{
    struct connection *c = object;

    if (only != NULL && connection_entry(c) != only) {
        return;
    }
    if (c->phase == CONNECTION_LINGERING) {
        bury(c, false);
    } else {
        connection_reset(c, BERTH_STOPPED);
    }
}

/* The first turn ends them, the second frees them. */
void driver_kill_all(struct connections *all)
{
    slab_visit(&all->slab, kill_one, NULL);
    while (driver_end_turn(all)) {
    }
}

void driver_kill_entry(struct connections *all, const struct entry *entry)
{
    slab_visit(&all->slab, kill_one, (void *)(uintptr_t)entry);
}
