/* SPDX-License-Identifier: MIT */
#include "exchange.h"

#include <string.h>

#include "answer.h"
#include "attribute.h"
#include "bytes.h"
#include "local.h"
#include "serve.h"
#include "settings.h"
#include "state.h"

/* What arrives so soon after the server began to stop was on its way. */
#define STOP_MS 100
/* How often a connection is looked at that still reads answers. */
#define AGAIN_MS 1000
/* Results below this are -errno, not the status of a refusal. */
#define STATUS_FIRST 200

static const struct http_settings *settings_of(const berth_conn *c)
{
    return c->entry->settings;
}

/* ------------------------------------------------------------------ ending */

static void drop_pending(struct http_state *state)
{
    pending_free(state->pending);
    state->pending = NULL;
}

/*
 * An answer to what is no request, or not a whole one. Where the next one would
 * begin is not known then, so the connection ends. Returns what on_data does.
 */
COLD static ssize_t refuse(berth_conn *c, ssize_t result, size_t size)
{
    int error;

    if (result > -STATUS_FIRST) {
        return result;
    }
    drop_pending(c->state);
    error = http_answer_status(c, NULL, (unsigned)-result, NULL, 0);
    berth_close(c);
    return error < 0 ? error : (ssize_t)size;
}

/*
 * The time of the last answer is noted, and the deadline, once it is that of
 * keep_alive, left where it is: exchange_expire() moves it.
 */
static int await_request(berth_conn *c)
{
    struct http_state *state = c->state;

    state->answered_ms = berth_now(c->entry, BERTH_MONOTONIC);
    if (state->is_keep_alive_set) {
        return 0;
    }
    state->is_keep_alive_set = true;
    return berth_deadline(c, settings_of(c)->keep_alive_ms);
}

static int set_deadline(berth_conn *c, uint32_t ms)
{
    struct http_state *state = c->state;

    state->is_keep_alive_set = false;
    return berth_deadline(c, ms);
}

/* A request was answered: the next one, or the end. */
static int finish(berth_conn *c, const struct http_request *request)
{
    struct http_state *state = c->state;

    state->phase = HTTP_HEAD_PHASE;
    state->has_skipped = false;
    if (request->keep_alive) {
        return await_request(c);
    }
    if (request->is_last) {
        berth_finish(c);
    } else {
        berth_close(c);
    }
    return 0;
}

static void decide_keep_alive(const berth_conn *c, struct http_request *request)
{
    const struct http_state *state = c->state;
    uint32_t most = settings_of(c)->max_requests;

    if (state->is_stopping || (most > 0 && state->requests >= most)) {
        request->keep_alive = false;
    }
}

static int serve_and_finish(berth_conn *c, const struct http_request *request)
{
    int error = serve(c, request);

    return error < 0 ? error : finish(c, request);
}

/* -------------------------------------------------------------------- body */

/* The head is kept, and parsed again when the body is complete. */
COLD static int begin_body(berth_conn *c,
                           const struct message *message,
                           const char *head,
                           size_t head_size,
                           size_t first)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct http_state *state = c->state;
    struct pending *pending = state->pending;
    ssize_t written = 0;

    if (pending == NULL) {
        pending = pending_new();
        if (pending == NULL || store_add(&pending->text, head, head_size) < 0) {
            pending_free(pending);
            return -ENOMEM;
        }
        state->pending = pending;
    }
    pending->head_size = head_size;
    pending->scan.first = (uint32_t)first;
    pending->keeps_content = serve_wants_body(c, &message->request);
    body_begin(&pending->body, message->is_chunked, message->body_size,
               settings_of(c)->max_body);
    state->phase = HTTP_BODY_PHASE;
    if (message->is_expecting) {
        written = berth_write(c, go_on, sizeof(go_on) - 1);
    }
    return written < 0 ? (int)written
                       : set_deadline(c, settings_of(c)->body_timeout_ms);
}

