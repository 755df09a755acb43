/* SPDX-License-Identifier: MIT */
#include "simulator.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "driver.h"
#include "host.h"

#define TURNS_MAX 1000000
#define START_MS 1000000

/* ------------------------------------------------------------------- bytes */

/* Tests have no use for going on without memory. */
static void append(const struct peer *peer,
                   struct bytes *bytes,
                   const void *data,
                   size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        bytes->capacity = 2 * (bytes->size + size);
        bytes->data = peer->simulator->reallocate(bytes->data, bytes->capacity);
        if (bytes->data == NULL) {
            abort();
        }
    }
    if (size > 0) {
        memcpy(bytes->data + bytes->size, data, size);
    }
    bytes->size += size;
}

/* ------------------------------------------------------------------ stream */

static ssize_t sim_read(struct stream *stream, void *buffer, size_t size)
{
    struct peer *peer = stream->context;
    size_t left = peer->sent.size - peer->sent.taken;
    int error = peer->fail_read;

    peer->reads++;
    peer->fail_read = 0;
    if (error != 0) {
        return error;
    }
    if (left > 0) {
        size_t count = size < left ? size : left;

        memcpy(buffer, peer->sent.data + peer->sent.taken, count);
        peer->sent.taken += count;
        if (count == left) {
            peer->reported &= ~(uint32_t)SELECTOR_READ;
        }
        return (ssize_t)count;
    }
    if (peer->is_reset) {
        return -ECONNRESET;
    }
    if (peer->is_finished) {
        return 0;
    }
    peer->reported &= ~(uint32_t)SELECTOR_READ;
    return -EAGAIN;
}

static size_t room_of(const struct peer *peer)
{
    return peer->window < peer->write_most ? peer->window : peer->write_most;
}

static ssize_t
sim_writev(struct stream *stream, const struct iovec *iov, int count, bool more)
{
    struct peer *peer = stream->context;
    size_t room = room_of(peer);
    size_t taken = 0;
    int error = peer->fail_write;

    peer->writes++;
    peer->is_corked = more;
    if (error != 0 || peer->is_reset || peer->has_end) {
        peer->fail_write = 0;
        return error != 0 ? error : -EPIPE;
    }
    for (int i = 0; i < count && taken < room; i++) {
        size_t size = iov[i].iov_len;

        if (size > room - taken) {
            size = room - taken;
        }
        append(peer, &peer->received, iov[i].iov_base, size);
        taken += size;
    }
    if (peer->window != PEER_READS_ALL) {
        peer->window -= taken;
    }
    peer->reported &= ~(uint32_t)SELECTOR_WRITE;
    return taken == 0 ? -EAGAIN : (ssize_t)taken;
}

static ssize_t sim_write(struct stream *stream, const void *data, size_t size)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};

    return sim_writev(stream, &iov, 1, false);
}

static ssize_t
sim_sendfile(struct stream *stream, int fd, uint64_t offset, size_t size)
{
    static char block[65536];
    struct iovec iov = {.iov_base = block};
    ssize_t count = pread(
        fd, block, size < sizeof(block) ? size : sizeof(block), (off_t)offset);

    if (count <= 0) {
        return count < 0 ? -errno : 0;
    }
    iov.iov_len = (size_t)count;
    return sim_writev(stream, &iov, 1, false);
}

static void sim_shutdown(struct stream *stream)
{
    struct peer *peer = stream->context;

    peer->has_end = true;
}

static void sim_close(struct stream *stream, bool reset)
{
    struct peer *peer = stream->context;
    bool is_unread = peer->sent.taken < peer->sent.size;

    peer->has_end = true;
    peer->is_closed = true;
    /* As the kernel: unread bytes turn a close into a reset. */
    peer->is_closed_by_reset = reset || is_unread;
    peer->watched = STREAM_NONE;
    peer->source = NULL;
    peer->connection = NULL;
}

/* There is no kernel in between. */
static size_t sim_unacknowledged(const struct stream *stream)
{
    (void)stream;
    return 0;
}

static int sim_error(struct stream *stream)
{
    const struct peer *peer = stream->context;

    return peer->is_reset ? -ECONNRESET : 0;
}

static int
sim_address(const struct stream *stream, bool is_peer, struct address *address)
{
    struct sockaddr_un unix_address = {.sun_family = AF_UNIX};

    (void)stream;
    (void)is_peer;
    memset(address, 0, sizeof(*address));
    memcpy(&address->storage, &unix_address, sizeof(unix_address));
    address->size = sizeof(unix_address.sun_family);
    return 0;
}

