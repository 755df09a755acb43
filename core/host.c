/* SPDX-License-Identifier: MIT */
#include "host.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "connection.h"
#include "metrics.h"

/* A longer line would be cut by the log. */
#define LOG_RECORD_SIZE 4096

/* ------------------------------------------------------------------ output */

static ssize_t host_write(berth_conn *conn, const void *data, size_t size)
{
    return connection_write(connection_of(conn), data, size);
}

static ssize_t host_writev(berth_conn *conn, const struct iovec *iov, int count)
{
    ssize_t size = 0;

    if (count < 0 || count > IOV_MAX) {
        return -EINVAL;
    }
    for (int i = 0; i < count; i++) {
        ssize_t part = host_write(conn, iov[i].iov_base, iov[i].iov_len);

        if (part < 0) {
            return part; /* the connection ends, so that no half is seen */
        }
        size += part;
    }
    return size;
}

static ssize_t host_write_owned(berth_conn *conn,
                                const void *data,
                                size_t size,
                                berth_release_fn *release,
                                void *arg)
{
    const struct connection *c = connection_of(conn);
    const struct output_loan loan = {
        .data = data == NULL ? "" : data,
        .size = size,
        .release = release,
        .arg = arg,
        .lender = connection_entry(c),
        .number = connection_serial(c),
    };
    int error = connection_lend(connection_of(conn), &loan);

    return error < 0 ? error : (ssize_t)size;
}

static int host_sendfile(berth_conn *conn,
                         int fd,
                         uint64_t offset,
                         uint64_t size,
                         berth_release_fn *release,
                         void *arg)
{
    const struct connection *c = connection_of(conn);
    const struct output_loan loan = {
        .fd = fd,
        .offset = offset,
        .size = size,
        .release = release,
        .arg = arg,
        .lender = connection_entry(c),
        .number = connection_serial(c),
    };

    /* off_t is signed; the connection goes on. */
    if (fd < 0 || offset > INT64_MAX || size > INT64_MAX - offset) {
        return fd < 0 ? -EBADF : -EINVAL;
    }
    return connection_lend(connection_of(conn), &loan);
}

static char *host_reserve(berth_conn *conn, size_t size)
{
    return connection_reserve(connection_of(conn), size);
}

static int host_commit(berth_conn *conn, size_t size)
{
    return connection_commit(connection_of(conn), size);
}

static size_t host_room(const berth_conn *conn)
{
    const struct connection *c = connection_of(conn);
    size_t high_mark = connection_entry(c)->high_mark;
    size_t used = connection_produced(c);

    return c->phase == CONNECTION_OPEN && used < high_mark ? high_mark - used
                                                           : 0;
}

/* ------------------------------------------------------------ flow, ending */

static void host_pause(berth_conn *conn)
{
    struct connection *c = connection_of(conn);

    if (c->phase == CONNECTION_OPEN) {
        c->flags |= CONNECTION_PAUSED;
        connection_attend(c);
    }
}

/* What on_data has seen is offered again. */
static void host_resume(berth_conn *conn)
{
    struct connection *c = connection_of(conn);

    if (c->phase == CONNECTION_OPEN && (c->flags & CONNECTION_PAUSED) != 0) {
        c->flags &= ~(uint32_t)(CONNECTION_PAUSED | CONNECTION_OFFERED);
        connection_schedule(c);
    }
}

static void host_shutdown(berth_conn *conn)
{
    struct connection *c = connection_of(conn);

    if (c->phase == CONNECTION_OPEN) {
        c->flags |= CONNECTION_SHUTDOWN;
        connection_attend(c);
    }
}

static void host_close(berth_conn *conn)
{
    connection_close(connection_of(conn), 0);
}

static void host_finish(berth_conn *conn)
{
    connection_finish(connection_of(conn));
}

static void host_abort(berth_conn *conn)
{
    connection_reset(connection_of(conn), -ECONNABORTED);
}

/* -------------------------------------------------------------------- time */

static int host_deadline(berth_conn *conn, uint64_t ms)
{
    struct connection *c = connection_of(conn);

    if (ms > INT_MAX) {
        return -EINVAL;
    }
    if (c->phase == CONNECTION_OPEN) {
        connection_set_deadline(c, (uint32_t)ms);
        connection_arm(c);
    }
    return 0;
}

