/* SPDX-License-Identifier: MIT */
#include "connection.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"

/* How often in limits.stall it is looked whether the peer takes anything: it
   ends one that does not by a quarter too late at most. */
#define STALL_LOOKS 4

COLD void connection_schedule(struct connection *c)
{
    if ((c->flags & CONNECTION_PENDING) == 0) {
        c->flags |= CONNECTION_PENDING;
        connections_queue(connection_all(c), c);
    }
}

struct extra *connection_extend(struct connection *c)
{
    if (c->extra == NULL) {
        c->extra = slab_take(&connection_all(c)->extras);
        if (c->extra != NULL) {
            c->extra->service = &connection_entry(c)->service;
        }
    }
    return c->extra;
}

void connection_start_tally(struct connection *c)
{
    struct extra *extra = connection_extend(c);
    char peer[ADDRESS_TEXT_MAX];
    size_t size;

    if (extra == NULL || extra->tally != NULL) {
        return;
    }
    connection_peer_text(c, peer, sizeof(peer));
    size = strlen(peer) + 1;
    extra->tally = malloc(sizeof(*extra->tally) + size);
    if (extra->tally != NULL) {
        extra->tally->opened_ms = connection_entry(c)->loop->now_ms;
        extra->tally->bytes_in = 0;
        extra->tally->bytes_out = 0;
        memcpy(extra->tally->peer, peer, size);
    }
}

void connection_drop_extra(struct connection *c)
{
    if (c->extra != NULL) {
        free(c->extra->tally);
        free(c->extra->next.arg);
        free(c->extra->arg);
        slab_give(&connection_all(c)->extras, c->extra);
        c->extra = NULL;
    }
}

void connection_drop_input(struct connection *c)
{
    free(c->input);
    c->input = NULL;
    c->flags &= ~(uint32_t)(CONNECTION_HAS_INPUT | CONNECTION_OFFERED);
}

int connection_switch(struct connection *c, const struct switch_order *order)
{
    struct extra *extra = connection_extend(c);

    if (extra == NULL) {
        return -ENOMEM;
    }
    free(extra->next.arg);
    extra->next = *order;
    c->flags |= CONNECTION_SWITCH;
    connection_schedule(c);
    return 0;
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

COLD void connection_finish(struct connection *c)
{
    if (c->phase == CONNECTION_OPEN) {
        c->flags |= CONNECTION_FINISHED;
        connection_close(c, 0);
    }
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

int connection_watch(struct connection *c)
{
    struct connections *all = connection_all(c);
    const uint32_t events = choose_events(c);
    int error;

    if (events == c->watched) {
        return 0;
    }
    error = c->stream.ops->watch(&c->stream, &all->loop->selector, c->watched,
                                 events, all->trigger, &c->source);
    if (error < 0) {
        CONNECTION_LOG(c, LOG_ERROR, "cannot be watched: error %d", -error);
        connection_break(c, error);
        connection_schedule(c);
        return error;
    }
    c->watched = (uint16_t)events;
    return 0;
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
        due_ms = loop->now_ms + (uint64_t)(int64_t)connection_left_ms(c);
    }
    if (c->phase == CONNECTION_LINGERING) {
        take_earlier(&due_ms, active_ms, connection_linger_ms(c));
    } else {
        take_earlier(&due_ms, active_ms, limits->idle_ms);
        if (c->output != NULL && limits->stall_ms != 0) {
            take_earlier(&due_ms, loop->now_ms,
                         (limits->stall_ms + STALL_LOOKS - 1) / STALL_LOOKS);
        }
        if (connection_awaits_first_byte(c)) {
            take_earlier(&due_ms, active_ms, limits->first_byte_ms);
        }
    }
    if (due_ms != UINT64_MAX &&
        (!timer_is_set(&c->source.timer) || due_ms < c->source.timer.due_ms)) {
        loop_set_due(loop, &c->source, due_ms);
    }
}

COLD void connection_measure_call(const struct connection *c, uint64_t sequence)
{
    const struct entry *entry = connection_entry(c);
    const struct crumb *crumb = entry->watch->crumb;
    const uint64_t ms =
        watch_measure(entry->watch, sequence, &entry->account->times);

    if (ms == 0) {
        return;
    }
    CONNECTION_LOG(c, LOG_WARNING,
                   "%s of plugin '%s' took %llu ms, and all others waited "
                   "(slow_callback)",
                   crumb_callback_name(crumb->callback),
                   connection_protocol(c)->name, (unsigned long long)ms);
}

COLD void connection_blame(struct connection *c, enum account_reason reason)
{
    struct account *account = connection_entry(c)->account;

    if (c->cause != 0) {
        return;
    }
    c->cause = (uint8_t)reason + 1;
    if (reason >= ACCOUNT_IDLE && reason < ACCOUNT_IDLE + ACCOUNT_LIMITS) {
        account_raise(account, ACCOUNT_TIMEOUTS + reason - ACCOUNT_IDLE, 1);
    }
}

/* The stream failed, but neither the peer nor the way to it did. */
static bool is_own_failure(int why)
{
    return why == -ENOMEM || why == -ENOBUFS || why == -ENODATA ||
           why == -EIO || why == -EBADF || why == -EINVAL;
}

enum account_reason connection_reason(const struct connection *c, int why)
{
    if (why == BERTH_SWITCHED) {
        return ACCOUNT_SWITCHED;
    }
    if (c->cause != 0) {
        return (enum account_reason)(c->cause - 1);
    }
    if (why == BERTH_STOPPED) {
        return ACCOUNT_STOPPED;
    }
    if (why == -ECONNABORTED && (c->flags & CONNECTION_RESET) != 0) {
        return ACCOUNT_ABORTED;
    }
    if ((c->flags & CONNECTION_BROKEN) != 0) {
        return is_own_failure(why) ? ACCOUNT_ERROR : ACCOUNT_PEER;
    }
    return why < 0 ? ACCOUNT_ERROR : ACCOUNT_ENDED;
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
        .connection = connection_serial(c),
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
