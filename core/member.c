/* SPDX-License-Identifier: MIT */
#include "member.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process that ends before it was ready for that long has lived shortly. */
#define SHORT_LIFE_MS 1000
/* The next try comes after so long, and twice as long each time, up to the
   second; after a longer life at once. */
#define RETRY_FIRST_MS 100
#define RETRY_LAST_MS 10000
#define DOUBLINGS_MAX 10
/* An order is tried so often more where the channel is full. */
#define SENDS_MAX 3

static void retry(struct source *source)
{
    struct member *member = CONTAINER_OF(source, struct member, source);

    member->parts->ops->retry(member);
}

static const struct source_ops member_ops = {.expired = retry};

void member_init(struct member *member,
                 const struct member_parts *parts,
                 uint32_t number)
{
    *member = (struct member){
        .parts = parts,
        .number = number,
        .slot = -1,
        .channel = {.fd = -1},
    };
    source_init(&member->source, &member_ops);
}

static void leave_slot(struct member *member)
{
    if (member->slot >= 0) {
        stats_retire(member->parts->stats, (unsigned)member->slot);
        member->slot = -1;
    }
}

void member_fini(struct member *member)
{
    loop_cancel_timer(&member->source);
    channel_close(&member->channel);
    leave_slot(member);
}

/* ------------------------------------------------------------------ listening */

static void take_result(struct member *member,
                        const struct channel_message *message)
{
    struct crew_result result;

    if (message->size == sizeof(result)) {
        memcpy(&result, message->data, sizeof(result));
        member->parts->ops->done(member, &result, message->fd);
    } else if (message->fd >= 0) {
        (void)close(message->fd);
    }
}

static void hear(void *owner, const struct channel_message *message)
{
    struct member *member = owner;
    const struct member_ops *ops = member->parts->ops;

    if (message->type == CREW_DONE) {
        take_result(member, message);
        return;
    }
    if (message->fd >= 0) {
        (void)close(message->fd);
    }
    if (message->type == CREW_READY && member->state == MEMBER_STARTING) {
        member->state = MEMBER_READY;
        member->ready_ms = member->parts->loop->now_ms;
        ops->ready(member);
    } else if (message->type == CREW_REFUSED) {
        ops->refused(member, message->data, message->size);
    } else if (message->type == CREW_STOPPED) {
        member->state = MEMBER_STOPPED;
        ops->stopped(member);
    } else if (message->type == CREW_LEAVING) {
        member->is_leaving = true;
    }
}

/* ------------------------------------------------------------------- starting */

/* What the new process is given. */
struct launch {
    const struct member *member;
    int channel;
};

static int run(void *arg, bool *may_free)
{
    const struct launch *launch = arg;
    const struct member *member = launch->member;
    const struct member_parts *from = member->parts;
    struct index_set aside = *from->aside;
    const struct crew_parts parts = {
        .source = from->source,
        .log = from->crew_log,
        .stats = from->stats,
        .slot = (unsigned)member->slot,
        .channel = launch->channel,
        .addresses =
            {
                .shards = (const struct shards *const *)from->shards,
                .workers = from->workers,
                .count = from->address_count,
                .worker = member->number,
            },
        .aside = &aside,
    };
    int error;

    index_set_join(&aside, from->drained);
    error = identity_drop(from->identity, from->supervisor);
    if (error < 0) {
        LOG(from->crew_log, LOG_ERROR, NULL,
            "a worker cannot change its user: %s", strerror(-error));
        return EXIT_FAILURE;
    }
    return crew_run(&parts, may_free);
}

static void add_sockets(const struct member_parts *from,
                        struct process_parts *parts)
{
    for (size_t i = 0; i < from->address_count; i++) {
        const struct shards *shards = from->shards[i];

        for (size_t k = 0; shards != NULL && k < shards->count; k++) {
            parts->keep[parts->keep_count++] = shards->sockets[k].fd;
        }
    }
}

static size_t count_sockets(const struct member_parts *from)
{
    size_t count = 0;

    for (size_t i = 0; i < from->address_count; i++) {
        count += from->shards[i] == NULL ? 0 : from->shards[i]->count;
    }
    return count;
}

/* Descriptors that the process needs; the array is the caller's. */
static int list_descriptors(const struct member_parts *from,
                            int channel,
                            struct process_parts *parts)
{
    const struct snapshot *snapshot = from->source->folders.snapshot;
    const size_t files = snapshot_count(snapshot);

