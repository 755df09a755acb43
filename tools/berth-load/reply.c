/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VERSION "HTTP/1."
#define VERSION_SIZE (sizeof(VERSION) - 1)
/* HTTP/1.x SP three digits */
#define STATUS_SIZE ((size_t)12)
/* The longest line of a trailer, or beside the size of a chunk. */
#define LINE_MAX_SIZE ((size_t)8192)
/* The largest body that is learned, and that a length may tell. */
#define BODY_MAX (UINT64_C(1) << 40)
#define LEARNED_MAX ((size_t)1 << 28)
#define ROOM_LEAST ((size_t)4096)

/* Bytes that came, and how many of them were used. */
struct piece {
    const char *bytes;
    size_t size;
    size_t used;
    const char **why;
};

void reply_model_fini(struct reply_model *model)
{
    free(model->body);
    *model = (struct reply_model){.body = NULL};
}

void reply_fini(struct reply *reply)
{
    free(reply->head);
    *reply = (struct reply){.head = NULL};
}

static int refuse(const char **why, int error, const char *text)
{
    *why = text;
    return error;
}

/* ---------------------------------------------------------------- the head */

static int digit_of(char byte, int base)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (base == 16 && isxdigit((unsigned char)byte)) {
        return tolower((unsigned char)byte) - 'a' + 10;
    }
    return -1;
}

static const char *skip_blanks(const char *text)
{
    while (*text == ' ' || *text == '\t') {
        text++;
    }
    return text;
}

/* Is the text, up to its CR, one number? */
static bool read_length(const char *text, uint64_t *length)
{
    const char *next = text;
    uint64_t number = 0;

    while (digit_of(*next, 10) >= 0 && number <= BODY_MAX) {
        number = (number * 10) + (uint64_t)digit_of(*next++, 10);
    }
    if (next == text || number > BODY_MAX) {
        return false;
    }
    *length = number;
    return *skip_blanks(next) == '\r';
}

/* Does the text, which ends in no NUL, begin with that word? The word is in
   small letters. */
static bool begins_with(const char *text, const char *word)
{
    while (*word != '\0' && tolower((unsigned char)*text) == *word) {
        text++;
        word++;
    }
    return *word == '\0';
}

/* The value, if the line is that field. */
static const char *value_of(const char *line, const char *name)
{
    return begins_with(line, name) ? skip_blanks(line + strlen(name)) : NULL;
}

static int read_field(struct reply *reply, const char *line, const char **why)
{
    const char *value = value_of(line, "content-length:");

    if (value != NULL && !read_length(value, &reply->left)) {
        return refuse(why, -EPROTO, "a Content-Length that is no number");
    }
    if (value != NULL && reply->step == REPLY_TO_THE_END) {
        reply->step = REPLY_BODY;
    }
    value = value_of(line, "transfer-encoding:");
    if (value != NULL && begins_with(value, "chunked")) {
        reply->step = REPLY_CHUNK_SIZE;
    }
    value = value_of(line, "connection:");
    if (value != NULL && begins_with(value, "close")) {
        reply->is_last = true;
    }
    return 0;
}

static int read_status(struct reply *reply,
                       const char *head,
                       size_t size,
                       const char **why)
{
    const char *digits = head + STATUS_SIZE - 3;

    if (size < STATUS_SIZE || memcmp(head, VERSION, VERSION_SIZE) != 0 ||
        digits[-1] != ' ' || digit_of(digits[0], 10) < 1 ||
        digit_of(digits[1], 10) < 0 || digit_of(digits[2], 10) < 0) {
        return refuse(why, -EPROTO, "no status line");
    }
    reply->status =
        (unsigned)((digit_of(digits[0], 10) * 100) +
                   (digit_of(digits[1], 10) * 10) + digit_of(digits[2], 10));
    return 0;
}

/* What the head says of the body. Some answers have none, whatever it says. */
static int begin_body(struct reply *reply,
                      const struct reply_model *model,
                      const char **why)
{
    if (reply->status < 200) {
        reply->step = REPLY_HEAD; /* the answer itself is yet to come */
        return 0;
    }
    if (model->is_known && reply->status != model->status) {
        return refuse(why, -EBADMSG, "an answer of another status");
    }
    if (reply->status == 204 || reply->status == 304) {
        reply->step = REPLY_BODY;
        reply->left = 0;
    }
    reply->body_size = 0;
    return 0;
}

