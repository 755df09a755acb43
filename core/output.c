/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute.h"

/* Calls in one flush: 4 MiB of small segments; then others have their turn. */
#define FLUSH_CALLS 4
/* Of a file, in one call, and then others have their turn: the disk may be slower
   than the network. */
#define FILE_CALL_BYTES ((size_t)1024 * 1024)
/* A file up to this size shares a segment with what precedes it; the pages of a
   larger one begin with a segment (core/README.md has what that saves). */
#define FILE_JOINS_BYTES ((size_t)64 * 1024)
#define LOAN_POOL_MAX 256

/* ------------------------------------------------------------------- cache */

void output_pool_init(struct output_pool *pool)
{
    *pool = (struct output_pool){.outputs = NULL};
    pool->owed_end = &pool->owed;
}

static void free_segments(struct output_segment *segment)
{
    while (segment != NULL) {
        struct output_segment *next = segment->next;

        free(segment);
        segment = next;
    }
}

void output_pool_fini(struct output_pool *pool)
{
    while (pool->outputs != NULL) {
        struct output *output = pool->outputs;

        pool->outputs = output->next_free;
        free_segments(output->first);
        free(output);
    }
    free_segments(pool->loans);
    output_pool_init(pool);
}

static struct output_segment *new_loan(struct output_pool *pool)
{
    struct output_segment *segment = pool->loans;

    if (segment == NULL) {
        return malloc(sizeof(*segment));
    }
    pool->loans = segment->next;
    pool->loan_count--;
    return segment;
}

static void free_loan(struct output_pool *pool, struct output_segment *segment)
{
    if (pool->loan_count == LOAN_POOL_MAX) {
        free(segment);
        return;
    }
    segment->next = pool->loans;
    pool->loans = segment;
    pool->loan_count++;
}

static void owe(struct output_pool *pool, struct output_segment *segment)
{
    segment->next = NULL;
    *pool->owed_end = segment;
    pool->owed_end = &segment->next;
}

int output_promise(struct output_pool *pool)
{
    struct output_segment *segment = new_loan(pool);

    if (segment == NULL) {
        return -ENOMEM;
    }
    free_loan(pool, segment);
    return 0;
}

void output_owe(struct output_pool *pool, const struct output_loan *loan)
{
    struct output_segment *segment = new_loan(pool); /* it was promised */

    *segment = (struct output_segment){
        .fd = -1,
        .release = loan->release,
        .arg = loan->arg,
        .lender = loan->lender,
        .number = loan->number,
    };
    owe(pool, segment);
}

bool output_pool_settle(struct output_pool *pool, output_caller *call)
{
    struct output_segment *owed = pool->owed;

    pool->owed = NULL;
    pool->owed_end = &pool->owed;
    while (owed != NULL) {
        struct output_segment *next = owed->next;

        call(owed);
        free_loan(pool, owed);
        owed = next;
    }
    return pool->owed != NULL;
}

/* ---------------------------------------------------------------- segments */

static struct output_segment *new_segment(size_t size)
{
    size_t capacity = size > OUTPUT_SEGMENT_BYTES ? size : OUTPUT_SEGMENT_BYTES;
    struct output_segment *segment;

    if (capacity > SIZE_MAX / 2) {
        return NULL;
    }
    segment = malloc(sizeof(*segment) + capacity);
    if (segment != NULL) {
        *segment = (struct output_segment){.fd = -1, .capacity = capacity};
    }
    return segment;
}

static bool is_loan(const struct output_segment *segment)
{
    return segment->lent != NULL || segment->fd >= 0;
}

/* One that is worth keeping. */
static bool is_standard(const struct output_segment *segment)
{
    return !is_loan(segment) && segment->capacity == OUTPUT_SEGMENT_BYTES;
}

static size_t left_of(const struct output_segment *segment)
{
    return segment->end - segment->start;
}

