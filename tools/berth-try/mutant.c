/* SPDX-License-Identifier: MIT */
#include "mutant.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64: the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(uint64_t *state, size_t bound)
{
    return bound == 0 ? 0 : (size_t)(next_random(state) % bound);
}

/* In the place of step->bytes[at..at + size). Returns 0 or -ENOMEM. */
static int replace(
    struct step *step, size_t at, size_t size, const char *bytes, size_t count)
{
    size_t rest = step->size - at - size;
    char *made = malloc(step->size - size + count + 1);

    if (made == NULL) {
        return -ENOMEM;
    }
    memcpy(made, step->bytes, at);
    memcpy(made + at, bytes, count);
    memcpy(made + at + count, step->bytes + at + size, rest);
    free(step->bytes);
    step->bytes = made;
    step->size = at + count + rest;
    return 0;
}

/* The bytes become the copy's own. */
static int own_bytes(struct step *step)
{
    char *bytes = malloc(step->size + 1);

    if (bytes == NULL) {
        return -ENOMEM;
    }
    memcpy(bytes, step->bytes, step->size);
    step->bytes = bytes;
    return 0;
}

static int copy(struct transcript *mutant, const struct transcript *original)
{
    int error = 0;

    *mutant = *original;
    mutant->count = 0;
    mutant->steps = calloc(original->count + 1, sizeof(*mutant->steps));
    if (mutant->steps == NULL) {
        return -ENOMEM;
    }
    while (error == 0 && mutant->count < original->count) {
        struct step *step = &mutant->steps[mutant->count];

        *step = original->steps[mutant->count];
        if (step->kind == STEP_SEND) {
            error = own_bytes(step);
        }
        mutant->count += error == 0;
    }
    if (error < 0) {
        mutant_free(mutant);
    }
    return error;
}

void mutant_free(struct transcript *mutant)
{
    for (size_t i = 0; i < mutant->count; i++) {
        if (mutant->steps[i].kind == STEP_SEND) {
            free(mutant->steps[i].bytes);
        }
    }
    free(mutant->steps);
    mutant->steps = NULL;
}

static int put_zero(struct transcript *mutant, size_t at)
{
    for (size_t i = 0; i < mutant->count; i++) {
        struct step *step = &mutant->steps[i];

        if (step->kind != STEP_SEND) {
            continue;
        }
        if (at < step->size) {
            step->bytes[at] = '\0';
            return 0;
        }
        at -= step->size;
    }
    return -ENOENT;
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* The next run of digits from *at on. Returns its length; 0: none is left. */
static size_t find_digits(const struct step *step, size_t *at)
{
    size_t length = 0;

    if (step->kind != STEP_SEND) {
        return 0;
    }
    while (*at < step->size && !is_digit(step->bytes[*at])) {
        (*at)++;
    }
    while (*at + length < step->size && is_digit(step->bytes[*at + length])) {
        length++;
    }
    return length;
}

static size_t count_digits(const struct step *step)
{
    size_t count = 0;
    size_t at = 0;
    size_t length;

    while ((length = find_digits(step, &at)) > 0) {
        count++;
        at += length;
    }
    return count;
}

size_t mutant_count_numbers(const struct transcript *transcript)
{
    size_t count = 0;

    for (size_t i = 0; i < transcript->count; i++) {
        count += count_digits(&transcript->steps[i]);
    }
    return count;
}

/* Of those of one step, which has more than `index`. */
static int replace_digits(struct step *step, size_t index, const char *number)
{
    size_t at = 0;
    size_t length = find_digits(step, &at);

    for (; index > 0; index--) {
        at += length;
        length = find_digits(step, &at);
    }
    return replace(step, at, length, number, strlen(number));
}

static int
put_number(struct transcript *mutant, size_t index, const char *number)
{
    for (size_t i = 0; i < mutant->count && number != NULL; i++) {
        size_t count = count_digits(&mutant->steps[i]);

        if (index < count) {
            return replace_digits(&mutant->steps[i], index, number);
        }
        index -= count;
    }
    return -ENOENT;
}

/* One change to one step: a byte, none, one more, a part twice, a part less. */
static int change(struct step *step, uint64_t *state)
{
    static const char bytes[] = "\0\n\r \t\"\\/:;,=%-+09azAZ\x7f\x80\xff";
    size_t at = below(state, step->size);
    char byte = bytes[below(state, sizeof(bytes) - 1)];
    size_t left = step->size - at;
    size_t size = 1 + below(state, left < 16 ? left : 16);

    switch (below(state, 5)) {
    case 0:
        step->bytes[at] = byte;
        return 0;
    case 1:
        step->bytes[at] =
            (char)((unsigned char)step->bytes[at] ^ 1u << below(state, 8));
        return 0;
    case 2:
        return replace(step, at, 0, &byte, 1);
    case 3: {
        char part[16];

        memcpy(part, step->bytes + at, size);
        return replace(step, at, 0, part, size);
    }
    default:
        return step->size > size ? replace(step, at, size, "", 0) : 0;
    }
}

static int put_random(struct transcript *mutant, uint64_t state)
{
    size_t changes = 1 + below(&state, 4);
    int error = 0;

    if (mutant->sent == 0) {
        return -ENOENT;
    }
    while (changes > 0 && error == 0) {
        struct step *step = &mutant->steps[below(&state, mutant->count)];

        if (step->kind == STEP_SEND && step->size > 0) {
            error = change(step, &state);
            changes--;
        }
    }
    return error;
}

int mutant_make(struct transcript *mutant,
                const struct transcript *original,
                const struct manner *manner,
                uint64_t seed)
{
    int error = copy(mutant, original);

    if (error < 0) {
        return error;
    }
    if (manner->kind == MANNER_ZERO) {
        error = put_zero(mutant, manner->number - 1);
    } else if (manner->kind == MANNER_NUMBER) {
        error =
            put_number(mutant, manner->number, manner_number(manner->choice));
    } else {
        error = put_random(mutant, seed ^ (manner->number << 32));
    }
    if (error < 0) {
        mutant_free(mutant);
    }
    return error;
}
