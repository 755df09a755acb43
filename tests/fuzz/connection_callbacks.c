/* SPDX-License-Identifier: MIT */
/* The model's view of callbacks: which may come now, and with what. */
#include <errno.h>
#include <string.h>

#include "connection_model.h"
#include "fuzz.h"

/* Of a state that must stay as the plugin left it. */
static unsigned char state_byte(const struct model_connection *conn)
{
    return (unsigned char)(0xa0 + conn->index);
}

static void require_state(const struct model_connection *conn,
                          unsigned char expected)
{
    const unsigned char *state = conn->c->state;

    FUZZ_REQUIRE(state == conn->state, "its state has moved");
    for (size_t i = 0; i < MODEL_STATE_SIZE; i++) {
        FUZZ_REQUIRE(state[i] == expected, "byte %zu of its state is %d", i,
                     state[i]);
    }
}

/* What each callback may rely on. */
static void require_order(const struct model *model,
                          const struct model_connection *conn,
                          enum script_part part)
{
    FUZZ_REQUIRE(conn->is_open && !conn->is_closed, "a callback of none");
    FUZZ_REQUIRE(part == SCRIPT_CLOSE || !conn->is_over,
                 "callback %d when only on_close may follow", part);
    FUZZ_REQUIRE(part == SCRIPT_CLOSE || !conn->is_switching,
                 "callback %d of a protocol that is to be left", part);
    /* A job that on_open began may be done before the turn's end. */
    FUZZ_REQUIRE(!conn->is_stop_first || conn->is_over || part == SCRIPT_STOP ||
                     part == SCRIPT_CLOSE || part == SCRIPT_POST ||
                     model_may_be_over(model, conn),
                 "callback %d before on_stop", part);
}

void model_enter(struct model *model,
                 struct model_connection *conn,
                 enum script_part part)
{
    FUZZ_REQUIRE(!model->is_calling, "callback %d from within a call", part);
    FUZZ_REQUIRE(!model->is_in_callback, "callback %d within another", part);
    FUZZ_REQUIRE(model->again == NULL ||
                     model_may_be_over(model, model->again) ||
                     (model->again == conn && part == SCRIPT_DATA),
                 "callback %d before the rest was offered", part);
    model->again = NULL;
    model->is_in_callback = true;
    for (size_t i = 0; i < model->count; i++) {
        struct model_connection *other = &model->connections[i];

        if (other->peer != NULL) {
            other->received_at_callback = other->peer->received.size;
            model_relieve(model, other);
            model_permit_untold(model, other);
        }
    }
    if (conn != NULL && part != SCRIPT_OPEN) {
        require_order(model, conn, part);
        require_state(conn, state_byte(conn));
    }
}

void model_leave(struct model *model)
{
    model->is_in_callback = false;
}

/* Zeroed state, and on_stop next if the server drains. */
static void begin_service(const struct model *model,
                          struct model_connection *conn)
{
    conn->state = conn->c->state;
    require_state(conn, 0);
    memset(conn->state, state_byte(conn), MODEL_STATE_SIZE);
    conn->is_open = true;
    conn->stops = model->stops;
    conn->stops_owed = model->last_stop;
    conn->is_stop_first =
        model->stops != 0 && !model->script->lacks[SCRIPT_STOP];
}

void model_on_open(struct model *model, struct model_connection *conn)
{
    FUZZ_REQUIRE(!conn->is_open && !conn->is_closed, "on_open twice");
    FUZZ_REQUIRE(berth_get(conn->c, BERTH_GET_ARG, NULL, 0) == -ENOENT,
                 "an argument without a switch");
    begin_service(model, conn);
    conn->opened_ms = model->simulator->now_ms;
    conn->active_ms = conn->opened_ms;
    conn->taken_ms = conn->opened_ms;
}

/* As if it were over, for what the plugin does in on_close. */
void model_on_leave(struct model_connection *conn)
{
    FUZZ_REQUIRE(conn->is_switching && !conn->is_over, "left for nothing");
    conn->is_over = true;
    conn->is_closed = true;
}

static void require_arg(const struct model_connection *conn)
{
    static unsigned char arg[100000];
    ssize_t size = berth_get(conn->c, BERTH_GET_ARG, arg, sizeof(arg));

    if (conn->arg_size == 0) {
        FUZZ_REQUIRE(size <= 0, "an argument that was not given");
        return;
    }
    FUZZ_REQUIRE(size == (ssize_t)conn->arg_size, "an argument of %zd bytes",
                 size);
    for (size_t i = 0; i < conn->arg_size; i++) {
        FUZZ_REQUIRE(arg[i] == model_arg(conn, i), "byte %zu of it", i);
    }
}

/* What the old protocol did, saw or was promised is forgotten, but for what it
   wrote, and for bytes that it did not use. */