static int sim_watch(struct stream *stream,
                     const struct selector *selector,
                     uint32_t before,
                     uint32_t events,
                     enum selector_trigger trigger,
                     void *tag)
{
    struct peer *peer = stream->context;
    int error = peer->watch_error;

    (void)selector;
    (void)trigger;
    peer->watch_error = 0;
    if (error != 0) {
        return error;
    }
    if (before != peer->watched) {
        return -EINVAL;
    }
    peer->watched = events;
    peer->watches++;
    peer->source = tag;
    peer->reported = 0;
    return 0;
}

static const struct stream_ops sim_ops = {
    .read = sim_read,
    .write = sim_write,
    .writev = sim_writev,
    .sendfile = sim_sendfile,
    .shutdown = sim_shutdown,
    .close = sim_close,
    .unacknowledged = sim_unacknowledged,
    .error = sim_error,
    .address = sim_address,
    .watch = sim_watch,
};

/* ---------------------------------------------------------------- recorder */

void simulator_note_close(const berth_conn *c, int why)
{
    struct peer *peer = connection_of(c)->stream.context;

    if (why == BERTH_SWITCHED) {
        peer->switches++;
    } else {
        peer->closes++;
        peer->why = why;
        peer->connection = NULL;
    }
}

static void record_close(berth_conn *c, int why)
{
    const struct peer *peer = connection_of(c)->stream.context;
    const struct simulator *simulator = peer->simulator;
    const berth_protocol *original =
        simulator->originals[entry_of(c) - simulator->entries];

    simulator_note_close(c, why);
    if (original->on_close != NULL) {
        original->on_close(c, why);
    }
}

/* --------------------------------------------------------------- simulator */

static uint64_t read_clock(void *arg)
{
    const struct simulator *simulator = arg;

    return simulator->now_ms;
}

static uint64_t read_wall(void *arg)
{
    const struct simulator *simulator = arg;

    return simulator->wall_ms + (simulator->now_ms - START_MS);
}

static bool end_turn(void *arg)
{
    struct simulator *simulator = arg;

    return driver_end_turn(&simulator->connections);
}

static const struct limits default_limits = {
    .input = 65536,
    .output = 1048576,
    .idle_ms = 300000,
    .stall_ms = 30000,
};

static int start_entry(struct simulator *simulator,
                       const struct simulator_parts *parts)
{
    const berth_protocol *original = parts->protocol;
    size_t index = simulator->entry_count;
    struct entry *entry = &simulator->entries[index];
    berth_protocol *protocol = &simulator->protocols[index];
    struct entry_parts made = {
        .name = parts->name == NULL ? original->name : parts->name,
        .protocol = protocol,
        .counter_count = parts->counter_count,
        .settings = parts->settings,
        .limits = &simulator->limits,
        .host = &simulator->host.table,
        .connections = &simulator->connections,
        .loop = &simulator->loop,
        .watch = &simulator->watch,
        .log = &simulator->log,
    };
    berth_error refusal = {.size = sizeof(refusal)};
    int error;

    simulator->originals[index] = original;
    *protocol = *original;
    protocol->on_close = record_close;
    error = entry_init(entry, &made);
    if (error < 0) {
        return error;
    }
    error = entry_start(entry, &refusal);
    if (error < 0) {
        (void)snprintf(simulator->refusal, sizeof(simulator->refusal), "%s",
                       refusal.text);
        entry_fini(entry);
        return error;
    }
    simulator->connections.entry_count = ++simulator->entry_count;
    return 0;
}

int simulator_add_entry(struct simulator *simulator,
                        const struct simulator_parts *parts)
{
    return simulator->entry_count == SIMULATOR_ENTRIES_MAX
               ? -ENOSPC
               : start_entry(simulator, parts);
}

int simulator_add(struct simulator *simulator,
                  const berth_protocol *protocol,
                  const void *settings)
{
    const struct simulator_parts parts = {
        .protocol = protocol,
        .settings = settings,
    };

    return simulator_add_entry(simulator, &parts);
}

static int open_office(struct simulator *simulator, size_t threads)
{
    const struct pool_options options = {
        .threads = threads == 0 ? 2 : threads,
        .queue = 16,
    };
    int error = mailbox_open(&simulator->loop, &simulator->mailbox);

    if (error == 0) {
        error = pool_new(&options, simulator->mailbox, &simulator->pool);
    }
    simulator->host.office = (struct post_office){
        .connections = &simulator->connections,
        .mailbox = simulator->mailbox,
        .pool = simulator->pool,
    };
    return error;
}

