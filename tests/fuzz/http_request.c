/* SPDX-License-Identifier: MIT */
/*
 * What the protocol http reads of a request before anything answers it: head,
 * target, chunks, trailer section. The first byte says where the rest is cut in
 * two; what comes of it must not depend on that.
 */
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "fuzz.h"
#include "head.h"
#include "path.h"
#include "pending.h"
#include "target.h"

#define MAX_HEAD 4096
#define MAX_HEADERS 16
#define MAX_BODY 1000

/* How a request that was read in some number of pieces ended. */
struct outcome {
    int status; /* 0: all of it was read; 1: more is needed; -status */
    size_t used;
    uint64_t content; /* a sum of the body's bytes and places */
    uint64_t size;    /* of the body */
};

static struct head head;

/* ------------------------------------------------------------------ request */

static void check_span(struct http_span span, const struct store *text)
{
    FUZZ_REQUIRE(span.size == 0 ||
                     (span.data >= text->data &&
                      span.data + span.size <= text->data + text->size),
                 "a span outside of the head");
}

/* To the path of a file, the short way leads where the long one does. */
static void check_file(const struct http_request *request)
{
    static struct path path, other;
    struct http_span text = request->path;

    if (!request->is_plain || text.size > PATH_NAME_MAX) {
        return;
    }
    path_take_plain(text.data, text.size, &path);
    FUZZ_REQUIRE(path_parse(text.data, text.size, false, &other) == 0,
                 "no file is '%.*s'", (int)path.size, path.text);
    FUZZ_REQUIRE(path.is_directory == other.is_directory &&
                     path.size == other.size &&
                     memcmp(path.text, other.text, path.size) == 0,
                 "'%.*s' is '%s', too", (int)path.size, path.text, other.text);
}

static void check_path(const struct http_request *request)
{
    struct http_span path = request->path;
    char *room = malloc(path.size + 1);

    if (room == NULL || *path.data == '*') {
        free(room);
        return;
    }
    FUZZ_REQUIRE(*path.data == '/', "a path without a slash");
    if (target_normalise(&path, room) == 0) {
        FUZZ_REQUIRE(path.size > 0 && *path.data == '/', "a path of nothing");
        FUZZ_REQUIRE(memchr(path.data, '\0', path.size) == NULL, "a NUL");
        FUZZ_REQUIRE(memmem(path.data, path.size, "//", 2) == NULL &&
                         memmem(path.data, path.size, "/./", 3) == NULL &&
                         memmem(path.data, path.size, "/../", 4) == NULL,
                     "dots are left");
        FUZZ_REQUIRE(!request->is_plain || (path.size == request->path.size),
                     "a plain path that changed");
    }
    free(room);
}

static void check_message(const struct message *message,
                          const struct store *text)
{
    const struct http_request *request = &message->request;

    for (size_t i = 0; i < request->header_count; i++) {
        struct http_span value = request->headers[i].value;

        check_span(request->headers[i].name, text);
        check_span(value, text);
        FUZZ_REQUIRE(value.size == 0 ||
                         (memchr(value.data, '\r', value.size) == NULL &&
                          memchr(value.data, '\n', value.size) == NULL &&
                          memchr(value.data, '\0', value.size) == NULL),
                     "a value with the end of a line");
    }
    FUZZ_REQUIRE(request->minor == 0 || request->host.size > 0, "no host");
    FUZZ_REQUIRE(!message->is_chunked || message->body_size == 0, "two sizes");
    FUZZ_REQUIRE(!message->is_chunked || request->minor == 1,
                 "chunks in HTTP/1.0");
    check_path(request);
    check_file(request);
}

/* -------------------------------------------------------------------- pieces */

