/* SPDX-License-Identifier: MIT */
/*
 * What is printed to a stream, as a text.
 */
#ifndef BERTH_CAPTURE_H
#define BERTH_CAPTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

struct capture {
    FILE *stream;
    char *text;
    size_t size;
};

static inline FILE *capture_begin(struct capture *capture)
{
    *capture = (struct capture){.text = NULL};
    capture->stream = open_memstream(&capture->text, &capture->size);
    ck_assert_ptr_nonnull(capture->stream);
    return capture->stream;
}

/* The text, until capture_free(). */
static inline const char *capture_end(struct capture *capture)
{
    ck_assert_int_eq(fclose(capture->stream), 0);
    return capture->text;
}

static inline void capture_free(struct capture *capture)
{
    free(capture->text);
}

#endif
