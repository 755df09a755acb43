/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <berth/protocol.h>

#define FLOODS 2u

/* ------------------------------------------------------------------ numbers */

/* A byte that means a time: how many, of which unit. */
static const uint64_t units_ms[8] = {
    1, 10, 100, 1000, 5000, 10000, 60000, 600000,
};
#define PER_UNIT 32u

static uint64_t read_time(uint8_t byte)
{
    return (byte % PER_UNIT + 1) * units_ms[byte / PER_UNIT];
}

static uint8_t write_time(uint64_t ms)
{
    for (size_t unit = 0; unit < 8; unit++) {
        uint64_t count = (ms + units_ms[unit] - 1) / units_ms[unit];

        if (count <= PER_UNIT) {
            return (uint8_t)(unit * PER_UNIT + (count == 0 ? 0 : count - 1));
        }
    }
    return 255;
}

/* One that means how much a peer reads: bytes, or units of 1 KiB. */
#define WINDOW_BYTES 128u
#define WINDOW_UNIT 1024u
#define WINDOW_ALL 255u

static uint64_t read_window(uint8_t byte)
{
    if (byte == WINDOW_ALL) {
        return SIZE_MAX;
    }
    return byte < WINDOW_BYTES
               ? byte
               : (byte - WINDOW_BYTES + 1) * (uint64_t)WINDOW_UNIT;
}

static uint8_t write_window(uint64_t size)
{
    uint64_t count = (size - 1) / WINDOW_UNIT;

    if (size < WINDOW_BYTES) {
        return (uint8_t)size;
    }
    return count < WINDOW_ALL - WINDOW_BYTES ? (uint8_t)(WINDOW_BYTES + count)
                                             : WINDOW_ALL;
}

/* ------------------------------------------------------------------ reading */

struct reader {
    struct feed *input;
    size_t capacity; /* of steps */
    size_t begun;    /* where in input->sent the bytes begin that are no step
                        yet */
    size_t sent;
};

static bool is_full(const struct reader *reader)
{
    return reader->input->transcript.count >= FEED_STEPS_MAX;
}

static struct step *add_step(struct reader *reader, enum step_kind kind)
{
    struct transcript *transcript = &reader->input->transcript;
    struct step *step = &transcript->steps[transcript->count++];

    *step = (struct step){.kind = kind, .line = transcript->count};
    return step;
}

/* What is to be sent so far is a step. */
static void cut(struct reader *reader)
{
    struct step *step;

    if (reader->begun == reader->sent || is_full(reader)) {
        return;
    }
    step = add_step(reader, STEP_SEND);
    step->bytes = reader->input->sent + reader->begun;
    step->size = reader->sent - reader->begun;
    reader->input->transcript.sent += step->size;
    reader->begun = reader->sent;
}

static void act(struct reader *reader, enum step_kind kind, uint64_t number)
{
    cut(reader);
    if (!is_full(reader)) {
        add_step(reader, kind)->number = number;
    }
}

static void
take_kind(struct reader *reader, enum manner_kind kind, size_t number)
{
    reader->input->manner.kind = kind;
    reader->input->manner.number = number;
}

typedef void take_fn(struct reader *reader, uint8_t byte);

static void take_cut(struct reader *reader, uint8_t byte)
{
    (void)byte;
    cut(reader);
}

static void take_end(struct reader *reader, uint8_t byte)
{
    (void)byte;
    act(reader, STEP_END, 0);
}

static void take_end_at_once(struct reader *reader, uint8_t byte)
{
    (void)byte;
    cut(reader);
    take_kind(reader, MANNER_END, reader->input->transcript.sent);
}

static void take_reset(struct reader *reader, uint8_t byte)
{
    (void)byte;
    act(reader, STEP_RESET, 0);
}

static void take_time(struct reader *reader, uint8_t byte)
{
    act(reader, STEP_WAIT, read_time(byte));
}

static void take_window(struct reader *reader, uint8_t byte)
{
    act(reader, STEP_WINDOW, read_window(byte));
}

static void take_reload(struct reader *reader, uint8_t byte)
{
    (void)byte;
    act(reader, STEP_STOP, BERTH_RELOAD);
}

static void take_exit(struct reader *reader, uint8_t byte)
{
    (void)byte;
    act(reader, STEP_STOP, BERTH_EXIT);
}

static void take_edge(struct reader *reader, uint8_t byte)
{
    (void)byte;
    reader->input->manner.trigger = SELECTOR_EDGE;
}

static void take_trickle(struct reader *reader, uint8_t byte)
{
    (void)byte;
    reader->input->manner.kernel = MANNER_TAKES_ONE;
}

static void take_closed(struct reader *reader, uint8_t byte)
{
    (void)byte;
    reader->input->manner.kernel = MANNER_WAITS;
}

static void take_tight(struct reader *reader, uint8_t byte)
{
    (void)byte;
    reader->input->manner.is_tight = true;
}

static void take_flood(struct reader *reader, uint8_t byte)
{
    cut(reader);
    take_kind(reader, MANNER_FLOOD, reader->input->transcript.sent);
    reader->input->manner.choice = byte % FLOODS;
}

static void take_alloc(struct reader *reader, uint8_t byte)
{
    take_kind(reader, MANNER_ALLOC, (size_t)byte + 1);
}

static void take_repeat(struct reader *reader, uint8_t byte)
{
    (void)byte;
    take_kind(reader, MANNER_REPEAT, 0);
}

static void take_again(struct reader *reader, uint8_t byte)
{
    (void)byte;
    take_kind(reader, MANNER_AGAIN, 0);
}

static void take_variant(struct reader *reader, uint8_t byte)
{
    reader->input->variant = byte;
}

