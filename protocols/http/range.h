/* SPDX-License-Identifier: MIT */
/*
 * The header Range (RFC 9110, section 14.2): one range of bytes.
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stddef.h>
#include <stdint.h>

/* What a Range asks for, given how long the whole is. */
enum range_kind {
    RANGE_WHOLE,         /* all of it: the header is to be ignored (200) */
    RANGE_PART,          /* a part of it (206) */
    RANGE_UNSATISFIABLE, /* a part that is beyond its end (416) */
};

/* A part: at least one byte, all within the whole. */
struct range {
    uint64_t first, size;
};

/* Bytes that range_format() may need, with the NUL. */
#define RANGE_TEXT_MAX 80

/*
 * Reads the value of Range against a whole of so many bytes; *range is set for
 * RANGE_PART alone. Ignored are what is malformed, other units than bytes, and
 * several ranges at once: a server may do so, and many small parts of one file
 * are a known way to wear a server out. A suffix of an empty file is the whole.
 */
enum range_kind
range_parse(const char *text, size_t size, uint64_t whole, struct range *range);

/*
 * Writes the value of Content-Range; a range that is NULL says how long the
 * whole is. Returns its length.
 */
size_t range_format(const struct range *range,
                    uint64_t whole,
                    char text[RANGE_TEXT_MAX]);

#endif