void model_on_arrive(struct model *model, struct model_connection *conn)
{
    FUZZ_REQUIRE(conn->is_closed && !conn->is_open, "on_open before on_close");
    require_arg(conn);
    begin_service(model, conn);
    conn->is_switching = false;
    conn->switches++;
    conn->is_over = false;
    conn->is_closed = false;
    conn->is_end_told = false;
    conn->is_paused = false;
    conn->is_declined = false;
    conn->is_full = false;
    conn->is_partial = false;
    conn->is_resumed = conn->known > conn->used;
    conn->must_drain = false;
    conn->deadline_ms = 0;
}

/* Is it the time for bytes, or for the end of them? */
static void require_receptive(const struct model *model,
                              const struct model_connection *conn)
{
    FUZZ_REQUIRE(!conn->is_paused, "bytes while it is paused");
    FUZZ_REQUIRE(!conn->is_end_told, "bytes after on_end");
    FUZZ_REQUIRE(model_queued(conn) <= model->high_mark,
                 "bytes with %zu queued", model_queued(conn));
    FUZZ_REQUIRE(!conn->is_throttled, "bytes before the low mark: %zu queued",
                 model_queued(conn));
}

static void require_input(const struct model_connection *conn,
                          const char *data,
                          size_t size)
{
    FUZZ_REQUIRE(data[size] == '\0', "no NUL behind the bytes");
    FUZZ_REQUIRE(size <= conn->sent - conn->used, "%zu bytes of %zu", size,
                 conn->sent - conn->used);
    FUZZ_REQUIRE(size == 0 || memcmp(data, conn->input + conn->used, size) == 0,
                 "other bytes than were sent, from %zu on", conn->used);
    FUZZ_REQUIRE(conn->used + size >= conn->known,
                 "%zu bytes, but %zu were offered before", size,
                 conn->known - conn->used);
}

void model_on_data(struct model *model,
                   struct model_connection *conn,
                   const char *data,
                   size_t size)
{
    require_receptive(model, conn);
    FUZZ_REQUIRE(size > 0, "no bytes");
    require_input(conn, data, size);
    FUZZ_REQUIRE(!conn->is_declined || conn->is_resumed || conn->is_full ||
                     conn->used + size > conn->known,
                 "the same bytes again");
    if (conn->used + size > conn->known) {
        conn->active_ms = model->simulator->now_ms;
    }
    conn->known = conn->used + size;
    conn->is_resumed = false;
}

void model_on_end(struct model *model,
                  struct model_connection *conn,
                  const char *data,
                  size_t size)
{
    require_receptive(model, conn);
    FUZZ_REQUIRE(conn->is_finished, "on_end, but the peer goes on");
    FUZZ_REQUIRE(conn->known == conn->sent, "on_end before %zu bytes",
                 conn->sent - conn->known);
    FUZZ_REQUIRE(!conn->is_resumed && !conn->is_partial,
                 "on_end before on_data had its chance");
    FUZZ_REQUIRE(size == conn->sent - conn->used, "%zu bytes, not %zu", size,
                 conn->sent - conn->used);
    require_input(conn, data, size);
    conn->is_end_told = true;
}

void model_on_drain(struct model *model, struct model_connection *conn)
{
    FUZZ_REQUIRE(conn->may_drain, "on_drain that nothing promised");
    FUZZ_REQUIRE(model_queued(conn) <= model->low_mark,
                 "on_drain with %zu queued", model_queued(conn));
    FUZZ_REQUIRE(conn->drain_turn != model->turn, "on_drain twice in a turn");
    conn->drain_turn = model->turn;
    conn->may_drain = false;
    conn->must_drain = false;
}

void model_on_timer(struct model *model, struct model_connection *conn)
{
    FUZZ_REQUIRE(conn->deadline_ms != 0, "on_timer without a deadline");
    FUZZ_REQUIRE(conn->deadline_ms <= model->simulator->now_ms,
                 "on_timer too early");
    conn->deadline_ms = 0;
}

void model_on_stop(struct model_connection *conn, int reason)
{
    unsigned bit = 1u << (reason & 7);

    FUZZ_REQUIRE((conn->stops & bit) != 0, "on_stop(%d)", reason);
    conn->stops &= ~bit;
    conn->stops_owed &= ~bit;
    conn->is_stop_first = false;
}

void model_on_close(const struct model *model,
                    struct model_connection *conn,
                    int why)
{
    bool is_permitted = false;

    model_permit_untold(model, conn);
    for (size_t i = 0; i < conn->reason_count; i++) {
        is_permitted = is_permitted || conn->reasons[i] == why;
    }
    FUZZ_REQUIRE(is_permitted, "on_close(%d)", why);
    FUZZ_REQUIRE(conn->is_broken || model_queued(conn) == 0,
                 "on_close(%d) with %zu bytes not sent", why,
                 model_queued(conn));
    conn->is_over = true;
    conn->is_closed = true;
    conn->is_switching = false;
    conn->why = why;
}

void model_on_tick(struct model *model)
{
    FUZZ_REQUIRE(model->tick_ms != 0, "on_tick without a deadline");
    FUZZ_REQUIRE(model->tick_ms <= model->simulator->now_ms,
                 "on_tick too early");
    model->tick_ms = 0;
}
