/* SPDX-License-Identifier: MIT */
#include "field.h"

#include <string.h>
#include <strings.h>

#include "bytes.h"
#include "target.h"

/* What was met; the rest of the message follows from it. */
struct met {
    struct known_host *host;
    unsigned hosts, lengths;
    unsigned codings; /* fields of Transfer-Encoding */
    unsigned chunked, other_codings;
    bool is_last_chunked; /* the last coding is chunked */
    bool has_close, has_keep_alive;
};

/* An element of a list, and what is behind its comma. */
static bool next_element(struct http_span *list, struct http_span *element)
{
    const char *comma;

    if (list->data == NULL) {
        return false;
    }
    comma = memchr(list->data, ',', list->size);
    *element = *list;
    if (comma == NULL) {
        *list = (struct http_span){0};
    } else {
        element->size = (size_t)(comma - element->data);
        list->size -= element->size + 1;
        list->data = comma + 1;
    }
    *element = http_span_trim(*element);
    return true;
}

bool field_is_token(struct http_span text)
{
    return text.size > 0 &&
           bytes_measure(text.data, text.size, &bytes_token) == text.size;
}

/* --------------------------------------------------------------- one field */

static bool is_host(struct known_host *known, struct http_span value)
{
    if (value.size == known->size && value.size > 0 &&
        memcmp(value.data, known->text, value.size) == 0) {
        return true;
    }
    if (!target_is_host(value)) {
        return false;
    }
    if (value.size <= sizeof(known->text)) {
        known->size = value.size;
        memcpy(known->text, value.data, value.size);
    }
    return true;
}

static int
read_host(struct message *message, struct http_span value, struct met *met)
{
    if (++met->hosts > 1 || !is_host(met->host, value)) {
        return -400;
    }
    message->request.host = value;
    return 0;
}

static int read_connection(struct message *message,
                           struct http_span value,
                           struct met *met)
{
    struct http_span option;

    (void)message;
    while (next_element(&value, &option)) {
        met->has_close |= http_span_is(option, "close");
        met->has_keep_alive |= http_span_is(option, "keep-alive");
    }
    return 0;
}

/* Digits alone, once: neither a list nor a repetition, though equal. */
static int
read_length(struct message *message, struct http_span value, struct met *met)
{
    uint64_t size = 0;

    if (++met->lengths > 1 || value.size == 0 || value.size > 18) {
        return -400;
    }
    for (size_t i = 0; i < value.size; i++) {
        unsigned digit = (unsigned)(unsigned char)value.data[i] - '0';

        if (digit > 9) {
            return -400;
        }
        size = (size * 10) + digit;
    }
    message->body_size = size;
    return 0;
}

static int
read_coding(struct message *message, struct http_span value, struct met *met)
{
    struct http_span coding;

    (void)message;
    met->codings++;
    while (next_element(&value, &coding)) {
        met->is_last_chunked = http_span_is(coding, "chunked");
        if (met->is_last_chunked) {
            met->chunked++;
        } else {
            met->other_codings++;
        }
    }
    return 0;
}

static int read_expectation(struct message *message,
                            struct http_span value,
                            struct met *met)
{
    /* HTTP/1.0 does not know it: RFC 9110, 10.1.1. */
    if (message->request.minor == 0) {
        return 0;
    }
    (void)met;
    if (!http_span_is(value, "100-continue")) {
        return -417;
    }
    message->is_expecting = true;
    return 0;
}

/* By the size of the name, so that most fields cost one look. In small
   letters; Host, which nearly all requests have, is not among them. */
static const struct known {
    const char *name;
    int (*read)(struct message *message,
                struct http_span value,
                struct met *met);
} known_fields[] = {
    [6] = {"expect", read_expectation},
    [10] = {"connection", read_connection},
    [14] = {"content-length", read_length},
    [17] = {"transfer-encoding", read_coding},
};

/* Most that have the size of a known one differ in the first letter. */
static bool is_known(const char *name, const char *known, size_t size)
{
    return (*name | 0x20) == *known && strncasecmp(name, known, size) == 0;
}

/* Nearly always written like this; that costs no call. */
static bool is_host_name(const char *name)
{
    return memcmp(name, "Host", 4) == 0 || strncasecmp(name, "host", 4) == 0;
}

static int read_one(struct message *message,
                    const struct http_header *header,
                    struct met *met)
{
    const char *name = header->name.data;
    const size_t size = header->name.size;
    const struct known *known;

    if (size == 4 && is_host_name(name)) {
        return read_host(message, header->value, met);
    }
    if (size >= sizeof(known_fields) / sizeof(*known_fields)) {
        return 0;
    }
    known = &known_fields[size];
    return known->name != NULL && is_known(name, known->name, size)
               ? known->read(message, header->value, met)
               : 0;
}

/* ------------------------------------------------------------------- whole */

/* RFC 9112, 6.1 and 6.3: what makes the end of a body doubtful is refused. */
static int judge_body(struct message *message, const struct met *met)
{
    if (met->codings == 0) {
        message->request.has_body = met->lengths > 0;
        return 0;
    }
    if (met->lengths > 0 || message->request.minor == 0 ||
        !met->is_last_chunked || met->chunked > 1) {
        return -400;
    }
    message->request.has_body = true;
    message->is_chunked = true;
    return met->other_codings > 0 ? -501 : 0;
}

int field_read_all(struct message *message, struct known_host *host)
{
    struct http_request *request = &message->request;
    struct met met = {.host = host};
    int error = 0;

    for (size_t i = 0; i < request->header_count && error == 0; i++) {
        error = read_one(message, &request->headers[i], &met);
    }
    if (error == 0 && met.hosts == 0 && request->minor > 0) {
        error = -400;
    }
    if (error == 0) {
        error = judge_body(message, &met);
    }
    request->keep_alive =
        !met.has_close && (request->minor > 0 || met.has_keep_alive);
    request->is_last = !request->keep_alive;
    message->is_expecting &= request->has_body;
    return error;
}

/* RFC 9110, 6.5.1: framing and routing have been done by then. */
bool field_may_trail(struct http_span name)
{
    static const char *const refused[] = {
        "content-length",
        "transfer-encoding",
        "host",
        "trailer",
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        if (http_span_is(name, refused[i])) {
            return false;
        }
    }
    return true;
}
