/* SPDX-License-Identifier: MIT */
#include "buckets.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char infinite[] = "inf";

void buckets_add(struct buckets *buckets, uint64_t bound_ns, uint64_t count)
{
    if (count == 0 || buckets->count == BUCKETS_MAX) {
        return;
    }
    buckets->bounds_ns[buckets->count] = bound_ns;
    buckets->counts[buckets->count] = count;
    buckets->count++;
}

static size_t format_one(const struct buckets *buckets,
                         size_t i,
                         char text[BUCKETS_TEXT_EACH + 1])
{
    const char *comma = i == 0 ? "" : ",";
    const uint64_t bound_ns = buckets->bounds_ns[i];
    const uint64_t count = buckets->counts[i];

    return (size_t)(bound_ns == BUCKETS_INFINITE
                        ? snprintf(text, BUCKETS_TEXT_EACH + 1, "%s%s:%" PRIu64,
                                   comma, infinite, count)
                        : snprintf(text, BUCKETS_TEXT_EACH + 1,
                                   "%s%" PRIu64 ":%" PRIu64, comma, bound_ns,
                                   count));
}

size_t buckets_format(const struct buckets *buckets, char *buffer, size_t size)
{
    size_t length = 0;

    if (size > 0) {
        buffer[0] = '\0';
    }
    for (size_t i = 0; i < buckets->count; i++) {
        char text[BUCKETS_TEXT_EACH + 1];
        const size_t more = format_one(buckets, i, text);

        if (length < size) {
            (void)snprintf(buffer + length, size - length, "%s", text);
        }
        length += more;
    }
    return length;
}

/* Digits, then the end that is asked for: *text is moved behind it. */
static bool read_number(const char **text, const char *ends, uint64_t *number)
{
    char *end;

    if (**text < '0' || **text > '9') {
        return false;
    }
    errno = 0;
    *number = strtoull(*text, &end, 10);
    if (errno != 0 || strchr(ends, *end) == NULL) {
        return false;
    }
    *text = *end == '\0' ? end : end + 1;
    return true;
}

static bool read_bound(const char **text, uint64_t *bound_ns)
{
    const size_t length = sizeof(infinite) - 1;

    if (strncmp(*text, infinite, length) == 0 && (*text)[length] == ':') {
        *text += length + 1;
        *bound_ns = BUCKETS_INFINITE;
        return true;
    }
    return read_number(text, ":", bound_ns) && *bound_ns < BUCKETS_INFINITE;
}

static bool read_one(struct buckets *buckets, const char **text)
{
    uint64_t bound_ns;
    uint64_t count;

    if (buckets->count == BUCKETS_MAX || !read_bound(text, &bound_ns) ||
        !read_number(text, ",", &count) ||
        (buckets->count > 0 &&
         bound_ns <= buckets->bounds_ns[buckets->count - 1])) {
        return false;
    }
    buckets_add(buckets, bound_ns, count);
    return true;
}

int buckets_parse(struct buckets *buckets, const char *text)
{
    buckets->count = 0;
    while (*text != '\0') {
        if (!read_one(buckets, &text)) {
            buckets->count = 0;
            return -EINVAL;
        }
    }
    return 0;
}

static uint64_t count_at(const struct buckets *buckets, uint64_t bound_ns)
{
    for (size_t i = 0; i < buckets->count; i++) {
        if (buckets->bounds_ns[i] == bound_ns) {
            return buckets->counts[i];
        }
    }
    return 0;
}

void buckets_subtract(struct buckets *buckets, const struct buckets *earlier)
{
    struct buckets rest = {.count = 0};

    for (size_t i = 0; i < buckets->count; i++) {
        const uint64_t before = count_at(earlier, buckets->bounds_ns[i]);

        if (buckets->counts[i] > before) {
            buckets_add(&rest, buckets->bounds_ns[i],
                        buckets->counts[i] - before);
        }
    }
    *buckets = rest;
}

uint64_t buckets_quantile(const struct buckets *buckets, unsigned thousandths)
{
    double total = 0;
    double sum = 0;

    for (size_t i = 0; i < buckets->count; i++) {
        total += (double)buckets->counts[i];
    }
    for (size_t i = 0; i < buckets->count; i++) {
        sum += (double)buckets->counts[i];
        if (sum * 1000 >= total * thousandths) {
            return buckets->bounds_ns[i];
        }
    }
    return 0;
}
