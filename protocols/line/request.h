/* SPDX-License-Identifier: MIT */
/*
 * A line that is being answered.
 */
#ifndef LINE_REQUEST_H
#define LINE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include <berth/protocol.h>

struct span {
    const char *data;
    size_t size;
};

struct request {
    berth_conn *c;
    struct span line; /* without its end; empty where there is none: greeting */
    struct span args; /* what is behind the command, or where the * stands */
    struct span end;  /* what ends each line of the answer */
    bool closes;      /* the connection ends with the answer */
    int error;        /* -errno: the same, because something is wrong */
};

static inline void request_write(const struct request *request,
                                 struct span bytes)
{
    (void)berth_write(request->c, bytes.data, bytes.size);
}

/* A line of the answer, with its end. */
static inline void request_write_line(const struct request *request,
                                      struct span line)
{
    request_write(request, line);
    request_write(request, request->end);
}

#endif
