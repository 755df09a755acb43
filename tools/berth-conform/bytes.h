/* SPDX-License-Identifier: MIT */
/*
 * Bytes that become more.
 */
#ifndef BERTH_CONFORM_BYTES_H
#define BERTH_CONFORM_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * {.size = 0} is empty. When memory runs out nothing is added any more, and
 * is_broken tells so from then on.
 */
struct bytes {
    char *data;
    size_t size, capacity;
    bool is_broken;
};

void bytes_add(struct bytes *bytes, const char *data, size_t size);

/* What printf(3) makes; without its NUL. */
__attribute__((format(printf, 2, 3))) void
bytes_format(struct bytes *bytes, const char *format, ...);

/* Room for size more: NULL if there is no memory. What was written there is
   added by bytes_grow(). */
char *bytes_room(struct bytes *bytes, size_t size);
void bytes_grow(struct bytes *bytes, size_t size);

void bytes_free(struct bytes *bytes);

#endif
