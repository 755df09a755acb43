/* SPDX-License-Identifier: MIT */
#include "body.h"

#include "field.h"

/* RFC 9112, 7.1.1: nobody needs many extensions, and they cost a server work
   that max_body does not bound. */
#define EXTENSIONS_MAX 4096
/* So many hexadecimal digits cannot overflow 64 bits. */
#define DIGITS_MAX 15

void body_begin(struct body *body,
                bool is_chunked,
                uint64_t size,
                uint64_t allowed)
{
    *body = (struct body){
        .left = size,
        .allowed = allowed,
        .is_chunked = is_chunked,
        .phase = is_chunked ? BODY_SIZE : BODY_DATA,
    };
}

static int value_of_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ------------------------------------------------------------- size of a chunk */

static int end_size(struct body *body)
{
    if (body->left > body->allowed) {
        return -413;
    }
    body->allowed -= body->left;
    body->phase = BODY_SIZE_LF;
    return 0;
}

static int take_size(struct body *body, char c)
{
    int digit = value_of_digit(c);

    if (digit >= 0) {
        if (++body->digits > DIGITS_MAX) {
            return -400;
        }
        body->left = (body->left << 4) | (unsigned)digit;
        return 0;
    }
    if (body->digits == 0) {
        return -400;
    }
    if (c == '\r') {
        return end_size(body);
    }
    if (c == ';') {
        body->has_name = false;
        body->phase = BODY_EXTENSION;
        return 0;
    }
    body->phase = BODY_GAP;
    return c == ' ' || c == '\t' ? 0 : -400;
}

/* Only a semicolon makes white space behind the size right. */
static int take_gap(struct body *body, char c)
{
    if (++body->extensions > EXTENSIONS_MAX) {
        return -400;
    }
    if (c == ';') {
        body->has_name = false;
        body->phase = BODY_EXTENSION;
        return 0;
    }
    return c == ' ' || c == '\t' ? 0 : -400;
}

/* Passed over, but for what no extension can have. */
static int take_extension(struct body *body, char c)
{
    struct http_span byte = {&c, 1};
    bool is_space = c == ' ' || c == '\t';

    if (++body->extensions > EXTENSIONS_MAX) {
        return -400;
    }
    if (c == '\r') {
        return body->has_name ? end_size(body) : -400;
    }
    if (((unsigned char)c < ' ' && c != '\t') || c == 0x7f) {
        return -400;
    }
    if (!body->has_name && !is_space) {
        body->has_name = true;
        return field_is_token(byte) ? 0 : -400;
    }
    return 0;
}

static int begin_chunk(struct body *body, char c)
{
    body->phase = body->left > 0 ? BODY_DATA : BODY_TRAILER;
    return c == '\n' ? 0 : -400;
}

static int begin_size(struct body *body, char c)
{
    body->phase = BODY_SIZE;
    body->digits = 0;
    return c == '\n' ? 0 : -400;
}

static int take_data_cr(struct body *body, char c)
{
    body->phase = BODY_DATA_LF;
    return c == '\r' ? 0 : -400;
}

/* ------------------------------------------------------------------- whole */

static ssize_t take_data(struct body *body,
                         const char *data,
                         size_t size,
                         struct http_span *piece)
{
    if (size > body->left) {
        size = (size_t)body->left;
    }
    *piece = (struct http_span){.data = data, .size = size};
    body->left -= size;
    if (body->left == 0) {
        body->phase = body->is_chunked ? BODY_DATA_CR : BODY_DONE;
    }
    return (ssize_t)size;
}

ssize_t body_decode(struct body *body,
                    const char *data,
                    size_t size,
                    struct http_span *piece)
{
    static int (*const take[])(struct body * body, char c) = {
        [BODY_SIZE] = take_size,           [BODY_GAP] = take_gap,
        [BODY_EXTENSION] = take_extension, [BODY_SIZE_LF] = begin_chunk,
        [BODY_DATA_CR] = take_data_cr,     [BODY_DATA_LF] = begin_size,
    };
    int error;

    *piece = (struct http_span){0};
    if (body->phase == BODY_DATA) {
        return take_data(body, data, size, piece);
    }
    error = take[body->phase](body, *data);
    return error < 0 ? error : 1;
}
