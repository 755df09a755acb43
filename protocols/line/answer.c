/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <stdlib.h>
#include <string.h>

#include "moment.h"

/* The longest address is a unix path of 108 bytes. */
#define PEER_SIZE 256

enum part_kind {
    PART_TEXT,
    PART_END, /* "\n" in the text */
    PART_LINE,
    PART_ARGS,
    PART_PEER,
    PART_TIME,
    PART_CLOSE, /* is no part: what it says is in answer.closes */
};

struct part {
    enum part_kind kind;
    struct span text;
};

static const struct word {
    const char *name; /* with its braces */
    enum part_kind kind;
    bool wants_line;
} words[] = {
    {"{line}", PART_LINE, true},    {"{args}", PART_ARGS, true},
    {"{peer}", PART_PEER, false},   {"{time}", PART_TIME, false},
    {"{close}", PART_CLOSE, false},
};

static const struct word *find_word(const char *text, enum answer_kind kind)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const struct word *word = &words[i];

        if (strncmp(text, word->name, strlen(word->name)) == 0 &&
            (kind == ANSWER_REPLY || !word->wants_line)) {
            return word;
        }
    }
    return NULL;
}

static int refuse_word(const char *text,
                       enum answer_kind kind,
                       const char *option,
                       berth_error *error)
{
    const char *known = kind == ANSWER_REPLY
                            ? "{line}, {args}, {peer}, {time} and {close}"
                            : "{peer}, {time} and {close}";
    size_t length = strcspn(text, "}\n");

    if (text[length] != '}') {
        return berth_refuse(error, option, -EINVAL,
                            "'{' without '}'; write {{ for a brace");
    }
    return berth_refuse(error, option, -EINVAL,
                        "'%.*s}' is not known: there are %s; write {{ for a "
                        "brace",
                        length > 40 ? 40 : (int)length, text, known);
}

/* Each mark may have a text before it; behind the last there may be a text and
   an end. */
static size_t count_parts_at_most(const char *text)
{
    size_t marks = 0;

    for (; *text != '\0'; text++) {
        marks += *text == '{' || *text == '\n' ? 1 : 0;
    }
    return 2 * marks + 2;
}

static void add_part(struct answer *answer,
                     enum part_kind kind,
                     const char *text,
                     size_t size)
{
    if (kind == PART_CLOSE) {
        answer->closes = true;
    } else if (kind != PART_TEXT || size > 0) {
        answer->parts[answer->count++] =
            (struct part){.kind = kind, .text = {text, size}};
    }
}

/* Takes the mark that text begins with. Returns its length; 0: no known one. */
static size_t
take_mark(struct answer *answer, const char *text, enum answer_kind kind)
{
    const struct word *word;

    if (text[0] == '\n') {
        add_part(answer, PART_END, NULL, 0);
        return 1;
    }
    if (text[1] == '{') {
        add_part(answer, PART_TEXT, text, 1);
        return 2;
    }
    word = find_word(text, kind);
    if (word == NULL) {
        return 0;
    }
    add_part(answer, word->kind, NULL, 0);
    return strlen(word->name);
}

static bool has_end(const struct answer *answer)
{
    return answer->count > 0 &&
           answer->parts[answer->count - 1].kind == PART_END;
}

int answer_parse(struct answer *answer,
                 const char *text,
                 enum answer_kind kind,
                 const char *option,
                 berth_error *error)
{
    *answer = (struct answer){
        .parts = calloc(count_parts_at_most(text), sizeof(struct part))};
    if (answer->parts == NULL) {
        return berth_refuse(error, option, -ENOMEM, "no memory");
    }
    while (*text != '\0') {
        size_t plain = strcspn(text, "{\n");
        size_t mark;

        add_part(answer, PART_TEXT, text, plain);
        text += plain;
        if (*text == '\0') {
            break;
        }
        mark = take_mark(answer, text, kind);
        if (mark == 0) {
            answer_fini(answer);
            return refuse_word(text, kind, option, error);
        }
        text += mark;
    }
    if (kind != ANSWER_PROMPT && !has_end(answer)) {
        add_part(answer, PART_END, NULL, 0);
    }
    return 0;
}

void answer_fini(struct answer *answer)
{
    free(answer->parts);
    *answer = (struct answer){.parts = NULL};
}

void answer_send_peer(const struct request *request)
{
    char peer[PEER_SIZE] = "";
    ssize_t length = berth_get(request->c, BERTH_GET_PEER, peer, sizeof(peer));

    if (length > 0) {
        request_write(request, (struct span){peer, strlen(peer)});
    }
}

void answer_send_time(const struct request *request)
{
    char text[MOMENT_SIZE];
    size_t length =
        moment_format(berth_now(request->c->entry, BERTH_REALTIME), text);

    request_write(request, (struct span){text, length});
}

static void send_part(const struct part *part, const struct request *request)
{
    switch (part->kind) {
    case PART_END:
        request_write(request, request->end);
        break;
    case PART_LINE:
        request_write(request, request->line);
        break;
    case PART_ARGS:
        request_write(request, request->args);
        break;
    case PART_PEER:
        answer_send_peer(request);
        break;
    case PART_TIME:
        answer_send_time(request);
        break;
    default:
        request_write(request, part->text);
        break;
    }
}

void answer_send(const struct answer *answer, struct request *request)
{
    for (size_t i = 0; i < answer->count; i++) {
        send_part(&answer->parts[i], request);
    }
    request->closes = request->closes || answer->closes;
}
