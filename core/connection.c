/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "attribute.h"

/* How often in limits.stall it is looked whether the peer takes anything: it
   ends one that does not by a quarter too late at most. */
#define STALL_LOOKS 4

int connections_init(struct connections *all,
                     struct loop *loop,
                     struct log *log,
                     const berth_host *host,
                     enum selector_trigger trigger)
{
    char *buffer = malloc(ENTRY_READ_SIZE + 1);
    int error;

    if (buffer == NULL) {
        return -ENOMEM;
    }
    *all = (struct connections){
        .loop = loop,
        .log = log,
        .host = host,
        .trigger = trigger,
        .buffer = buffer,
    };
    error = peers_init(&all->peers);
    if (error < 0) {
        free(buffer);
        return error;
    }
    slab_init(&all->slab, sizeof(struct connection));
    output_pool_init(&all->outputs);
    all->pending_end = &all->pending;
    return 0;
}

void connections_fini(struct connections *all)
{
    output_pool_fini(&all->outputs);
    slab_fini(&all->slab);
    peers_fini(&all->peers);
    free(all->buffer);
}

COLD void connection_schedule(struct connection *c)
{
    struct connections *all = connection_all(c);

    if ((c->flags & CONNECTION_PENDING) != 0) {
        return;
    }
    c->flags |= CONNECTION_PENDING;
    c->next_pending = NULL;
    *all->pending_end = c;
    all->pending_end = &c->next_pending;
}

void connection_touch(struct connection *c)
{
    c->active_ms = (uint32_t)connection_entry(c)->loop->now_ms;
}

/* Until the first byte came, the time since the connection was made counts. */
static void touch_sent(struct connection *c)
{
    if ((c->flags & CONNECTION_STARTED) != 0 ||
        connection_entry(c)->limits.first_byte_ms == 0) {
        connection_touch(c);
    }
}

uint32_t connection_idle_ms(const struct connection *c)
{
    return (uint32_t)connection_entry(c)->loop->now_ms - c->active_ms;
}

COLD void connection_close(struct connection *c, int why)
{
    if (c->phase != CONNECTION_OPEN) {
        return;
    }
    c->phase = CONNECTION_CLOSING;
    c->why = (int16_t)why;
    c->deadline_ms = 0;
    connection_attend(c);
}

COLD static void end_at_once(struct connection *c, int why, uint32_t flag)
{
    if (c->phase > CONNECTION_CLOSING ||
        (c->flags & (CONNECTION_RESET | CONNECTION_BROKEN)) != 0) {
        return;
    }
    c->phase = CONNECTION_CLOSING;
    c->flags |= flag;
    c->why = (int16_t)why;
    c->deadline_ms = 0;
    connection_attend(c);
}

void connection_reset(struct connection *c, int why)
{
    end_at_once(c, why, CONNECTION_RESET);
}

void connection_break(struct connection *c, int error)
{
    end_at_once(c, error, CONNECTION_BROKEN);
}

COLD static int refuse_output(const struct connection *c)
{
    CONNECTION_LOG(c, LOG_INFO,
                   "closed: %zu bytes are queued and the peer does not read "
                   "(limits.output)",
                   c->output->queued);
    return -ENOBUFS;
}

/* What berth_write() documents, in its order. */
static inline int begin_write(struct connection *c)
{
    const struct entry *entry = connection_entry(c);

    if (c->phase != CONNECTION_OPEN || (c->flags & CONNECTION_SHUTDOWN) != 0) {
        return -EPIPE;
    }
    if (c->output == NULL) {
        c->output = output_new(&entry->connections->outputs);
        return c->output == NULL ? -ENOMEM : 0;
    }
    return c->output->left > entry->output_cap ? refuse_output(c) : 0;
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
    } else if (taken < 0) {
        return (int)taken;
    } else {
        output->direct += (size_t)taken + (queued - output->queued);
        touch_sent(c);
        if ((size_t)taken < size) {
            c->flags |= CONNECTION_BLOCKED;
        }
    }
    return output_append(output, data + taken, size - (size_t)taken);
}

int connection_write(struct connection *c, const void *data, size_t size)
{
    int error = begin_write(c);

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
    return 0;
}

char *connection_reserve(struct connection *c, size_t size)
{
    int error = begin_write(c);
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

    if (output == NULL || stall_ms == 0) {
        return false;
    }
    taken = count_taken(c);
    if (taken != output->taken) {
        output->taken = taken;
        output->progress_ms = now_ms;
    }
    return now_ms - output->progress_ms >= stall_ms;
}

/* What could not be sent waits. Reading stops above the high mark and goes on
   at the low one. */
static void keep_queue(struct connection *c, size_t sent)
{
    const struct entry *entry = connection_entry(c);
    struct output *output = c->output;

    if (sent > 0 || output->direct > 0 || output->left == 0) {
        output->progress_ms = entry->loop->now_ms;
    }
    output->written += sent + output->direct;
    if (output->left == 0) {
        output->taken = count_taken(c);
    }
    output->direct = 0;
    output->left = output->queued;
    if (output->queued > entry->high_mark) {
        c->flags |= CONNECTION_THROTTLED | CONNECTION_DRAIN_OWED;
    } else if (output->queued <= entry->low_mark) {
        c->flags &= ~(uint32_t)CONNECTION_THROTTLED;
    }
}

static void drop_empty_output(struct connection *c)
{
    output_free(&connection_all(c)->outputs, c->output);
    c->output = NULL;
}

