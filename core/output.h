/* SPDX-License-Identifier: MIT */
/*
 * What a connection has yet to send: a queue of segments. It exists only while
 * something is queued or written; an idle connection has none.
 *
 * Every write goes through the queue, whose segments come from a cache of the
 * worker: when the kernel takes all of it, as it nearly always does, nothing
 * was allocated. Only a large write on a stream that is not full goes to the
 * kernel from where it lies.
 */
#ifndef BERTH_OUTPUT_H
#define BERTH_OUTPUT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "stream.h"

/* A write of so many bytes is worth a system call to save the copy. */
#define OUTPUT_DIRECT_SIZE 16384

/* With the heads of malloc(3) and of the segment, four pages. */
#define OUTPUT_SEGMENT_BYTES                                                   \
    ((size_t)16384 - 16 - sizeof(struct output_segment))
/* 1 MiB of outputs with a segment each, for a worker. */
#define OUTPUT_POOL_MAX 64

struct output_segment {
    struct output_segment *next;
    size_t start; /* sent up to here; 0 when empty */
    size_t end;   /* filled up to here; 0 when empty */
    size_t capacity;
    char bytes[];
};

struct output;

/*
 * The worker's cache; bounded, so that a burst does not keep its memory. An
 * output keeps its last segment, so that taking one gives both.
 */
struct output_pool {
    struct output *outputs;
    unsigned output_count;
};

struct output {
    struct output *next_free;
    struct output_segment *first; /* never NULL */
    struct output_segment *last;
    size_t queued; /* bytes */
    size_t left;   /* bytes queued when the last flush ended */
    size_t direct; /* bytes sent since then without being queued */
    size_t reserved;
    uint64_t written;     /* bytes that the kernel has taken; since a flush
                             left some: the owner's, like the two below */
    uint64_t taken;       /* of these, the peer's side has: at the last look */
    uint64_t progress_ms; /* when the kernel last took bytes; the owner's */
};

void output_pool_init(struct output_pool *pool);
void output_pool_fini(struct output_pool *pool);

/* The long ways of the functions below. */
struct output *output_allocate(void);
void output_release(struct output *output);
int output_extend(struct output *output, const void *data, size_t size);

/* NULL when there is no memory. */
static inline struct output *output_new(struct output_pool *pool)
{
    struct output *output = pool->outputs;

    if (output == NULL) {
        return output_allocate();
    }
    pool->outputs = output->next_free;
    pool->output_count--;
    return output;
}

/* Only what is as new is worth keeping. NULL is not fine. */
static inline void output_free(struct output_pool *pool, struct output *output)
{
    if (output->queued > 0 || output->first != output->last ||
        output->first->capacity != OUTPUT_SEGMENT_BYTES ||
        pool->output_count == OUTPUT_POOL_MAX) {
        output_release(output);
        return;
    }
    output->written = 0;
    output->left = 0;
    output->direct = 0;
    output->reserved = 0;
    output->next_free = pool->outputs;
    pool->outputs = output;
    pool->output_count++;
}

/* Queues a copy: all of it, or -ENOMEM and nothing. */
static inline int
output_append(struct output *output, const void *data, size_t size)
{
    struct output_segment *last = output->last;

    output->reserved = 0;
    if (size > last->capacity - last->end) {
        return output_extend(output, data, size);
    }
    if (size > 0) { /* memcpy(3) takes no NULL, berth_write() does */
        memcpy(last->bytes + last->end, data, size);
    }
    last->end += size;
    output->queued += size;
    return 0;
}

/*
 * Room for size contiguous bytes at the queue's end, not queued until
 * output_commit(); the next call on the output takes it back. NULL: no memory.
 */
char *output_reserve(struct output *output, size_t size);

/* -EINVAL if size is more than was reserved. */
int output_commit(struct output *output, size_t size);

/* The stream took size bytes from the front. */
void output_consume(struct output *output, size_t size);

/*
 * Sends what is queued. Returns 0 when the queue is empty, -EAGAIN when the
 * stream takes no more or this turn's share is sent, or what the stream said.
 */
int output_flush(struct output *output, struct stream *stream);

/*
 * Sends what is queued and then data[0..size) from where it lies, in one
 * system call. Returns how many bytes of data were taken (perhaps 0), or what
 * the stream said; -EAGAIN: it is full, nothing was taken.
 */
ssize_t output_write_through(struct output *output,
                             struct stream *stream,
                             const void *data,
                             size_t size);

#endif
