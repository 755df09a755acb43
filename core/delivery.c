/* SPDX-License-Identifier: MIT */
#include "delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"

/* Reads of one connection in one turn, and bytes after which no other follows;
   then others have theirs. */
#define READS_PER_TURN 4
#define BYTES_PER_TURN ((size_t)256 * 1024)
/* A tail up to this size is copied before the next read's bytes in the shared
   buffer; a longer one is read behind, where it lies, so that a large message
   that comes in small pieces is not copied for each of them. */
#define COPIED_TAIL_MAX 4096
#define INPUT_CAPACITY_MIN 64

/* Where the bytes not yet used lie. */
struct span {
    char *data; /* data[size] may be written */
    size_t size;
};

/* More than was offered: what came after it may have been overwritten. */
COLD static void refuse_overuse(struct connection *c, ssize_t used, size_t size)
{
    CONNECTION_LOG(c, LOG_ERROR,
                   "aborted: on_data of plugin '%s' says that it used %zd of "
                   "%zu bytes; that is a bug in the plugin",
                   connection_protocol(c)->name, used, size);
    connection_reset(c, -EPROTO);
}

/* The plugin waits for more than it may have. */
COLD static void check_limit(struct connection *c, size_t size)
{
    uint64_t limit = connection_entry(c)->limits.input;

    if (size < limit || !connection_is_receptive(c)) {
        return;
    }
    CONNECTION_LOG(c, LOG_INFO,
                   "closed: plugin '%s' used none of %zu bytes, and no more "
                   "may wait (limits.input)",
                   connection_protocol(c)->name, size);
    connection_blame(c, ACCOUNT_LIMIT);
    connection_close(c, -EMSGSIZE);
}

/* Output that is above the mark is sent before the next message is offered;
   if that does not help, the connection is no longer receptive. */
static void relieve_output(struct connection *c)
{
    if (connection_produced(c) >= connection_entry(c)->high_mark) {
        connection_flush(c);
    }
}

/* on_data used nothing, failed, or claims the impossible. */
COLD static void meet_no_use(struct connection *c, ssize_t step, size_t offered)
{
    if (step == 0) {
        c->flags |= CONNECTION_OFFERED;
        check_limit(c, offered);
    } else if (step < 0) {
        connection_close(c, (int)step);
    } else {
        refuse_overuse(c, step, offered);
    }
}

static inline ssize_t call_on_data(struct connection *c,
                                   const struct entry *entry,
                                   char *data,
                                   size_t size)
{
    const berth_protocol *protocol = connection_protocol(c);
    ssize_t step;

    connection_begin_call(c, entry, CRUMB_ON_DATA);
    step = protocol->on_data(&c->head, data, size);
    connection_end_call(c, entry);
    return step;
}

/* The first offer came to step, which is not all of it. Returns how much was
   used in all. */
static NOINLINE size_t offer_rest(struct connection *c,
                                  struct span span,
                                  ssize_t step)
{
    size_t used = 0;

    for (;;) {
        size_t left = span.size - used;

        if (step <= 0 || (size_t)step > left) {
            meet_no_use(c, step, left);
            return used;
        }
        used += (size_t)step;
        if (used == span.size) {
            return used;
        }
        relieve_output(c);
        if (!connection_is_receptive(c)) {
            return used;
        }
        step = call_on_data(c, connection_entry(c), span.data + used,
                            span.size - used);
    }
}

/*
 * Offers all of it, again and again as long as some is used and the connection
 * is receptive, which it is at first. Returns how much was used in all.
 */
static inline size_t
offer(struct connection *c, const struct entry *entry, struct span span)
{
    ssize_t step = call_on_data(c, entry, span.data, span.size);

    return step == (ssize_t)span.size ? span.size : offer_rest(c, span, step);
}

static struct input *grow_input(struct connection *c, size_t capacity)
{
    struct input *input = c->input;
    size_t size = input == NULL ? 0 : input->size;

    if (input != NULL && input->capacity >= capacity) {
        return input;
    }
    input = realloc(input, sizeof(*input) + capacity + 1);
    if (input == NULL) {
        return NULL;
    }
    input->size = size;
    input->capacity = capacity;
    c->input = input;
    c->flags |= CONNECTION_HAS_INPUT;
    return input;
}