int simulator_init(struct simulator *simulator,
                   const struct simulator_parts *parts)
{
    static const char *const listeners[] = {"simulator"};
    const struct connections_parts connections = {
        .connection_size = sizeof(struct connection),
        .extra_size = sizeof(struct extra),
        .loop = &simulator->loop,
        .log = &simulator->log,
        .host = &simulator->host.table,
        .trigger = parts->trigger,
    };
    int error;

    memset(simulator, 0, sizeof(*simulator));
    simulator->now_ms = START_MS;
    simulator->wall_ms =
        parts->wall_ms == 0 ? SIMULATOR_WALL_MS : parts->wall_ms;
    simulator->reallocate =
        parts->reallocate == NULL ? realloc : parts->reallocate;
    host_init(&simulator->host);
    if (parts->adapt != NULL) {
        parts->adapt(&simulator->host.table);
    }
    simulator->limits = parts->limits == NULL ? default_limits : *parts->limits;
    list_init(&simulator->peers);
    error =
        log_open(&simulator->log, parts->log_path, parts->log_level, LOG_TEXT);
    if (error == 0) {
        watch_init(&simulator->watch, 0, NULL);
        error = loop_open(&simulator->loop, read_clock, simulator, end_turn,
                          simulator);
        simulator->loop.wall = read_wall;
    }
    if (error == 0) {
        error = connections_init(&simulator->connections, &connections);
        slab_use_store(&simulator->connections.slab, parts->store);
        slab_use_store(&simulator->connections.extras, parts->store);
        simulator->connections.entries = simulator->entries;
        simulator->connections.listeners = listeners;
        simulator->connections.listener_count = 1;
    }
    if (error == 0) {
        error = open_office(simulator, parts->threads);
    }
    return error == 0 ? start_entry(simulator, parts) : error;
}

static void free_peer(struct peer *peer)
{
    free(peer->sent.data);
    free(peer->received.data);
    free(peer);
}

void simulator_fini(struct simulator *simulator)
{
    driver_kill_all(&simulator->connections);
    (void)pool_abandon(simulator->pool);
    while (pool_unfinished(simulator->pool) > 0) {
        (void)sched_yield(); /* a test lets its jobs end */
    }
    mailbox_shut(simulator->mailbox);
    mailbox_deliver_rest(simulator->mailbox);
    driver_kill_all(&simulator->connections);
    while (simulator->entry_count > 0) {
        struct entry *entry = &simulator->entries[--simulator->entry_count];

        entry_stop(entry);
        entry_fini(entry);
    }
    pool_free(simulator->pool);
    mailbox_close(simulator->mailbox);
    connections_fini(&simulator->connections);
    loop_close(&simulator->loop);
    log_close(&simulator->log);
    for (struct list *link = simulator->peers.next;
         link != &simulator->peers;) {
        struct peer *peer = CONTAINER_OF(link, struct peer, link);

        link = link->next;
        free_peer(peer);
    }
}

struct peer *simulator_prepare(struct simulator *simulator)
{
    struct peer *peer = simulator->reallocate(NULL, sizeof(*peer));

    if (peer == NULL) {
        return NULL;
    }
    *peer = (struct peer){
        .simulator = simulator,
        .watched = STREAM_NONE,
        .window = PEER_READS_ALL,
        .write_most = SIZE_MAX,
    };
    list_append(&simulator->peers, &peer->link);
    return peer;
}

void simulator_open(struct peer *peer)
{
    struct driver_newcomer newcomer = {
        .entry = &peer->simulator->entry,
        .stream = {.ops = &sim_ops, .context = peer},
        .peer_slot = CONNECTIONS_NO_PEER,
    };

    if (driver_open(&newcomer) == 0 && peer->source != NULL) {
        peer->connection =
            CONTAINER_OF(peer->source, struct connection, source);
    }
}

struct peer *simulator_connect(struct simulator *simulator)
{
    struct peer *peer = simulator_prepare(simulator);

    if (peer != NULL) {
        simulator_open(peer);
    }
    return peer;
}

/* What epoll_wait(2) would report now, of what is watched. */
static uint32_t find_events(const struct peer *peer)
{
    uint32_t events = 0;
    uint32_t ready;

    if (peer->sent.taken < peer->sent.size || peer->is_finished ||
        peer->is_reset) {
        events |= SELECTOR_READ;
    }
    if (peer->is_finished || peer->is_reset) {
        events |= SELECTOR_PEER_END;
    }
    if (room_of(peer) > 0 || peer->is_reset) {
        events |= SELECTOR_WRITE;
    }
    ready = events & peer->watched;
    if (peer->is_reset) {
        ready |= SELECTOR_ERROR | SELECTOR_HANGUP;
    } else if (peer->is_finished && peer->has_end) {
        ready |= SELECTOR_HANGUP;
    }
    return ready;
}