/* head[0..size) ends in an empty line, so that no line is without a CR. */
static int read_head(struct reply *reply,
                     const struct reply_model *model,
                     const char *head,
                     size_t size,
                     const char **why)
{
    const char *end = head + size - 2;
    const char *line;
    int error = read_status(reply, head, size, why);

    reply->step = REPLY_TO_THE_END;
    reply->is_last = false;
    reply->left = 0;
    line = error < 0 ? end : (const char *)memchr(head, '\n', size) + 1;
    while (error == 0 && line < end) {
        const char *next = memchr(line, '\n', (size_t)(end - line));

        if (next == NULL || next[-1] != '\r') {
            return refuse(why, -EPROTO, "a line that does not end in CR LF");
        }
        if (memchr(line, ':', (size_t)(next - line)) == NULL) {
            return refuse(why, -EPROTO, "a field without a colon");
        }
        error = read_field(reply, line, why);
        line = next + 1;
    }
    return error < 0 ? error : begin_body(reply, model, why);
}

/* Where the head ends, 0: it does not. */
static size_t head_size_of(const char *bytes, size_t size)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);

    return end == NULL ? 0 : (size_t)(end - bytes) + 4;
}

/* Keeps what came for later, as much as a head may be. */
static int keep_head(struct reply *reply, struct piece *piece)
{
    const char *bytes = piece->bytes + piece->used;
    const size_t room = REPLY_HEAD_MAX - reply->head_size;
    const size_t came = piece->size - piece->used;
    const size_t size = came < room ? came : room;

    if (reply->head == NULL) {
        reply->head = malloc(REPLY_HEAD_MAX);
        if (reply->head == NULL) {
            return refuse(piece->why, -ENOMEM, "no memory for a head");
        }
    }
    memcpy(reply->head + reply->head_size, bytes, size);
    reply->head_size += size;
    return 0;
}

/* What is there of a status line can already be none. */
static bool begins_well(const char *bytes, size_t size)
{
    return memcmp(bytes, VERSION, size < VERSION_SIZE ? size : VERSION_SIZE) ==
           0;
}

/* The same for a head that came in pieces. */
static int take_kept_head(struct reply *reply,
                          const struct reply_model *model,
                          struct piece *piece)
{
    const size_t before = reply->head_size;
    int error = keep_head(reply, piece);
    size_t size;

    if (error < 0) {
        return error;
    }
    size = head_size_of(reply->head, reply->head_size);
    if (size == 0 && reply->head_size == REPLY_HEAD_MAX) {
        return refuse(piece->why, -EPROTO, "a head that is too large");
    }
    if (size == 0) {
        piece->used = piece->size;
        return begins_well(reply->head, reply->head_size)
                   ? 0
                   : refuse(piece->why, -EPROTO, "no status line");
    }
    piece->used += size - before;
    error = read_head(reply, model, reply->head, size, piece->why);
    free(reply->head);
    reply->head = NULL;
    reply->head_size = 0;
    return error;
}

static int take_head(struct reply *reply,
                     const struct reply_model *model,
                     struct piece *piece)
{
    const char *bytes = piece->bytes + piece->used;
    const size_t size = head_size_of(bytes, piece->size - piece->used);

    if (reply->head != NULL || size == 0 || size > REPLY_HEAD_MAX) {
        return take_kept_head(reply, model, piece);
    }
    piece->used += size;
    return read_head(reply, model, bytes, size, piece->why);
}

/* ---------------------------------------------------------------- the body */

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

/* So many bytes of the body. */
static int take_body(struct reply *reply,
                     struct reply_model *model,
                     struct piece *piece,
                     size_t size)
{
    const char *bytes = piece->bytes + piece->used;

    if (!model->is_known) {
        if (learn(model, bytes, size) < 0) {
            return refuse(piece->why, -ENOMEM, "a body that is too large");
        }
    } else if (size > model->size - reply->body_size) {
        return refuse(piece->why, -EBADMSG, "a longer body");
    } else if (memcmp(model->body + reply->body_size, bytes, size) != 0) {
        return refuse(piece->why, -EBADMSG, "other bytes in the body");
    }
    reply->body_size += size;
    piece->used += size;
    return 0;
}

static int take_counted(struct reply *reply,
                        struct reply_model *model,
                        struct piece *piece)
{
    const size_t came = piece->size - piece->used;
    const size_t size = came < reply->left ? came : (size_t)reply->left;

    reply->left -= size;
    return size == 0 ? 0 : take_body(reply, model, piece, size);
}

/* A byte of a chunk's first line. */
static int take_size(struct reply *reply, char byte, const char **why)
{
    const int digit = digit_of(byte, 16);

    if (digit >= 0) {
        reply->left = (reply->left * 16) + (uint64_t)digit;
        reply->has_digits = true;
        if (reply->left > BODY_MAX) {
            return refuse(why, -EPROTO, "a chunk that is too large");
        }
        return 0;
    }
    if (!reply->has_digits) {
        return refuse(why, -EPROTO, "a chunk without a size");
    }
    reply->has_digits = false;
    reply->step = REPLY_CHUNK_REST;
    return 0;
}

