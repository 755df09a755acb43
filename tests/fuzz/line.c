/* SPDX-License-Identifier: MIT */
/*
 * Lines: <berth/line.h> against a model that sees the whole input at once. The
 * first byte says what ends a line (two bits) and how long one may be, the
 * second into what pieces the input is cut; the rest is the input.
 */
#include <berth/line.h>

#include <stdlib.h>

#include "fuzz.h"

/* What came of the input: '(' line ')' for each line, '!' for each that was too
   long. At most three bytes for each of the input. */
struct story {
    char *text;
    size_t size;
};

struct question {
    enum berth_line_end end;
    size_t max_line;
    const char *input;
    size_t size;
};

/* A connection: it keeps what is left unused, and a flag. */
struct reader {
    const struct question *question;
    struct story story;
    char *kept;
    size_t size;
    bool is_skipping;
};

static char *allocate(size_t size)
{
    char *bytes = malloc(size + 1);

    FUZZ_REQUIRE(bytes != NULL, "no memory");
    return bytes;
}

static void tell(struct story *story, const char *line, size_t size)
{
    story->text[story->size++] = '(';
    memcpy(story->text + story->size, line, size);
    story->size += size;
    story->text[story->size++] = ')';
}

static void tell_too_long(struct story *story)
{
    story->text[story->size++] = '!';
}

/* ------------------------------------------------------------------- model */

static bool has_cr(const struct question *question)
{
    return question->end == BERTH_LINE_AUTO || question->end == BERTH_LINE_CRLF;
}

static bool ends_at(const struct question *question, size_t from, size_t at)
{
    char byte = question->input[at];

    if (question->end == BERTH_LINE_NUL) {
        return byte == '\0';
    }
    return byte == '\n' && (question->end != BERTH_LINE_CRLF ||
                            (at > from && question->input[at - 1] == '\r'));
}

static void model_line(const struct question *question,
                       struct story *story,
                       size_t from,
                       size_t to)
{
    if (has_cr(question) && to > from && question->input[to - 1] == '\r') {
        to--;
    }
    if (to - from > question->max_line) {
        tell_too_long(story);
    } else {
        tell(story, question->input + from, to - from);
    }
}

static void model(const struct question *question, struct story *story)
{
    size_t from = 0;

    for (size_t at = 0; at < question->size; at++) {
        if (ends_at(question, from, at)) {
            model_line(question, story, from, at);
            from = at + 1;
        }
    }
    if (from < question->size) {
        model_line(question, story, from, question->size);
    }
}

/* -------------------------------------------------------------- what is real */

static size_t take(struct reader *reader, const char *data, size_t size)
{
    const struct question *question = reader->question;
    berth_line line = {.data = NULL};
    ssize_t used = -EMSGSIZE;

    if (!reader->is_skipping) {
        used = berth_line_next(data, size, question->end, question->max_line,
                               &line);
        if (used == -EMSGSIZE) {
            tell_too_long(&reader->story);
        }
    }
    if (used == -EMSGSIZE) {
        return berth_line_skip(data, size, question->end, &reader->is_skipping);
    }
    if (used > 0) {
        FUZZ_REQUIRE(
            line.data == data && line.size + line.end_size == (size_t)used,
            "%zd used for %zu and %zu", used, line.size, line.end_size);
        tell(&reader->story, line.data, line.size);
    }
    return (size_t)used;
}

/* From memory that ends where the bytes do. */
static size_t offer(struct reader *reader)
{
    char *exact = malloc(reader->size);
    size_t used;

    FUZZ_REQUIRE(exact != NULL, "no memory");
    memcpy(exact, reader->kept, reader->size);
    used = take(reader, exact, reader->size);
    free(exact);
    FUZZ_REQUIRE(used <= reader->size, "%zu used of %zu", used, reader->size);
    reader->size -= used;
    memmove(reader->kept, reader->kept + used, reader->size);
    return used;
}

static void receive(struct reader *reader, const char *data, size_t size)
{
    size_t most = reader->question->max_line + 1;

    memcpy(reader->kept + reader->size, data, size);
    reader->size += size;
    while (reader->size > 0 && offer(reader) > 0) {
    }
    if (reader->is_skipping) {
        most = 1;
    }
    FUZZ_REQUIRE(reader->size <= most, "%zu bytes are kept", reader->size);
}

static void finish(struct reader *reader)
{
    berth_line line;

    if (!reader->is_skipping &&
        berth_line_rest(reader->kept, reader->size, reader->question->end,
                        &line) > 0) {
        tell(&reader->story, line.data, line.size);
    }
}

static void check(const struct question *question,
                  const struct story *expected,
                  unsigned cuts)
{
    struct reader reader = {
        .question = question,
        .story = {.text = allocate(3 * question->size)},
        .kept = allocate(question->size),
    };
    unsigned dice = cuts;

    for (size_t at = 0; at < question->size;) {
        size_t left = question->size - at;
        size_t piece = cuts == 0 ? left : 1 + (dice >> 16) % cuts;

        piece = piece < left ? piece : left;
        receive(&reader, question->input + at, piece);
        at += piece;
        dice = dice * 1664525u + 1013904223u;
    }
    finish(&reader);
    FUZZ_REQUIRE(
        reader.story.size == expected->size &&
            memcmp(reader.story.text, expected->text, expected->size) == 0,
        "end %d, at most %zu, cuts %u: %.*s instead of %.*s",
        (int)question->end, question->max_line, cuts, (int)reader.story.size,
        reader.story.text, (int)expected->size, expected->text);
    free(reader.story.text);
    free(reader.kept);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct question question;
    struct story expected;
    char *input;

    if (size < 2) {
        return 0;
    }
    input = fuzz_text(data + 2, size - 2);
    question = (struct question){
        .end = (enum berth_line_end)(data[0] & 3),
        .max_line = data[0] >> 2,
        .input = input,
        .size = size - 2,
    };
    expected = (struct story){.text = allocate(3 * question.size)};
    model(&question, &expected);
    check(&question, &expected, 0);
    check(&question, &expected, 1);
    check(&question, &expected, data[1]);
    free(expected.text);
    free(input);
    return 0;
}
