/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

void line_put(struct line *line, const char *bytes, size_t size)
{
    if (line->is_cut || size > line->limit - line->length) {
        line->is_cut = true;
        return;
    }
    memcpy(line->bytes + line->length, bytes, size);
    line->length += size;
}

void line_put_text(struct line *line, const char *text)
{
    line_put(line, text, strlen(text));
}

void line_format(struct line *line, const char *format, ...)
{
    char text[128];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    line_put_text(line, text);
}

/* How long is a character that begins with this byte? 0: none does. */
static size_t count_utf8(unsigned char byte)
{
    if (byte < 0x80) {
        return 1;
    }
    if (byte < 0xc2 || byte > 0xf4) {
        return 0;
    }
    return byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
}

/*
 * The length of the UTF-8 character that text begins with, and its number; 0,
 * and no number, if it is none (RFC 3629, section 3: nothing overlong, no
 * surrogates, at most U+10FFFF). text ends with a NUL, which is never part of
 * a sequence.
 */
static size_t decode_utf8(const unsigned char *text, uint32_t *number)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = count_utf8(text[0]);
    uint32_t value = length < 2 ? text[0] : text[0] & (0xffU >> (length + 1));

    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (text[i] & 0x3f);
    }
    if (length == 0 || value < least[length] || value > 0x10ffff ||
        (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *number = value;
    return length;
}

/*
 * Could it do something to a terminal or to a reader's eye? C0 and C1 controls,
 * line separators, and what turns the direction of text.
 */
static bool is_dangerous(uint32_t number)
{
    return number < 0x20 || (number >= 0x7f && number < 0xa0) ||
           (number >= 0x2028 && number <= 0x202e) ||
           (number >= 0x2066 && number <= 0x2069);
}

/* JSON has no escape for a byte: there it is a text about it. */
static void put_bytes(struct line *line,
                      const unsigned char *bytes,
                      size_t count,
                      enum line_form form)
{
    for (size_t i = 0; i < count; i++) {
        line_format(line, form == LINE_JSON ? "\\\\x%02x" : "\\x%02x",
                    bytes[i]);
    }
}

/* One of those above; all of them have four digits. */
static void put_dangerous(struct line *line,
                          const unsigned char *bytes,
                          size_t size,
                          uint32_t number,
                          enum line_form form)
{
    if (number == '\n') {
        line_put_text(line, "\\n");
    } else if (form == LINE_JSON) {
        line_format(line, "\\u%04x", number);
    } else {
        put_bytes(line, bytes, size, form);
    }
}

/* Within quotation marks these, and backslashes, have a backslash before. */
static void put_character(struct line *line,
                          const unsigned char *bytes,
                          size_t size,
                          enum line_form form)
{
    char escape[3] = {'\\', (char)bytes[0], '\0'};

    if (form != LINE_PLAIN && (bytes[0] == '"' || bytes[0] == '\\')) {
        line_put_text(line, escape);
    } else {
        line_put(line, (const char *)bytes, size);
    }
}

void line_escape(struct line *line, const char *text, enum line_form form)
{
    const unsigned char *next = (const unsigned char *)text;

    while (*next != '\0' && !line->is_cut) {
        uint32_t number = 0;
        size_t length = decode_utf8(next, &number);

        if (length == 0) {
            put_bytes(line, next, 1, form);
        } else if (is_dangerous(number)) {
            put_dangerous(line, next, length, number, form);
        } else {
            put_character(line, next, length, form);
        }
        next += length == 0 ? 1 : length;
    }
}
