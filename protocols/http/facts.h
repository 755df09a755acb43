/* SPDX-License-Identifier: MIT */
/*
 * What an answer says of a file: its size, type and validators.
 */
#ifndef HTTP_FACTS_H
#define HTTP_FACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "date.h"

/* Three numbers of 64 bits in hex, two dashes, two quotes and a NUL. */
#define FACTS_ETAG_MAX (3 * 16 + 5)

struct facts {
    uint64_t size;
    const char *type;     /* borrowed */
    int64_t modified;     /* seconds since 1970 */
    char date[DATE_SIZE]; /* the same as text, without a NUL */
    unsigned char etag_size;
    char etag[FACTS_ETAG_MAX];
};

/*
 * The etag is strong: made of inode, size and time of modification, in
 * nanoseconds. A file from the future was modified now: no answer may say that
 * it is younger than the answer (RFC 9110, section 8.8.2.1).
 */
void facts_read(struct facts *facts,
                const struct stat *status,
                const char *type,
                int64_t now);

/* Whether two looks at a file found the same file, and the same in it as far
   as its size and times tell. */
bool facts_is_same(const struct stat *one, const struct stat *other);

/*
 * Whether any later change would show in the file's times: not so if it was
 * changed just before now, since these times come from a clock that ticks.
 */
bool facts_is_settled(const struct stat *status, int64_t now_ms);

#endif
