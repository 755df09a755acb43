/* SPDX-License-Identifier: MIT */
#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The longest escape, and what ends a text that is cut. */
#define ESCAPE_MAX 5
#define CUT "\"..."

const char *verdict_name(enum verdict_kind kind)
{
    static const char *const names[] = {"pass", "fail", "skip"};

    return names[kind];
}

void verdict_expect(struct verdict *verdict, const char *format, ...)
{
    va_list args;

    if (verdict->kind != VERDICT_PASS) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(verdict->expected, sizeof(verdict->expected), format, args);
    va_end(args);
}

bool verdict_fail(struct verdict *verdict, const char *format, ...)
{
    va_list args;

    if (verdict->kind != VERDICT_PASS) {
        return false;
    }
    verdict->kind = VERDICT_FAIL;
    va_start(args, format);
    (void)vsnprintf(verdict->got, sizeof(verdict->got), format, args);
    va_end(args);
    return false;
}

void verdict_when(struct verdict *verdict, const char *format, ...)
{
    const size_t length = strlen(verdict->got);
    va_list args;

    if (verdict->kind != VERDICT_FAIL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(verdict->got + length, sizeof(verdict->got) - length,
                    format, args);
    va_end(args);
}

void verdict_note(struct verdict *verdict, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(verdict->note, sizeof(verdict->note), format, args);
    va_end(args);
}

void verdict_skip(struct verdict *verdict, const char *format, ...)
{
    va_list args;

    if (verdict->kind != VERDICT_PASS) {
        return;
    }
    verdict->kind = VERDICT_SKIP;
    va_start(args, format);
    (void)vsnprintf(verdict->note, sizeof(verdict->note), format, args);
    va_end(args);
}

/* Returns the length of what stands for a byte. */
static size_t escape(char byte, char out[ESCAPE_MAX])
{
    static const char named[] = "\"\\\n\r\t";
    static const char letters[] = "\"\\nrt";
    const char *found = byte == '\0' ? NULL : strchr(named, byte);

    if (found != NULL) {
        return (size_t)snprintf(out, ESCAPE_MAX, "\\%c",
                                letters[found - named]);
    }
    if (byte < 0x20 || byte == 0x7f) {
        return (size_t)snprintf(out, ESCAPE_MAX, "\\x%02x",
                                (unsigned)(unsigned char)byte);
    }
    out[0] = byte;
    return 1;
}

const char *
verdict_quote(char *text, size_t size, const char *bytes, size_t count)
{
    size_t length = 0;

    text[length++] = '"';
    for (size_t i = 0; i < count; i++) {
        char out[ESCAPE_MAX];
        const size_t more = escape(bytes[i], out);

        if (length + more + sizeof(CUT) > size) {
            (void)snprintf(text + length, size - length, "%s", CUT);
            return text;
        }
        memcpy(text + length, out, more);
        length += more;
    }
    text[length++] = '"';
    text[length] = '\0';
    return text;
}