/* Adds what is of the body to the outcome; returns 0, or -status. */
static int take_body(struct pending *pending,
                     const char *data,
                     size_t size,
                     struct outcome *outcome)
{
    while (size > 0 && pending->body.phase < BODY_TRAILER) {
        struct http_span piece;
        ssize_t used = body_decode(&pending->body, data, size, &piece);

        if (used < 0) {
            return (int)used;
        }
        FUZZ_REQUIRE(used > 0 && (size_t)used <= size, "%zd of %zu", used,
                     size);
        for (size_t i = 0; i < piece.size; i++) {
            outcome->content += ++outcome->size * (unsigned char)piece.data[i];
        }
        data += used;
        size -= (size_t)used;
        outcome->used += (size_t)used;
    }
    FUZZ_REQUIRE(outcome->size <= MAX_BODY, "a body beyond its bound");
    if (pending->body.phase == BODY_TRAILER) {
        pending_begin_trailer(pending);
    }
    return 0;
}

static int end_head(struct pending *pending)
{
    struct message message;
    int error = head_parse(&head, pending->text.data, pending->text.size,
                           pending->scan.first, &message);

    if (error == 0) {
        check_message(&message, &pending->text);
        pending->head_size = pending->text.size;
        body_begin(&pending->body, message.is_chunked, message.body_size,
                   MAX_BODY);
        if (!message.is_chunked && message.body_size == 0) {
            pending->body.phase = BODY_DONE;
        }
        error = message.body_size > MAX_BODY ? -413 : 0;
    }
    return error;
}

/* A head, or a trailer section; returns 0 or -status. */
static int take_lines(struct pending *pending,
                      const char *data,
                      size_t size,
                      struct outcome *outcome)
{
    bool is_complete = false;
    ssize_t used = pending_collect(pending, MAX_HEAD, data, size, &is_complete);
    int error;

    if (used < 0 || !is_complete) {
        outcome->used += used < 0 ? 0 : (size_t)used;
        return used < 0 ? (int)used : 0;
    }
    outcome->used += (size_t)used;
    if (pending->head_size == 0) {
        return end_head(pending);
    }
    error = head_check_trailer(&head, pending->text.data + pending->head_size,
                               pending->text.size - pending->head_size);
    pending->body.phase = BODY_DONE;
    return error;
}

static void take(struct pending *pending,
                 const char *data,
                 size_t size,
                 struct outcome *outcome)
{
    size_t end = outcome->used + size;

    while (outcome->used < end && outcome->status == 1) {
        size_t left = end - outcome->used;
        const char *at = data + (size - left);
        bool has_lines =
            pending->head_size == 0 || pending->body.phase == BODY_TRAILER;
        int error = has_lines ? take_lines(pending, at, left, outcome)
                              : take_body(pending, at, left, outcome);

        if (error < 0) {
            outcome->status = error;
        } else if (pending->head_size > 0 && pending->body.phase == BODY_DONE) {
            outcome->status = 0;
        }
    }
}

static struct outcome read_cut(const char *data, size_t size, size_t cut)
{
    struct outcome outcome = {.status = 1};
    struct pending *pending = pending_new();

    if (pending == NULL) {
        abort();
    }
    take(pending, data, cut, &outcome);
    if (outcome.status == 1) {
        take(pending, data + cut, size - cut, &outcome);
    }
    pending_free(pending);
    return outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, pieces;
    size_t cut;
    char *text;

    if (size == 0 || (head.headers == NULL && head_init(&head, MAX_HEADERS))) {
        return 0;
    }
    cut = data[0] % size;
    text = fuzz_text(data + 1, size - 1);
    whole = read_cut(text, size - 1, 0);
    pieces = read_cut(text, size - 1, cut);
    free(text);
    FUZZ_REQUIRE(whole.status == pieces.status, "%d, cut at %zu %d",
                 whole.status, cut, pieces.status);
    FUZZ_REQUIRE(whole.status < 0 || (whole.used == pieces.used &&
                                      whole.content == pieces.content &&
                                      whole.size == pieces.size),
                 "cut at %zu another body", cut);
    return 0;
}
