/* SPDX-License-Identifier: MIT */
/* The model's view of a turn's end, and of a server at rest: what has come out
   is right, and what had to happen has happened. */
#include <errno.h>

#include "connection_model.h"
#include "fuzz.h"

/* The peer has the bytes that were written, each once and in order. */
static void verify_output(struct model_connection *conn)
{
    const struct bytes *received = &conn->peer->received;
    size_t most = conn->written + (conn->is_broken ? conn->excess : 0);

    FUZZ_REQUIRE(received->size <= most, "%zu bytes came out, not %zu",
                 received->size, most);
    for (; conn->verified < received->size; conn->verified++) {
        size_t at = conn->verified;

        FUZZ_REQUIRE((unsigned char)received->data[at] ==
                         model_output(conn, at),
                     "byte %zu that came out is another", at);
    }
}

/* The end of the stream, and a reset, come only where they may. */
static void verify_end(const struct model *model,
                       const struct model_connection *conn)
{
    const struct peer *peer = conn->peer;
    bool may_end = conn->is_shutdown || model_may_be_over(model, conn);

    FUZZ_REQUIRE(!peer->has_end || may_end, "the stream has ended");
    FUZZ_REQUIRE(!peer->is_closed_by_reset || conn->is_broken,
                 "closed by a reset (why: %d)", conn->why);
    FUZZ_REQUIRE(!conn->is_closed || conn->why != -ECONNABORTED ||
                     peer->is_closed_by_reset,
                 "aborted without a reset");
    FUZZ_REQUIRE(peer->closes == (conn->is_closed ? 1 : 0), "%d on_close",
                 peer->closes);
}

/* Writes of this turn may not have been tried yet: those of the turn's end
   come in the next one. */
static void note_queue(const struct model *model,
                       struct model_connection *conn,
                       bool is_tried)
{
    size_t queued = model_queued(conn);

    if (conn->peer->received.size > conn->received_at_turn) {
        conn->active_ms = model->simulator->now_ms;
        conn->taken_ms = conn->active_ms;
    }
    conn->received_at_turn = conn->peer->received.size;
    conn->left = is_tried ? queued : 0;
    model_relieve(model, conn);
    if (queued > model->high_mark) {
        conn->may_drain = true;
        conn->may_be_throttled = true;
        conn->must_drain = conn->must_drain || is_tried;
        conn->is_throttled = conn->is_throttled || is_tried;
    }
    conn->written_at_turn = conn->written;
}

void model_turn(struct model *model)
{
    FUZZ_REQUIRE(model->again == NULL || model_may_be_over(model, model->again),
                 "the rest was not offered at once");
    model->again = NULL;
    for (size_t i = 0; i < model->count; i++) {
        struct model_connection *conn = &model->connections[i];

        verify_output(conn);
        verify_end(model, conn);
        note_queue(model, conn, conn->written == conn->written_at_turn);
    }
    model->turn++;
}

/* Bytes, and the end of them, have been offered. */
static void require_offered(const struct model_connection *conn)
{
    if (conn->is_paused || conn->may_be_throttled || conn->is_end_told) {
        return;
    }
    FUZZ_REQUIRE(conn->known == conn->sent, "%zu bytes are not offered",
                 conn->sent - conn->known);
    FUZZ_REQUIRE(!conn->is_resumed, "bytes wait since resume");
    FUZZ_REQUIRE(!conn->is_partial, "the rest is not offered");
    FUZZ_REQUIRE(!conn->is_finished, "the end is not told");
}

/* Callbacks that were promised have come. */
static void require_told(const struct model *model,
                         const struct model_connection *conn)
{
    const bool *lacks = model->script->lacks;

    FUZZ_REQUIRE(!conn->must_drain || lacks[SCRIPT_DRAIN] ||
                     model_queued(conn) > model->low_mark,
                 "on_drain has not come");
    FUZZ_REQUIRE(conn->stops_owed == 0 || lacks[SCRIPT_STOP],
                 "on_stop has not come");
    FUZZ_REQUIRE(conn->deadline_ms == 0 ||
                     conn->deadline_ms > model->simulator->now_ms,
                 "on_timer has not come");
}

/* What may be over by itself, and now must be. */
static bool must_be_closed(const struct model *model,
                           const struct model_connection *conn)
{
    const struct limits *limits = &model->script->limits;
    uint64_t quiet_ms = model->simulator->now_ms - conn->active_ms;
    bool is_receptive = !conn->is_paused && !conn->may_be_throttled;
    bool can_send = model_queued(conn) == 0 || conn->is_aborted;

    return (conn->is_over && can_send) ||
           (conn->is_full && is_receptive && can_send) ||
           (conn->is_shutdown && conn->is_end_told && can_send) ||
           (limits->idle_ms != 0 && quiet_ms >= limits->idle_ms) ||
           ((conn->stops & 1u << BERTH_EXIT) != 0 && is_receptive &&
            model->script->lacks[SCRIPT_STOP] && can_send) ||
           (conn->is_finished && is_receptive && can_send &&
            model->script->lacks[SCRIPT_END]) ||
           conn->peer->is_reset;
}

static void require_rest(const struct model *model,
                         const struct model_connection *conn)
{
    size_t queued = model_queued(conn);

    FUZZ_REQUIRE(!must_be_closed(model, conn), "on_close has not come");
    FUZZ_REQUIRE(queued == 0 || conn->peer->window == 0 || conn->is_broken,
                 "%zu bytes are not sent", queued);
    if (model_may_be_over(model, conn)) {
        return;
    }
    FUZZ_REQUIRE(!conn->is_shutdown || queued > 0 || conn->peer->has_end,
                 "the peer is not told of the shutdown");
    FUZZ_REQUIRE(!conn->is_switching, "it is not switched");
    require_offered(conn);
    require_told(model, conn);
}

void model_rest(struct model *model)
{
    FUZZ_REQUIRE(model->tick_ms == 0 ||
                     model->tick_ms > model->simulator->now_ms,
                 "on_tick has not come");
    FUZZ_REQUIRE(model->errands == 0, "%zu posted functions have not come",
                 model->errands);
    for (size_t i = 0; i < model->count; i++) {
        struct model_connection *conn = &model->connections[i];

        note_queue(model, conn, true);
        if (conn->is_open) {
            require_rest(model, conn);
        }
    }
}
