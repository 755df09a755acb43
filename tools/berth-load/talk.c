/* SPDX-License-Identifier: MIT */
#include "talk.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "moment.h"

/* Reads of a connection in a turn, and messages that are begun in one: nobody
   keeps the others waiting. */
#define READS_MAX 4
#define BEGUN_MAX 256

static bool is_open_loop(const struct crowd *crowd)
{
    return crowd->options->rate > 0;
}

/* Fewer talk at a time than there are. */
static bool takes_turns(const struct crowd *crowd)
{
    return crowd->active_max < crowd->talkers;
}

static bool may_begin(const struct crowd *crowd, const struct client *client)
{
    const uint64_t reconnect = crowd->options->reconnect;

    return client_has_room(client) &&
           (client->is_idle || reconnect == 0 || client->messages < reconnect);
}

/* ----------------------------------------------------------------- sending */

static void flush(struct crowd *crowd, struct client *client)
{
    const bool was_waiting = client->wants_write;
    int error;

    if (client->phase != CLIENT_OPEN) {
        return; /* it is going to be */
    }
    error = client_send(client, crowd->pattern);
    if (error < 0) {
        crowd_fail_call(crowd, client, "send", error);
    } else if (client->wants_write != was_waiting) {
        crowd_watch(crowd, client);
    }
}

/* Notes a message, and connects if that is yet to be done. */
static bool begin(struct crowd *crowd, struct client *client, uint64_t begun_ns)
{
    if (client->phase == CLIENT_CLOSED && !crowd_open(crowd, client)) {
        return false;
    }
    if (client->pending == 0) {
        client->moved_ns = crowd->now_ns;
        crowd->active += client->is_idle ? 0 : 1;
    }
    client_begin(client, crowd->pattern, begun_ns);
    return true;
}

/* As many as may be, to be sent at once. */
static void begin_all(struct crowd *crowd, struct client *client)
{
    while (may_begin(crowd, client)) {
        if (!begin(crowd, client, crowd->now_ns)) {
            return;
        }
    }
    flush(crowd, client);
}

static void make_ready(struct crowd *crowd, struct client *client)
{
    if (list_is_empty(&client->link)) {
        list_append(&crowd->ready, &client->link);
    }
}

static struct client *next_ready(struct crowd *crowd)
{
    struct list *link = crowd->ready.next;

    list_remove(link);
    return CONTAINER_OF(link, struct client, link);
}

static void pump_due(struct crowd *crowd)
{
    crowd->now_ns = moment_now();
    for (int i = 0; i < BEGUN_MAX && !list_is_empty(&crowd->ready); i++) {
        const uint64_t due_ns = schedule_due_ns(&crowd->schedule);
        struct client *client;

        if (due_ns > crowd->now_ns) {
            break;
        }
        client = next_ready(crowd);
        schedule_pass(&crowd->schedule);
        if (!begin(crowd, client, due_ns)) {
            continue;
        }
        if (due_ns >= crowd->begin_ns && due_ns < crowd->end_ns) {
            latency_add(&crowd->result->lag, crowd->now_ns - due_ns);
        }
        if (may_begin(crowd, client)) {
            make_ready(crowd, client);
        }
        flush(crowd, client);
        crowd->now_ns = moment_now();
    }
}

static void pump_turns(struct crowd *crowd)
{
    for (int i = 0; i < BEGUN_MAX && crowd->active < crowd->active_max &&
                    !list_is_empty(&crowd->ready);
         i++) {
        crowd->now_ns = moment_now();
        begin_all(crowd, next_ready(crowd));
    }
}

void talk_pump(struct crowd *crowd)
{
    if (crowd->phase != CROWD_TALKING) {
        return;
    }
    if (is_open_loop(crowd)) {
        pump_due(crowd);
    } else if (takes_turns(crowd)) {
        pump_turns(crowd);
    }
}

void talk_again(struct crowd *crowd, struct client *client)
{
    if (!client->is_idle && crowd->phase != CROWD_TALKING) {
        return;
    }
    if (!client->is_idle && (is_open_loop(crowd) || takes_turns(crowd))) {
        make_ready(crowd, client);
    } else {
        begin_all(crowd, client);
    }
}

