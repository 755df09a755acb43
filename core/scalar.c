/* SPDX-License-Identifier: MIT */
#include "scalar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "utf8.h"

#define LETTERS                                                                \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                               \
    "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Is it a whole text in YAML without quotes? Fewer than might be. */
static bool is_plain(const char *text)
{
    const size_t length = strlen(text);
    const char first = text[text[0] == '-' ? 1 : 0];

    return first != '\0' && strchr(LETTERS DIGITS "_./", first) != NULL &&
           strspn(text, LETTERS DIGITS "_./:@%+=-") == length &&
           text[length - 1] != ':';
}

/* What some version of YAML makes a truth or nothing of; and our own word. */
static bool is_word(const char *text)
{
    static const char *const words[] = {
        "true", "false", "yes", "no", "on", "off", "y", "n", "null", "none",
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Hexadecimal and infinity included; octal of YAML 1.2 is "0o17". */
static bool is_like_number(const char *text)
{
    char *end;

    (void)strtod(text, &end);
    return *end == '\0' || strncmp(text, "0o", 2) == 0 ||
           strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0;
}

bool scalar_is_number(const char *text)
{
    const char *c = text + (text[0] == '-' ? 1 : 0);
    const size_t whole = strspn(c, DIGITS);

    if (whole == 0 || (whole > 1 && c[0] == '0')) {
        return false;
    }
    c += whole;
    if (c[0] == '.' && strspn(c + 1, DIGITS) > 0) {
        c += 1 + strspn(c + 1, DIGITS);
    }
    return *c == '\0';
}

/* Characters that YAML 1.2 takes as they are (5.1), and that stay on a line. */
static bool is_printable(uint32_t number)
{
    return (number >= 0x20 && number < 0x7f) ||
           (number >= 0xa0 && number < 0x2028) ||
           (number > 0x202e && number < 0x2066) ||
           (number > 0x2069 && number < 0xd800) ||
           (number >= 0xe000 && number < 0xfeff) ||
           (number > 0xfeff && number < 0xfffe) || number >= 0x10000;
}

static void
print_character(FILE *stream, const char *bytes, size_t size, uint32_t number)
{
    if (size == 0) {
        (void)fputs("\\uFFFD", stream);
    } else if (number == '"' || number == '\\') {
        (void)fprintf(stream, "\\%c", (int)number);
    } else if (number == '\n') {
        (void)fputs("\\n", stream);
    } else if (is_printable(number)) {
        (void)fwrite(bytes, 1, size, stream);
    } else {
        (void)fprintf(stream, "\\u%04X", (unsigned)number);
    }
}

static void print_quoted(FILE *stream, const char *text, bool has_variables)
{
    (void)fputc('"', stream);
    while (*text != '\0') {
        uint32_t number = 0;
        const size_t size = utf8_decode(text, SIZE_MAX, &number);

        if (number == '$' && has_variables) {
            (void)fputc('$', stream);
        }
        print_character(stream, text, size, number);
        text += size == 0 ? 1 : size;
    }
    (void)fputc('"', stream);
}

void scalar_print(FILE *stream, const char *text, bool is_text)
{
    if (is_plain(text) &&
        !(is_text && (is_word(text) || is_like_number(text)))) {
        (void)fputs(text, stream);
    } else {
        print_quoted(stream, text, true);
    }
}

void scalar_print_key(FILE *stream, const char *text)
{
    if (is_plain(text) && !is_word(text) && !is_like_number(text)) {
        (void)fputs(text, stream);
    } else {
        print_quoted(stream, text, false);
    }
}
