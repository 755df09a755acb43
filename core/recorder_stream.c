/* SPDX-License-Identifier: MIT */
/* Between a recorded connection and its stream. */
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static struct recorded *recorded_of(const struct stream *stream)
{
    return (struct recorded *)(uintptr_t)stream->ops;
}

static struct connection *owner_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct connection, stream);
}

static bool is_later(ssize_t result)
{
    return result == -EAGAIN || result == -EINTR;
}

static void note_read(struct stream *stream, const void *buffer, ssize_t result)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    enum recording_place place;

    if (recorder_is_over(recorded) || is_later(result)) {
        return;
    }
    if (c->phase == CONNECTION_LINGERING) {
        recorder_finish(recorded, c, false);
    } else if (result < 0) {
        recorder_meet_reset(recorded, c);
    } else if (result > 0) {
        place = recorder_catch_up(recorded, c, RECORDER_ACT);
        recorder_check(recorded, c,
                       recording_send(&recorded->recording, place, buffer,
                                      (size_t)result));
    } else if (!recorded->has_ended) {
        recorded->has_ended = true;
        place = recorder_catch_up(recorded, c, RECORDER_ACT);
        recorder_act(recorded, c, place, "end");
    }
}

static ssize_t read_recorded(struct stream *stream, void *buffer, size_t size)
{
    ssize_t result = recorded_of(stream)->inner->read(stream, buffer, size);

    note_read(stream, buffer, result);
    return result;
}

/* After a write: are there bytes of it to be told? */
static bool
begin_sight(struct recorded *recorded, struct connection *c, ssize_t result)
{
    if (recorder_is_over(recorded) || is_later(result)) {
        recorded->is_behind = recorded->is_behind || result == -EAGAIN;
        return false;
    }
    if (result < 0) {
        recorder_meet_reset(recorded, c);
        return false;
    }
    (void)recorder_catch_up(recorded, c, RECORDER_SIGHT);
    return result > 0;
}

static ssize_t
write_recorded(struct stream *stream, const void *data, size_t size)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    ssize_t result = recorded->inner->write(stream, data, size);

    if (begin_sight(recorded, c, result)) {
        recorder_check(
            recorded, c,
            recording_expect(&recorded->recording, data, (size_t)result));
        recorded->is_behind = (size_t)result < size;
    }
    return result;
}

static ssize_t writev_recorded(struct stream *stream,
                               const struct iovec *iov,
                               int count,
                               bool more)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    ssize_t result = recorded->inner->writev(stream, iov, count, more);
    size_t left = result < 0 ? 0 : (size_t)result;
    bool is_behind_now = false;

    if (!begin_sight(recorded, c, result)) {
        return result;
    }
    for (int i = 0; i < count; i++) {
        const size_t size = iov[i].iov_len < left ? iov[i].iov_len : left;

        if (size > 0) {
            recorder_check(
                recorded, c,
                recording_expect(&recorded->recording, iov[i].iov_base, size));
        }
        is_behind_now = is_behind_now || size < iov[i].iov_len;
        left -= size;
    }
    recorded->is_behind = is_behind_now;
    return result;
}

/* The bytes of a file are read once more. */
static void note_file(struct recorded *recorded,
                      struct connection *c,
                      int fd,
                      uint64_t offset,
                      size_t size)
{
    char block[8192];

    while (size > 0 && !recorder_is_over(recorded)) {
        ssize_t count =
            pread(fd, block, size < sizeof(block) ? size : sizeof(block),
                  (off_t)offset);

        if (count <= 0) {
            recorder_cut(recorded, c, "a file that was sent cannot be read");
            return;
        }
        recorder_check(
            recorded, c,
            recording_expect(&recorded->recording, block, (size_t)count));
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
}

static ssize_t
sendfile_recorded(struct stream *stream, int fd, uint64_t offset, size_t size)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    ssize_t result = recorded->inner->sendfile(stream, fd, offset, size);

    if (begin_sight(recorded, c, result)) {
        note_file(recorded, c, fd, offset, (size_t)result);
        recorded->is_behind = (size_t)result < size;
    }
    return result;
}

static void shutdown_recorded(struct stream *stream)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);

    recorded->inner->shutdown(stream);
    if (recorder_is_over(recorded)) {
        return;
    }
    if (c->phase == CONNECTION_LINGERING) {
        recorder_finish(recorded, c, false);
    } else {
        (void)recorder_catch_up(recorded, c, RECORDER_SIGHT);
        recorder_tell_shut(recorded, c);
    }
}

static void close_recorded(struct stream *stream, bool reset)
{
    struct recorded *recorded = recorded_of(stream);

    recorder_finish(recorded, owner_of(stream), reset);
    stream->ops = recorded->inner;
    free(recorded);
    stream->ops->close(stream, reset);
}

static int error_recorded(struct stream *stream)
{
    struct recorded *recorded = recorded_of(stream);

    recorder_meet_reset(recorded, owner_of(stream));
    return recorded->inner->error(stream);
}

void recorder_intercept(struct recorded *recorded, struct connection *c)
{
    recorded->inner = c->stream.ops;
    recorded->ops = *c->stream.ops;
    recorded->ops.read = read_recorded;
    recorded->ops.write = write_recorded;
    recorded->ops.writev = writev_recorded;
    recorded->ops.sendfile = sendfile_recorded;
    recorded->ops.shutdown = shutdown_recorded;
    recorded->ops.close = close_recorded;
    recorded->ops.error = error_recorded;
    c->stream.ops = &recorded->ops;
}