static int host_tick(berth_entry *head, uint64_t ms)
{
    struct entry *entry = (struct entry *)(void *)head;

    if (ms > INT_MAX || entry->service.protocol->on_tick == NULL) {
        return -EINVAL;
    }
    if (ms == 0) {
        loop_cancel_timer(&entry->source);
    } else {
        loop_set_timer(entry->loop, &entry->source, ms);
    }
    return 0;
}

static uint64_t host_now(const berth_entry *head, enum berth_clock clock)
{
    const struct entry *entry = (const struct entry *)(const void *)head;

    return clock == BERTH_REALTIME ? loop_real_ms(entry->loop)
                                   : entry->loop->now_ms;
}

/* --------------------------------------------------------------- switching */

/* Another protocol of the plugin, under the same entry. */
static int find_service(struct connection *c,
                        const berth_protocol *protocol,
                        struct switch_order *order)
{
    struct plugin_refusal refusal;
    int error;

    order->entry = connection_entry(c);
    error = entry_serve(order->entry, protocol, &order->service, &refusal);
    if (error == -EINVAL || error == -ENOTSUP) {
        CONNECTION_LOG(c, LOG_ERROR, "cannot be switched: the protocol: %s",
                       refusal.text);
    }
    return error;
}

/* The limits of an entry hold however its connections come. */
static int admit(struct connection *c, struct entry *entry)
{
    struct connections *all = connection_all(c);
    struct address peer;

    if (entry == connection_entry(c)) {
        return 0;
    }
    if (!connections_claim(all, entry)) {
        return -EDQUOT;
    }
    quota_settle(entry->account); /* asked again when it is made */
    if (c->stream.ops->address(&c->stream, true, &peer) < 0) {
        return 0; /* it is gone: the next read tells */
    }
    return connections_enter_peer(all, entry, &peer, &c->peer_slot);
}

static int
find_entry(struct connection *c, const char *name, struct switch_order *order)
{
    order->entry = connections_find_entry(connection_all(c), name);
    if (order->entry == NULL) {
        return -ENOENT;
    }
    order->service = &order->entry->service;
    return admit(c, order->entry);
}

static int host_switch_to(berth_conn *conn,
                          const char *entry,
                          const berth_protocol *protocol,
                          const void *arg,
                          size_t size)
{
    struct connection *c = connection_of(conn);
    struct switch_order order = {.arg_size = size};
    int error;

    if (c->phase != CONNECTION_OPEN) {
        return -EPIPE;
    }
    error = protocol == NULL ? find_entry(c, entry, &order)
                             : find_service(c, protocol, &order);
    if (error == 0 && size > 0) {
        order.arg = malloc(size);
        if (order.arg == NULL) {
            return -ENOMEM;
        }
        memcpy(order.arg, arg, size);
    }
    if (error == 0) {
        error = connection_switch(c, &order);
    }
    if (error < 0) {
        free(order.arg);
    }
    return error;
}

/* --------------------------------------------------------- asking, telling */

static ssize_t give_text(const char *text, void *buffer, size_t size)
{
    return snprintf(buffer, size, "%s", text);
}

static ssize_t get_address(const struct connection *c,
                           enum berth_what what,
                           void *buffer,
                           size_t size)
{
    struct address address;
    size_t length;

    if (c->stream.ops->address(&c->stream, what != BERTH_GET_LOCAL, &address) <
        0) {
        return -ENOENT;
    }
    if (what != BERTH_GET_PEER_IP) {
        return (ssize_t)address_format(&address, buffer, size);
    }
    length = address_format_ip(&address, buffer, size);
    return length == 0 ? -ENOENT : (ssize_t)length;
}

static ssize_t get_arg(const struct connection *c, void *buffer, size_t size)
{
    const struct extra *extra = c->extra;

    if (extra == NULL || extra->arg == NULL) {
        return -ENOENT;
    }
    if (size > extra->arg_size) {
        size = extra->arg_size;
    }
    if (size > 0) {
        memcpy(buffer, extra->arg, size);
    }
    return (ssize_t)extra->arg_size;
}

static ssize_t host_get(const berth_conn *conn,
                        enum berth_what what,
                        void *buffer,
                        size_t size)
{
    const struct connection *c = connection_of(conn);
    const struct connections *all = connection_all(c);
    char number[24];

    switch (what) {
    case BERTH_GET_ID:
        (void)snprintf(number, sizeof(number), "%llu",
                       (unsigned long long)connection_serial(c));
        return give_text(number, buffer, size);
    case BERTH_GET_PEER:
    case BERTH_GET_PEER_IP:
    case BERTH_GET_LOCAL:
        return get_address(c, what, buffer, size);
    case BERTH_GET_LISTENER:
        if (c->listener >= all->listener_count) {
            return -ENOENT;
        }
        return give_text(all->listeners[c->listener], buffer, size);
    case BERTH_GET_ARG:
        return get_arg(c, buffer, size);
    case BERTH_GET_TLS:
    default:
        return -ENOENT;
    }
}

