/* SPDX-License-Identifier: MIT */
/*
 * A plugin's file, as it is loaded: was it instrumented, and which words are
 * in it?
 */
#ifndef BERTH_FUZZ_IMAGE_H
#define BERTH_FUZZ_IMAGE_H

#include <stddef.h>
#include <stdint.h>

struct image {
    const uint8_t *counters; /* one for each edge, in the loaded plugin */
    size_t edges;            /* 0: it is not instrumented */
    char *words;             /* its constants, a NUL behind each; owned */
    size_t words_size;
};

/* Looks at the file from which the function is. What cannot be found out is
   left out. Returns 0 or -ENOMEM. */
int image_read(struct image *image, const void *function);
void image_fini(struct image *image);

#endif
