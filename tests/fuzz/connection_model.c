/* SPDX-License-Identifier: MIT */
/* The model's state: what happens to a connection, what its plugin does, and
   how it may end. */
#include "connection_model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The marks, as shares of limits.output (server.yaml's documentation). */
#define HIGH_SHARE 4
#define LOW_SHARE 16

/* Tells where in which stream it belongs. */
static unsigned char make_byte(size_t index, size_t at, unsigned char salt)
{
    return (unsigned char)(at * 7 + (at >> 8) * 13 + index * 31 + salt);
}

unsigned char model_output(const struct model_connection *conn, size_t at)
{
    return make_byte(conn->index, at, 0);
}

unsigned char model_arg(const struct model_connection *conn, size_t at)
{
    return make_byte(conn->index, at, 64);
}

void model_init(struct model *model,
                const struct script *script,
                struct simulator *simulator)
{
    *model = (struct model){
        .script = script,
        .simulator = simulator,
        .turn = 1,
        .high_mark = script->limits.output / HIGH_SHARE,
        .low_mark = script->limits.output / LOW_SHARE,
    };
    for (size_t i = 0; i < MODEL_CONNECTIONS_MAX; i++) {
        model->connections[i].index = i;
    }
}

void model_fini(struct model *model)
{
    for (size_t i = 0; i < MODEL_CONNECTIONS_MAX; i++) {
        free(model->connections[i].input);
    }
}

void model_relieve(const struct model *model, struct model_connection *conn)
{
    if (model_queued(conn) <= model->low_mark) {
        conn->is_throttled = false;
        conn->may_be_throttled = false;
    }
}

size_t model_queued(const struct model_connection *conn)
{
    size_t received = conn->peer->received.size;

    return conn->written > received ? conn->written - received : 0;
}

const void *model_send(struct model_connection *conn, size_t *size)
{
    unsigned char *data;

    if (*size > MODEL_SENT_MAX - conn->sent) {
        *size = MODEL_SENT_MAX - conn->sent;
    }
    if (conn->input == NULL) {
        conn->input = malloc(MODEL_SENT_MAX);
        FUZZ_REQUIRE(conn->input != NULL, "no memory");
    }
    data = conn->input + conn->sent;
    for (size_t i = 0; i < *size; i++) {
        data[i] = make_byte(conn->index, conn->sent + i, 128);
    }
    conn->sent += *size;
    return data;
}

/* on_close may be given this. */
static void permit(struct model_connection *conn, int why)
{
    for (size_t i = 0; i < conn->reason_count; i++) {
        if (conn->reasons[i] == why) {
            return;
        }
    }
    FUZZ_REQUIRE(conn->reason_count < MODEL_REASONS_MAX, "too many reasons");
    conn->reasons[conn->reason_count++] = why;
}

void model_break(struct model_connection *conn, int why)
{
    permit(conn, why);
    conn->is_broken = true;
}

void model_close(struct model_connection *conn, int why)
{
    if (!conn->is_over) {
        permit(conn, why);
        conn->is_over = true;
    }
}

void model_abort(struct model_connection *conn, int why)
{
    model_break(conn, why);
    conn->is_over = true;
    conn->is_aborted = true;
}

void model_stop(struct model *model, int reason)
{
    unsigned bit = 1u << reason;

    model->stops |= bit;
    model->last_stop = bit;
    for (size_t i = 0; i < model->count; i++) {
        struct model_connection *conn = &model->connections[i];

        if (conn->is_open && !conn->is_over) {
            conn->stops |= bit;
            conn->stops_owed |= bit;
        }
    }
}

/* -------------------------------------------------------- what is not told */

static bool is_past(uint64_t limit_ms, uint64_t since_ms, uint64_t now_ms)
{
    return limit_ms != 0 && now_ms - since_ms >= limit_ms;
}

/* A limit of time may have ended it. Until the first byte came the time since
   on_open counts. */
static bool may_be_late(const struct model *model,
                        const struct model_connection *conn)
{
    const struct limits *limits = &model->script->limits;
    uint64_t now_ms = model->simulator->now_ms;
    bool waits = conn->known == 0 && limits->first_byte_ms != 0;
    uint64_t active_ms = waits ? conn->opened_ms : conn->active_ms;

    return is_past(limits->idle_ms, active_ms, now_ms) ||
           (waits && is_past(limits->first_byte_ms, conn->opened_ms, now_ms)) ||
           (model_queued(conn) > 0 &&
            is_past(limits->stall_ms, conn->taken_ms, now_ms));
}

/* The defaults of callbacks that the protocol lacks close by themselves. */
static bool may_be_closed(const struct model *model,
                          const struct model_connection *conn)
{
    const bool *lacks = model->script->lacks;
    bool is_due =
        conn->deadline_ms != 0 && conn->deadline_ms <= model->simulator->now_ms;

    return (lacks[SCRIPT_END] && conn->is_finished) ||
           (lacks[SCRIPT_STOP] && (conn->stops & 1u << BERTH_EXIT) != 0) ||
           (lacks[SCRIPT_TIMER] && is_due) ||
           (conn->is_shutdown && conn->is_end_told);
}

bool model_may_be_over(const struct model *model,
                       const struct model_connection *conn)
{
    return conn->is_over || conn->is_broken || conn->is_doubtful ||
           model->is_ending || (conn->is_full && !conn->is_paused) ||
           may_be_late(model, conn) || may_be_closed(model, conn);
}

