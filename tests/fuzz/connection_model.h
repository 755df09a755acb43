/* SPDX-License-Identifier: MIT */
/*
 * What must come out: the contract of berth/protocol.h, written down a second
 * time as something that checks. It knows nothing of how the server does it:
 * it sees the callbacks, the results of the calls, and what the peers got.
 *
 * What a peer sends, and what the plugin writes, are bytes that tell where
 * they belong, so that one that is lost, doubled or elsewhere is found.
 */
#ifndef BERTH_CONNECTION_MODEL_H
#define BERTH_CONNECTION_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "connection_script.h"
#include "limit.h"
#include "simulator.h"

#define MODEL_CONNECTIONS_MAX 4
#define MODEL_SENT_MAX 200000 /* bytes that one peer sends */
#define MODEL_STATE_SIZE 40
#define MODEL_REASONS_MAX 24

struct model_connection {
    size_t index;
    berth_conn *c;
    struct peer *peer;
    void *state;
    bool is_open;      /* between on_open and the end of on_close */
    bool is_closed;    /* on_close has come */
    bool is_over;      /* only on_close may follow */
    bool is_broken;    /* or may be: what is queued may be lost */
    bool is_doubtful;  /* it may be over without the model's knowledge */
    bool is_aborted;   /* by the plugin, or for what it did */
    bool is_switching; /* on_close(BERTH_SWITCHED) and on_open are to come */
    unsigned switches; /* how many of them have come */
    size_t arg_size;   /* of the last order */
    int why;           /* of on_close */
    int reasons[MODEL_REASONS_MAX]; /* that on_close may be given */
    size_t reason_count;

    unsigned char *input; /* what the peer sent, as the plugin changed it */
    size_t sent;          /* by the peer */
    size_t used;          /* by the plugin */
    size_t known;         /* offered, ever */
    bool is_finished;     /* the peer has ended */
    bool is_end_told;
    bool is_paused;
    bool is_resumed;   /* seen bytes are to be offered again */
    bool is_declined;  /* on_data used none */
    bool is_full;      /* and there were as many as may wait */
    bool is_partial;   /* it used some: the rest is to be offered */
    bool is_throttled; /* above the high mark, and not at the low one since */
    bool may_be_throttled; /* it may have been above it within a turn */

    size_t written;  /* accepted from the plugin */
    size_t verified; /* of what the peer received */
    size_t excess;   /* of a write that failed the peer may have got so much */
    size_t received_at_turn, received_at_callback;
    size_t written_at_turn;
    size_t left;    /* queued when the last attempt to send it ended */
    bool has_files; /* their bytes do not count towards limits.output */
    bool is_shutdown;
    bool may_drain, must_drain;
    uint64_t drain_turn;

    uint64_t deadline_ms; /* 0: none */
    uint64_t opened_ms, active_ms, taken_ms;
    unsigned stops;      /* on_stop may come: 1 << reason */
    unsigned stops_owed; /* and must */
    bool is_stop_first;  /* before anything else */
};

struct model {
    const struct script *script;
    struct simulator *simulator;
    struct model_connection connections[MODEL_CONNECTIONS_MAX];
    size_t count;
    struct model_connection *again; /* whose on_data must be the next */
    uint64_t turn;
    uint64_t tick_ms; /* 0: none */
    size_t loans;     /* that were taken over and not yet released */
    size_t errands;   /* posted functions that have not come yet */
    size_t high_mark, low_mark;
    bool is_calling, is_in_callback, is_ending;
    unsigned stops;     /* all, as 1 << reason */
    unsigned last_stop; /* the last one */
};

void model_init(struct model *model,
                const struct script *script,
                struct simulator *simulator);
void model_fini(struct model *model);

/* Bytes that are there and not yet received by the peer. */
size_t model_queued(const struct model_connection *conn);

/* Is the queue at the low mark? Then there is no back-pressure. */
void model_relieve(const struct model *model, struct model_connection *conn);

/* Byte number `at` of what the plugin writes. */
unsigned char model_output(const struct model_connection *conn, size_t at);

/* ------------------------------------------------ what happens to the server */

/* Returns the bytes to be sent, *size of them at most. */
const void *model_send(struct model_connection *conn, size_t *size);
/* The connection may break, and why then may be told. */
void model_break(struct model_connection *conn, int why);
void model_stop(struct model *model, int reason);
/* A turn has ended. */
void model_turn(struct model *model);
/* Nothing is left to do: what must have happened? */
void model_rest(struct model *model);

/* ---------------------------------------------- a callback begins, and ends */

void model_enter(struct model *model,
                 struct model_connection *conn,
                 enum script_part part);
void model_leave(struct model *model);
void model_on_open(struct model *model, struct model_connection *conn);
void model_on_data(struct model *model,
                   struct model_connection *conn,
                   const char *data,
                   size_t size);
void model_on_end(struct model *model,
                  struct model_connection *conn,
                  const char *data,
                  size_t size);
void model_on_drain(struct model *model, struct model_connection *conn);
void model_on_timer(struct model *model, struct model_connection *conn);
void model_on_stop(struct model_connection *conn, int reason);
void model_on_close(const struct model *model,
                    struct model_connection *conn,
                    int why);
/* Takes into account what may have ended it that nobody told the model. */
void model_permit_untold(const struct model *model,
                         struct model_connection *conn);
void model_on_tick(struct model *model);
/* on_close(BERTH_SWITCHED), and the on_open that follows. */
void model_on_leave(struct model_connection *conn);
void model_on_arrive(struct model *model, struct model_connection *conn);

/* What on_data, on_end or on_open returned. */
void model_used(struct model *model,
                struct model_connection *conn,
                ssize_t used,
                size_t size);
void model_ended(struct model_connection *conn, int result);

/* ------------------------------------------------------ what the plugin does */

/* Ends it in an orderly way, or at once, unless it is over. */
void model_close(struct model_connection *conn, int why);
void model_abort(struct model_connection *conn, int why);
void model_pause(struct model_connection *conn);
void model_resume(struct model_connection *conn);
void model_shutdown(struct model_connection *conn);
/* A switch with an argument of that size gave that result. */
void model_switch(const struct model *model,
                  struct model_connection *conn,
                  int result,
                  size_t size);
/* Byte number `at` of the argument of a switch. */
unsigned char model_arg(const struct model_connection *conn, size_t at);
/* A write of size bytes gave that result. */
void model_wrote(const struct model *model,
                 struct model_connection *conn,
                 ssize_t result,
                 size_t size);
/* A reservation was refused. */
void model_reserved(const struct model *model, struct model_connection *conn);
void model_room(const struct model *model,
                struct model_connection *conn,
                size_t room);
/* Is the connection over, or may it be without the model's knowledge? */
bool model_may_be_over(const struct model *model,
                       const struct model_connection *conn);

#endif