/* Keeps the tail of a span; without memory for it the bytes would be lost. */
COLD static void keep(struct connection *c, const char *data, size_t size)
{
    struct input *input;

    if (size > 0 && c->phase != CONNECTION_OPEN) {
        c->flags &= ~(uint32_t)CONNECTION_FINISHED; /* it sent more after all */
    }
    if (size == 0 || c->phase != CONNECTION_OPEN) {
        connection_drop_input(c);
        return;
    }
    input =
        grow_input(c, size < INPUT_CAPACITY_MIN ? INPUT_CAPACITY_MIN : size);
    if (input == NULL) {
        CONNECTION_LOG(c, LOG_ERROR, "aborted: no memory for its input");
        connection_reset(c, -ENOMEM);
        return;
    }
    memmove(input->bytes, data, size);
    input->size = size;
}

static void offer_and_keep(struct connection *c, struct span span)
{
    size_t used;

    span.data[span.size] = '\0';
    used = offer(c, connection_entry(c), span);

    if (used < span.size || c->input != NULL) {
        keep(c, span.data + used, span.size - used);
    }
}

/* What waits for the plugin, but for the end: bytes it has not been offered. */
static void offer_waiting(struct connection *c)
{
    if (c->input != NULL && (c->flags & CONNECTION_OFFERED) == 0 &&
        connection_is_receptive(c)) {
        offer_and_keep(c, (struct span){c->input->bytes, c->input->size});
        relieve_output(c);
    }
}

/* Behind a tail: where the next read lands, and how much it takes at most.
   Given are the shared buffer and its size. Returns 0 or -ENOMEM. */
COLD static int
place_read(struct connection *c, struct span *span, size_t *most)
{
    uint64_t limit = connection_entry(c)->limits.input;
    size_t tail = c->input->size;
    struct input *input;

    if (tail <= COPIED_TAIL_MAX) {
        memcpy(span->data, c->input->bytes, tail);
        span->size = tail;
        *most -= tail;
        return 0;
    }
    input = grow_input(c, 2 * tail > limit ? (size_t)limit : 2 * tail);
    if (input == NULL) {
        return -ENOMEM;
    }
    *span = (struct span){input->bytes, tail};
    *most = input->capacity - tail;
    return 0;
}

/* A read that brought no bytes: 0 or -errno. */
COLD static void meet_no_bytes(struct connection *c, ssize_t result)
{
    if (result == 0) {
        c->flags |= CONNECTION_PEER_ENDED;
    } else if (result == -EAGAIN) {
        c->flags &= ~(uint32_t)CONNECTION_READABLE;
    } else if (result == -EINTR) {
        c->flags |= CONNECTION_READABLE;
        connection_schedule(c);
    } else {
        connection_break(c, (int)result);
    }
}

static inline void
note_received(struct connection *c, const struct entry *entry, size_t count)
{
    struct tally *tally = connection_tally(c);

    account_raise(entry->account, ACCOUNT_RECEIVED, count);
    c->flags |= CONNECTION_STARTED;
    c->active_ms = (uint32_t)entry->loop->now_ms;
    if (tally != NULL) {
        tally->bytes_in += count;
    }
}

/* Reads once and offers; adds to *taken. Returns whether another read may find
   more. */
COLD static bool read_once(struct connection *c, size_t *taken)
{
    struct span span = {connection_all(c)->buffer, 0};
    size_t most = connection_entry(c)->read_size;
    ssize_t count = c->input == NULL ? 0 : place_read(c, &span, &most);

    if (count == 0) {
        count = c->stream.ops->read(&c->stream, span.data + span.size, most);
    }
    if (count <= 0) {
        meet_no_bytes(c, count);
        return false;
    }
    span.size += (size_t)count;
    *taken += (size_t)count;
    c->flags &= ~(uint32_t)CONNECTION_OFFERED;
    note_received(c, connection_entry(c), (size_t)count);
    offer_and_keep(c, span);
    if ((size_t)count < most && (c->flags & CONNECTION_EXHAUST) == 0) {
        c->flags &= ~(uint32_t)CONNECTION_READABLE;
        return false;
    }
    relieve_output(c);
    return true;
}

/* Once both sides have ended there is nothing left to wait for. */
static void tell_end(struct connection *c)
{
    const berth_protocol *protocol = connection_protocol(c);
    char *data = c->input == NULL ? connection_all(c)->buffer : c->input->bytes;
    size_t size = c->input == NULL ? 0 : c->input->size;
    int result = BERTH_CLOSE;

    data[size] = '\0';
    c->flags |= CONNECTION_END_TOLD;
    if (protocol->on_end != NULL) {
        const struct entry *entry = connection_entry(c);

        connection_begin_call(c, entry, CRUMB_ON_END);
        result = protocol->on_end(&c->head, data, size);
        connection_end_call(c, entry);
    }
    if ((c->flags & CONNECTION_SWITCH) != 0 && result >= 0) {
        /* The next one is told, after it was offered what is left. */
        c->flags &= ~(uint32_t)CONNECTION_END_TOLD;
        return;
    }
    connection_drop_input(c);
    if (result != BERTH_KEEP || (c->flags & CONNECTION_SHUTDOWN) != 0) {
        connection_close(c, result < 0 ? result : 0);
    }
}

