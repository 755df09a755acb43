/* SPDX-License-Identifier: MIT */
#include "head.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "target.h"

/* For llhttp, which begins at a request line. That of a request is read here:
   llhttp knows other methods and versions than we do, and not which status
   refuses one. */
#define REQUEST_LINE "GET / HTTP/1.1\r\n"
/* " HTTP/1.1\r\n" */
#define VERSION_SIZE 11

/* ----------------------------------------------------------------- llhttp */

static int take_name(llhttp_t *parser, const char *at, size_t size)
{
    struct head *head = parser->data;

    if (head->count == head->max) {
        head->is_full = true;
        return HPE_USER;
    }
    head->headers[head->count++] = (struct http_header){
        .name = {.data = at, .size = size},
        .value = {.data = at + size, .size = 0},
    };
    return 0;
}

static int take_value(llhttp_t *parser, const char *at, size_t size)
{
    struct head *head = parser->data;
    struct http_span value = {.data = at, .size = size};

    head->headers[head->count - 1].value = http_span_trim(value);
    return 0;
}

/* The body is not llhttp's: it needs no parser that is kept. */
static int stop_before_body(llhttp_t *parser)
{
    (void)parser;
    return HPE_PAUSED;
}

int head_init(struct head *head, size_t max)
{
    head->headers = calloc(max, sizeof(*head->headers));
    if (head->headers == NULL) {
        return -ENOMEM;
    }
    head->max = max;
    llhttp_settings_init(&head->callbacks);
    head->callbacks.on_header_field = take_name;
    head->callbacks.on_header_value = take_value;
    head->callbacks.on_headers_complete = stop_before_body;
    llhttp_init(&head->parser, HTTP_REQUEST, &head->callbacks);
    head->parser.data = head;
    (void)llhttp_execute(&head->parser, REQUEST_LINE, strlen(REQUEST_LINE));
    return 0;
}

void head_fini(struct head *head)
{
    free(head->headers);
}

/* data: the lines of the fields, and the empty one. */
static int read_headers(struct head *head, const char *data, size_t size)
{
    llhttp_t parser = head->parser;

    head->count = 0;
    head->is_full = false;
    /* It stops at the end of the head, neither before nor behind. */
    if (llhttp_execute(&parser, data, size) != HPE_PAUSED) {
        return head->is_full ? -431 : -400;
    }
    return 0;
}

/* ------------------------------------------------------------------- lines */

/* A line that begins so goes on with the one before, or has no name. */
static bool is_bad_beginning(char c)
{
    return c == ' ' || c == '\t' || c == ':';
}

static bool is_empty_line(const char *line, const char *end)
{
    return end - line >= 2 && line[0] == '\r' && line[1] == '\n';
}

ssize_t head_scan(struct head_scan *scan, const char *data, size_t size)
{
    const char *line = data + scan->line;
    const char *from = data + scan->seen;
    const char *end;

    while ((end = memchr(from, '\n', size - (size_t)(from - data))) != NULL) {
        if (end == line || end[-1] != '\r' ||
            (scan->first > 0 && is_bad_beginning(*line))) {
            return -400;
        }
        if (end - line == 1) {
            return end + 1 - data;
        }
        line = end + 1;
        from = line;
        if (scan->first == 0) {
            scan->first = (uint32_t)(line - data);
        }
        if (is_empty_line(line, data + size)) {
            return line + 2 - data;
        }
    }
    scan->line = (uint32_t)(line - data);
    scan->seen = (uint32_t)size;
    return 0;
}

/* ------------------------------------------------------------ request line */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* text: VERSION_SIZE bytes. */
static int read_version(const char *text, unsigned *minor)
{
    if (memcmp(text, " HTTP/", 6) != 0 || !is_digit(text[6]) ||
        text[7] != '.' || !is_digit(text[8])) {
        return -400;
    }
    if (text[6] != '1') {
        return -505;
    }
    /* RFC 9110, 2.5: to us, whatever comes after 1.1 is 1.1. */
    *minor = text[8] == '0' ? 0 : 1;
    return 0;
}

static int read_method(struct http_span text, enum http_method *method)
{
    int found = http_method_find(text);

    if (found < 0) {
        return field_is_token(text) ? -501 : -400;
    }
    if (found == HTTP_METHOD_TRACE || found == HTTP_METHOD_CONNECT) {
        return -501;
    }
    *method = (enum http_method)found;
    return 0;
}

/* method SP target SP version CRLF, with one space each; size: of all this. */
static int
read_request_line(const char *data, size_t size, struct http_request *request)
{
    const bool is_get = size >= VERSION_SIZE && memcmp(data, "GET ", 4) == 0;
    const char *space = is_get ? data + 3 : memchr(data, ' ', size);
    const char *version;
    int error;

    if (space == NULL || size < VERSION_SIZE) {
        return -400;
    }
    version = data + size - VERSION_SIZE;
    if (space >= version) {
        return -400;
    }
    error = read_version(version, &request->minor);
    if (error < 0) {
        return error;
    }
    request->method_text =
        (struct http_span){.data = data, .size = (size_t)(space - data)};
    request->target.data = space + 1;
    request->target.size = (size_t)(version - (space + 1));
    if (is_get) {
        request->method = HTTP_METHOD_GET;
        return 0;
    }
    error = read_method(request->method_text, &request->method);
    request->is_head = request->method == HTTP_METHOD_HEAD;
    return error;
}

/* ------------------------------------------------------------------- whole */

int head_parse(struct head *head,
               const char *data,
               size_t size,
               size_t first,
               struct message *message)
{
    struct http_request *request = &message->request;
    int error;

    memset(message, 0, sizeof(*message));
    error = read_request_line(data, first, request);
    if (error == 0) {
        error = read_headers(head, data + first, size - first);
    }
    if (error < 0) {
        return error;
    }
    request->headers = head->headers;
    request->header_count = head->count;
    error = field_read_all(message, &head->host);
    if (error == 0) {
        error = target_read(request);
    }
    return error;
}

int head_check_trailer(struct head *head, const char *data, size_t size)
{
    int error = read_headers(head, data, size);

    for (size_t i = 0; i < head->count && error == 0; i++) {
        if (!field_may_trail(head->headers[i].name)) {
            error = -400;
        }
    }
    return error;
}
