/* SPDX-License-Identifier: MIT */
#include "script.h"

#include <stdio.h>
#include <string.h>

/* So many bytes of a difference are shown. */
#define SHOWN ((size_t)32)
/* What bulk is made of. */
#define BLOCK ((size_t)65536)

const char *profile_name(enum profile profile)
{
    static const char *const names[PROFILE_COUNT] = {"echo", "line", "http"};

    return names[profile];
}

const char *profile_meaning(enum profile profile)
{
    static const char *const meanings[PROFILE_COUNT] = {
        "every byte comes back",
        "every line comes back once it has ended",
        "a GET is answered, each time alike",
    };

    return meanings[profile];
}

void script_init(struct script *script, const struct part *part)
{
    *script = (struct script){.part = part};
}

void script_fini(struct script *script)
{
    bytes_free(&script->said);
    bytes_free(&script->replies);
}

void script_request(struct script *script,
                    const char *method,
                    const char *fields,
                    enum reply reply)
{
    const char letter = (char)reply;

    bytes_format(&script->said, "%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", method,
                 script->part->path, script->part->host, fields);
    bytes_add(&script->replies, &letter, 1);
}

void script_add(struct script *script, size_t number)
{
    if (script->part->profile == PROFILE_HTTP) {
        script_request(script, "GET", "", REPLY_GET);
    } else {
        bytes_format(&script->said, "message %zu of berth-conform\n", number);
    }
}

void script_add_many(struct script *script, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        script_add(script, i);
    }
}

void script_add_size(struct script *script, size_t size)
{
    for (size_t i = 0; script->said.size < size && !script->said.is_broken;
         i++) {
        script_add(script, i);
    }
}

void script_fill(struct script *script,
                 const struct part *part,
                 size_t requests,
                 size_t size)
{
    script_init(script, part);
    if (part->profile == PROFILE_HTTP) {
        script_add_many(script, requests);
    } else {
        script_add_size(script, size);
    }
}

void script_add_bulk(struct script *script, size_t size)
{
    script_add_size(script, size < BLOCK ? size : BLOCK);
    while (script->said.size < size && !script->said.is_broken) {
        /* It may move while it grows. */
        (void)bytes_room(&script->said, script->said.size);
        bytes_add(&script->said, script->said.data, script->said.size);
    }
}

/* ---------------------------------------------------------- what comes back */

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

static enum match show_difference(const struct bytes *said,
                                  const struct bytes *came,
                                  size_t at,
                                  struct verdict *verdict)
{
    char text[128];

    if (at == said->size) {
        verdict_expect(verdict, "%zu bytes and no more", said->size);
        (void)verdict_fail(verdict, "%zu more: %s", came->size - at,
                           verdict_quote(text, sizeof(text), came->data + at,
                                         min_of(SHOWN, came->size - at)));
        return MATCH_WRONG;
    }
    verdict_expect(verdict, "at byte %zu: %s", at,
                   verdict_quote(text, sizeof(text), said->data + at,
                                 min_of(SHOWN, said->size - at)));
    (void)verdict_fail(verdict, "at byte %zu: %s", at,
                       verdict_quote(text, sizeof(text), came->data + at,
                                     min_of(SHOWN, came->size - at)));
    return MATCH_WRONG;
}

static enum match match_bytes(const struct script *script,
                              struct progress *progress,
                              const struct bytes *came,
                              struct verdict *verdict)
{
    const struct bytes *said = &script->said;
    const size_t end = min_of(said->size, came->size);
    size_t at = progress->at;

    if (end > at && memcmp(said->data + at, came->data + at, end - at) == 0) {
        at = end;
    }
    while (at < end && said->data[at] == came->data[at]) {
        at++;
    }
    progress->at = at;
    if (at < came->size) {
        return show_difference(said, came, at, verdict);
    }
    return at == said->size ? MATCH_WHOLE : MATCH_MORE;
}

static void
print_answer(char *text, size_t size, const struct answer *answer, bool is_head)
{
    if (is_head) {
        (void)snprintf(text, size, "%u", answer->status);
    } else {
        (void)snprintf(text, size, "%u with a body of %zu bytes",
                       answer->status, answer->body_size);
    }
}

