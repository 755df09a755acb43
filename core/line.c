/* SPDX-License-Identifier: MIT */
#include "line.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "utf8.h"

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
                      const char *bytes,
                      size_t count,
                      enum line_form form)
{
    for (size_t i = 0; i < count; i++) {
        line_format(line, form == LINE_JSON ? "\\\\x%02x" : "\\x%02x",
                    (unsigned char)bytes[i]);
    }
}

/* One of those above; all of them have four digits. */
static void put_dangerous(struct line *line,
                          const char *bytes,
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
                          const char *bytes,
                          size_t size,
                          enum line_form form)
{
    char escape[3] = {'\\', bytes[0], '\0'};

    if (form != LINE_PLAIN && (bytes[0] == '"' || bytes[0] == '\\')) {
        line_put_text(line, escape);
    } else {
        line_put(line, bytes, size);
    }
}

void line_escape(struct line *line, const char *text, enum line_form form)
{
    const char *next = text;

    while (*next != '\0' && !line->is_cut) {
        uint32_t number = 0;
        size_t length = utf8_decode(next, SIZE_MAX, &number);

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
