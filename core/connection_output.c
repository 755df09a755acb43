/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <string.h>

#include "attribute.h"

static inline void
count_sent(struct connection *c, const struct entry *entry, size_t size)
{
    struct tally *tally;

    account_raise(entry->account, ACCOUNT_SENT, size);
    tally = connection_tally(c);
    if (tally != NULL) {
        tally->bytes_out += size;
    }
}

/* Until the first byte came, the time since the connection was made counts. */
static void touch_sent(struct connection *c)
{
    if ((c->flags & CONNECTION_STARTED) != 0 ||
        connection_entry(c)->limits.first_byte_ms == 0) {
        connection_touch(c);
    }
}

static void note_sent(struct connection *c, size_t size)
{
    count_sent(c, connection_entry(c), size);
    touch_sent(c);
}

/* ----------------------------------------------------------------- writing */

/* They were sent, or are gone. */
static void drop_corked(struct connections *all)
{
    all->cork_next = all->cork;
}

/* Gives it an output, which begins with what is corked. */
static int uncork(struct connection *c)
{
    struct connections *all = connection_all(c);
    size_t corked = connection_corked(c);
    struct output *output = output_new(&all->outputs);

    if (output == NULL) {
        return -ENOMEM;
    }
    if (corked > 0) {
        /* Does not fail: a new output holds as much. */
        (void)output_append(output, all->cork, corked);
        drop_corked(all);
        all->cork_room = 0;
    }
    c->output = output;
    c->flags |= CONNECTION_HAS_OUTPUT;
    return 0;
}

COLD static int refuse_output(struct connection *c)
{
    connection_blame(c, ACCOUNT_LIMIT);
    CONNECTION_LOG(c, LOG_INFO,
                   "closed: %zu bytes are queued and the peer does not read "
                   "(limits.output)",
                   c->output->queued);
    return -ENOBUFS;
}

/* Can size bytes join what is corked? Not even none where there is no room:
   a write of nothing fails, too, when it is over. */
static inline bool fits_cork(const struct connection *c, size_t size)
{
    const struct connections *all = connection_all(c);

    return all->current == c && size < all->cork_room;
}

/* So many bytes have joined it. What was reserved is written, or given up. */
static inline void fill_cork(struct connections *all, size_t size)
{
    all->cork_next += size;
    all->cork_room -= size;
    all->cork_reserved = 0;
}

/* What berth_write() documents, in its order. */
static int begin_queueing(struct connection *c)
{
    if (!connection_is_writable(c)) {
        return -EPIPE;
    }
    if (c->output == NULL) {
        return uncork(c);
    }
    return c->output->left > connection_entry(c)->output_cap ? refuse_output(c)
                                                             : 0;
}

/* A write that fails ends the connection, so that its result can be ignored. */
COLD static int fail_write(struct connection *c, int error)
{
    if ((c->flags & CONNECTION_SHUTDOWN) != 0) {
        connection_close(c, error);
    } else if (error == -ENOBUFS || error == -ENOMEM) {
        connection_reset(c, error);
    } else if (c->phase == CONNECTION_OPEN) {
        connection_break(c, error);
    }
    return error;
}

/* Sends a large write from where it lies, and queues what is left. */
COLD static int
write_through(struct connection *c, const char *data, size_t size)
{
    struct output *output = c->output;
    size_t queued = output->queued;
    ssize_t taken = output_write_through(output, &c->stream, data, size);

    if (taken == -EAGAIN) {
        c->flags |= CONNECTION_BLOCKED;
        taken = 0;
    } else if (taken == -EINTR) {
        taken = 0;
    } else if (taken < 0) {
        return (int)taken;
    } else {
        output->direct += (size_t)taken + (queued - output->queued);
        note_sent(c, (size_t)taken + (queued - output->queued));
        if ((size_t)taken < size) {
            c->flags |= CONNECTION_BLOCKED;
        }
    }
    return output_append(output, data + taken, size - (size_t)taken);
}

/* Any write but one that the cork takes. */
COLD static ssize_t
write_queued(struct connection *c, const void *data, size_t size)
{
    int error = begin_queueing(c);

    if (error == 0) {
        error =
            size < OUTPUT_DIRECT_SIZE || (c->flags & CONNECTION_BLOCKED) != 0
                ? output_append(c->output, data, size)
                : write_through(c, data, size);
    }
    if (error < 0) {
        return fail_write(c, error);
    }
    connection_attend(c);
    return (ssize_t)size;
}

ssize_t connection_write(struct connection *c, const void *data, size_t size)
{
    struct connections *all = connection_all(c);
    char *place;

    if (!fits_cork(c, size)) {
        return write_queued(c, data, size);
    }
    place = all->cork_next;
    fill_cork(all, size);
    if (size > 0) { /* memcpy(3) takes no NULL, berth_write() does */
        memcpy(place, data, size);
    }
    return (ssize_t)size;
}

