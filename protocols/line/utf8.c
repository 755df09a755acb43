/* SPDX-License-Identifier: MIT */
#include "utf8.h"

/* What may follow a first byte: so many bytes, the first of them in a range;
   the others are 80 to bf. This is the table of RFC 3629, section 4. */
struct lead {
    unsigned char first, last; /* the bytes that this is about */
    unsigned char following;
    unsigned char low, high;
};

static const struct lead leads[] = {
    {0x00, 0x7f, 0, 0x80, 0xbf}, {0xc2, 0xdf, 1, 0x80, 0xbf},
    {0xe0, 0xe0, 2, 0xa0, 0xbf}, {0xe1, 0xec, 2, 0x80, 0xbf},
    {0xed, 0xed, 2, 0x80, 0x9f}, {0xee, 0xef, 2, 0x80, 0xbf},
    {0xf0, 0xf0, 3, 0x90, 0xbf}, {0xf1, 0xf3, 3, 0x80, 0xbf},
    {0xf4, 0xf4, 3, 0x80, 0x8f},
};

static const struct lead *find_lead(unsigned char byte)
{
    for (size_t i = 0; i < sizeof(leads) / sizeof(leads[0]); i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) {
            return &leads[i];
        }
    }
    return NULL;
}

/* The length of the character at the front; 0: none is there. */
static size_t measure(const unsigned char *bytes, size_t size)
{
    const struct lead *lead = find_lead(bytes[0]);

    if (lead == NULL || lead->following >= size) {
        return 0;
    }
    for (size_t i = 1; i <= lead->following; i++) {
        unsigned char low = i == 1 ? lead->low : 0x80;
        unsigned char high = i == 1 ? lead->high : 0xbf;

        if (bytes[i] < low || bytes[i] > high) {
            return 0;
        }
    }
    return (size_t)lead->following + 1;
}

bool utf8_is_valid(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;

    while (size > 0) {
        size_t length = measure(bytes, size);

        if (length == 0) {
            return false;
        }
        bytes += length;
        size -= length;
    }
    return true;
}
