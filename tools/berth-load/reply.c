/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

/* The largest body that is learned. */
#define LEARNED_MAX ((size_t)1 << 28)
#define ROOM_LEAST ((size_t)4096)

void reply_model_fini(struct reply_model *model)
{
    free(model->body);
    *model = (struct reply_model){.body = NULL};
}

void reply_reset(struct reply *reply)
{
    *reply = (struct reply){.has_begun = false};
}

/* For callbacks: the parser ends with it. */
static int refuse(struct reply *reply, int error, const char *why)
{
    reply->error = error;
    reply->why = why;
    return HPE_USER;
}

/* ------------------------------------------------------------------ llhttp */

static int end_status(llhttp_t *parser)
{
    struct reply *reply = CONTAINER_OF(parser, struct reply, parser);

    reply->has_status = true;
    return 0;
}

/* Some have no body, whatever their head says: RFC 9112, 6.3. */
static int end_head(llhttp_t *parser)
{
    const int no_body = 1;
    struct reply *reply = CONTAINER_OF(parser, struct reply, parser);
    const struct reply_model *model = reply->model;
    const unsigned status = (unsigned)llhttp_get_status_code(parser);

    if (status < 100) {
        return refuse(reply, -EPROTO, "no status has that number");
    }
    if (status >= 200 && model->is_known && status != model->status) {
        return refuse(reply, -EBADMSG, "an answer of another status");
    }
    return status < 200 || status == 204 || status == 304 ? no_body : 0;
}

static int learn(struct reply_model *model, const char *bytes, size_t size)
{
    size_t room = model->room == 0 ? ROOM_LEAST : model->room;
    char *body;

    while (room - model->size < size) {
        room *= 2;
    }
    if (room > LEARNED_MAX) {
        return -ENOMEM;
    }
    if (room != model->room) {
        body = realloc(model->body, room);
        if (body == NULL) {
            return -ENOMEM;
        }
        model->body = body;
        model->room = room;
    }
    memcpy(model->body + model->size, bytes, size);
    model->size += size;
    return 0;
}

static int take_body(llhttp_t *parser, const char *bytes, size_t size)
{
    struct reply *reply = CONTAINER_OF(parser, struct reply, parser);
    struct reply_model *model = reply->model;

    if (!model->is_known) {
        if (learn(model, bytes, size) < 0) {
            return refuse(reply, -ENOMEM, "a body that is too large");
        }
    } else if (size > model->size - reply->body_size) {
        return refuse(reply, -EBADMSG, "a longer body");
    } else if (memcmp(model->body + reply->body_size, bytes, size) != 0) {
        return refuse(reply, -EBADMSG, "other bytes in the body");
    }
    reply->body_size += size;
    reply->body_end = bytes + size;
    return 0;
}

/* What is interim comes before the answer itself. */
static int end_message(llhttp_t *parser)
{
    struct reply *reply = CONTAINER_OF(parser, struct reply, parser);
    struct reply_model *model = reply->model;
    const unsigned status = (unsigned)llhttp_get_status_code(parser);

    if (status < 200) {
        return 0;
    }
    if (!model->is_known) {
        model->is_known = true;
        model->status = status;
    }
    if (reply->body_size != model->size) {
        return refuse(reply, -EBADMSG, "a shorter body");
    }
    reply->is_last = llhttp_should_keep_alive(parser) == 0;
    reply->has_begun = false;
    return HPE_PAUSED;
}

static void begin(struct reply *reply)
{
    static const llhttp_settings_t callbacks = {
        .on_status_complete = end_status,
        .on_headers_complete = end_head,
        .on_body = take_body,
        .on_message_complete = end_message,
    };

    reply_reset(reply);
    llhttp_init(&reply->parser, HTTP_RESPONSE, &callbacks);
    reply->has_begun = true;
}

/* ---------------------------------------------------------------- the whole */

/* The parser ended with an error. */
static int fail(const struct reply *reply, const char **why)
{
    if (reply->error < 0) {
        *why = reply->why;
        return reply->error;
    }
    *why = reply->has_status ? llhttp_get_error_reason(&reply->parser)
                             : "no status line";
    return -EPROTO;
}

/* All was used. Heads, and lines beside chunks, must end. */
static int await_more(struct reply *reply,
                      const char *bytes,
                      size_t size,
                      const char **why)
{
    if (reply->body_end != NULL) {
        reply->beside = (size_t)(bytes + size - reply->body_end);
    } else {
        reply->beside += size;
    }
    if (reply->beside > REPLY_HEAD_MAX) {
        *why = "a head, or a line beside a chunk, that is too large";
        return -EPROTO;
    }
    return 0;
}

/* A copy of the last one, which is most of them, needs no reading. */
static bool
is_known_again(const struct reply_model *model, const char *bytes, size_t size)
{
    return model->known_size > 0 && model->known_size <= size &&
           memcmp(bytes, model->known, model->known_size) == 0;
}

int reply_take(struct reply *reply,
               struct reply_model *model,
               const char *bytes,
               size_t size,
               size_t *used,
               const char **why)
{
    const bool is_new = !reply->has_begun;

    *used = size;
    if (is_new && is_known_again(model, bytes, size)) {
        reply->is_last = false;
        *used = model->known_size;
        return 1;
    }
    if (is_new) {
        begin(reply);
    }
    reply->model = model;
    reply->body_end = NULL;
    switch (llhttp_execute(&reply->parser, bytes, size)) {
    case HPE_OK:
        return await_more(reply, bytes, size, why);
    case HPE_PAUSED:
        break;
    default:
        return fail(reply, why);
    }
    *used = (size_t)(llhttp_get_error_pos(&reply->parser) - bytes);
    if (is_new && !reply->is_last && *used <= REPLY_KNOWN_MAX) {
        memcpy(model->known, bytes, *used);
        model->known_size = *used;
    }
    return 1;
}

int reply_end(struct reply *reply, struct reply_model *model, const char **why)
{
    if (!reply->has_begun) {
        return 0;
    }
    reply->model = model;
    if (llhttp_finish(&reply->parser) == HPE_PAUSED) {
        reply->is_last = true;
        return 1;
    }
    if (reply->error < 0) {
        return fail(reply, why);
    }
    *why = "the end in the middle of an answer";
    return -EPROTO;
}