static void join(struct output *output, struct output_segment *segment)
{
    segment->next = NULL;
    if (output->last == NULL) {
        output->first = segment;
    } else {
        output->last->next = segment;
    }
    output->last = segment;
}

/* Takes the first one out of the queue: it was sent or is dropped. */
static void retire_first(struct output *output)
{
    struct output_segment *segment = output->first;

    output->first = segment->next;
    if (output->first == NULL) {
        output->last = NULL;
    }
    if (!is_loan(segment)) {
        free(segment);
    } else if (segment->release != NULL) {
        owe(output->pool, segment);
    } else {
        free_loan(output->pool, segment);
    }
}

/* A new segment of size bytes or more, at the queue's end. */
static struct output_segment *add_segment(struct output *output, size_t size)
{
    struct output_segment *segment = new_segment(size);

    if (segment != NULL) {
        join(output, segment);
    }
    return segment;
}

/* ------------------------------------------------------------------ output */

COLD struct output *output_allocate(struct output_pool *pool)
{
    struct output *output = calloc(1, sizeof(*output));

    if (output == NULL) {
        return NULL;
    }
    output->pool = pool;
    if (add_segment(output, 0) == NULL) {
        free(output);
        return NULL;
    }
    return output;
}

COLD void output_release(struct output *output)
{
    while (output->first != NULL) {
        retire_first(output);
    }
    free(output);
}

/* Only what is as new is worth keeping. */
void output_free(struct output *output)
{
    struct output_pool *pool = output->pool;
    struct output_segment *only = output->first;

    if (output->queued > 0 || only == NULL || only->next != NULL ||
        !is_standard(only) || pool->output_count == OUTPUT_POOL_MAX) {
        output_release(output);
        return;
    }
    only->start = 0;
    only->end = 0;
    *output = (struct output){
        .next_free = pool->outputs,
        .pool = pool,
        .first = only,
        .last = only,
    };
    pool->outputs = output;
    pool->output_count++;
}

COLD int output_extend(struct output *output, const void *data, size_t size)
{
    struct output_segment *last = output->last;
    size_t fits = last == NULL ? 0 : last->capacity - last->end;

    /* First what can fail, so that all or nothing is queued. */
    if (add_segment(output, size - fits) == NULL) {
        return -ENOMEM;
    }
    if (fits > 0) {
        memcpy(last->bytes + last->end, data, fits);
        last->end += fits;
    }
    if (size > fits) { /* memcpy(3) takes no NULL, berth_write() does */
        memcpy(output->last->bytes, (const char *)data + fits, size - fits);
    }
    output->last->end = size - fits;
    output->queued += size;
    return 0;
}

int output_lend(struct output *output, const struct output_loan *loan)
{
    struct output_segment *segment = new_loan(output->pool);

    if (segment == NULL) {
        return -ENOMEM;
    }
    *segment = (struct output_segment){
        .lent = loan->data,
        .fd = loan->data == NULL ? loan->fd : -1,
        .offset = loan->offset,
        .end = loan->size,
        .capacity = loan->size, /* nothing can be appended to it */
        .release = loan->release,
        .arg = loan->arg,
        .lender = loan->lender,
        .number = loan->number,
    };
    output->reserved = 0;
    output->queued += loan->size;
    output->file_bytes += segment->fd >= 0 ? loan->size : 0;
    join(output, segment);
    return 0;
}

