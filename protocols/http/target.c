/* SPDX-License-Identifier: MIT */
#include "target.h"

#include <string.h>
#include <strings.h>

#include "attribute.h"
#include "bytes.h"

/* -------------------------------------------------------------------- host */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%41" stands for; -1: it is no escape. */
static int escape_of(const char *text, size_t size)
{
    if (size < 3 || digit_of(text[1]) < 0 || digit_of(text[2]) < 0) {
        return -1;
    }
    return (digit_of(text[1]) << 4) | digit_of(text[2]);
}

/* reg-name of RFC 3986, of which an IPv4 address is one. */
static size_t measure_name(struct http_span text)
{
    size_t i = 0;

    for (;;) {
        i += bytes_measure(text.data + i, text.size - i, &bytes_name);
        if (i == text.size || text.data[i] != '%') {
            return i;
        }
        if (escape_of(text.data + i, text.size - i) <= 0) {
            return 0;
        }
        i += 3;
    }
}

/* "[2001:db8::1]" */
static size_t measure_literal(struct http_span text)
{
    size_t i = 1 + bytes_measure(text.data + 1, text.size - 1, &bytes_literal);

    return i > 2 && i < text.size && text.data[i] == ']' ? i + 1 : 0;
}

/* Behind the colon; an empty one is the default (RFC 3986, 3.2.3). */
static bool is_port(const char *text, size_t size)
{
    unsigned port = 0;

    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        port = (port * 10) + (unsigned)(text[i] - '0');
        if (port > 65535) {
            return false;
        }
    }
    return true;
}

bool target_is_host(struct http_span text)
{
    size_t end;

    if (text.size == 0) {
        return false; /* RFC 9110, 4.2.1: no http URI is without a host */
    }
    end = *text.data == '[' ? measure_literal(text) : measure_name(text);
    if (end == 0 || end == text.size) {
        return end > 0;
    }
    return text.data[end] == ':' &&
           is_port(text.data + end + 1, text.size - end - 1);
}

/* ------------------------------------------------------------------ target */

/* Whether what begins at text, none of bytes_plain, is more than a slash. */
static bool is_special(const char *text, size_t size)
{
    return *text != '/' || (size > 1 && (text[1] == '/' || text[1] == '.'));
}

/* A fragment is never sent: RFC 9110, 7.1. */
static int split_query(struct http_request *request, struct http_span text)
{
    request->query = text;
    return bytes_measure(text.data, text.size, &bytes_target) == text.size
               ? 0
               : -400;
}

static int split_path(struct http_request *request, struct http_span text)
{
    bool is_plain = true;
    size_t i;

    for (i = 0; i < text.size; i++) {
        const char c = text.data[i];

        if (byte_is_in(c, &bytes_plain)) {
            continue;
        }
        if (c == '?') {
            break;
        }
        if (!byte_is_in(c, &bytes_target)) {
            return -400;
        }
        is_plain &= !is_special(text.data + i, text.size - i);
    }
    request->path = (struct http_span){.data = text.data, .size = i};
    request->is_plain = is_plain;
    if (i == text.size) {
        return 0;
    }
    text.data += i + 1;
    text.size -= i + 1;
    return split_query(request, text);
}

/* "http://host:port/path?query" */
static int read_absolute(struct http_request *request)
{
    static const char scheme[] = "http://";
    struct http_span text = request->target;
    size_t size = 0;

    if (text.size < sizeof(scheme) ||
        strncasecmp(text.data, scheme, sizeof(scheme) - 1) != 0) {
        return -400;
    }
    text.data += sizeof(scheme) - 1;
    text.size -= sizeof(scheme) - 1;
    while (size < text.size && text.data[size] != '/' &&
           text.data[size] != '?') {
        size++;
    }
    request->host = (struct http_span){.data = text.data, .size = size};
    if (!target_is_host(request->host)) {
        return -400;
    }
    text.data += size;
    text.size -= size;
    if (split_path(request, text) < 0) {
        return -400;
    }
    if (request->path.size == 0) {
        /* RFC 9112, 3.2.4: OPTIONS of a host without a path is that of "*". */
        bool is_star = request->method == HTTP_METHOD_OPTIONS &&
                       request->query.data == NULL;

        request->path = http_span_of(is_star ? "*" : "/");
        request->is_plain = !is_star;
    }
    return 0;
}

int target_read(struct http_request *request)
{
    struct http_span target = request->target;

    if (target.size == 0) {
        return -400;
    }
    if (*target.data == '/') {
        return split_path(request, target);
    }
    if (http_span_is(target, "*")) {
        request->path = target;
        return request->method == HTTP_METHOD_OPTIONS ? 0 : -400;
    }
    return read_absolute(request);
}

/* --------------------------------------------------------------- normalise */

/* The byte at *at of an encoded path, which goes past it; -1: broken, or NUL. */
static int next_byte(struct http_span path, size_t *at)
{
    const char *text = path.data + *at;
    int byte;

    if (*text != '%') {
        (*at)++;
        return (unsigned char)*text;
    }
    byte = escape_of(text, path.size - *at);
    *at += 3;
    return byte > 0 ? byte : -1;
}

static long decode(struct http_span path, char *out)
{
    size_t size = 0;
    size_t at = 0;

    while (at < path.size) {
        int byte = next_byte(path, &at);

        if (byte < 0) {
            return -400;
        }
        out[size++] = (char)byte;
    }
    return (long)size;
}

/* Where the last of the names that were kept began. */
static size_t drop_name(const char *text, size_t used)
{
    do {
        used--;
    } while (used > 0 && text[used] != '/');
    return used;
}

/*
 * Takes a name into what is kept of the path: text[0..*used). Returns 1 if it
 * was kept, 0 if not (the path then is that of a folder, if the name is its
 * last), or -400.
 */
static int keep_name(char *text, size_t *used, const char *name, size_t length)
{
    if (length == 0 || (length == 1 && *name == '.')) {
        return 0;
    }
    if (length == 2 && memcmp(name, "..", 2) == 0) {
        if (*used == 0) {
            return -400;
        }
        *used = drop_name(text, *used);
        return 0;
    }
    memmove(text + *used, name - 1, length + 1);
    *used += length + 1;
    return 1;
}

/* In place: what is kept is never longer than what was read. */
static long resolve_dots(char *text, size_t size)
{
    size_t used = 0;
    size_t at = 0;
    int kept = 0;

    while (at < size) {
        const char *name = text + at + 1;
        const char *end = memchr(name, '/', size - at - 1);
        size_t length = end == NULL ? size - at - 1 : (size_t)(end - name);

        at += length + 1;
        kept = keep_name(text, &used, name, length);
        if (kept < 0) {
            return kept;
        }
    }
    if (kept == 0) {
        text[used++] = '/';
    }
    return (long)used;
}

COLD int target_normalise(struct http_span *path, char *room)
{
    long size;

    size = decode(*path, room);
    if (size >= 0) {
        size = resolve_dots(room, (size_t)size);
    }
    if (size < 0) {
        return (int)size;
    }
    *path = (struct http_span){.data = room, .size = (size_t)size};
    return 0;
}