void model_permit_untold(const struct model *model,
                         struct model_connection *conn)
{
    if (conn->is_closed) { /* or between two protocols */
        return;
    }
    conn->is_doubtful = model_may_be_over(model, conn);
    if (may_be_late(model, conn)) {
        model_break(conn, -ETIMEDOUT);
    }
    if (may_be_closed(model, conn)) {
        permit(conn, 0);
        permit(conn, -ETIMEDOUT);
    }
    if (model->is_ending) {
        model_break(conn, BERTH_STOPPED);
    }
}

/* ------------------------------------------------------ what the plugin does */

void model_pause(struct model_connection *conn)
{
    if (!conn->is_over) {
        conn->is_paused = true;
    }
}

void model_resume(struct model_connection *conn)
{
    if (!conn->is_over && conn->is_paused) {
        conn->is_paused = false;
        conn->is_resumed = conn->known > conn->used;
    }
}

void model_shutdown(struct model_connection *conn)
{
    if (!conn->is_over) {
        conn->is_shutdown = true;
    }
}

void model_switch(const struct model *model,
                  struct model_connection *conn,
                  int result,
                  size_t size)
{
    if (conn->is_over) {
        FUZZ_REQUIRE(result == -EPIPE, "a switch when it is over gives %d",
                     result);
    } else if (result < 0) {
        FUZZ_REQUIRE(result == -EPIPE && model_may_be_over(model, conn),
                     "a switch gives %d", result);
    } else {
        conn->is_switching = true;
        conn->arg_size = size;
    }
}

/* Nothing was taken from the queue since a turn left more than the limit. */
static bool must_refuse(const struct model *model,
                        const struct model_connection *conn)
{
    return !conn->has_files && conn->left > model->script->limits.output &&
           conn->peer->received.size == conn->received_at_turn;
}

static void fail_write(const struct model *model,
                       struct model_connection *conn,
                       int error,
                       size_t size)
{
    if (error == -ENOBUFS) {
        FUZZ_REQUIRE(model_queued(conn) > model->script->limits.output,
                     "refused with %zu bytes queued", model_queued(conn));
        model_abort(conn, error);
    } else if (conn->is_over || conn->is_closed) {
        FUZZ_REQUIRE(error == -EPIPE, "a write when it is over gives %d",
                     error);
    } else if (conn->is_shutdown) {
        FUZZ_REQUIRE(error == -EPIPE, "a write after shutdown gives %d", error);
        model_close(conn, -EPIPE);
    } else {
        FUZZ_REQUIRE(model_may_be_over(model, conn), "a write gives %d", error);
        conn->excess = size;
    }
}

/* NULL does not say why. */
void model_reserved(const struct model *model, struct model_connection *conn)
{
    const bool is_full = !conn->is_over && !conn->is_shutdown &&
                         model_queued(conn) > model->script->limits.output;

    fail_write(model, conn, is_full ? -ENOBUFS : -EPIPE, 0);
}

void model_wrote(const struct model *model,
                 struct model_connection *conn,
                 ssize_t result,
                 size_t size)
{
    if (result < 0) {
        fail_write(model, conn, (int)result, size);
        return;
    }
    FUZZ_REQUIRE((size_t)result == size, "%zd of %zu bytes", result, size);
    FUZZ_REQUIRE(!conn->is_over && !conn->is_shutdown && !conn->is_closed,
                 "a write when it is over succeeds");
    FUZZ_REQUIRE(!must_refuse(model, conn), "%zu bytes are left", conn->left);
    model_relieve(model, conn);
    conn->written += size;
    if (conn->written - conn->received_at_turn > model->high_mark) {
        conn->may_be_throttled = true;
    }
    if (conn->written - conn->received_at_turn >= model->high_mark) {
        conn->may_drain = true;
    }
}

/* What is left of the high mark when used bytes count towards it. */
static size_t room_at(const struct model *model, size_t used)
{
    return used < model->high_mark ? model->high_mark - used : 0;
}

void model_room(const struct model *model,
                struct model_connection *conn,
                size_t room)
{
    size_t most = room_at(model, conn->written - conn->received_at_callback);
    size_t least = room_at(model, conn->written - conn->received_at_turn);

    if (conn->is_over) {
        FUZZ_REQUIRE(room == 0, "room for %zu when it is over", room);
        return;
    }
    if (model_may_be_over(model, conn)) {
        return;
    }
    FUZZ_REQUIRE(room >= least && room <= most, "room for %zu, not %zu to %zu",
                 room, least, most);
    if (room == 0) {
        conn->may_drain = true;
        conn->must_drain = true;
    }
}

void model_used(struct model *model,
                struct model_connection *conn,
                ssize_t used,
                size_t size)
{
    if (used < 0) {
        model_close(conn, (int)used);
        return;
    }
    if ((size_t)used > size) {
        model_abort(conn, -EPROTO);
        return;
    }
    conn->used += (size_t)used;
    /* Paused and resumed within on_data: as if nothing had been. */
    conn->is_resumed = false;
    conn->is_declined = used == 0;
    conn->is_partial = used > 0 && (size_t)used < size;
    conn->is_full = used == 0 && size >= model->script->limits.input;
    if (conn->is_full) {
        permit(conn, -EMSGSIZE);
    }
    if (conn->is_partial && !conn->is_paused && !conn->is_switching &&
        model_queued(conn) <= model->high_mark &&
        !model_may_be_over(model, conn)) {
        model->again = conn;
    }
}

void model_ended(struct model_connection *conn, int result)
{
    if (conn->is_switching && result >= 0) {
        return; /* the next protocol is told the end, too */
    }
    if (result != BERTH_KEEP) {
        model_close(conn, result);
    } else if (conn->is_shutdown) {
        model_close(conn, 0);
    }
}