char *output_reserve(struct output *output, size_t size)
{
    struct output_segment *segment = output->last;

    if (segment == NULL || is_loan(segment) ||
        segment->capacity - segment->end < size) {
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

/* ----------------------------------------------------------------- sending */

/* The first segment has been sent. A standard one becomes the last one, empty,
   if there is none for what is written next. */
static void pass_first(struct output *output)
{
    struct output_segment *segment = output->first;

    if (!is_standard(segment)) {
        retire_first(output);
        return;
    }
    segment->start = 0;
    segment->end = 0;
    if (segment == output->last) {
        return;
    }
    if (is_loan(output->last)) {
        output->first = segment->next; /* not NULL: the last one is another */
        join(output, segment);
    } else {
        retire_first(output);
    }
}

static void consume_part(struct output *output, size_t size)
{
    struct output_segment *segment = output->first;

    segment->start += size;
    output->queued -= size;
    if (segment->fd >= 0) {
        output->file_bytes -= size;
    }
}

void output_consume(struct output *output, size_t size)
{
    output->reserved = 0;
    while (size > 0) {
        size_t left = left_of(output->first);
        size_t part = size < left ? size : left;

        consume_part(output, part);
        size -= part;
        if (part == left) {
            pass_first(output);
        }
    }
}

/*
 * The bytes up to the first file, in as many pieces as fit. Segments that were
 * reserved and not used are empty: they are passed over. *more: a file follows
 * that is to share a segment with them.
 */
static int gather(const struct output *output,
                  struct iovec *iov,
                  int most,
                  size_t *gathered,
                  bool *more)
{
    const struct output_segment *segment = output->first;
    int count = 0;

    *gathered = 0;
    for (; segment != NULL && segment->fd < 0 && count < most;
         segment = segment->next) {
        const char *bytes =
            segment->lent != NULL ? segment->lent : segment->bytes;
        size_t size = left_of(segment);

        if (size > 0) {
            iov[count].iov_base = (char *)(uintptr_t)(bytes + segment->start);
            iov[count].iov_len = size;
            *gathered += size;
            count++;
        }
    }
    *more = segment != NULL && segment->fd >= 0 &&
            left_of(segment) <= FILE_JOINS_BYTES;
    return count;
}

/* Is it a file that comes next? */
static bool is_file(const struct output *output)
{
    return output->first->fd >= 0;
}

/* A file may end early: then less is sent though the stream is not full. So
   only -EAGAIN tells that it is. */
static ssize_t
send_file(struct output *output, struct stream *stream, size_t *offered)
{
    struct output_segment *segment = output->first;
    size_t left = left_of(segment);
    ssize_t sent = stream->ops->sendfile(
        stream, segment->fd, segment->offset + segment->start,
        left < FILE_CALL_BYTES ? left : FILE_CALL_BYTES);

    *offered = sent < 0 ? 0 : (size_t)sent;
    return sent == 0 ? -ENODATA : sent;
}

static ssize_t
send_bytes(struct output *output, struct stream *stream, size_t *offered)
{
    struct iovec iov[STREAM_IOV_MAX];
    bool more;
    int count;

    count = gather(output, iov, STREAM_IOV_MAX, offered, &more);
    return count == 1 && !more
               ? stream->ops->write(stream, iov->iov_base, iov->iov_len)
               : stream->ops->writev(stream, iov, count, more);
}

static ssize_t
send_some(struct output *output, struct stream *stream, size_t *offered)
{
    while (left_of(output->first) == 0) {
        pass_first(output);
    }
    return is_file(output) ? send_file(output, stream, offered)
                           : send_bytes(output, stream, offered);
}

int output_flush(struct output *output, struct stream *stream)
{
    bool is_share = false; /* was enough of a file sent for this turn? */

    for (int call = 0; output->queued > 0; call++) {
        size_t offered;
        ssize_t taken;

        if (call == FLUSH_CALLS || is_share) {
            return -EINPROGRESS;
        }
        taken = send_some(output, stream, &offered);
        if (taken == -EINTR) {
            continue;
        }
        if (taken < 0) {
            return (int)taken;
        }
        is_share = is_file(output) && (size_t)taken == FILE_CALL_BYTES;
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
    bool more;
    int count = gather(output, iov, STREAM_IOV_MAX - 1, &gathered, &more);
    ssize_t taken;

    if (gathered < output->queued) {
        return -EINTR; /* a long queue: data is to join it */
    }
    iov[count].iov_base = (void *)(uintptr_t)data;
    iov[count].iov_len = size;
    taken = stream->ops->writev(stream, iov, count + 1, false);
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