static int queue_loan(struct connection *c, const struct output_loan *loan)
{
    int error = begin_queueing(c);

    if (error == 0) {
        error = output_lend(c->output, loan);
    }
    if (error < 0) {
        return fail_write(c, error);
    }
    connection_attend(c);
    return 0;
}

/* What was lent is not needed any longer than for a copy. */
static int copy_loan(struct connection *c, const struct output_loan *loan)
{
    ssize_t result = 0;

    if (loan->size > 0) {
        result = connection_write(c, loan->data, loan->size);
    } else if (!connection_is_writable(c)) {
        result = fail_write(c, -EPIPE);
    }
    return result < 0 ? (int)result : 0;
}

/* Memory for the release first: nothing may fail once the bytes are taken. */
COLD int connection_lend(struct connection *c, const struct output_loan *loan)
{
    struct output_pool *pool = &connection_all(c)->outputs;
    int error;

    if (loan->size >= OUTPUT_LEND_SIZE ||
        (loan->data == NULL && loan->size > 0)) {
        return queue_loan(c, loan);
    }
    if (loan->release == NULL) {
        return copy_loan(c, loan);
    }
    error = output_promise(pool);
    error = error < 0 ? fail_write(c, error) : copy_loan(c, loan);
    if (error == 0) {
        output_owe(pool, loan);
    }
    return error;
}

COLD static char *reserve_queued(struct connection *c, size_t size)
{
    int error = begin_queueing(c);
    char *room;

    if (error < 0) {
        (void)fail_write(c, error);
        return NULL;
    }
    room = output_reserve(c->output, size);
    if (room == NULL) {
        (void)fail_write(c, -ENOMEM);
        return NULL;
    }
    connection_attend(c);
    return room;
}

char *connection_reserve(struct connection *c, size_t size)
{
    struct connections *all = connection_all(c);

    if (!fits_cork(c, size)) {
        return reserve_queued(c, size);
    }
    all->cork_reserved = size;
    return all->cork_next;
}

int connection_commit(struct connection *c, size_t size)
{
    struct connections *all = connection_all(c);

    if (c->output != NULL) {
        return output_commit(c->output, size);
    }
    if (all->current != c) {
        return size == 0 ? 0 : -EINVAL;
    }
    if (size > all->cork_reserved) {
        return -EINVAL;
    }
    fill_cork(all, size);
    return 0;
}

/* ---------------------------------------------------------------- flushing */

/* How many of the bytes that the kernel took have arrived; it may count bytes
   of earlier outputs as missing, hence wraps. */
static uint64_t count_taken(const struct connection *c)
{
    return c->output->written - c->stream.ops->unacknowledged(&c->stream);
}

bool connection_is_stalled(struct connection *c)
{
    struct output *output = c->output;
    uint64_t stall_ms = connection_entry(c)->limits.stall_ms;
    uint64_t now_ms = connection_entry(c)->loop->now_ms;
    uint64_t taken;

    if (!connection_has_left(c) || stall_ms == 0) {
        return false;
    }
    taken = count_taken(c);
    if (taken != output->taken) {
        output->taken = taken;
        output->progress_ms = now_ms;
    }
    return now_ms - output->progress_ms >= stall_ms;
}

/* What is queued for the entry's connections, as of the last flush of each;
   less is more, modulo 2^64. */
static void count_queued(struct connection *c, size_t queued)
{
    struct output *output = c->output;

    account_count(&connection_entry(c)->account->queued,
                  (uint64_t)queued - (uint64_t)output->counted);
    output->counted = queued;
}

/* What could not be sent waits. Reading stops above the high mark and goes on
   at the low one. */
static void keep_queue(struct connection *c, size_t sent)
{
    const struct entry *entry = connection_entry(c);
    struct output *output = c->output;

    if (sent > 0 || output->direct > 0 || !output->is_left) {
        output->progress_ms = entry->loop->now_ms;
    }
    output->written += sent + output->direct;
    if (!output->is_left) {
        output->taken = count_taken(c);
    }
    output->direct = 0;
    output->left = output->queued - output->file_bytes;
    output->is_left = true;
    count_queued(c, output->queued);
    if (output->queued > entry->high_mark) {
        if ((c->flags & CONNECTION_THROTTLED) == 0) {
            account_raise(entry->account, ACCOUNT_PAUSES, 1);
        }
        c->flags |= CONNECTION_THROTTLED | CONNECTION_DRAIN_OWED;
    } else if (output->queued <= entry->low_mark) {
        c->flags &= ~(uint32_t)CONNECTION_THROTTLED;
    }
}

