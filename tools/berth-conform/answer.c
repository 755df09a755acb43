/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define VERSION "HTTP/1."
/* HTTP/1.x SP three digits */
#define STATUS_END ((size_t)12)
/* FNV-1a */
#define SUM_BASIS UINT64_C(0xcbf29ce484222325)
#define SUM_PRIME UINT64_C(0x100000001b3)
/* So that no sum of lengths overflows. */
#define LENGTH_MAX ((size_t)1 << 40)

enum framing {
    FRAMING_CLOSE = 0, /* the body ends with the connection */
    FRAMING_LENGTH,
    FRAMING_CHUNKS,
};

struct head {
    size_t size;
    enum framing framing;
    size_t length;
};

static uint64_t add_to_sum(uint64_t sum, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        sum = (sum ^ (unsigned char)bytes[i]) * SUM_PRIME;
    }
    return sum;
}

static int fail(const char **why, const char *text)
{
    *why = text;
    return -EPROTO;
}

static int digit_of(char byte, int base)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    if (base == 16 && isxdigit((unsigned char)byte)) {
        return tolower((unsigned char)byte) - 'a' + 10;
    }
    return -1;
}

/* Digits at the beginning. Returns how many, 0 if it is too large. */
static size_t read_number(const char *text, size_t size, int base, size_t *out)
{
    size_t count = 0;
    size_t number = 0;

    while (count < size && digit_of(text[count], base) >= 0) {
        number = number * (size_t)base + (size_t)digit_of(text[count++], base);
        if (number > LENGTH_MAX) {
            return 0;
        }
    }
    *out = number;
    return count;
}

/* The value of a field, if the line is that field. */
static const char *
value_of(const char *line, size_t size, const char *name, size_t *value_size)
{
    const size_t length = strlen(name);

    if (size <= length || line[length] != ':' ||
        strncasecmp(line, name, length) != 0) {
        return NULL;
    }
    line += length + 1;
    size -= length + 1;
    while (size > 0 && (*line == ' ' || *line == '\t')) {
        line++;
        size--;
    }
    *value_size = size;
    return line;
}

static int
read_field(struct head *head, const char *line, size_t size, const char **why)
{
    size_t value_size;
    const char *value = value_of(line, size, "content-length", &value_size);

    if (memchr(line, ':', size) == NULL) {
        return fail(why, "a field without a colon");
    }
    if (value != NULL) {
        if (read_number(value, value_size, 10, &head->length) == 0) {
            return fail(why, "a Content-Length that is no number");
        }
        if (head->framing == FRAMING_CLOSE) {
            head->framing = FRAMING_LENGTH;
        }
    }
    value = value_of(line, size, "transfer-encoding", &value_size);
    if (value != NULL && value_size >= 7 &&
        strncasecmp(value, "chunked", 7) == 0) {
        head->framing = FRAMING_CHUNKS;
    }
    return 0;
}

static int read_status(struct answer *answer, const char *line, size_t size)
{
    size_t status = 0;

    if (size < STATUS_END || strncmp(line, VERSION, sizeof(VERSION) - 1) != 0 ||
        line[STATUS_END - 4] != ' ' ||
        read_number(line + STATUS_END - 3, 3, 10, &status) != 3 ||
        status < 100) {
        return -EPROTO;
    }
    answer->status = (unsigned)status;
    return 0;
}

/* What is there of a status line can already be none. */
static bool begins_well(const char *bytes, size_t size)
{
    const size_t length = sizeof(VERSION) - 1;

    return strncmp(bytes, VERSION, size < length ? size : length) == 0;
}

/* A line of the head; size: without its LF. Returns 1 for the empty one. */
static int read_line(struct answer *answer,
                     struct head *head,
                     const char *line,
                     size_t size,
                     const char **why)
{
    const bool is_first = head->size == 0;

    head->size += size + 1;
    if (size == 0 || line[size - 1] != '\r') {
        return fail(why, "a line that does not end in CR LF");
    }
    size--;
    if (!is_first) {
        return size == 0 ? 1 : read_field(head, line, size, why);
    }
    if (read_status(answer, line, size) < 0) {
        return fail(why, "what is no status line");
    }
    return 0;
}

static int read_head(struct answer *answer,
                     struct head *head,
                     const char *bytes,
                     size_t size,
                     const char **why)
{
    int found = 0;

    *head = (struct head){.size = 0};
    if (!begins_well(bytes, size)) {
        return fail(why, "what is no status line");
    }
    while (found == 0) {
        const char *line = bytes + head->size;
        const char *end = memchr(line, '\n', size - head->size);

        if (end == NULL) {
            return 0;
        }
        found = read_line(answer, head, line, (size_t)(end - line), why);
    }
    return found;
}

/* A chunk, or the last one with the line behind it (without trailers).
   Returns as answer_read() does. */
static int read_chunk(struct answer *answer,
                      const char *bytes,
                      size_t size,
                      size_t *length,
                      const char **why)
{
    const char *end = memchr(bytes + answer->size, '\n', size - answer->size);
    const char *data;

    if (end == NULL) {
        return 0;
    }
    data = end + 1;
    if (read_number(bytes + answer->size, (size_t)(data - bytes) - answer->size,
                    16, length) == 0) {
        return fail(why, "a chunk without a length");
    }
    if (size - (size_t)(data - bytes) < *length + 2) {
        return 0;
    }
    if (memcmp(data + *length, "\r\n", 2) != 0) {
        return fail(why, "a chunk that does not end where it should");
    }
    answer->sum = add_to_sum(answer->sum, data, *length);
    answer->body_size += *length;
    answer->size = (size_t)(data - bytes) + *length + 2;
    return 1;
}

static int read_chunks(struct answer *answer,
                       const char *bytes,
                       size_t size,
                       const char **why)
{
    size_t length = 0;
    int found;

    do {
        found = read_chunk(answer, bytes, size, &length, why);
    } while (found == 1 && length > 0);
    return found;
}

int answer_read(struct answer *answer,
                enum answer_manner manner,
                const char *bytes,
                size_t size,
                bool is_ended,
                const char **why)
{
    struct head head;
    const int found = read_head(answer, &head, bytes, size, why);

    if (found != 1) {
        return found;
    }
    answer->size = head.size;
    answer->body_size = 0;
    answer->sum = SUM_BASIS;
    if (manner == ANSWER_HEAD || answer->status < 200 ||
        answer->status == 204 || answer->status == 304) {
        return 1;
    }
    if (head.framing == FRAMING_CHUNKS) {
        return read_chunks(answer, bytes, size, why);
    }
    if (head.framing == FRAMING_CLOSE) {
        head.length = size - head.size;
    }
    if (size - head.size < head.length ||
        (head.framing == FRAMING_CLOSE && !is_ended)) {
        return 0;
    }
    answer->size += head.length;
    answer->body_size = head.length;
    answer->sum = add_to_sum(SUM_BASIS, bytes + head.size, head.length);
    return 1;
}

bool answer_equals(const struct answer *answer, const struct answer *other)
{
    return answer->status == other->status &&
           answer->body_size == other->body_size && answer->sum == other->sum;
}
