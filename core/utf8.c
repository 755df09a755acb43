/* SPDX-License-Identifier: MIT */
#include "utf8.h"

/* How long is a character that begins with this byte? 0: none does. */
static size_t count_bytes(unsigned char byte)
{
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

size_t utf8_decode(const char *text, size_t size, uint32_t *number)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = count_bytes(bytes[0]);
    uint32_t value = length < 2 ? bytes[0] : bytes[0] & (0xffU >> (length + 1));

    if (length == 0 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < least[length] || value > 0x10ffff ||
        (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *number = value;
    return length;
}
