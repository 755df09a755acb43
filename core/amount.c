/* SPDX-License-Identifier: MIT */
#include "amount.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Names of a unit and of the larger ones, each so many times the one before. */
struct scale {
    uint64_t step;
    const char *const *names;
    size_t count;
};

/* A fraction only where it is one digit of two: 1.2, but 12. */
static void print_scaled(char text[AMOUNT_TEXT_MAX],
                         uint64_t number,
                         const struct scale *scale)
{
    uint64_t rest = 0;
    size_t i = 0;

    while (number >= scale->step && i + 1 < scale->count) {
        rest = number % scale->step;
        number /= scale->step;
        i++;
    }
    if (i > 0 && number < 10) {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64 ".%" PRIu64 "%s",
                       number, rest * 10 / scale->step, scale->names[i]);
    } else {
        (void)snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64 "%s", number,
                       scale->names[i]);
    }
}

void amount_print_count(char text[AMOUNT_TEXT_MAX], uint64_t count)
{
    static const char *const names[] = {"", "k", "M", "G", "T", "P", "E"};

    print_scaled(text, count, &(struct scale){1000, names, 7});
}

void amount_print_bytes(char text[AMOUNT_TEXT_MAX], uint64_t bytes)
{
    static const char *const names[] = {"",     " KiB", " MiB", " GiB",
                                        " TiB", " PiB", " EiB"};

    print_scaled(text, bytes, &(struct scale){1024, names, 7});
}

void amount_print_ns(char text[AMOUNT_TEXT_MAX], uint64_t ns)
{
    static const char *const names[] = {" ns", " us", " ms", " s"};

    print_scaled(text, ns, &(struct scale){1000, names, 4});
}

void amount_print_seconds(char text[AMOUNT_TEXT_MAX], uint64_t seconds)
{
    static const struct {
        uint64_t size;
        char letter;
    } units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    uint64_t rest;
    int length;

    while (i < 3 && seconds < units[i].size) {
        i++;
    }
    length = snprintf(text, AMOUNT_TEXT_MAX, "%" PRIu64 "%c",
                      seconds / units[i].size, units[i].letter);
    rest = i == 3 ? 0 : seconds % units[i].size / units[i + 1].size;
    if (rest > 0) {
        (void)snprintf(text + length, AMOUNT_TEXT_MAX - (size_t)length,
                       "%" PRIu64 "%c", rest, units[i + 1].letter);
    }
}
