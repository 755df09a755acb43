/* SPDX-License-Identifier: MIT */
/*
 * How long things took, counted in buckets, as a text: "1024:17,1280:5,inf:1"
 * says that 17 took up to 1024 ns, 5 more up to 1280, and one longer than all
 * bounds. Bounds rise; a bucket that is empty is left out. The text tells its
 * bounds, so that who reads it need not know how they were chosen.
 */
#ifndef BERTH_BUCKETS_H
#define BERTH_BUCKETS_H

#include <stddef.h>
#include <stdint.h>

/* More than any counting has: the bound of what is read. */
#define BUCKETS_MAX 160
/* The bound of what is longer than all others. */
#define BUCKETS_INFINITE UINT64_MAX
/* Room for one bucket's text: two numbers, a colon, a comma. */
#define BUCKETS_TEXT_EACH 42

struct buckets {
    size_t count;
    uint64_t bounds_ns[BUCKETS_MAX];
    uint64_t counts[BUCKETS_MAX];
};

/* Adds a bucket behind those that there are; an empty one, or one too many, is
   left out. */
void buckets_add(struct buckets *buckets, uint64_t bound_ns, uint64_t count);

/* Writes the text; buffer as for snprintf. Returns the whole length. */
size_t buckets_format(const struct buckets *buckets, char *buffer, size_t size);

/* Reads it. Returns 0, or -EINVAL: then *buckets is empty. */
int buckets_parse(struct buckets *buckets, const char *text);

/* What was counted after earlier: the difference, which is never negative. */
void buckets_subtract(struct buckets *buckets, const struct buckets *earlier);

/*
 * The bound that so many thousandths of all counted are within, as in 990;
 * 0 if nothing was counted, BUCKETS_INFINITE if it is not known.
 */
uint64_t buckets_quantile(const struct buckets *buckets, unsigned thousandths);

#endif
