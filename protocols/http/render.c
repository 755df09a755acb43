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

static const struct reason {
    unsigned status;
    const char *text;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

const char *http_status_text(unsigned status)
{
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].status == status) {
            return reasons[i].text;
        }
    }
    return "Unknown";
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
