/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"

/* Calls in one flush: 4 MiB of small segments; then others have their turn. */
#define FLUSH_CALLS 4

void output_pool_init(struct output_pool *pool)
{
    pool->outputs = NULL;
    pool->output_count = 0;
}

void output_pool_fini(struct output_pool *pool)
{
    while (pool->outputs != NULL) {
        struct output *output = pool->outputs;

        pool->outputs = output->next_free;
        free(output->first);
        free(output);
    }
    pool->output_count = 0;
}

static struct output_segment *new_segment(size_t size)
{
    size_t capacity = size > OUTPUT_SEGMENT_BYTES ? size : OUTPUT_SEGMENT_BYTES;
    struct output_segment *segment;

    if (capacity > SIZE_MAX / 2) {
        return NULL;
    }
    segment = malloc(sizeof(*segment) + capacity);
    if (segment == NULL) {
        return NULL;
    }
    segment->next = NULL;
    segment->start = 0;
    segment->end = 0;
    segment->capacity = capacity;
    return segment;
}

COLD struct output *output_allocate(void)
{
    struct output *output = calloc(1, sizeof(*output));

    if (output == NULL) {
        return NULL;
    }
    output->first = new_segment(0);
    if (output->first == NULL) {
        free(output);
        return NULL;
    }
    output->last = output->first;
    return output;
}

static void free_segments(struct output_segment *segment)
{
    while (segment != NULL) {
        struct output_segment *next = segment->next;

        free(segment);
        segment = next;
    }
}

COLD void output_release(struct output *output)
{
    free_segments(output->first);
    free(output);
}

/* A new segment of size bytes or more, at the queue's end. */
static struct output_segment *add_segment(struct output *output, size_t size)
{
    struct output_segment *segment = new_segment(size);

    if (segment != NULL) {
        output->last->next = segment;
        output->last = segment;
    }
    return segment;
}

COLD int output_extend(struct output *output, const void *data, size_t size)
{
    struct output_segment *last = output->last;
    size_t fits = last->capacity - last->end;

    /* First what can fail, so that all or nothing is queued. */
    if (add_segment(output, size - fits) == NULL) {
        return -ENOMEM;
    }
    memcpy(last->bytes + last->end, data, fits);
    last->end += fits;
    memcpy(output->last->bytes, (const char *)data + fits, size - fits);
    output->last->end = size - fits;
    output->queued += size;
    return 0;
}

char *output_reserve(struct output *output, size_t size)
{
    struct output_segment *segment = output->last;

    if (segment->capacity - segment->end < size) {
        segment = add_segment(output, size);
    }
    if (segment == NULL) {
        return NULL;
    }
    output->reserved = size;
    return segment->bytes + segment->end;
}

int output_commit(struct output *output, size_t size)
{
    if (size > output->reserved) {
        return -EINVAL;
    }
    if (size > 0) {
        output->last->end += size;
        output->queued += size;
    }
    output->reserved = 0;
    return 0;
}

/* Segments that were reserved and not used are empty: they are passed over. */
static int gather(const struct output *output,
                  struct iovec *iov,
                  int most,
                  size_t *gathered)
{
    const struct output_segment *segment;
    int count = 0;
    size_t total = 0;

    for (segment = output->first; segment != NULL && count < most;
         segment = segment->next) {
        size_t size = segment->end - segment->start;

        if (size > 0) {
            iov[count].iov_base =
                (char *)(uintptr_t)(segment->bytes + segment->start);
            iov[count].iov_len = size;
            total += size;
            count++;
        }
    }
    *gathered = total;
    return count;
}

/* Takes size bytes off the front; the last segment stays. */
static void consume_segments(struct output *output, size_t size)
{
    struct output_segment *segment = output->first;

    while (segment != output->last && size >= segment->end - segment->start) {
        size -= segment->end - segment->start;
        output->first = segment->next;
        free(segment);
        segment = output->first;
    }
    segment->start += size;
}

void output_consume(struct output *output, size_t size)
{
    output->reserved = 0;
    output->queued -= size;
    consume_segments(output, size);
    if (output->queued == 0) {
        output->first->start = 0;
        output->first->end = 0;
    }
}

static ssize_t
send_segments(struct output *output, struct stream *stream, size_t *gathered)
{
    struct iovec iov[STREAM_IOV_MAX];
    int count = gather(output, iov, STREAM_IOV_MAX, gathered);

    return count == 1
               ? stream->ops->write(stream, iov[0].iov_base, iov[0].iov_len)
               : stream->ops->writev(stream, iov, count);
}

int output_flush(struct output *output, struct stream *stream)
{
    for (int call = 0; output->queued > 0; call++) {
        size_t offered;
        ssize_t taken;

        if (call == FLUSH_CALLS) {
            return -EAGAIN;
        }
        taken = send_segments(output, stream, &offered);
        if (taken < 0) {
            return (int)taken;
        }
        output_consume(output, (size_t)taken);
        if ((size_t)taken < offered) {
            return -EAGAIN;
        }
    }
    return 0;
}

ssize_t output_write_through(struct output *output,
                             struct stream *stream,
                             const void *data,
                             size_t size)
{
    struct iovec iov[STREAM_IOV_MAX];
    size_t gathered;
    int count = gather(output, iov, STREAM_IOV_MAX - 1, &gathered);
    ssize_t taken;

    if (gathered < output->queued) {
        return 0; /* a long queue: data joins it */
    }
    iov[count].iov_base = (void *)(uintptr_t)data;
    iov[count].iov_len = size;
    taken = stream->ops->writev(stream, iov, count + 1);
    if (taken < 0) {
        return taken;
    }
    if ((size_t)taken < gathered) {
        output_consume(output, (size_t)taken);
        return 0;
    }
    output_consume(output, gathered);
    return taken - (ssize_t)gathered;
}
