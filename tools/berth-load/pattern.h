/* SPDX-License-Identifier: MIT */
/*
 * What is said on a connection: a stream of bytes without an end, of which each
 * piece is told from all others, so that a byte that is lost, doubled or out of
 * its place is seen. It repeats, but only after many messages; a piece of it
 * lies in memory as it is sent, and what comes back is compared with the same
 * memory.
 */
#ifndef BERTH_LOAD_PATTERN_H
#define BERTH_LOAD_PATTERN_H

#include <stddef.h>
#include <stdint.h>

/* The most that can be had in one piece. */
#define PATTERN_PIECE_MAX ((size_t)262144)
/* The largest message. */
#define PATTERN_MESSAGE_MAX ((size_t)16777216)

struct pattern {
    char *bytes;    /* the period, and its beginning once more */
    size_t period;  /* it repeats after so many */
    size_t message; /* bytes of a message */
    size_t stride;  /* how far apart connections begin */
};

/*
 * Bytes of every value in no order, without a mark where a message ends; or
 * lines that end in LF, no two alike in many (from 4 bytes on), none of them
 * the word of a command; or one text again and again. message from 1 to
 * PATTERN_MESSAGE_MAX. Returns 0 or -ENOMEM. pattern_fini() is for one of
 * zeros, too.
 */
int pattern_init_bytes(struct pattern *pattern, size_t message);
int pattern_init_lines(struct pattern *pattern, size_t message);
int pattern_init_text(struct pattern *pattern, const char *text, size_t size);
void pattern_fini(struct pattern *pattern);

/* Where the stream of that connection begins. */
uint64_t pattern_start(const struct pattern *pattern, uint64_t number);

/* The bytes from a position on; *size is cut to what is there in one piece. */
const char *
pattern_at(const struct pattern *pattern, uint64_t position, size_t *size);

/* How many of bytes[0..size) are the stream's from that position on, before the
   first one that is not. */
size_t pattern_match(const struct pattern *pattern,
                     uint64_t position,
                     const char *bytes,
                     size_t size);

#endif
