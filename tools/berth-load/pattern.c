/* SPDX-License-Identifier: MIT */
#include "pattern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A prime, so that no usual size of a message or of a buffer divides it: what
   is lost of that size does not go unseen. */
#define BYTES_PERIOD ((size_t)65521)
/* How far apart two connections begin; a prime, too. */
#define BYTES_STRIDE ((size_t)7919)
/* Lines that differ: one of these primes, so that they are about so many
   bytes together. */
#define LINES_BYTES ((size_t)1 << 18)
static const size_t line_counts[] = {4093, 1021, 251, 61, 13, 3};
/* Without vowels there is no word of a command in it. */
static const char letters[] = "bcdfghjklmnpqrstvwxyz0123456789.";

/* splitmix64: the same each time, and without order. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int allocate(struct pattern *pattern, size_t period, size_t message)
{
    *pattern = (struct pattern){
        .bytes = malloc(period + PATTERN_PIECE_MAX),
        .period = period,
        .message = message,
    };
    return pattern->bytes == NULL ? -ENOMEM : 0;
}

/* Behind the period it begins anew. */
static void repeat(struct pattern *pattern)
{
    size_t done = 0;

    while (done < PATTERN_PIECE_MAX) {
        const size_t left = PATTERN_PIECE_MAX - done;
        const size_t size = left < pattern->period ? left : pattern->period;

        memcpy(pattern->bytes + pattern->period + done, pattern->bytes, size);
        done += size;
    }
}

int pattern_init_bytes(struct pattern *pattern, size_t message)
{
    uint64_t state = 1;
    const int error = allocate(pattern, BYTES_PERIOD, message);

    if (error < 0) {
        return error;
    }
    for (size_t i = 0; i < pattern->period; i++) {
        pattern->bytes[i] = (char)(next_random(&state) >> 56);
    }
    pattern->stride = BYTES_STRIDE;
    repeat(pattern);
    return 0;
}

static size_t count_lines(size_t message)
{
    size_t i = 0;

    while (line_counts[i] > 3 && line_counts[i] * message > LINES_BYTES) {
        i++;
    }
    return line_counts[i];
}

int pattern_init_lines(struct pattern *pattern, size_t message)
{
    uint64_t state = 1;
    const int error =
        allocate(pattern, message * count_lines(message), message);

    if (error < 0) {
        return error;
    }
    for (size_t i = 0; i < pattern->period; i++) {
        pattern->bytes[i] = letters[next_random(&state) >> 59];
        if (i % message == message - 1) {
            pattern->bytes[i] = '\n';
        }
    }
    pattern->stride = message;
    repeat(pattern);
    return 0;
}

int pattern_init_text(struct pattern *pattern, const char *text, size_t size)
{
    const int error = allocate(pattern, size, size);

    if (error < 0) {
        return error;
    }
    memcpy(pattern->bytes, text, size);
    repeat(pattern);
    return 0;
}

void pattern_fini(struct pattern *pattern)
{
    free(pattern->bytes);
    pattern->bytes = NULL;
}

uint64_t pattern_start(const struct pattern *pattern, uint64_t number)
{
    return number * pattern->stride % pattern->period;
}

const char *
pattern_at(const struct pattern *pattern, uint64_t position, size_t *size)
{
    if (*size > PATTERN_PIECE_MAX) {
        *size = PATTERN_PIECE_MAX;
    }
    return pattern->bytes + (position % pattern->period);
}

static size_t match_piece(const char *expected, const char *bytes, size_t size)
{
    size_t i = 0;

    if (memcmp(expected, bytes, size) == 0) {
        return size;
    }
    while (expected[i] == bytes[i]) {
        i++;
    }
    return i;
}

size_t pattern_match(const struct pattern *pattern,
                     uint64_t position,
                     const char *bytes,
                     size_t size)
{
    size_t done = 0;

    while (done < size) {
        size_t piece = size - done;
        const char *expected = pattern_at(pattern, position + done, &piece);
        const size_t same = match_piece(expected, bytes + done, piece);

        done += same;
        if (same < piece) {
            break;
        }
    }
    return done;
}
