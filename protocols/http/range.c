/* SPDX-License-Identifier: MIT */
#include "range.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <strings.h>

#define UNIT "bytes="
#define UNIT_SIZE (sizeof(UNIT) - 1)

/* A range as it is written: a number may be missing. */
struct written {
    bool has_first, has_last;
    uint64_t first, last;
};

/* Around a member of a list may be blanks and empty members. */
static bool is_padding(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits at *at, if there are any; too large is the largest. */
static bool read_number(const char **at, const char *end, uint64_t *number)
{
    const char *begin = *at;
    bool is_too_large = false;

    *number = 0;
    for (; *at < end && is_digit(**at); ++*at) {
        is_too_large |= __builtin_mul_overflow(*number, 10, number);
        is_too_large |=
            __builtin_add_overflow(*number, (uint64_t)(**at - '0'), number);
    }
    if (is_too_large) {
        *number = UINT64_MAX;
    }
    return *at > begin;
}

static bool
read_written(const char *at, const char *end, struct written *written)
{
    written->has_first = read_number(&at, end, &written->first);
    if (at == end || *at++ != '-') {
        return false;
    }
    written->has_last = read_number(&at, end, &written->last);
    return at == end && (written->has_first || written->has_last);
}

static enum range_kind
take_suffix(uint64_t suffix, uint64_t whole, struct range *range)
{
    if (suffix == 0) {
        return RANGE_UNSATISFIABLE;
    }
    if (whole == 0) {
        return RANGE_WHOLE; /* Content-Range cannot name an empty part */
    }
    range->size = suffix < whole ? suffix : whole;
    range->first = whole - range->size;
    return RANGE_PART;
}

static enum range_kind
take_part(const struct written *written, uint64_t whole, struct range *range)
{
    uint64_t last = whole - 1;

    if (written->has_last && written->last < written->first) {
        return RANGE_WHOLE; /* malformed */
    }
    if (written->first >= whole) {
        return RANGE_UNSATISFIABLE;
    }
    if (written->has_last && written->last < last) {
        last = written->last;
    }
    range->first = written->first;
    range->size = last - written->first + 1;
    return RANGE_PART;
}

enum range_kind
range_parse(const char *text, size_t size, uint64_t whole, struct range *range)
{
    const char *at, *end;
    struct written written;

    if (size < UNIT_SIZE || strncasecmp(text, UNIT, UNIT_SIZE) != 0) {
        return RANGE_WHOLE;
    }
    at = text + UNIT_SIZE;
    end = text + size;
    while (at < end && is_padding(*at)) {
        at++;
    }
    while (at < end && is_padding(end[-1])) {
        end--;
    }
    if (!read_written(at, end, &written)) {
        return RANGE_WHOLE;
    }
    return written.has_first ? take_part(&written, whole, range)
                             : take_suffix(written.last, whole, range);
}

size_t range_format(const struct range *range,
                    uint64_t whole,
                    char text[RANGE_TEXT_MAX])
{
    if (range == NULL) {
        return (size_t)snprintf(text, RANGE_TEXT_MAX, "bytes */%" PRIu64,
                                whole);
    }
    return (size_t)snprintf(
        text, RANGE_TEXT_MAX, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
        range->first, range->first + range->size - 1, whole);
}
