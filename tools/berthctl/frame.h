/* SPDX-License-Identifier: MIT */
/*
 * What `top` shows of two samples, as lines.
 */
#ifndef BERTHCTL_FRAME_H
#define BERTHCTL_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "rates.h"

/* Takes a line, without its newline: harmless to a terminal, perhaps longer
   than the width. */
typedef void frame_put(void *arg, const char *text, bool is_title);

struct frame {
    const struct sample *now;
    const struct sample *before; /* earlier; may be empty */
    const char *notice;          /* the last line; NULL: none */
    size_t width, height;        /* in characters; SIZE_MAX: no end */
    frame_put *put;
    void *arg;
};

/* The smallest screen that has room for it. */
#define FRAME_WIDTH_MIN 40
#define FRAME_HEIGHT_MIN 10

/* Puts at most height lines. What has no room is counted in a line "... more";
   on a screen that is too small there is only a line that says so. */
void frame_print(const struct frame *frame);

#endif