/* What would be reported now that has not been reported yet. */
static uint32_t find_reports(const struct peer *peer)
{
    uint32_t events;

    if (peer->source == NULL || peer->watched == STREAM_NONE) {
        return 0;
    }
    events = find_events(peer);
    if (peer->simulator->connections.trigger == SELECTOR_EDGE) {
        events &= ~peer->reported;
    }
    return events;
}

/* The real selector is asked only where it has something to report: of the
   mailbox, there is nothing else in it. */
static void turn(struct simulator *simulator)
{
    simulator->loop.is_busy = true; /* it is not waited for */
    if (mailbox_is_empty(simulator->mailbox)) {
        loop_turn_blind(&simulator->loop);
    } else {
        (void)loop_turn(&simulator->loop);
    }
}

/* Its flags say what there is. */
static void check_flags(const struct connection *c)
{
    bool has_input = (c->flags & CONNECTION_HAS_INPUT) != 0;
    bool has_output = (c->flags & CONNECTION_HAS_OUTPUT) != 0;

    if (has_input != (c->input != NULL) || has_output != (c->output != NULL)) {
        (void)fprintf(stderr, "the flags of a connection are wrong: 0x%x\n",
                      c->flags);
        abort();
    }
}

bool simulator_turn(struct simulator *simulator)
{
    bool is_active = false;
    struct list *link;

    simulator->loop.now_ms = simulator->now_ms;
    simulator->loop.real_ms = 0;
    for (link = simulator->peers.next; link != &simulator->peers;
         link = link->next) {
        struct peer *peer = CONTAINER_OF(link, struct peer, link);
        uint32_t events = find_reports(peer);

        if (events != 0) {
            peer->reported |= events;
            peer->source->ops->ready(peer->source, find_events(peer));
        }
    }
    turn(simulator);
    for (link = simulator->peers.next; link != &simulator->peers;
         link = link->next) {
        const struct peer *peer = CONTAINER_OF(link, struct peer, link);

        is_active |= find_reports(peer) != 0;
        if (peer->connection != NULL) {
            check_flags(peer->connection);
        }
    }
    return is_active || simulator->loop.is_busy ||
           !mailbox_is_empty(simulator->mailbox);
}

void simulator_run(struct simulator *simulator)
{
    for (int turns = 0; simulator_turn(simulator); turns++) {
        if (turns == TURNS_MAX) {
            (void)fprintf(stderr, "the server never comes to rest\n");
            abort();
        }
    }
}

void simulator_await(struct simulator *simulator)
{
    struct pollfd selector = {.fd = simulator->loop.selector.fd,
                              .events = POLLIN};

    (void)poll(&selector, 1, -1);
    simulator_run(simulator);
}

/* Where no job is left, what comes of them is in the mailbox. */
void simulator_settle(struct simulator *simulator)
{
    simulator_run(simulator);
    while (pool_unfinished(simulator->pool) > 0 ||
           !mailbox_is_empty(simulator->mailbox)) {
        simulator_await(simulator);
    }
}

void simulator_wait(struct simulator *simulator, uint64_t ms)
{
    uint64_t end_ms = simulator->now_ms + ms;

    simulator_run(simulator);
    while (simulator->now_ms < end_ms) {
        int64_t next_ms = timer_wheel_next(&simulator->loop.wheel);
        uint64_t left_ms = end_ms - simulator->now_ms;

        if (next_ms < 0 || (uint64_t)next_ms > left_ms) {
            simulator->now_ms = end_ms;
        } else {
            simulator->now_ms += (uint64_t)(next_ms == 0 ? 1 : next_ms);
        }
        simulator_run(simulator);
    }
}

/* -------------------------------------------------------------------- peer */

void peer_send(struct peer *peer, const void *data, size_t size)
{
    append(peer, &peer->sent, data, size);
    peer->reported &= ~(uint32_t)SELECTOR_READ;
}

void peer_finish(struct peer *peer)
{
    peer->is_finished = true;
    peer->reported &= ~(uint32_t)SELECTOR_READ;
}

void peer_reset(struct peer *peer)
{
    peer->is_reset = true;
    peer->reported = 0;
}

const char *peer_take(struct peer *peer, size_t *size)
{
    size_t taken = peer->received.taken;

    *size = peer->received.size - taken;
    peer->received.taken = peer->received.size;
    return *size == 0 ? "" : peer->received.data + taken;
}
