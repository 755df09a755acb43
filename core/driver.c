/* SPDX-License-Identifier: MIT */
#include "driver.h"

#include <errno.h>
#include <string.h>

#include "attribute.h"
#include "delivery.h"

static void release_state(struct connection *c)
{
    struct entry *entry = connection_entry(c);

    slab_give(&entry->states, c->head.state);
    c->head.state = NULL;
}

/* Everything but the memory, which reports of this turn may still point to. */
COLD static void bury(struct connection *c, bool reset)
{
    struct connections *all = connection_all(c);

    c->stream.ops->close(&c->stream, reset);
    c->phase = CONNECTION_DEAD;
    loop_cancel_timer(&c->source);
    if (c->peer_slot != CONNECTION_PEER_NONE) {
        peers_leave(&all->peers, c->peer_slot);
    }
    all->open--;
    connection_entry(c)->open--;
    connection_schedule(c);
}

static void log_end(const struct connection *c)
{
    const char *why = c->why < 0 ? strerrordesc_np(-c->why) : NULL;

    if (c->why != 0) {
        CONNECTION_LOG(c, LOG_DEBUG, "ended: %s",
                       why == NULL ? "the server stopped" : why);
    }
}

/* on_close, and all that the plugin had. */
static void part_from_plugin(struct connection *c)
{
    const berth_protocol *protocol = connection_entry(c)->protocol;

    log_end(c);
    if (protocol->on_close != NULL) {
        protocol->on_close(&c->head, c->why);
    }
    release_state(c);
    delivery_drop(c);
    if (c->output != NULL) {
        output_free(&connection_all(c)->outputs, c->output);
        c->output = NULL;
    }
}

/*
 * Closing a socket that holds unread bytes, or that the peer still sends to,
 * makes the kernel send RST, and an RST makes the peer lose answers that it
 * has not read yet (RFC 1122, 4.2.2.13). So: FIN, then read on until the peer
 * finishes too.
 */
static void linger(struct connection *c)
{
    uint64_t now_ms = connection_entry(c)->loop->now_ms;

    if ((c->flags & CONNECTION_PEER_ENDED) != 0) {
        bury(c, false);
        return;
    }
    if ((c->flags & CONNECTION_SHUT) == 0) {
        c->stream.ops->shutdown(&c->stream);
    }
    c->phase = CONNECTION_LINGERING;
    c->deadline_ms = now_ms + CONNECTION_LINGER_TOTAL_MS;
    connection_touch(c);
    /* What is there already is not reported again when edge-triggered. */
    if (connection_all(c)->trigger == SELECTOR_EDGE && !delivery_discard(c)) {
        bury(c, false);
    }
}

