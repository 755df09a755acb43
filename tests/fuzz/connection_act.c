/* SPDX-License-Identifier: MIT */
#include "connection_act.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "connection_errand.h"
#include "connection_loan.h"
#include "fuzz.h"

/* One callback does no more than this. */
#define ACTS_PER_CALLBACK 16
/* Any amount that no function takes. */
#define TOO_LONG ((uint64_t)INT_MAX + 1)

/* An act of the plugin: a function of the contract, and what the model says
   of it. A new one is a new row of the table below. */
struct act {
    char letter;
    bool has_number;
    bool needs_target;
    void (*run)(struct call *call, size_t number);
};

/* Fills what is to be written next. */
static void fill(const struct model_connection *conn, char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (char)model_output(conn, conn->written + i);
    }
}

static size_t spend(struct call *call, size_t size)
{
    if (size > call->run->bytes_left) {
        size = call->run->bytes_left;
    }
    call->run->bytes_left -= size;
    return size;
}

/* ------------------------------------------------------------------ output */

static void
write_bytes(struct call *call, struct model_connection *conn, size_t number)
{
    static char bytes[100000];
    size_t size = spend(call, number);
    ssize_t result;

    fill(conn, bytes, size);
    result = berth_write(conn->c, bytes, size);
    model_wrote(call->run->model, conn, result, size);
}

static void act_write(struct call *call, size_t number)
{
    write_bytes(call, call->target, number);
}

static void act_writev(struct call *call, size_t number)
{
    static char bytes[100000];
    size_t size = spend(call, number);
    const struct iovec parts[] = {
        {bytes, size / 3},
        {NULL, 0},
        {bytes + size / 3, size - size / 3},
    };
    ssize_t result;

    fill(call->target, bytes, size);
    FUZZ_REQUIRE(berth_writev(call->target->c, parts, IOV_MAX + 1) == -EINVAL,
                 "more than IOV_MAX parts");
    result = berth_writev(call->target->c, parts, 3);
    model_wrote(call->run->model, call->target, result, size);
}

/* Reserves and fills; NULL is a write that failed. */
static char *reserve(struct call *call, size_t size)
{
    char *bytes = berth_reserve(call->target->c, size);

    if (bytes == NULL) {
        model_reserved(call->run->model, call->target);
        return NULL;
    }
    fill(call->target, bytes, size);
    return bytes;
}

/* Of what was reserved, this much. */
static void commit(struct call *call, size_t size)
{
    int result = berth_commit(call->target->c, size);

    FUZZ_REQUIRE(result == 0, "commit gives %d", result);
    model_wrote(call->run->model, call->target, (ssize_t)size, size);
}

static void act_commit(struct call *call, size_t number)
{
    size_t size = spend(call, number);

    if (reserve(call, size) != NULL) {
        commit(call, size);
    }
}

static void act_commit_half(struct call *call, size_t number)
{
    size_t size = spend(call, number);

    if (reserve(call, size) != NULL) {
        commit(call, size / 2);
    }
}

static void act_reserve(struct call *call, size_t number)
{
    (void)reserve(call, spend(call, number));
}

static void act_commit_too_much(struct call *call, size_t number)
{
    size_t size = spend(call, number);

    if (reserve(call, size) != NULL) {
        FUZZ_REQUIRE(berth_commit(call->target->c, size + 1) == -EINVAL,
                     "more is committed than was reserved");
    }
}

/* Calls on another connection leave a reservation as it is. */
static void act_commit_across(struct call *call, size_t number)
{
    struct model *model = call->run->model;
    size_t size = spend(call, number);
    size_t index = (call->target->index + 1) % model->count;
    struct model_connection *other = &model->connections[index];

    if (reserve(call, size) == NULL) {
        return;
    }
    if (other != call->target && other->is_open) {
        write_bytes(call, other, number);
    }
    commit(call, size);
}

static struct loan *make_loan(struct call *call, size_t size)
{
    struct loan *loan = loan_new(call->run->model, size);

    fill(call->target, loan->bytes, size);
    return loan;
}

static void act_lend(struct call *call, size_t number)
{
    size_t size = spend(call, number);
    struct loan *loan = make_loan(call, size);
    ssize_t result = berth_write_owned(call->target->c, loan->bytes, size,
                                       loan_release, loan);

    model_wrote(call->run->model, call->target, result, size);
    if (result < 0) { /* nothing was taken over */
        loan_free(loan);
    }
}

static void act_send_file(struct call *call, size_t number)
{
    size_t size = spend(call, number);
    struct loan *loan = make_loan(call, size);
    int result;

    loan_write_file(loan);
    call->target->has_files = true;
    result = berth_sendfile(call->target->c, loan->fd, LOAN_FILE_START, size,
                            loan_release, loan);
    model_wrote(call->run->model, call->target,
                result < 0 ? result : (ssize_t)size, size);
    if (result < 0) {
        loan_free(loan);
    }
}

static void act_room(struct call *call, size_t number)
{
    (void)number;
    model_room(call->run->model, call->target, berth_room(call->target->c));
}

/* ------------------------------------------------------------ flow, ending */

static void act_pause(struct call *call, size_t number)
{
    (void)number;
    berth_pause(call->target->c);
    model_pause(call->target);
}

static void act_resume(struct call *call, size_t number)
{
    (void)number;
    berth_resume(call->target->c);
    model_resume(call->target);
}

static void act_shutdown(struct call *call, size_t number)
{
    (void)number;
    berth_shutdown(call->target->c);
    model_shutdown(call->target);
}