/* What a flush came to: result as of output_flush(), queued before it. */
COLD static void finish_flush(struct connection *c, int result, size_t queued)
{
    struct output *output = c->output;
    size_t sent = queued - output->queued;

    if (result == -EAGAIN) {
        c->flags |= CONNECTION_BLOCKED;
    } else if (result < 0) {
        connection_break(c, result);
    }
    if (sent > 0) {
        touch_sent(c);
    }
    if (output->queued > 0) {
        keep_queue(c, sent);
    } else {
        drop_empty_output(c);
        c->flags &= ~(uint32_t)CONNECTION_THROTTLED;
    }
}

/* Any output but one that is fresh and small. */
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

void connection_flush(struct connection *c)
{
    struct output *output = c->output;
    size_t queued;
    int result;

    if (output == NULL) {
        return;
    }
    queued = output->queued;
    if (queued == 0 || queued >= connection_entry(c)->high_mark ||
        (c->flags & CONNECTION_CANNOT_SEND) != 0 || !output_is_fresh(output)) {
        flush_queue(c);
        return;
    }
    result = output_send_fresh(output, &c->stream);
    if (result < 0) {
        finish_flush(c, result, queued);
        return;
    }
    touch_sent(c);
    drop_empty_output(c);
}

/* Level-triggered it is reported as long as it is so: only what is wanted. */
static uint32_t choose_events(const struct connection *c)
{
    uint32_t events = 0;

    if (connection_all(c)->trigger == SELECTOR_EDGE) {
        return CONNECTION_EDGE_EVENTS;
    }
    if (connection_wants_read(c) || c->phase == CONNECTION_LINGERING) {
        events |= SELECTOR_READ;
    }
    if (connection_queued(c) > 0) {
        events |= SELECTOR_WRITE;
    }
    /* A hang-up cannot be masked: it would be reported in every turn. */
    if (events == 0 && (c->flags & CONNECTION_HUNG_UP) != 0) {
        return STREAM_NONE;
    }
    return events;
}

void connection_watch(struct connection *c)
{
    struct connections *all = connection_all(c);
    uint32_t events = choose_events(c);
    int error;

    if (events == c->watched) {
        return;
    }
    error = c->stream.ops->watch(&c->stream, &all->loop->selector, c->watched,
                                 events, all->trigger, &c->source);
    if (error < 0) {
        CONNECTION_LOG(c, LOG_ERROR, "cannot be watched: error %d", -error);
        connection_break(c, error);
        connection_schedule(c);
        return;
    }
    c->watched = events;
}

static void take_earlier(uint64_t *due_ms, uint64_t since_ms, uint64_t limit_ms)
{
    if (limit_ms != 0 && since_ms + limit_ms < *due_ms) {
        *due_ms = since_ms + limit_ms;
    }
}

uint64_t connection_linger_ms(const struct connection *c)
{
    bool is_exit = (connection_all(c)->stop_flags & CONNECTION_STOP_EXIT) != 0;

    return is_exit ? CONNECTION_LINGER_EXIT_MS : CONNECTION_LINGER_QUIET_MS;
}

/* Timers are set too early rather than too often: when one fires, what is due
   is worked out anew, so that nothing is done for each message. */
void connection_arm(struct connection *c)
{
    const struct limits *limits = &connection_entry(c)->limits;
    struct loop *loop = connection_entry(c)->loop;
    uint64_t active_ms = loop->now_ms - connection_idle_ms(c);
    uint64_t due_ms = UINT64_MAX;

    if (c->deadline_ms != 0) {
        due_ms = c->deadline_ms;
    }
    if (c->phase == CONNECTION_LINGERING) {
        take_earlier(&due_ms, active_ms, connection_linger_ms(c));
    } else {
        take_earlier(&due_ms, active_ms, limits->idle_ms);
        if (c->output != NULL && limits->stall_ms != 0) {
            take_earlier(&due_ms, loop->now_ms,
                         (limits->stall_ms + STALL_LOOKS - 1) / STALL_LOOKS);
        }
        if ((c->flags & CONNECTION_STARTED) == 0) {
            take_earlier(&due_ms, active_ms, limits->first_byte_ms);
        }
    }
    if (due_ms != UINT64_MAX &&
        (!timer_is_set(&c->source.timer) || due_ms < c->source.timer.due_ms)) {
        loop_set_due(loop, &c->source, due_ms);
    }
}

void connection_peer_text(const struct connection *c, char *text, size_t size)
{
    struct address address;

    if (c->phase == CONNECTION_DEAD ||
        c->stream.ops->address(&c->stream, true, &address) < 0) {
        text[0] = '\0';
        return;
    }
    (void)address_format(&address, text, size);
}

void connection_vlog(const struct connection *c,
                     struct log_site *site,
                     enum log_level level,
                     const char *format,
                     va_list args)
{
    const struct entry *entry = connection_entry(c);
    char peer[ADDRESS_TEXT_MAX];
    struct log_subject subject = {
        .entry = entry->head.name,
        .connection = c->serial,
    };

    if (!log_is_wanted(entry->log, level)) {
        return;
    }
    connection_peer_text(c, peer, sizeof(peer));
    subject.peer = peer[0] == '\0' ? NULL : peer;
    log_vwrite(entry->log, site, level, &subject, format, args);
}

void connection_log(const struct connection *c,
                    struct log_site *site,
                    enum log_level level,
                    const char *format,
                    ...)
{
    va_list args;

    va_start(args, format);
    connection_vlog(c, site, level, format, args);
    va_end(args);
}