/* The server drains: what the kernel held has been answered. After the end
   of the stream it holds nothing. */
static void close_if_emptied(struct connection *c)
{
    bool is_read =
        (c->flags & CONNECTION_END_TOLD) != 0 ||
        (connection_wants_read(c) && (c->flags & CONNECTION_READABLE) == 0);

    if ((c->flags & CONNECTION_EMPTYING) != 0 && is_read) {
        connection_close(c, 0);
    }
}

/* Level-triggered, the selector reports again by itself. */
COLD static void go_on_later(struct connection *c)
{
    if (connection_all(c)->trigger == SELECTOR_EDGE ||
        (c->flags & CONNECTION_EMPTYING) != 0) {
        connection_schedule(c);
    }
}

/* Back-pressure put off the judgement on a full input: now it comes. */
static void judge_full_input(struct connection *c)
{
    if (c->input != NULL &&
        c->input->size >= connection_entry(c)->limits.input) {
        c->flags &= ~(uint32_t)CONNECTION_OFFERED;
    }
}

/* What waits for the plugin from earlier turns. */
COLD static void run_waiting(struct connection *c)
{
    judge_full_input(c);
    offer_waiting(c);
}

COLD static void run_ending(struct connection *c)
{
    if ((c->flags & CONNECTION_PEER_ENDED) != 0) {
        offer_waiting(c);
        if (connection_is_receptive(c) &&
            (c->input == NULL || (c->flags & CONNECTION_OFFERED) != 0)) {
            tell_end(c);
        }
    }
    close_if_emptied(c);
}

/* With so many reads done already in this turn, of so many bytes. */
COLD static void go_on(struct connection *c, int reads, size_t taken)
{
    if (c->input != NULL) {
        run_waiting(c);
    }
    while ((c->flags & CONNECTION_READABLE) != 0 && connection_wants_read(c)) {
        if (reads++ == READS_PER_TURN || taken >= BYTES_PER_TURN) {
            go_on_later(c);
            return;
        }
        if (!read_once(c, &taken)) {
            break;
        }
    }
    if ((c->flags & (CONNECTION_PEER_ENDED | CONNECTION_EMPTYING)) != 0) {
        run_ending(c);
    }
}

void delivery_run(struct connection *c)
{
    relieve_output(c); /* of what on_stop and on_drain wrote */
    go_on(c, 0, 0);
}

/* A read at rest that is not all there is to do. */
COLD static void go_on_reading(struct connection *c, ssize_t count)
{
    c->flags |= CONNECTION_READABLE;
    if (count <= 0) {
        meet_no_bytes(c, count);
        count = 0;
    } else {
        relieve_output(c);
    }
    go_on(c, 1, (size_t)count);
}

void delivery_read(struct connection *c, const struct entry *entry)
{
    char *buffer = entry->connections->buffer;
    ssize_t count = c->stream.ops->read(&c->stream, buffer, entry->read_size);
    size_t size = (size_t)count;
    size_t used;

    if (count <= 0) {
        go_on_reading(c, count);
        return;
    }
    buffer[size] = '\0';
    note_received(c, entry, size);
    used = offer(c, entry, (struct span){buffer, size});
    if (used < size) {
        keep(c, buffer + used, size - used);
    }
    if (size == entry->read_size) {
        go_on_reading(c, count);
    }
}

bool delivery_is_empty(struct connection *c)
{
    return c->stream.ops->read(&c->stream, connection_all(c)->buffer,
                               ENTRY_READ_SIZE) <= 0;
}

bool delivery_discard(struct connection *c)
{
    struct connections *all = connection_all(c);

    for (int reads = 0; reads < READS_PER_TURN; reads++) {
        ssize_t count =
            c->stream.ops->read(&c->stream, all->buffer, ENTRY_READ_SIZE);

        if (count == -EINTR) {
            continue;
        }
        if (count == -EAGAIN) {
            return true;
        }
        if (count <= 0) {
            return false;
        }
        connection_touch(c);
    }
    connection_schedule(c);
    return true;
}