/* Is the answer one that may come now? An interim one need not be. */
static bool is_right(const struct script *script,
                     const struct progress *progress,
                     struct verdict *verdict)
{
    const struct answer *model = &script->part->model;
    const struct answer *last = &progress->last;
    const char reply = script->replies.data[progress->answers];
    const bool is_head = reply == REPLY_HEAD;
    char text[64];

    if (reply == REPLY_ANY || reply == REPLY_CONTINUE ||
        (reply == REPLY_BAD && last->status == 400) ||
        (reply == REPLY_GET && answer_equals(last, model)) ||
        (is_head && last->status == model->status)) {
        return true;
    }
    if (reply == REPLY_BAD) {
        verdict_expect(verdict, "400");
        return verdict_fail(verdict, "%u", last->status);
    }
    print_answer(text, sizeof(text), model, is_head);
    verdict_expect(verdict, "answer %zu: %s", progress->answers + 1, text);
    print_answer(text, sizeof(text), last, is_head);
    return verdict_fail(verdict, "%s%s", text,
                        last->status == model->status && !is_head &&
                                last->body_size == model->body_size
                            ? ", but other bytes"
                            : "");
}

static enum match show_nonsense(const struct progress *progress,
                                const struct bytes *came,
                                const char *why,
                                struct verdict *verdict)
{
    char text[128];

    (void)verdict_fail(verdict, "%s: %s", why,
                       verdict_quote(text, sizeof(text),
                                     came->data + progress->at,
                                     min_of(SHOWN, came->size - progress->at)));
    return MATCH_WRONG;
}

/* The next answer, if it is there. */
static enum match match_answer(const struct script *script,
                               struct progress *progress,
                               const struct bytes *came,
                               bool is_ended,
                               struct verdict *verdict)
{
    const char reply = script->replies.data[progress->answers];
    const char *why = "";
    const int found = answer_read(
        &progress->last, reply == REPLY_HEAD ? ANSWER_HEAD : ANSWER_BODY,
        came->data + progress->at, came->size - progress->at, is_ended, &why);

    if (found < 0) {
        verdict_expect(verdict, "answer %zu", progress->answers + 1);
        return show_nonsense(progress, came, why, verdict);
    }
    if (found == 0) {
        return MATCH_MORE;
    }
    if (progress->last.status < 200 && reply != REPLY_CONTINUE) {
        progress->at += progress->last.size;
        return MATCH_WHOLE;
    }
    if (!is_right(script, progress, verdict)) {
        return MATCH_WRONG;
    }
    progress->at += progress->last.size;
    progress->answers++;
    return MATCH_WHOLE;
}

static enum match match_answers(const struct script *script,
                                struct progress *progress,
                                const struct bytes *came,
                                bool is_ended,
                                struct verdict *verdict)
{
    while (progress->answers < script->replies.size &&
           progress->at < came->size) {
        const enum match match =
            match_answer(script, progress, came, is_ended, verdict);

        if (match != MATCH_WHOLE) {
            return match;
        }
    }
    if (progress->answers < script->replies.size) {
        return MATCH_MORE;
    }
    /* The final answer may follow an interim one at once. */
    if (progress->at == came->size ||
        script->replies.data[progress->answers - 1] == REPLY_CONTINUE) {
        return MATCH_WHOLE;
    }
    verdict_expect(verdict, "%zu answers and no more", progress->answers);
    return show_nonsense(progress, came, "more", verdict);
}

enum match script_match(const struct script *script,
                        struct progress *progress,
                        const struct bytes *came,
                        bool is_ended,
                        struct verdict *verdict)
{
    return script->part->profile == PROFILE_HTTP
               ? match_answers(script, progress, came, is_ended, verdict)
               : match_bytes(script, progress, came, verdict);
}

void script_expect(const struct script *script, struct verdict *verdict)
{
    if (script->part->profile == PROFILE_HTTP) {
        verdict_expect(verdict, "%zu %s", script->replies.size,
                       script->replies.size == 1 ? "answer" : "answers");
    } else {
        verdict_expect(verdict, "%zu bytes", script->said.size);
    }
}

void script_tell(const struct script *script,
                 const struct progress *progress,
                 char *text,
                 size_t size)
{
    if (script->part->profile == PROFILE_HTTP) {
        (void)snprintf(text, size, "%zu whole", progress->answers);
    } else {
        (void)snprintf(text, size, "%zu", progress->at);
    }
}