/* A byte between chunks, or behind them. Returns 1 at the end. */
static int take_framing(struct reply *reply, char byte, const char **why)
{
    switch (reply->step) {
    case REPLY_CHUNK_SIZE:
        return take_size(reply, byte, why);
    case REPLY_CHUNK_REST:
        if (byte == '\n') {
            reply->step = reply->left == 0 ? REPLY_TRAILER : REPLY_CHUNK_DATA;
            reply->line = 0;
        } else {
            reply->line++;
        }
        break;
    case REPLY_CHUNK_END:
        if (byte != '\r' && byte != '\n') {
            return refuse(why, -EPROTO, "a chunk that is longer than it says");
        }
        if (byte == '\n') {
            reply->step = REPLY_CHUNK_SIZE;
        }
        break;
    default:
        if (byte == '\n' && reply->line == 0) {
            return 1;
        }
        reply->line = byte == '\n' ? 0 : reply->line + (byte == '\r' ? 0 : 1);
        break;
    }
    return 0;
}

/* Lines beside chunks must end, too. */
static int take_framings(struct reply *reply, struct piece *piece)
{
    int done = 0;

    while (done == 0 && piece->used < piece->size &&
           reply->step != REPLY_CHUNK_DATA) {
        done = take_framing(reply, piece->bytes[piece->used++], piece->why);
        if (reply->line > LINE_MAX_SIZE) {
            return refuse(piece->why, -EPROTO, "a line that is too long");
        }
    }
    return done;
}

/* ---------------------------------------------------------------- the whole */

static int
finish(struct reply *reply, struct reply_model *model, const char **why)
{
    if (!model->is_known) {
        model->is_known = true;
        model->status = reply->status;
    }
    if (reply->body_size != model->size) {
        return refuse(why, -EBADMSG, "a shorter body");
    }
    reply->step = REPLY_HEAD;
    return 1;
}

/* One step. Returns 1 at the end of the answer, 0 or -errno. */
static int
take_step(struct reply *reply, struct reply_model *model, struct piece *piece)
{
    int error;

    switch (reply->step) {
    case REPLY_HEAD:
        error = take_head(reply, model, piece);
        return error == 0 && reply->step == REPLY_BODY && reply->left == 0
                   ? 1
                   : error;
    case REPLY_BODY:
        error = take_counted(reply, model, piece);
        return error == 0 && reply->left == 0 ? 1 : error;
    case REPLY_CHUNK_DATA:
        error = take_counted(reply, model, piece);
        if (error == 0 && reply->left == 0) {
            reply->step = REPLY_CHUNK_END;
        }
        return error;
    case REPLY_TO_THE_END:
        return take_body(reply, model, piece, piece->size - piece->used);
    default:
        return take_framings(reply, piece);
    }
}

/* A copy of the last one, which is most of them, needs no reading. */
static bool is_known_again(const struct reply *reply,
                           const struct reply_model *model,
                           const struct piece *piece)
{
    return reply->head == NULL && model->known_size > 0 &&
           model->known_size <= piece->size &&
           memcmp(piece->bytes, model->known, model->known_size) == 0;
}

int reply_take(struct reply *reply,
               struct reply_model *model,
               const char *bytes,
               size_t size,
               size_t *used,
               const char **why)
{
    struct piece piece = {.bytes = bytes, .size = size, .why = why};
    const bool is_new = reply->step == REPLY_HEAD && reply->head == NULL;
    int done = 0;

    if (is_new && is_known_again(reply, model, &piece)) {
        reply->is_last = false;
        *used = model->known_size;
        return 1;
    }
    while (done == 0 && piece.used < size) {
        done = take_step(reply, model, &piece);
    }
    *used = piece.used;
    if (done > 0) {
        done = finish(reply, model, why);
    }
    if (done > 0 && is_new && !reply->is_last &&
        piece.used <= REPLY_KNOWN_MAX) {
        memcpy(model->known, bytes, piece.used);
        model->known_size = piece.used;
    }
    return done;
}

int reply_end(struct reply *reply, struct reply_model *model, const char **why)
{
    if (reply->step == REPLY_TO_THE_END) {
        reply->is_last = true;
        return finish(reply, model, why);
    }
    if (reply->step == REPLY_HEAD && reply->head == NULL) {
        return 0;
    }
    return refuse(why, -EPROTO, "the end in the middle of an answer");
}