void talk_start(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->talkers; i++) {
        struct client *client = &crowd->clients[i];

        /* One that failed has its time to wait. */
        if (list_is_empty(&client->link)) {
            crowd->now_ns = moment_now();
            talk_again(crowd, client);
        }
    }
}

/* ----------------------------------------------------------------- leaving */

/* Says that it will say no more; but where the request did so, the server ends
   by itself. */
static void leave(struct crowd *crowd, struct client *client)
{
    client->phase = CLIENT_LEAVING;
    client->moved_ns = crowd->now_ns;
    list_remove(&client->link);
    if (crowd->options->profile != PROFILE_HTTP ||
        crowd->options->reconnect != 1) {
        (void)shutdown(client->fd, SHUT_WR);
    }
}

void talk_finish(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->talkers; i++) {
        struct client *client = &crowd->clients[i];

        if (client->phase == CLIENT_OPEN && client->pending == 0) {
            leave(crowd, client);
        } else if (client->phase == CLIENT_CONNECTING && client->pending == 0) {
            crowd_close(crowd, client);
        }
    }
}

/* All is well; what comes next? */
static void go_on(struct crowd *crowd, struct client *client)
{
    const bool is_last = client->reply.is_last ||
                         (crowd->options->reconnect > 0 && !client->is_idle &&
                          client->messages >= crowd->options->reconnect);

    if (client->is_idle) {
        crowd_settle(crowd, client);
        return;
    }
    if (is_last || crowd->phase == CROWD_FINISHING) {
        if (client->pending == 0) {
            leave(crowd, client);
        }
        return;
    }
    if (!is_open_loop(crowd) && !takes_turns(crowd)) {
        begin_all(crowd, client);
    } else if (is_open_loop(crowd) || client->pending == 0) {
        make_ready(crowd, client);
    }
}

/* --------------------------------------------------------------- receiving */

static void end_messages(struct crowd *crowd, struct client *client, size_t n)
{
    struct result *result = crowd->result;

    for (size_t i = 0; i < n; i++) {
        const uint64_t begun_ns = client_end(client);

        if (begun_ns >= crowd->begin_ns && begun_ns < crowd->end_ns) {
            latency_add(&result->latency, crowd->now_ns - begun_ns);
        }
    }
    if (client->is_idle || n == 0) {
        return;
    }
    crowd->active -= client->pending == 0 ? 1 : 0;
    crowd->messages += n;
    if (crowd->is_measuring) {
        result->messages += n;
    }
}

/* Bytes that come back as they were sent. Returns how many messages they
   complete, -1: it failed. */
static int take_bytes(struct crowd *crowd, struct client *client, size_t size)
{
    const uint64_t owed = client->sent - client->answered;
    const size_t due = size < owed ? size : (size_t)owed;
    const uint64_t at = client->start + client->answered;
    const size_t same = pattern_match(crowd->pattern, at, crowd->buffer, due);
    const uint64_t before = client->answered / crowd->pattern->message;

    if (same < due) {
        size_t one = 1;

        crowd_fail(crowd, client, FAULT_WRONG,
                   "byte %" PRIu64 " of the answers is 0x%02x instead of "
                   "0x%02x",
                   client->answered + same, (unsigned char)crowd->buffer[same],
                   (unsigned char)*pattern_at(crowd->pattern, at + same, &one));
        return -1;
    }
    if (due < size) {
        crowd_fail(crowd, client, FAULT_SURPLUS,
                   "%zu bytes more than were sent, after %" PRIu64, size - due,
                   client->sent);
        return -1;
    }
    client->answered += size;
    return (int)((client->answered / crowd->pattern->message) - before);
}

/* number: of the answer, among those that are pending. */
static void fail_reply(struct crowd *crowd,
                       struct client *client,
                       uint32_t number,
                       int error,
                       const char *why)
{
    enum fault fault = FAULT_SYSTEM;

    if (error == -EPROTO) {
        fault = FAULT_MALFORMED;
    } else if (error == -EBADMSG) {
        fault = FAULT_WRONG;
    }
    crowd_fail(crowd, client, fault, "answer %" PRIu32 ": %s",
               client->messages - client->pending + number, why);
}