static const struct letter {
    char letter;
    bool has_number; /* a byte more */
    take_fn *take;
} letters[] = {
    {'|', false, take_cut},         {'e', false, take_end},
    {'x', false, take_end_at_once}, {'r', false, take_reset},
    {'t', true, take_time},         {'w', true, take_window},
    {'s', false, take_reload},      {'S', false, take_exit},
    {'E', false, take_edge},        {'T', false, take_trickle},
    {'C', false, take_closed},      {'H', false, take_tight},
    {'F', true, take_flood},        {'A', true, take_alloc},
    {'M', false, take_repeat},      {'G', false, take_again},
    {'V', true, take_variant},
};
#define LETTERS (sizeof(letters) / sizeof(letters[0]))

static const struct letter *find_letter(uint8_t byte)
{
    for (size_t i = 0; i < LETTERS; i++) {
        if ((uint8_t)letters[i].letter == byte) {
            return &letters[i];
        }
    }
    return NULL;
}

/* What stands behind the mark, if that is more than a byte that is sent.
   Returns how many bytes it is. */
static size_t
take_mark(struct reader *reader, const uint8_t *bytes, size_t size)
{
    const struct letter *letter = size == 0 ? NULL : find_letter(bytes[0]);

    if (letter == NULL || (letter->has_number && size < 2)) {
        reader->input->sent[reader->sent++] = (char)FEED_MARK;
        return size > 0 && bytes[0] == FEED_MARK ? 1 : 0;
    }
    letter->take(reader, letter->has_number ? bytes[1] : 0);
    return letter->has_number ? 2 : 1;
}

/* Where much is sent, a turn for each byte would take too long. */
static void make_quick(struct manner *manner)
{
    if (manner->kind == MANNER_REPEAT || manner->kind == MANNER_AGAIN ||
        manner->kind == MANNER_FLOOD) {
        manner->kernel = MANNER_TAKES_ALL;
        manner->is_tight = false;
    }
}

int feed_decode(struct feed *input, const uint8_t *bytes, size_t size)
{
    size_t most = size < FEED_STEPS_MAX ? size + 1 : FEED_STEPS_MAX;
    struct reader reader = {.input = input};

    *input = (struct feed){
        .manner = {.kind = MANNER_ALIKE, .trigger = SELECTOR_LEVEL},
        .transcript = {.steps = malloc(most * sizeof(struct step))},
        .sent = malloc(size + 1),
    };
    if (input->transcript.steps == NULL || input->sent == NULL) {
        feed_fini(input);
        return -ENOMEM;
    }
    for (size_t i = 0; i < size;) {
        uint8_t byte = bytes[i++];

        if (byte == FEED_MARK) {
            i += take_mark(&reader, bytes + i, size - i);
        } else {
            input->sent[reader.sent++] = (char)byte;
        }
    }
    cut(&reader);
    make_quick(&input->manner);
    return 0;
}

void feed_fini(struct feed *input)
{
    free(input->transcript.steps);
    free(input->sent);
    *input = (struct feed){.sent = NULL};
}

/* ------------------------------------------------------------------ writing */

struct writer {
    uint8_t *bytes;
    size_t room;
    size_t size;
};

static void put(struct writer *writer, uint8_t byte)
{
    if (writer->size < writer->room) {
        writer->bytes[writer->size++] = byte;
    }
}

static void put_mark(struct writer *writer, char letter)
{
    put(writer, FEED_MARK);
    put(writer, (uint8_t)letter);
}

static void put_sent(struct writer *writer, const struct step *step)
{
    for (size_t i = 0; i < step->size; i++) {
        uint8_t byte = (uint8_t)step->bytes[i];

        put(writer, byte);
        if (byte == FEED_MARK) {
            put(writer, byte);
        }
    }
}

static void put_step(struct writer *writer, const struct step *step)
{
    switch (step->kind) {
    case STEP_SEND:
        put_sent(writer, step);
        break;
    case STEP_END:
        put_mark(writer, 'e');
        break;
    case STEP_RESET:
        put_mark(writer, 'r');
        break;
    case STEP_WAIT:
        put_mark(writer, 't');
        put(writer, write_time(step->number));
        break;
    case STEP_WINDOW:
        put_mark(writer, 'w');
        put(writer, write_window(step->number));
        break;
    case STEP_STOP:
        put_mark(writer, step->number == BERTH_EXIT ? 'S' : 's');
        break;
    default:
        break;
    }
}

static bool is_act(const struct step *step)
{
    return step->kind != STEP_EXPECT && step->kind != STEP_EOF &&
           step->kind != STEP_OPEN && step->kind != STEP_CLOSED;
}

/* NOLINTBEGIN(readability-non-const-parameter): the writer fills it */
size_t feed_encode(const struct transcript *transcript,
                   size_t variant,
                   uint8_t *bytes,
                   size_t room)
{
    struct writer writer = {.bytes = bytes, .room = room};
    bool was_sent = false;

    if (variant != 0) {
        put_mark(&writer, 'V');
        put(&writer, (uint8_t)variant);
    }
    for (size_t i = 0; i < transcript->count; i++) {
        const struct step *step = &transcript->steps[i];

        if (!is_act(step)) {
            continue;
        }
        if (was_sent && step->kind == STEP_SEND) {
            put_mark(&writer, '|');
        }
        was_sent = step->kind == STEP_SEND;
        put_step(&writer, step);
    }
    return writer.size;
}
/* NOLINTEND(readability-non-const-parameter) */

size_t feed_choose(uint32_t random, uint8_t bytes[FEED_ACT_MAX])
{
    const struct letter *letter = &letters[random % LETTERS];

    bytes[0] = FEED_MARK;
    bytes[1] = (uint8_t)letter->letter;
    bytes[2] = (uint8_t)(random / LETTERS);
    return letter->has_number ? 3 : 2;
}
