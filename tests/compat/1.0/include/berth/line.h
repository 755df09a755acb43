/* SPDX-License-Identifier: MIT */
/*
 * Lines in a stream of bytes: the next one out of the bytes at hand, without
 * copying and without keeping anything. For protocols like SMTP, IRC or
 * memcached:
 *
 *     static ssize_t on_data(berth_conn *c, char *data, size_t size)
 *     {
 *         berth_line line;
 *         ssize_t used =
 *             berth_line_next(data, size, BERTH_LINE_AUTO, MAX_LINE, &line);
 *
 *         if (used > 0) {
 *             answer(c, line.data, line.size);
 *         }
 *         return used;
 *     }
 *
 * The results are those of on_data: 0 leaves the bytes where they are until
 * more has come, -EMSGSIZE closes. Which lines there are, and which of them
 * are too long, does not depend on the pieces in which the bytes arrive.
 *
 * Bytes are bytes: a line may hold NULs and anything but its own end. What
 * waits for its end is looked through again when more has come. The server
 * closes a connection that leaves limits.input bytes unused, so that limit
 * should be above the longest line by 2.
 *
 * Needs nothing but the C library; of the server it knows nothing.
 */
#ifndef BERTH_LINE_FRAMING_H
#define BERTH_LINE_FRAMING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What ends a line. */
enum berth_line_end {
    BERTH_LINE_AUTO = 0, /* LF; a CR just before it belongs to the end */
    BERTH_LINE_LF = 1,   /* LF; a CR before it belongs to the line */
    BERTH_LINE_CRLF = 2, /* CR LF; either alone belongs to the line */
    BERTH_LINE_NUL = 3,  /* a byte 0 */
};

/* A line within the bytes that were given; valid as long as they are. */
typedef struct berth_line {
    const char *data;
    size_t size;     /* without its end */
    size_t end_size; /* bytes of its end, behind data[size - 1] */
} berth_line;

/* Not part of the interface: may a CR belong to the end? */
static inline bool berth_line_has_cr(enum berth_line_end end)
{
    return end == BERTH_LINE_AUTO || end == BERTH_LINE_CRLF;
}

/* Not part of the interface: the first end in data[0..size). Returns its size
   and *length, what is before it; 0: there is none. */
static inline size_t berth_line_find_end(const char *data,
                                         size_t size,
                                         enum berth_line_end end,
                                         size_t *length)
{
    const int last = end == BERTH_LINE_NUL ? '\0' : '\n';
    size_t from = 0;

    while (from < size) {
        const char *found =
            (const char *)memchr(data + from, last, size - from);
        size_t at;

        if (found == NULL) {
            return 0;
        }
        at = (size_t)(found - data);
        if (berth_line_has_cr(end) && at > 0 && found[-1] == '\r') {
            *length = at - 1;
            return 2;
        }
        if (end != BERTH_LINE_CRLF) {
            *length = at;
            return 1;
        }
        from = at + 1;
    }
    return 0;
}

/*
 * The first line of data[0..size), in which no line was begun before. max_line
 * bounds it, without its end. Returns
 * - the bytes that it takes with its end, and *line;
 * - 0: it has not ended yet, and it may still be short enough;
 * - -EMSGSIZE: it is longer than max_line, whether it has ended or not. To go
 *   on behind it, give the same bytes to berth_line_skip().
 * *line is untouched unless there is one.
 */
static inline ssize_t berth_line_next(const char *data,
                                      size_t size,
                                      enum berth_line_end end,
                                      size_t max_line,
                                      berth_line *line)
{
    /* No further than a longest line and its end: the rest may be large. */
    const bool is_more = size > max_line && size - max_line > 2;
    const size_t window = is_more ? max_line + 2 : size;
    size_t length = 0;
    const size_t end_size = berth_line_find_end(data, window, end, &length);

    if (end_size == 0) {
        /* One byte too many is none if it turns out to begin the end. */
        const bool may_fit = size <= max_line ||
                             (size - 1 == max_line && berth_line_has_cr(end) &&
                              data[max_line] == '\r');

        return may_fit ? 0 : -EMSGSIZE;
    }
    if (length > max_line) {
        return -EMSGSIZE;
    }
    line->data = data;
    line->size = length;
    line->end_size = end_size;
    return (ssize_t)(length + end_size);
}

/*
 * Passes over a line that is too long, from data[0] to behind its end. Returns
 * how many bytes are used; *is_skipping is then false if the end was among
 * them, else true: call it again with what comes next, in place of
 * berth_line_next(). Nothing has to be kept but that flag and the bytes that
 * are not used: at most one, a CR that may turn out to begin the end.
 *
 *     if (used == -EMSGSIZE) {
 *         return (ssize_t)berth_line_skip(data, size, end, &state->is_skipping);
 *     }
 *
 * At the end of the stream what is left of such a line needs no call.
 */
static inline size_t berth_line_skip(const char *data,
                                     size_t size,
                                     enum berth_line_end end,
                                     bool *is_skipping)
{
    size_t length = 0;
    const size_t end_size = berth_line_find_end(data, size, end, &length);

    *is_skipping = end_size == 0;
    if (end_size > 0) {
        return length + end_size;
    }
    if (end == BERTH_LINE_CRLF && size > 0 && data[size - 1] == '\r') {
        return size - 1;
    }
    return size;
}

/*
 * The last line, which the peer did not end: what berth_line_next() left when
 * the stream has ended, as on_end is given it. A CR at its end, where one may
 * belong to the end, is the beginning of that. Returns size, and *line; 0: there
 * is none, and *line is untouched.
 */
static inline size_t berth_line_rest(const char *data,
                                     size_t size,
                                     enum berth_line_end end,
                                     berth_line *line)
{
    if (size == 0) {
        return 0;
    }
    line->data = data;
    line->end_size = berth_line_has_cr(end) && data[size - 1] == '\r' ? 1 : 0;
    line->size = size - line->end_size;
    return size;
}

#ifdef __cplusplus
}
#endif

#endif