/* The same for answers of HTTP. */
static int take_replies(struct crowd *crowd, struct client *client, size_t size)
{
    size_t done = 0;
    uint32_t count = 0;

    while (done < size) {
        const char *why = "";
        size_t used;
        int n;

        if (count == client->pending) {
            crowd_fail(crowd, client, FAULT_SURPLUS,
                       "%zu bytes more than the answers", size - done);
            return -1;
        }
        n = reply_take(&client->reply, crowd->model, crowd->buffer + done,
                       size - done, &used, &why);
        if (n < 0) {
            fail_reply(crowd, client, count, n, why);
            return -1;
        }
        done += used;
        count += (uint32_t)n;
    }
    return (int)count;
}

/* What was read. Returns false if it failed. */
static bool take(struct crowd *crowd, struct client *client, size_t size)
{
    int n;

    if (client->phase == CLIENT_LEAVING) {
        crowd_fail(crowd, client, FAULT_SURPLUS,
                   "%zu bytes behind the last answer", size);
        return false;
    }
    n = crowd->options->profile == PROFILE_HTTP
            ? take_replies(crowd, client, size)
            : take_bytes(crowd, client, size);
    if (n < 0) {
        return false;
    }
    if (crowd->is_measuring) {
        crowd->result->bytes += size;
    }
    client->moved_ns = crowd->now_ns;
    end_messages(crowd, client, (size_t)n);
    if (n > 0) {
        go_on(crowd, client);
    }
    return client->phase != CLIENT_CLOSED;
}

/* The server has ended it. */
static void take_end(struct crowd *crowd, struct client *client)
{
    const char *why = "";
    int n = 0;

    if (client->phase != CLIENT_LEAVING &&
        crowd->options->profile == PROFILE_HTTP) {
        n = reply_end(&client->reply, crowd->model, &why);
        if (n < 0) {
            fail_reply(crowd, client, 0, n, why);
            return;
        }
        end_messages(crowd, client, (size_t)n);
    }
    if (client->phase != CLIENT_LEAVING && (n == 0 || client->pending > 0)) {
        crowd_fail(crowd, client, FAULT_ENDED,
                   "the end, with %" PRIu32 " messages unanswered",
                   client->pending);
        return;
    }
    crowd_close(crowd, client);
    talk_again(crowd, client);
}

static void receive(struct crowd *crowd, struct client *client)
{
    for (int i = 0; i < READS_MAX; i++) {
        const ssize_t size = recv(client->fd, crowd->buffer, CROWD_BUFFER, 0);

        if (size < 0 && errno != EAGAIN && errno != EINTR) {
            crowd_fail_call(crowd, client, "recv", -errno);
            return;
        }
        if (size < 0) {
            return;
        }
        crowd->now_ns = moment_now();
        if (size == 0) {
            take_end(crowd, client);
            return;
        }
        if (!take(crowd, client, (size_t)size) || (size_t)size < CROWD_BUFFER) {
            return;
        }
    }
}

/* ----------------------------------------------------------------- reports */

void talk_open(struct crowd *crowd, struct client *client)
{
    if (client->is_idle) {
        begin_all(crowd, client);
    } else if (crowd_open(crowd, client) && client->phase == CLIENT_OPEN) {
        crowd_settle(crowd, client);
    }
}

static void handle_connected(struct crowd *crowd, struct client *client)
{
    if (!crowd_connected(crowd, client)) {
        return;
    }
    if (!client->is_idle) {
        crowd_settle(crowd, client);
    }
    if (client->pending > 0) {
        flush(crowd, client);
    } else if (crowd->phase == CROWD_FINISHING) {
        leave(crowd, client);
    } else if (crowd->phase == CROWD_TALKING) {
        go_on(crowd, client);
    }
}

void talk_handle(struct crowd *crowd, struct client *client, uint32_t events)
{
    if (client->phase == CLIENT_CLOSED) {
        return; /* by what another one did in this turn */
    }
    if (client->phase == CLIENT_CONNECTING) {
        handle_connected(crowd, client);
        return;
    }
    if ((events & SELECTOR_WRITE) != 0 && client->wants_write) {
        flush(crowd, client);
    }
    if (client->phase != CLIENT_CLOSED &&
        (events & (SELECTOR_READ | SELECTOR_ERROR | SELECTOR_HANGUP)) != 0) {
        receive(crowd, client);
    }
}