static void finish_closing(struct connection *c)
{
    bool reset = (c->flags & CONNECTION_RESET) != 0;

    if (reset || (c->flags & CONNECTION_BROKEN) != 0) {
        part_from_plugin(c);
        bury(c, reset);
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

/* Anything but bytes for a connection that waits for nothing else. */
COLD static void handle_other_events(struct connection *c, uint32_t events)
{
    if (c->phase > CONNECTION_CLOSING) {
        handle_after_life(c);
        return;
    }
    connection_enter(c);
    take_events(c, events);
    connection_flush(c);
    if (c->phase == CONNECTION_OPEN) {
        delivery_run(c);
    }
    connection_flush(c);
    connection_leave(c);
    settle(c);
}

static void handle_events(struct source *source, uint32_t events)
{
    struct connection *c = CONTAINER_OF(source, struct connection, source);

    if (events != SELECTOR_READ || !connection_is_at_rest(c)) {
        handle_other_events(c, events);
        return;
    }
    connection_enter(c);
    delivery_read(c);
    connection_flush(c);
    connection_leave(c);
    if (!connection_is_at_rest(c)) {
        settle(c);
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
        connection_reset(c, -ETIMEDOUT);
    } else if (limits->first_byte_ms != 0 &&
               (c->flags & CONNECTION_STARTED) == 0 &&
               idle_ms >= limits->first_byte_ms) {
        close_late(c, "first_byte", limits->first_byte_ms);
        connection_close(c, -ETIMEDOUT);
    } else if (limits->idle_ms != 0 && idle_ms >= limits->idle_ms) {
        close_late(c, "idle", limits->idle_ms);
        if (c->output != NULL) {
            connection_reset(c, -ETIMEDOUT);
        } else {
            connection_close(c, -ETIMEDOUT);
        }
    }
}

static void check_deadline(struct connection *c)
{
    const berth_protocol *protocol = connection_entry(c)->protocol;

    if (c->phase != CONNECTION_OPEN || c->deadline_ms == 0 ||
        connection_entry(c)->loop->now_ms < c->deadline_ms) {
        return;
    }
    c->deadline_ms = 0;
    if (protocol->on_timer != NULL) {
        protocol->on_timer(&c->head);
    } else {
        connection_close(c, -ETIMEDOUT);
    }
}

static void handle_timer(struct source *source)
{
    struct connection *c = CONTAINER_OF(source, struct connection, source);
    uint64_t now_ms;

    if (c->phase == CONNECTION_DEAD) {
        return;
    }
    now_ms = connection_entry(c)->loop->now_ms;
    if (c->phase == CONNECTION_LINGERING) {
        if (now_ms >= c->deadline_ms ||
            connection_idle_ms(c) >= connection_linger_ms(c)) {
            bury(c, false);
            return;
        }
    } else {
        check_limits(c);
        check_deadline(c);
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
    if (newcomer->peer_slot != CONNECTION_PEER_NONE) {
        peers_leave(&newcomer->entry->connections->peers, newcomer->peer_slot);
    }
    return error;
}

static struct connection *
make_connection(const struct driver_newcomer *newcomer)
{
    struct entry *entry = newcomer->entry;
    struct connections *all = entry->connections;
    struct connection *c = slab_take(&all->slab);

    if (c == NULL) {
        return NULL;
    }
    if (entry->protocol->state_size > 0) {
        c->head.state = slab_take(&entry->states);
        if (c->head.state == NULL) {
            slab_give(&all->slab, c);
            return NULL;
        }
    }
    c->head.host = all->host;
    c->head.entry = &entry->head;
    c->stream = newcomer->stream;
    c->listener = newcomer->listener;
    c->peer_slot = newcomer->peer_slot;
    c->watched = STREAM_NONE;
    c->serial = ++all->serial;
    c->flags = all->stop_flags;
    source_init(&c->source, &connection_ops);
    return c;
}

int driver_open(const struct driver_newcomer *newcomer)
{
    struct entry *entry = newcomer->entry;
    struct connections *all = entry->connections;
    struct connection *c = make_connection(newcomer);
    int error = -ENOMEM;

    if (c == NULL) {
        return turn_away(newcomer, error);
    }
    connection_touch(c);
    (void)connection_watch(c);
    if (c->watched == STREAM_NONE) {
        error = c->why;
        c->phase = CONNECTION_DEAD; /* freed at the turn's end */
        release_state(c);
        return turn_away(newcomer, error);
    }
    all->open++;
    entry->open++;
    connection_arm(c);
    if (entry->protocol->on_open != NULL) {
        error = entry->protocol->on_open(&c->head);
        if (error < 0) {
            connection_close(c, error);
        }
    }
    if (c->flags != 0) {
        connection_schedule(c);
    }
    return 0;
}

/* --------------------------------------------------------- the turn's end */

static void tell_stop(struct connection *c)
{
    const berth_protocol *protocol = connection_entry(c)->protocol;
    int reason =
        (c->flags & CONNECTION_STOP_RELOAD) != 0 ? BERTH_RELOAD : BERTH_EXIT;

    c->flags &= ~(uint32_t)(reason == BERTH_RELOAD ? CONNECTION_STOP_RELOAD
                                                   : CONNECTION_STOP_EXIT);
    if (protocol->on_stop != NULL) {
        protocol->on_stop(&c->head, reason);
    } else if (reason == BERTH_EXIT) {
        c->flags |=
            CONNECTION_EMPTYING | CONNECTION_EXHAUST | CONNECTION_READABLE;
    }
}

static void tell_drain(struct connection *c)
{
    const berth_protocol *protocol = connection_entry(c)->protocol;

    if ((c->flags & CONNECTION_DRAIN_OWED) == 0 ||
        c->phase != CONNECTION_OPEN ||
        connection_queued(c) > connection_entry(c)->low_mark) {
        return;
    }
    c->flags &= ~(uint32_t)CONNECTION_DRAIN_OWED;
    if (protocol->on_drain != NULL) {
        protocol->on_drain(&c->head);
    }
}

static void handle_pending(struct connection *c)
{
    if (c->phase == CONNECTION_LINGERING) {
        handle_after_life(c);
        return;
    }
    connection_enter(c);
    connection_flush(c);
    while (c->phase == CONNECTION_OPEN &&
           (c->flags & (CONNECTION_STOP_EXIT | CONNECTION_STOP_RELOAD)) != 0) {
        tell_stop(c);
    }
    tell_drain(c);
    if (c->phase == CONNECTION_OPEN) {
        delivery_run(c);
    }
    connection_flush(c);
    connection_leave(c);
    settle(c);
}

bool driver_end_turn(struct connections *all)
{
    struct connection *next = all->pending;

    all->pending = NULL;
    all->pending_end = &all->pending;
    while (next != NULL) {
        struct connection *c = next;

        next = c->next_pending;
        c->flags &= ~(uint32_t)CONNECTION_PENDING;
        if (c->phase == CONNECTION_DEAD) {
            slab_give(&all->slab, c);
            all->released++;
        } else {
            handle_pending(c);
        }
    }
    return all->pending != NULL;
}

/* ---------------------------------------------------------------- endings */

static void owe_stop(void *object, void *arg)
{
    struct connection *c = object;
    const uint32_t *flag = arg;

    if (c->phase == CONNECTION_OPEN) {
        c->flags |= *flag;
        connection_schedule(c);
    }
}

void driver_stop_all(struct connections *all, int reason)
{
    uint32_t flag =
        reason == BERTH_EXIT ? CONNECTION_STOP_EXIT : CONNECTION_STOP_RELOAD;

    all->stop_flags = flag;
    slab_visit(&all->slab, owe_stop, &flag);
}

static void kill_one(void *object, void *arg)
{
    struct connection *c = object;

    (void)arg;
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
