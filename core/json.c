/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <string.h>

#include "utf8.h"

/* Stands for what is no character. */
#define REPLACEMENT "\xef\xbf\xbd"

/* The most that is written for a character. */
#define ESCAPE_MAX 8

static size_t put(char out[ESCAPE_MAX], const char *bytes, size_t size)
{
    memcpy(out, bytes, size);
    return size;
}

/*
 * What stands for the first character of a text: out[0..returned). *size: the
 * bytes of text that it is.
 */
static size_t escape(const char *text, size_t *size, char out[ESCAPE_MAX])
{
    static const char named[] = "\"\\\b\f\n\r\t";
    static const char letters[] = "\"\\bfnrt";
    uint32_t number = 0;
    const size_t length = utf8_decode(text, SIZE_MAX, &number);
    const char *found =
        length == 1 ? memchr(named, text[0], sizeof(named) - 1) : NULL;

    *size = length == 0 ? 1 : length;
    if (length == 0) {
        return put(out, REPLACEMENT, sizeof(REPLACEMENT) - 1);
    }
    if (found != NULL) {
        out[0] = '\\';
        out[1] = letters[found - named];
        return 2;
    }
    if (number < 0x20 || number == 0x7f) {
        return (size_t)snprintf(out, ESCAPE_MAX, "\\u%04x", (unsigned)number);
    }
    return put(out, text, length);
}

static void print_text(const struct json *json, const char *text)
{
    char out[ESCAPE_MAX];
    size_t size;

    (void)fputc('"', json->stream);
    for (; *text != '\0'; text += size) {
        const size_t length = escape(text, &size, out);

        (void)fwrite(out, 1, length, json->stream);
    }
    (void)fputc('"', json->stream);
}

static void begin_line(const struct json *json)
{
    (void)fprintf(json->stream, "\n%*s", (int)(2 * json->depth), "");
}

/* Whatever comes next, a value or a key, is set off from what was before. */
static void begin_value(struct json *json)
{
    if (json->is_after_key) {
        json->is_after_key = false;
        return;
    }
    if (json->is_begun) {
        (void)fputc(',', json->stream);
    }
    json->is_begun = true;
    if (json->depth > 0) {
        begin_line(json);
    }
}

/* The document ends with its outermost value. */
static void end_value(const struct json *json)
{
    if (json->depth == 0) {
        (void)fputc('\n', json->stream);
    }
}

void json_begin(struct json *json, char bracket)
{
    begin_value(json);
    (void)fputc(bracket, json->stream);
    json->depth++;
    json->is_begun = false;
}

void json_end(struct json *json, char bracket)
{
    json->depth--;
    if (json->is_begun) {
        begin_line(json);
    }
    (void)fputc(bracket, json->stream);
    json->is_begun = true;
    end_value(json);
}

void json_key(struct json *json, const char *name)
{
    begin_value(json);
    print_text(json, name);
    (void)fputs(": ", json->stream);
    json->is_after_key = true;
}

void json_text(struct json *json, const char *text)
{
    begin_value(json);
    print_text(json, text);
    end_value(json);
}

void json_raw(struct json *json, const char *text)
{
    begin_value(json);
    (void)fputs(text, json->stream);
    end_value(json);
}

void json_number(struct json *json, int64_t number)
{
    begin_value(json);
    (void)fprintf(json->stream, "%" PRId64, number);
    end_value(json);
}

void json_bool(struct json *json, bool value)
{
    json_raw(json, value ? "true" : "false");
}

void json_key_begin(struct json *json, const char *name, char bracket)
{
    json_key(json, name);
    json_begin(json, bracket);
}

void json_key_text(struct json *json, const char *name, const char *text)
{
    json_key(json, name);
    json_text(json, text);
}

void json_key_number(struct json *json, const char *name, int64_t number)
{
    json_key(json, name);
    json_number(json, number);
}