    parts->keep = calloc(files + count_sockets(from) + 3, sizeof(int));
    if (parts->keep == NULL) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < files; i++) {
        const int fd = snapshot_at(snapshot, i)->fd;

        if (fd >= 0) {
            parts->keep[parts->keep_count++] = fd;
        }
    }
    add_sockets(from, parts);
    parts->keep[parts->keep_count++] = from->crew_log->fd;
    parts->keep[parts->keep_count++] = stats_fd(from->stats);
    parts->keep[parts->keep_count++] = channel;
    return 0;
}

static pid_t fork_process(struct member *member, int channel)
{
    struct launch launch = {member, channel};
    struct process_parts parts = {.run = run, .arg = &launch};
    pid_t pid = list_descriptors(member->parts, channel, &parts);

    if (pid == 0) {
        pid = process_start(&parts);
    }
    free(parts.keep);
    return pid;
}

/* It keeps the one that it has: its successors count there, too. */
static int take_slot(struct member *member)
{
    if (member->slot < 0) {
        member->slot = stats_claim(member->parts->stats, member->number,
                                   member->parts->generation);
    }
    return member->slot < 0 ? member->slot : 0;
}

int member_start(struct member *member)
{
    int ends[2] = {-1, -1};
    int error = take_slot(member);
    pid_t pid = 0;

    if (error == 0) {
        error = channel_pair(ends);
    }
    if (error < 0) {
        return error;
    }
    error = channel_open(&member->channel, member->parts->loop, ends[0], hear,
                         member);
    if (error == 0) {
        pid = fork_process(member, ends[1]);
        error = pid < 0 ? pid : 0;
    }
    (void)close(ends[1]);
    if (error < 0) {
        channel_close(&member->channel);
        return error;
    }
    member->pid = pid;
    member->state = MEMBER_STARTING;
    member->is_leaving = false;
    member->is_killed = false;
    member->is_stuck = false;
    return 0;
}

int member_adopt(struct member *member,
                 pid_t pid,
                 enum member_state state,
                 int slot,
                 int channel)
{
    member->pid = pid;
    member->state = state;
    member->slot = slot;
    if (channel < 0) {
        return 0;
    }
    return channel_open(&member->channel, member->parts->loop, channel, hear,
                        member);
}

int member_send(struct member *member, const struct channel_message *message)
{
    return member->channel.fd < 0 || member->is_killed
               ? -EPIPE
               : channel_send(member->channel.fd, message);
}

static void meet_deaf(struct member *member)
{
    char where[200];

    member_describe(member->parts->stats, member->slot, where, sizeof(where));
    LOG(member->parts->log, LOG_ERROR, NULL,
        "worker %u (process %ld) does not read what it is told%s%s: it is "
        "killed",
        member->number, (long)member->pid,
        where[0] == '\0' ? "" : ", it is in ", where);
    member->is_stuck = true;
    member_kill(member);
}

int member_order(struct member *member, const struct channel_message *message)
{
    int error = member_send(member, message);

    /* He may be about to read: nobody is killed for a moment's sake. */
    for (int i = 0; i < SENDS_MAX && error == -EAGAIN; i++) {
        (void)sched_yield();
        error = member_send(member, message);
    }
    if (error == -EAGAIN) {
        meet_deaf(member);
    } else if (error < 0 && error != -EPIPE && error != -ECONNRESET) {
        LOG(member->parts->log, LOG_ERROR, NULL,
            "worker %u (process %ld) cannot be told what to do: %s",
            member->number, (long)member->pid, strerror(-error));
    }
    return error;
}

void member_kill(struct member *member)
{
    loop_cancel_timer(&member->source);
    if (member->pid != 0) {
        member->is_killed = true;
        (void)kill(member->pid, SIGKILL);
    }
}

/* ------------------------------------------------------------------ its end */

static void put_doing(const struct stats_doing *doing, char *text, size_t size)
{
    const char *name = crumb_callback_name(doing->callback);
    char plugin[ACCOUNT_NAME_SIZE + 16] = "";
    char connection[40] = "";

    if (strcmp(doing->entry, doing->protocol) != 0) {
        (void)snprintf(plugin, sizeof(plugin), " (plugin '%s')",
                       doing->protocol);
    }
    if (doing->connection != 0) {
        (void)snprintf(connection, sizeof(connection), ", connection %llu",
                       (unsigned long long)doing->connection);
    }
    if (doing->entry[0] == '\0') {
        (void)snprintf(text, size, "%s", name);
    } else {
        (void)snprintf(text, size, "%s of '%s'%s%s", name, doing->entry, plugin,
                       connection);
    }
}

