/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)4096)

char *bytes_room(struct bytes *bytes, size_t size)
{
    size_t capacity = bytes->capacity;
    char *data;

    if (bytes->is_broken) {
        return NULL;
    }
    while (capacity - bytes->size < size) {
        capacity = capacity == 0 ? FIRST_CAPACITY : capacity * 2;
    }
    if (capacity > bytes->capacity) {
        data = realloc(bytes->data, capacity);
        if (data == NULL) {
            bytes->is_broken = true;
            return NULL;
        }
        bytes->data = data;
        bytes->capacity = capacity;
    }
    /* Nothing of nothing: NULL has no offset. */
    return bytes->data == NULL ? NULL : bytes->data + bytes->size;
}

void bytes_grow(struct bytes *bytes, size_t size)
{
    bytes->size += size;
}

void bytes_add(struct bytes *bytes, const char *data, size_t size)
{
    char *room = bytes_room(bytes, size);

    if (room != NULL && size > 0) {
        memcpy(room, data, size);
        bytes_grow(bytes, size);
    }
}

void bytes_format(struct bytes *bytes, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    int length;

    va_start(args, format);
    length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0) {
        bytes->is_broken = true;
        return;
    }
    bytes_add(bytes, text, (size_t)length);
    free(text);
}

void bytes_free(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){.size = 0};
}
