/* SPDX-License-Identifier: MIT */
/*
 * What a connection has yet to send: a queue of segments. It exists only while
 * something is queued or written; an idle connection has none.
 *
 * Writes are copied to segments that come from a cache of the worker: when the
 * kernel takes all of it, as it nearly always does, nothing was allocated. Not
 * copied are large writes on a stream that is not full, bytes that are lent,
 * and files.
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

#include <berth/protocol.h>

#include "stream.h"

/* A write of so many bytes is worth a system call to save the copy. */
#define OUTPUT_DIRECT_SIZE 16384

/* A lent write below this is copied: that costs less than a place of its own
   in the kernel's list. */
#define OUTPUT_LEND_SIZE 4096

/* With the heads of malloc(3) and of the segment, four pages. */
#define OUTPUT_SEGMENT_BYTES                                                   \
    ((size_t)16384 - 16 - sizeof(struct output_segment))
/* 1 MiB of outputs with a segment each, for a worker. */
#define OUTPUT_POOL_MAX 64

/*
 * A piece of the queue: bytes that were copied behind the struct, bytes that
 * are lent, or a part of a file.
 */
struct output_segment {
    struct output_segment *next;
    const char *lent;          /* NULL: not lent */
    int fd;                    /* -1: no file */
    uint64_t offset;           /* into the file, of the segment's beginning */
    size_t start;              /* sent up to here; 0 when empty */
    size_t end;                /* filled up to here; 0 when empty */
    size_t capacity;           /* of bytes; a loan has no room: its end */
    berth_release_fn *release; /* NULL: nobody is to be told */
    void *arg;
    const void *lender; /* the owner's, like the next one: for whom it is */
    uint64_t number;
    char bytes[];
};

struct output;

/*
 * The worker's cache; bounded, so that a burst does not keep its memory. An
 * output keeps a segment, so that taking one gives both.
 */
struct output_pool {
    struct output *outputs;
    unsigned output_count;
    struct output_segment *loans; /* without bytes, for what is lent */
    unsigned loan_count;
    /* Those whose release is owed: to be called when no plugin is. */
    struct output_segment *owed;
    struct output_segment **owed_end;
};

struct output {
    struct output *next_free;
    struct output_pool *pool;
    struct output_segment *first; /* NULL: there is none */
    struct output_segment *last;
    size_t queued;     /* bytes */
    size_t counted;    /* of these, in what is counted for all: the owner's */
    size_t file_bytes; /* of these, those of files */
    size_t left;       /* bytes queued when the last flush ended, but for those
                          of files */
    bool is_left;      /* a flush ended and left some */
    size_t direct;     /* bytes sent since then without being queued */
    size_t reserved;
    uint64_t written;     /* bytes that the kernel has taken; since a flush
                             left some: the owner's, like the two below */
    uint64_t taken;       /* of these, the peer's side has: at the last look */
    uint64_t progress_ms; /* when the kernel last took bytes; the owner's */
};

/* A part of a file, or bytes, with who is to be told when they are sent. */
struct output_loan {
    const char *data; /* NULL: a file */
    int fd;
    uint64_t offset;
    size_t size;
    berth_release_fn *release; /* may be NULL */
    void *arg;
    const void *lender; /* see output_caller */
    uint64_t number;
};

void output_pool_init(struct output_pool *pool);
/* Nothing may be owed. */
void output_pool_fini(struct output_pool *pool);

/* Calls owed->release(owed->arg). */
typedef void output_caller(const struct output_segment *owed);

/*
 * Has the releases called that are owed so far, each once, in the order in
 * which they came to be. Returns whether there are new ones.
 */
bool output_pool_settle(struct output_pool *pool, output_caller *call);

/* The long ways of the functions below. */
struct output *output_allocate(struct output_pool *pool);
void output_release(struct output *output);
int output_extend(struct output *output, const void *data, size_t size);

/* NULL when there is no memory. */
static inline struct output *output_new(struct output_pool *pool)
{
    struct output *output = pool->outputs;

    if (output == NULL) {
        return output_allocate(pool);
    }
    pool->outputs = output->next_free;
    pool->output_count--;
    return output;
}

/* Drops what is queued; releases are owed. NULL is not fine. */
void output_free(struct output *output);

/* Queues a copy: all of it, or -ENOMEM and nothing. */
static inline int
output_append(struct output *output, const void *data, size_t size)
{
    struct output_segment *last = output->last;

    output->reserved = 0;
    if (last == NULL || size > last->capacity - last->end) {
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
 * Queues what is lent, one byte or more, without a copy. Returns 0 or -ENOMEM;
 * once queued, the release is the output's to owe.
 */
int output_lend(struct output *output, const struct output_loan *loan);

/*
 * For what is lent and not queued: output_promise() sees to it that the next
 * output_owe() has the memory that it needs (0 or -ENOMEM), which makes the
 * release owed at once.
 */
int output_promise(struct output_pool *pool);
void output_owe(struct output_pool *pool, const struct output_loan *loan);

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
 * stream takes no more, -EINPROGRESS when this turn's share is sent, -ENODATA
 * when a file is shorter than was said, or what the stream said.
 */
int output_flush(struct output *output, struct stream *stream);

/*
 * Sends what is queued and then data[0..size) from where it lies, in one
 * system call. Returns how many bytes of data were taken (perhaps 0), or what
 * the stream said; -EAGAIN: it is full, nothing was taken; -EINTR: nothing was
 * tried, since there is too much in the queue, or it was interrupted.
 */
ssize_t output_write_through(struct output *output,
                             struct stream *stream,
                             const void *data,
                             size_t size);

#endif