static enum log_level log_level_of(enum berth_level level)
{
    return level > BERTH_DEBUG ? LOG_DEBUG : (enum log_level)level;
}

__attribute__((format(printf, 3, 0))) static void host_log(
    berth_conn *conn, enum berth_level level, const char *format, va_list args)
{
    const struct connection *c = connection_of(conn);
    struct entry *entry = connection_entry(c);
    enum log_level own = log_level_of(level);

    connection_vlog(c, &entry->sites[own], own, format, args);
}

__attribute__((format(printf, 3, 0))) static void host_entry_log(
    berth_entry *head, enum berth_level level, const char *format, va_list args)
{
    struct entry *entry = (struct entry *)(void *)head;
    enum log_level own = log_level_of(level);
    struct log_subject subject = {.entry = head->name};

    if (log_is_wanted(entry->log, own)) {
        log_vwrite(entry->log, &entry->sites[own], own, &subject, format, args);
    }
}

/* As an access line: neither a level nor a rate keeps it back. */
__attribute__((format(printf, 2, 0))) static void
host_record(berth_entry *head, const char *format, va_list args)
{
    const struct entry *entry = (const struct entry *)(const void *)head;
    const struct log_subject subject = {.entry = head->name};
    char text[LOG_RECORD_SIZE];
    const struct log_message message = {
        .level = LOG_INFO,
        .subject = &subject,
        .text = text,
    };

    (void)vsnprintf(text, sizeof(text), format, args);
    log_write_message(entry->log, &message);
}

static void host_count(berth_entry *head, unsigned counter, uint64_t n)
{
    struct entry *entry = (struct entry *)(void *)head;

    if (counter < entry->counter_count) {
        account_count(&entry->account->counters[counter].value, n);
    }
}

static ssize_t host_metrics(const berth_entry *head,
                            enum berth_metrics_format format,
                            char *buffer,
                            size_t size)
{
    const struct host *host = (const struct host *)(const void *)head->host;

    return host->stats == NULL
               ? -ENOENT
               : metrics_write(host->stats, format, buffer, size);
}

/* ----------------------------------------------------------- other threads */

static const struct post_office *office_of(const berth_host *table)
{
    return &((const struct host *)(const void *)table)->office;
}

static berth_ref host_ref_of(berth_conn *conn)
{
    return (berth_ref){
        .host = conn->host,
        .owner = conn,
        .id = connection_of(conn)->id,
    };
}

static int host_post(berth_ref ref, berth_post_fn *fn, void *arg)
{
    return post_to_connection(office_of(ref.host), &ref, fn, arg);
}

static int host_entry_post(berth_entry *entry, berth_entry_fn *fn, void *arg)
{
    return post_to_entry(office_of(entry->host), entry, fn, arg);
}

static int
host_work(berth_conn *conn, berth_job_fn *job, berth_post_fn *done, void *arg)
{
    const berth_ref ref = host_ref_of(conn);

    return post_work(office_of(conn->host), &ref, job, done, arg);
}

static int host_entry_work(berth_entry *entry,
                           berth_job_fn *job,
                           berth_entry_fn *done,
                           void *arg)
{
    return post_entry_work(office_of(entry->host), entry, job, done, arg);
}

static const berth_host table = {
    .size = sizeof(table),
    .write = host_write,
    .writev = host_writev,
    .write_owned = host_write_owned,
    .sendfile = host_sendfile,
    .reserve = host_reserve,
    .commit = host_commit,
    .room = host_room,
    .pause = host_pause,
    .resume = host_resume,
    .shutdown = host_shutdown,
    .close = host_close,
    .abort = host_abort,
    .deadline = host_deadline,
    .tick = host_tick,
    .now = host_now,
    .switch_to = host_switch_to,
    .get = host_get,
    .log = host_log,
    .entry_log = host_entry_log,
    .count = host_count,
    .ref_of = host_ref_of,
    .post = host_post,
    .entry_post = host_entry_post,
    .work = host_work,
    .entry_work = host_entry_work,
    .record = host_record,
    .metrics = host_metrics,
    .finish = host_finish,
};

void host_init(struct host *host)
{
    *host = (struct host){.table = table};
}
