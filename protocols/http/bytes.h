/* SPDX-License-Identifier: MIT */
/* Sets of bytes, as RFC 3986 and RFC 9110 name them. */
#ifndef HTTP_BYTES_H
#define HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A bit for each byte. */
struct byte_set {
    uint32_t bits[8];
};

/* Letters, digits and !#$%&'*+-.^_`|~ : tchar of RFC 9110, 5.6.2. */
static const struct byte_set bytes_token = {
    {0x00000000, 0x03ff6cfa, 0xc7fffffe, 0x57ffffff}};
/* Letters, digits and -._~!$&'()*+,;= : a reg-name without its escapes. */
static const struct byte_set bytes_name = {
    {0x00000000, 0x2bff7fd2, 0x87fffffe, 0x47fffffe}};
/* The same and : , which is what is between the [] of an IP literal. */
static const struct byte_set bytes_literal = {
    {0x00000000, 0x2fff7fd2, 0x87fffffe, 0x47fffffe}};

/* All that need no thought in a path: what is none of / ? # and the percent. */
static const struct byte_set bytes_plain = {{0xffffffff, 0x7fff7fd7, 0xffffffff,
                                             0xffffffff, 0xffffffff, 0xffffffff,
                                             0xffffffff, 0xffffffff}};

static inline bool byte_is_in(char c, const struct byte_set *set)
{
    unsigned byte = (unsigned char)c;

    return ((set->bits[byte / 32] >> (byte % 32)) & 1) != 0;
}

/* How many bytes at the front of data[0..size) are in the set. */
static inline size_t
bytes_measure(const char *data, size_t size, const struct byte_set *set)
{
    const char *at = data;
    const char *end = data + size;

    while (at < end && byte_is_in(*at, set)) {
        at++;
    }
    return (size_t)(at - data);
}

#endif