void member_describe(const struct stats *stats,
                     int slot,
                     char *text,
                     size_t size)
{
    struct stats_doing doing;

    text[0] = '\0';
    if (slot >= 0) {
        stats_doing(stats, (unsigned)slot, &doing);
        if (doing.in_callback) {
            put_doing(&doing, text, size);
        }
    }
}

/* An exit(3) that nobody asked for counts, too. */
static bool is_fault(const struct member *member,
                     int status,
                     const struct stats_death *death)
{
    if (member->is_leaving || member->is_killed) {
        return false;
    }
    return atomic_load(&death->is_noted) != 0 ? atomic_load(&death->is_own) != 0
                                              : WIFEXITED(status);
}

/* Where a sanitizer turns a signal into an exit the notes tell of it. */
static int find_status(int status, const struct stats_death *death)
{
    return WIFEXITED(status) && atomic_load(&death->is_noted) != 0
               ? atomic_load(&death->signal) & 0x7f
               : status;
}

static void
explain(const struct member *member, int status, struct member_end *end)
{
    const unsigned slot = (unsigned)member->slot;
    const struct stats_death *death =
        member->slot < 0 ? NULL : stats_death(member->parts->stats, slot);
    struct stats_doing doing = {.in_callback = false};
    char how[PROCESS_TEXT_MAX];
    char where[200] = "";

    *end = (struct member_end){.is_fault = false};
    if (death != NULL) {
        stats_doing(member->parts->stats, slot, &doing);
        end->is_fault = is_fault(member, status, death);
        status = find_status(status, death);
    }
    process_describe_end(status, how);
    if (doing.in_callback) {
        put_doing(&doing, where, sizeof(where));
        memcpy(end->entry, doing.entry, sizeof(end->entry));
    }
    (void)snprintf(end->text, sizeof(end->text), "%s%s%s", how,
                   where[0] == '\0' ? "" : " in ", where);
}

void member_reap(struct member *member,
                 int status,
                 bool is_replaced,
                 struct member_end *end)
{
    const struct member_parts *parts = member->parts;

    channel_finish(&member->channel);
    explain(member, status, end);
    member->crashes += end->is_fault ? 1 : 0;
    if (end->is_fault && end->entry[0] != '\0') {
        stats_crashed(parts->stats, (unsigned)member->slot, end->entry);
    }
    if (!is_replaced) {
        leave_slot(member);
    } else if (member->slot >= 0) {
        stats_reset(parts->stats, (unsigned)member->slot);
    }
    if (member->state == MEMBER_STARTING ||
        parts->loop->now_ms - member->ready_ms < SHORT_LIFE_MS) {
        member->failures++;
    } else {
        member->failures = 0;
    }
    if (!end->is_fault && member->state != MEMBER_STARTING) {
        member->failures = 0; /* somebody else's doing */
    }
    member->pid = 0;
    member->state = MEMBER_AWAY;
}

void member_retry(struct member *member)
{
    uint64_t wait_ms = 0;

    if (member->failures > 1) {
        const uint32_t doublings = member->failures - 2 < DOUBLINGS_MAX
                                       ? member->failures - 2
                                       : DOUBLINGS_MAX;

        wait_ms = (uint64_t)RETRY_FIRST_MS << doublings;
    }
    loop_set_timer(member->parts->loop, &member->source,
                   wait_ms < RETRY_LAST_MS ? wait_ms : RETRY_LAST_MS);
}

bool member_is_stuck(struct member *member, uint64_t limit_ms)
{
    const uint64_t now_ms = member->parts->loop->now_ms;
    struct stats_doing doing;

    if (member->slot < 0) {
        return false;
    }
    stats_doing(member->parts->stats, (unsigned)member->slot, &doing);
    if (!doing.in_callback || doing.sequence != member->seen) {
        member->seen = doing.sequence;
        member->seen_ms = now_ms;
        return false;
    }
    return now_ms - member->seen_ms >= limit_ms;
}