static ssize_t end_body(berth_conn *c)
{
    struct http_state *state = c->state;
    struct http_local *local = c->entry->local;
    struct pending *pending = state->pending;
    struct http_request *request;
    struct message message;
    int error = head_parse(&local->head, pending->text.data, pending->head_size,
                           pending->scan.first, &message);

    if (error < 0) {
        return error; /* it was fine when it came */
    }
    request = &message.request;
    request->body = (struct http_span){.data = pending->content.data,
                                       .size = pending->content.size};
    decide_keep_alive(c, request);
    error = serve_and_finish(c, request);
    drop_pending(state);
    return error;
}

COLD static ssize_t take_body(berth_conn *c, const char *data, size_t size)
{
    struct http_state *state = c->state;
    struct pending *pending = state->pending;
    ssize_t result = 0;
    size_t used = 0;

    while (used < size && pending->body.phase < BODY_TRAILER) {
        struct http_span piece;

        result = body_decode(&pending->body, data + used, size - used, &piece);
        if (result >= 0 && pending->keeps_content && piece.size > 0 &&
            store_add(&pending->content, piece.data, piece.size) < 0) {
            result = -ENOMEM;
        }
        if (result < 0) {
            return refuse(c, result, size);
        }
        used += (size_t)result;
    }
    if (pending->body.phase == BODY_TRAILER) {
        state->phase = HTTP_TRAILER_PHASE;
        pending_begin_trailer(pending);
    } else if (pending->body.phase == BODY_DONE) {
        result = end_body(c);
    }
    return result < 0 ? result : (ssize_t)used;
}

COLD static ssize_t take_trailer(berth_conn *c, const char *data, size_t size)
{
    struct http_state *state = c->state;
    struct http_local *local = c->entry->local;
    struct pending *pending = state->pending;
    bool is_complete = false;
    ssize_t used = pending_collect(pending, settings_of(c)->max_head, data,
                                   size, &is_complete);
    ssize_t result;

    if (used < 0 || !is_complete) {
        return used < 0 ? refuse(c, used, size) : used;
    }
    result = head_check_trailer(&local->head,
                                pending->text.data + pending->head_size,
                                pending->text.size - pending->head_size);
    if (result < 0) {
        return refuse(c, result, size);
    }
    result = end_body(c);
    return result < 0 ? result : used;
}

/* -------------------------------------------------------------------- head */

/* first: of the first line. Returns 0, -errno, or the status to refuse with. */
static int
begin_request(berth_conn *c, const char *head, size_t head_size, size_t first)
{
    struct http_state *state = c->state;
    struct http_local *local = c->entry->local;
    struct http_request *request;
    struct message message;
    int error = head_parse(&local->head, head, head_size, first, &message);

    if (error < 0) {
        return error;
    }
    request = &message.request;
    state->requests++;
    decide_keep_alive(c, request);
    if (message.body_size > settings_of(c)->max_body) {
        return -413;
    }
    if (message.is_expecting && serve_refuses(c, request)) {
        /* Whether the body comes nevertheless cannot be known. */
        request->keep_alive = false;
        request->is_last = false;
    } else if (message.is_chunked || message.body_size > 0) {
        return begin_body(c, &message, head, head_size, first);
    }
    error = serve_and_finish(c, request);
    drop_pending(state);
    return error;
}

COLD static ssize_t begin_collecting(berth_conn *c,
                                     const char *data,
                                     size_t size,
                                     struct head_scan scan)
{
    struct http_state *state = c->state;
    int error;

    if (size > settings_of(c)->max_head) {
        return refuse(c, pending_too_long(&scan, settings_of(c)->max_head),
                      size);
    }
    state->pending = pending_new();
    if (state->pending == NULL) {
        return -ENOMEM;
    }
    state->pending->scan = scan;
    error = store_add(&state->pending->text, data, size);
    if (error == 0) {
        error = set_deadline(c, settings_of(c)->header_timeout_ms);
    }
    return error < 0 ? error : (ssize_t)size;
}