void connection_recount(const struct connection *c,
                        struct account *before,
                        struct account *after)
{
    if (c->output != NULL) {
        account_count(&before->queued, -(uint64_t)c->output->counted);
        account_count(&after->queued, c->output->counted);
    }
}

void connection_drop_output(struct connection *c)
{
    if (c->output != NULL) {
        count_queued(c, 0);
        output_free(c->output);
        c->output = NULL;
        c->flags &= ~(uint32_t)CONNECTION_HAS_OUTPUT;
    }
}

/* What was announced cannot come, and nothing else may come in its place. */
static void meet_short_file(struct connection *c)
{
    CONNECTION_LOG(c, LOG_WARNING,
                   "aborted: a file that was being sent is shorter than plugin "
                   "'%s' said",
                   connection_protocol(c)->name);
    connection_reset(c, -EIO);
}

/* What a flush came to: result as of output_flush(), queued before it. */
COLD static void finish_flush(struct connection *c, int result, size_t queued)
{
    struct output *output = c->output;
    size_t sent = queued - output->queued;

    if (result == -EAGAIN) {
        c->flags |= CONNECTION_BLOCKED;
    } else if (result == -EINPROGRESS) {
        connection_schedule(c); /* no edge reports what is writable already */
    } else if (result == -ENODATA) {
        meet_short_file(c);
    } else if (result < 0) {
        connection_break(c, result);
    }
    if (sent > 0) {
        note_sent(c, sent);
    }
    if (output->queued > 0) {
        keep_queue(c, sent);
    } else {
        connection_drop_output(c);
        c->flags &= ~(uint32_t)CONNECTION_THROTTLED;
    }
}

COLD static void flush_queue(struct connection *c)
{
    struct output *output = c->output;
    size_t queued = output->queued;
    int result = 0;

    if (queued + output->direct >= connection_entry(c)->high_mark) {
        c->flags |= CONNECTION_DRAIN_OWED;
    }
    if ((c->flags & CONNECTION_CANNOT_SEND) == 0) {
        result = output_flush(output, &c->stream);
    }
    finish_flush(c, result, queued);
}

/* The stream took less than all that is corked, or failed. */
COLD static void keep_corked(struct connection *c, ssize_t taken)
{
    struct connections *all = connection_all(c);
    size_t sent = taken < 0 ? 0 : (size_t)taken;

    if (taken == -EINTR) {
        connection_schedule(c);
    } else if (taken >= 0 || taken == -EAGAIN) {
        c->flags |= CONNECTION_BLOCKED;
    } else {
        connection_break(c, (int)taken);
    }
    if (sent > 0) {
        note_sent(c, sent);
    }
    all->cork_next -= sent;
    memmove(all->cork, all->cork + sent, connection_corked(c));
    if (uncork(c) < 0) {
        drop_corked(all);
        connection_reset(c, -ENOMEM);
        return;
    }
    keep_queue(c, sent);
}

/* Much, or to one that cannot be sent to. */
COLD static void flush_uncorked(struct connection *c)
{
    if (uncork(c) < 0) {
        drop_corked(connection_all(c));
        connection_reset(c, -ENOMEM);
        return;
    }
    flush_queue(c);
}

/* Sends all that is corked. Returns whether all was taken. */
static inline bool
send_corked(struct connection *c, const struct entry *entry, size_t size)
{
    struct connections *all = entry->connections;
    ssize_t taken = c->stream.ops->write(&c->stream, all->cork, size);

    if (taken != (ssize_t)size) {
        keep_corked(c, taken);
        return false;
    }
    drop_corked(all);
    count_sent(c, entry, size);
    return true;
}

bool connection_leave(struct connection *c, const struct entry *entry)
{
    struct connections *all = entry->connections;
    size_t size = (size_t)(all->cork_next - all->cork);

    if (size > 0 &&
        (size >= entry->high_mark || !send_corked(c, entry, size))) {
        return false;
    }
    all->current = NULL;
    return true;
}

void connection_flush(struct connection *c)
{
    const struct entry *entry = connection_entry(c);
    struct connections *all = entry->connections;
    size_t corked = connection_corked(c);

    if (corked == 0) {
        if (c->output != NULL) {
            flush_queue(c);
        }
    } else if (corked >= entry->high_mark ||
               (c->flags & CONNECTION_CANNOT_SEND) != 0) {
        flush_uncorked(c);
    } else if (send_corked(c, entry, corked)) {
        touch_sent(c);
        if (all->cork_room > 0) {
            all->cork_room = CONNECTIONS_CORK_SIZE;
        }
    }
}
