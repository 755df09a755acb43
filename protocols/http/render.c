/* SPDX-License-Identifier: MIT */
#include "render.h"

#include <string.h>

/* Digits of 2^64. */
#define NUMBER_SIZE 20

static const char version[] = "HTTP/1.1 ";
static const char date_name[] = "\r\nDate: ";
static const char type_name[] = "Content-Type: ";
static const char size_name[] = "Content-Length: ";

#define LENGTH(text_) (sizeof(text_) - 1)

/* By the status, so that finding one costs one look. */
#define STATUS_FIRST 200
static const char *const reasons[] = {
    [200 - STATUS_FIRST] = "OK",
    [201 - STATUS_FIRST] = "Created",
    [202 - STATUS_FIRST] = "Accepted",
    [203 - STATUS_FIRST] = "Non-Authoritative Information",
    [204 - STATUS_FIRST] = "No Content",
    [205 - STATUS_FIRST] = "Reset Content",
    [206 - STATUS_FIRST] = "Partial Content",
    [300 - STATUS_FIRST] = "Multiple Choices",
    [301 - STATUS_FIRST] = "Moved Permanently",
    [302 - STATUS_FIRST] = "Found",
    [303 - STATUS_FIRST] = "See Other",
    [304 - STATUS_FIRST] = "Not Modified",
    [307 - STATUS_FIRST] = "Temporary Redirect",
    [308 - STATUS_FIRST] = "Permanent Redirect",
    [400 - STATUS_FIRST] = "Bad Request",
    [401 - STATUS_FIRST] = "Unauthorized",
    [403 - STATUS_FIRST] = "Forbidden",
    [404 - STATUS_FIRST] = "Not Found",
    [405 - STATUS_FIRST] = "Method Not Allowed",
    [406 - STATUS_FIRST] = "Not Acceptable",
    [408 - STATUS_FIRST] = "Request Timeout",
    [409 - STATUS_FIRST] = "Conflict",
    [410 - STATUS_FIRST] = "Gone",
    [411 - STATUS_FIRST] = "Length Required",
    [412 - STATUS_FIRST] = "Precondition Failed",
    [413 - STATUS_FIRST] = "Content Too Large",
    [414 - STATUS_FIRST] = "URI Too Long",
    [415 - STATUS_FIRST] = "Unsupported Media Type",
    [416 - STATUS_FIRST] = "Range Not Satisfiable",
    [417 - STATUS_FIRST] = "Expectation Failed",
    [421 - STATUS_FIRST] = "Misdirected Request",
    [422 - STATUS_FIRST] = "Unprocessable Content",
    [426 - STATUS_FIRST] = "Upgrade Required",
    [428 - STATUS_FIRST] = "Precondition Required",
    [429 - STATUS_FIRST] = "Too Many Requests",
    [431 - STATUS_FIRST] = "Request Header Fields Too Large",
    [451 - STATUS_FIRST] = "Unavailable For Legal Reasons",
    [500 - STATUS_FIRST] = "Internal Server Error",
    [501 - STATUS_FIRST] = "Not Implemented",
    [502 - STATUS_FIRST] = "Bad Gateway",
    [503 - STATUS_FIRST] = "Service Unavailable",
    [504 - STATUS_FIRST] = "Gateway Timeout",
    [505 - STATUS_FIRST] = "HTTP Version Not Supported",
};

const char *http_status_text(unsigned status)
{
    const unsigned i = status - STATUS_FIRST;

    if (i >= sizeof(reasons) / sizeof(reasons[0]) || reasons[i] == NULL) {
        return "Unknown";
    }
    return reasons[i];
}

bool render_has_body(unsigned status)
{
    return status != 204 && status != 304;
}

char *render_bytes(char *at, struct http_span bytes)
{
    if (bytes.size > 0) {
        memcpy(at, bytes.data, bytes.size);
    }
    return at + bytes.size;
}

static char *render_text(char *at, const char *text)
{
    return render_bytes(at, http_span_of(text));
}

static char *render_number(char *at, uint64_t number)
{
    char digits[NUMBER_SIZE];
    size_t first = sizeof(digits);

    do {
        digits[--first] = (char)('0' + (number % 10));
        number /= 10;
    } while (number > 0);
    memcpy(at, digits + first, sizeof(digits) - first);
    return at + sizeof(digits) - first;
}

static char *render_field(char *at, const struct http_header *field)
{
    at = render_bytes(at, field->name);
    at = render_text(at, ": ");
    at = render_bytes(at, field->value);
    return render_text(at, "\r\n");
}

size_t render_date_offset(unsigned status)
{
    return LENGTH(version) + 4 + strlen(http_status_text(status)) +
           LENGTH(date_name);
}

size_t render_measure(const struct http_answer *answer, struct http_span common)
{
    size_t size = render_date_offset(answer->status) + DATE_SIZE + 2 +
                  common.size + LENGTH(size_name) + NUMBER_SIZE + 2;

    if (answer->type != NULL) {
        size += LENGTH(type_name) + strlen(answer->type) + 2;
    }
    for (size_t i = 0; i < answer->field_count; i++) {
        size += answer->fields[i].name.size + answer->fields[i].value.size + 4;
    }
    return size;
}

char *render_head(char *at,
                  const struct http_answer *answer,
                  struct http_span common,
                  const char *date)
{
    at = render_text(at, version);
    at = render_number(at, answer->status);
    *at++ = ' ';
    at = render_text(at, http_status_text(answer->status));
    at = render_text(at, date_name);
    memcpy(at, date, DATE_SIZE);
    at = render_text(at + DATE_SIZE, "\r\n");
    at = render_bytes(at, common);
    if (answer->type != NULL) {
        at = render_text(at, type_name);
        at = render_text(at, answer->type);
        at = render_text(at, "\r\n");
    }
    if (render_has_body(answer->status)) {
        at = render_text(at, size_name);
        at = render_number(at, answer->size);
        at = render_text(at, "\r\n");
    }
    for (size_t i = 0; i < answer->field_count; i++) {
        at = render_field(at, &answer->fields[i]);
    }
    return at;
}
