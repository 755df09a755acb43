/* SPDX-License-Identifier: MIT */
/* Sets of bytes, as RFC 3986 and RFC 9110 name them. */
#ifndef HTTP_BYTES_H
#define HTTP_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/* One look for a byte: paths and names are read byte by byte. */
struct byte_set {
    bool has[256];
};

/* What is_(c) is of each byte c. */
#define BYTES_4(is_, c_) is_(c_), is_((c_) + 1), is_((c_) + 2), is_((c_) + 3)
#define BYTES_16(is_, c_)                                                      \
    BYTES_4(is_, c_), BYTES_4(is_, (c_) + 4), BYTES_4(is_, (c_) + 8),          \
        BYTES_4(is_, (c_) + 12)
#define BYTES_64(is_, c_)                                                      \
    BYTES_16(is_, c_), BYTES_16(is_, (c_) + 16), BYTES_16(is_, (c_) + 32),     \
        BYTES_16(is_, (c_) + 48)
#define BYTES_WHICH(is_)                                                       \
    {                                                                          \
        {                                                                      \
            BYTES_64(is_, 0), BYTES_64(is_, 64), BYTES_64(is_, 128),           \
                BYTES_64(is_, 192)                                             \
        }                                                                      \
    }

#define BYTES_IS_ALNUM(c_)                                                     \
    (((c_) >= '0' && (c_) <= '9') || ((c_) >= 'A' && (c_) <= 'Z') ||           \
     ((c_) >= 'a' && (c_) <= 'z'))
/* Of those that are unreserved in RFC 3986, and of its sub-delims. */
#define BYTES_IS_NAME(c_)                                                      \
    (BYTES_IS_ALNUM(c_) || (c_) == '-' || (c_) == '.' || (c_) == '_' ||        \
     (c_) == '~' || (c_) == '!' || (c_) == '$' || (c_) == '&' ||               \
     (c_) == '\'' || (c_) == '(' || (c_) == ')' || (c_) == '*' ||              \
     (c_) == '+' || (c_) == ',' || (c_) == ';' || (c_) == '=')
#define BYTES_IS_LITERAL(c_) (BYTES_IS_NAME(c_) || (c_) == ':')
#define BYTES_IS_TOKEN(c_)                                                     \
    (BYTES_IS_ALNUM(c_) || (c_) == '!' || (c_) == '#' || (c_) == '$' ||        \
     (c_) == '%' || (c_) == '&' || (c_) == '\'' || (c_) == '*' ||              \
     (c_) == '+' || (c_) == '-' || (c_) == '.' || (c_) == '^' ||               \
     (c_) == '_' || (c_) == '`' || (c_) == '|' || (c_) == '~')
#define BYTES_IS_VISIBLE(c_) ((c_) > ' ' && (c_) < 0x7f)
#define BYTES_IS_TARGET(c_) (BYTES_IS_VISIBLE(c_) && (c_) != '#')
#define BYTES_IS_PLAIN(c_)                                                     \
    (BYTES_IS_TARGET(c_) && (c_) != '/' && (c_) != '?' && (c_) != '%' &&       \
     (c_) != '\\')

/* tchar of RFC 9110, 5.6.2. */
static const struct byte_set bytes_token = BYTES_WHICH(BYTES_IS_TOKEN);
/* A reg-name without its escapes. */
static const struct byte_set bytes_name = BYTES_WHICH(BYTES_IS_NAME);
/* What is between the [] of an IP literal. */
static const struct byte_set bytes_literal = BYTES_WHICH(BYTES_IS_LITERAL);
/* What may be in a path or a query. More than RFC 3986 has: "|" and its like are
   sent. */
static const struct byte_set bytes_target = BYTES_WHICH(BYTES_IS_TARGET);
/* All that need no thought in a path. */
static const struct byte_set bytes_plain = BYTES_WHICH(BYTES_IS_PLAIN);

static inline bool byte_is_in(char c, const struct byte_set *set)
{
    return set->has[(unsigned char)c];
}

/* How many bytes at the front of data[0..size) are in the set. */
static inline size_t
bytes_measure(const char *data, size_t size, const struct byte_set *set)
{
    size_t i = 0;

    while (i < size && byte_is_in(data[i], set)) {
        i++;
    }
    return i;
}

#endif