static void act_close(struct call *call, size_t number)
{
    (void)number;
    berth_close(call->target->c);
    model_close(call->target, 0);
}

static void act_finish(struct call *call, size_t number)
{
    (void)number;
    berth_finish(call->target->c);
    model_close(call->target, 0);
}

static void act_abort(struct call *call, size_t number)
{
    (void)number;
    berth_abort(call->target->c);
    if (!call->target->is_closed) {
        model_abort(call->target, -ECONNABORTED);
    }
}

/* To one of the two entries. */
static void act_switch(struct call *call, size_t number)
{
    static char arg[100000];
    berth_conn *c = call->target->c;
    bool is_over = call->target->is_over;
    int result = berth_switch_to(c, "nobody", NULL, 0);

    FUZZ_REQUIRE(result == (is_over ? -EPIPE : -ENOENT) ||
                     model_may_be_over(call->run->model, call->target),
                 "a switch to nobody gives %d", result);
    for (size_t i = 0; i < number; i++) {
        arg[i] = (char)model_arg(call->target, i);
    }
    result =
        berth_switch_to(c, number % 2 == 0 ? "model" : "other", arg, number);
    model_switch(call->run->model, call->target, result, number);
}

/* -------------------------------------------------------------------- time */

static void act_deadline(struct call *call, size_t number)
{
    struct model_connection *conn = call->target;
    uint64_t now_ms = call->run->model->simulator->now_ms;

    FUZZ_REQUIRE(berth_deadline(conn->c, TOO_LONG) == -EINVAL, "25 days");
    FUZZ_REQUIRE(berth_deadline(conn->c, number) == 0, "deadline");
    if (!conn->is_over) {
        conn->deadline_ms = number == 0 ? 0 : now_ms + number;
    }
}

static void act_tick(struct call *call, size_t number)
{
    struct model *model = call->run->model;
    berth_entry *entry = &model->simulator->entry.head;
    bool lacks = call->run->script->lacks[SCRIPT_TICK];
    int result = berth_tick(entry, number);

    FUZZ_REQUIRE(berth_tick(entry, TOO_LONG) == -EINVAL, "25 days");
    FUZZ_REQUIRE(result == (lacks ? -EINVAL : 0), "tick gives %d", result);
    FUZZ_REQUIRE(berth_now(entry, BERTH_MONOTONIC) == model->simulator->now_ms,
                 "the time is another");
    if (!lacks) {
        model->tick_ms = number == 0 ? 0 : model->simulator->now_ms + number;
    }
}

/* ----------------------------------------------------- the callback itself */

static void act_target(struct call *call, size_t number)
{
    struct model *model = call->run->model;
    struct model_connection *conn =
        &model->connections[number % MODEL_CONNECTIONS_MAX];

    if (conn->is_open) {
        call->target = conn;
    }
}

static void act_use(struct call *call, size_t number)
{
    call->result = (ssize_t)(number < call->size ? number : call->size);
}

static void act_use_too_much(struct call *call, size_t number)
{
    call->result = (ssize_t)(call->size + 1 + number);
}

static void act_fail(struct call *call, size_t number)
{
    (void)number;
    call->result = -EBADMSG;
}

static void act_keep(struct call *call, size_t number)
{
    (void)number;
    call->result = BERTH_KEEP;
}

/* Changes the last byte: what is not used stays changed. */
static void act_change(struct call *call, size_t number)
{
    struct model_connection *conn = call->self;

    (void)number;
    if (call->size > 0) {
        call->data[call->size - 1] ^= 0x15;
        conn->input[conn->used + call->size - 1] ^= 0x15;
    }
}

static const struct act acts[] = {
    {'w', true, true, act_write},
    {'v', true, true, act_writev},
    {'b', true, true, act_commit},
    {'B', true, true, act_commit_half},
    {'l', true, true, act_lend},
    {'F', true, true, act_send_file},
    {'n', true, true, act_reserve},
    {'N', true, true, act_commit_too_much},
    {'i', true, true, act_commit_across},
    {'o', false, true, act_room},
    {'p', false, true, act_pause},
    {'u', false, true, act_resume},
    {'h', false, true, act_shutdown},
    {'c', false, true, act_close},
    {'f', false, true, act_finish},
    {'a', false, true, act_abort},
    {'S', true, true, act_switch},
    {'d', true, true, act_deadline},
    {'k', true, false, act_tick},
    {'P', false, true, errand_post},
    {'J', false, true, errand_work},
    {'y', false, false, errand_entry_post},
    {'Y', false, false, errand_entry_work},
    {'@', true, false, act_target},
    {'=', true, false, act_use},
    {'^', true, false, act_use_too_much},
    {'!', false, false, act_fail},
    {'K', false, false, act_keep},
    {'x', false, false, act_change},
};

static const struct act *find_act(char letter)
{
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (acts[i].letter == letter) {
            return &acts[i];
        }
    }
    return NULL;
}

void act_play(struct call *call, enum script_part part)
{
    struct model *model = call->run->model;
    struct script_line line = script_next(call->run->script, part);

    for (int i = 0; i < ACTS_PER_CALLBACK && call->run->acts_left > 0; i++) {
        char letter = script_take(&line);
        const struct act *act = find_act(letter);
        size_t number = 0;

        if (letter == '\0') {
            return;
        }
        if (act == NULL) {
            continue;
        }
        if (act->has_number) {
            number = script_number(script_take(&line));
        }
        if (act->needs_target && call->target == NULL) {
            continue;
        }
        call->run->acts_left--;
        model->is_calling = true;
        act->run(call, number);
        model->is_calling = false;
    }
}
