/* SPDX-License-Identifier: MIT */
/*
 * An input: any bytes at all, as a fuzzer changes them, and what they mean: what
 * a peer does, in which manner, with which settings.
 *
 * Nearly all bytes are what the peer sends, so that whatever is put in, taken
 * out or copied is still a peer that sends. The byte FEED_MARK, which no UTF-8
 * has, and one letter behind it mean something else:
 *
 *     |    what comes next is sent by itself, when the server has come to rest
 *     e    the peer finishes sending
 *     x    the same, together with the bytes before
 *     r    the peer resets
 *     t T  time passes; T: so much (see input.c)
 *     w N  the peer reads N more bytes; 255: all
 *     s S  the server reloads; it exits
 *     E    edge-triggered
 *     T C  the kernel takes a byte at a time; it takes nothing until all rests
 *     H    back-pressure on every write
 *     F K  the same byte comes from now on, without an end
 *     A N  allocation N + 1 fails
 *     M G  the messages come again and again; so do connections
 *     V N  the settings of the N-th transcript that has others than those before
 *
 * With F, M and G the kernel takes all, and there is no back-pressure on every
 * write: they send so much that it would take too long.
 *
 * Any other byte behind it is one that is sent, and FEED_MARK with it; but for
 * a second FEED_MARK, which stands for one.
 */
#ifndef BERTH_FUZZ_FEED_H
#define BERTH_FUZZ_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "berth-try/manner.h"
#include "transcript.h"

#define FEED_MARK 0xc1u
#define FEED_MAX ((size_t)4096)
#define FEED_STEPS_MAX ((size_t)512)

struct feed {
    struct transcript transcript; /* without settings */
    struct manner manner;
    size_t variant; /* whose settings */
    char *sent;     /* what its steps point to */
};

/* Returns 0 or -ENOMEM. To be freed with feed_fini(). */
int feed_decode(struct feed *input, const uint8_t *bytes, size_t size);
void feed_fini(struct feed *input);

/*
 * The bytes that mean that transcript, without what it expects: at most room.
 * What is no number of an input becomes the next larger one. The variant is
 * written if it is not 0. Returns their number.
 */
size_t feed_encode(const struct transcript *transcript,
                   size_t variant,
                   uint8_t *bytes,
                   size_t room);

/* FEED_MARK, a letter that `random` chooses, and what belongs to it. Returns
   their number. */
#define FEED_ACT_MAX 3
size_t feed_choose(uint32_t random, uint8_t bytes[FEED_ACT_MAX]);

#endif