COLD static ssize_t
go_on_collecting(berth_conn *c, const char *data, size_t size)
{
    struct pending *pending = ((struct http_state *)c->state)->pending;
    bool is_complete = false;
    ssize_t used = pending_collect(pending, settings_of(c)->max_head, data,
                                   size, &is_complete);
    ssize_t result;

    if (used < 0 || !is_complete) {
        return used < 0 ? refuse(c, used, size) : used;
    }
    result = begin_request(c, pending->text.data, pending->text.size,
                           pending->scan.first);
    return result < 0 ? refuse(c, result, size) : used;
}

/* RFC 9112, 2.2: an empty line before a request is passed over. One. */
COLD static ssize_t
skip_empty_line(berth_conn *c, const char *data, size_t size)
{
    struct http_state *state = c->state;

    if (size == 1) {
        return 0;
    }
    if (data[1] != '\n' || state->has_skipped) {
        return refuse(c, -400, size);
    }
    state->has_skipped = true;
    return 2;
}

/*
 * A head that has come whole is parsed where it lies. What is beyond the
 * largest one is not looked at, as it is not when it comes in pieces.
 */
static ssize_t take_head(berth_conn *c, const char *data, size_t size)
{
    size_t max = settings_of(c)->max_head;
    struct head_scan scan = {0};
    ssize_t length;
    int error;

    if (*data == '\r') {
        return skip_empty_line(c, data, size);
    }
    if (!byte_is_in(*data, &bytes_token)) {
        return refuse(c, -400, size); /* TLS, say: no line may ever end */
    }
    length = head_scan(&scan, data, size > max ? max + 1 : size);
    if (length == 0) {
        return begin_collecting(c, data, size, scan);
    }
    if (length > (ssize_t)max) {
        return refuse(c, pending_too_long(&scan, max), size);
    }
    error = length < 0 ? (int)length
                       : begin_request(c, data, (size_t)length, scan.first);
    return error < 0 ? refuse(c, error, size) : length;
}

/* --------------------------------------------------------------- callbacks */

int exchange_open(berth_conn *c)
{
    return berth_deadline(c, settings_of(c)->header_timeout_ms);
}

ssize_t exchange_take(berth_conn *c, char *data, size_t size)
{
    const struct http_state *state = c->state;

    switch ((enum http_phase)state->phase) {
    case HTTP_BODY_PHASE:
        return take_body(c, data, size);
    case HTTP_TRAILER_PHASE:
        return take_trailer(c, data, size);
    case HTTP_HEAD_PHASE:
        break;
    }
    return state->pending == NULL ? take_head(c, data, size)
                                  : go_on_collecting(c, data, size);
}

int exchange_end(berth_conn *c, size_t left)
{
    const struct http_state *state = c->state;

    if (state->pending != NULL || left > 0) {
        (void)refuse(c, -400, left);
    }
    return BERTH_CLOSE;
}

void exchange_expire(berth_conn *c)
{
    const struct http_state *state = c->state;
    uint64_t end_ms = state->answered_ms + settings_of(c)->keep_alive_ms;
    uint64_t now_ms = berth_now(c->entry, BERTH_MONOTONIC);

    if (state->pending != NULL) {
        (void)refuse(c, -408, 0);
    } else if (state->is_keep_alive_set && now_ms < end_ms) {
        (void)berth_deadline(c, end_ms - now_ms);
    } else if (berth_room(c) == 0) {
        /* It still reads answers; what it asks next waits behind them. */
        (void)berth_deadline(c, AGAIN_MS);
    } else {
        berth_close(c);
    }
}

void exchange_stop(berth_conn *c, int reason)
{
    struct http_state *state = c->state;

    (void)reason;
    state->is_stopping = true;
    if (state->pending == NULL) {
        (void)set_deadline(c, STOP_MS);
    }
}

void exchange_close(berth_conn *c, int why)
{
    (void)why;
    drop_pending(c->state);
}
