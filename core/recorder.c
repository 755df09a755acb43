/* SPDX-License-Identifier: MIT */
#include "recorder.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "line.h"
#include "recording.h"
#include "units.h"
#include "values.h"

/* Time that passes before the peer acts is told from so much on; less only
   where it was waited for. */
#define PAUSE_MS 10
/* What limits.input is where a transcript does not say. */
#define INPUT_DEFAULT 65536
/* Of an entry's name in that of a file. */
#define ENTRY_NAME_MAX 64

/* A connection that is recorded: what its stream's operations are. */
struct recorded {
    struct stream_ops ops; /* must be first: the stream points to it */
    const struct stream_ops *inner;
    struct recorder *recorder;
    struct recording recording;
    const struct entry *entry; /* whose connection it was at the last look */
    uint64_t opened_ms;        /* by the loop's clock */
    uint64_t opened_real_ms;   /* by the wall clock */
    uint64_t told_ms;          /* of the time since then, what the file says */
    uint64_t last_ms;          /* when anything was told, by the loop's clock */
    uint32_t stop_flags;       /* of the worker, as far as they are told */
    bool is_behind;            /* the last write left something */
    bool has_ended;            /* the peer finished sending, and that is told */
    bool is_shut;              /* the server did */
    bool is_reset;             /* the peer reset the connection */
};

/* What a step is to the peer. */
enum step {
    STEP_ACT,    /* he did something */
    STEP_SIGHT,  /* he must see something */
    STEP_FINISH, /* the same; the last one */
};

static struct recorded *recorded_of(const struct stream *stream)
{
    return (struct recorded *)(uintptr_t)stream->ops;
}

static struct connection *owner_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct connection, stream);
}

static bool is_over(const struct recorded *recorded)
{
    return recorded->recording.is_over;
}

/* What a step came to. */
static void check(struct recorded *recorded, struct connection *c, int error)
{
    if (error < 0) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded any further: %s: %s",
                       recorded->recording.name, strerror(-error));
    }
}

/* ------------------------------------------------------------ what is beside */

/* Does output wait of which the peer has a part? Then what he does now comes
   before all of it: to one who reads as fast as it is sent it would have. */
static bool is_behind(const struct recorded *recorded,
                      const struct connection *c)
{
    return recorded->is_behind || connection_has_left(c);
}

static enum recording_place place_act(const struct recorded *recorded,
                                      const struct connection *c,
                                      enum step step)
{
    const bool is_early =
        step == STEP_ACT ? connection_queued(c) > 0 : is_behind(recorded, c);

    return is_early ? RECORDING_BEFORE : RECORDING_END;
}

/* Since the beginning. A timer has run out by the loop's clock, and what the
   plugin writes of the time is by the wall clock. */
static uint64_t
measure(const struct recorded *recorded, struct loop *loop, enum step step)
{
    const uint64_t real_ms = loop_real_ms(loop);
    const uint64_t by_wall = real_ms < recorded->opened_real_ms
                                 ? 0
                                 : real_ms - recorded->opened_real_ms;
    const uint64_t by_loop = loop->now_ms - recorded->opened_ms;

    return step != STEP_ACT && by_loop > by_wall ? by_loop : by_wall;
}

static bool is_worth_telling(const struct recorded *recorded,
                             const struct loop *loop,
                             uint64_t passed_ms,
                             enum step step)
{
    const uint64_t from = recorded->opened_real_ms + recorded->told_ms;
    const uint64_t to = recorded->opened_real_ms + passed_ms;

    if (passed_ms <= recorded->told_ms) {
        return false;
    }
    if (step != STEP_ACT && loop->now_ms != recorded->last_ms) {
        return true;
    }
    return to - from >= PAUSE_MS || to / 1000 != from / 1000;
}

static void tell_time(struct recorded *recorded,
                      struct connection *c,
                      enum step step,
                      enum recording_place place)
{
    struct loop *loop = connection_entry(c)->loop;
    const uint64_t passed_ms = measure(recorded, loop, step);
    char duration[UNITS_TEXT_MAX];
    char line[UNITS_TEXT_MAX + 8];

    if ((step == STEP_ACT || place == RECORDING_END) &&
        is_worth_telling(recorded, loop, passed_ms, step)) {
        (void)units_format_duration(passed_ms - recorded->told_ms, duration,
                                    sizeof(duration));
        (void)snprintf(line, sizeof(line), "wait %s", duration);
        check(recorded, c, recording_act(&recorded->recording, place, line));
        recorded->told_ms = passed_ms;
    }
    recorded->last_ms = loop->now_ms;
}

/*
 * A connection that is emptied when the server stops is closed only when all
 * that came is answered, and so it is told then. The others hear of the stop
 * themselves: what they do now may be for its sake.
 */
static void tell_stop(struct recorded *recorded,
                      struct connection *c,
                      enum step step,
                      enum recording_place place)
{
    static const uint32_t owed = CONNECTION_STOP_EXIT | CONNECTION_STOP_RELOAD;
    const bool is_emptying = (c->flags & CONNECTION_EMPTYING) != 0;
    uint32_t flags = connection_all(c)->stop_flags;

    if (is_emptying && step == STEP_FINISH) {
        flags = CONNECTION_STOP_EXIT; /* perhaps of its entry alone */
    }
    if (flags == recorded->stop_flags ||
        (step != STEP_FINISH && (is_emptying || (c->flags & owed) != 0))) {
        return;
    }
    recorded->stop_flags = flags;
    check(recorded, c,
          recording_act(&recorded->recording, place,
                        flags == CONNECTION_STOP_EXIT ? "stop exit"
                                                      : "stop reload"));
}

/* "NAME-20261129T150102-PID-SERIAL.transcript", of what may be in a file's
   name. */
static void make_name(const struct recorded *recorded,
                      const struct connection *c,
                      char name[RECORDING_NAME_MAX])
{
    const char *from = connection_entry(c)->head.name;
    const time_t seconds = (time_t)(recorded->opened_real_ms / 1000);
    char entry[ENTRY_NAME_MAX];
    char date[32];
    struct tm tm;
    size_t length = 0;

    for (; from[length] != '\0' && length + 1 < sizeof(entry); length++) {
        const unsigned char byte = (unsigned char)from[length];
        const bool is_fine =
            byte < 0x80 && (isalnum(byte) || (length > 0 && byte == '.') ||
                            byte == '_' || byte == '-');

        entry[length] = is_fine ? (char)byte : '_';
    }
    entry[length] = '\0';
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof(date), "%Y%m%dT%H%M%S", &tm);
    (void)snprintf(name, RECORDING_NAME_MAX, "%s-%s-%d-%" PRIu64 ".transcript",
                   entry, date, (int)getpid(), connection_serial(c));
}

/* What holds for the entry that serves it. */
static void describe_entry(struct recorded *recorded, struct connection *c)
{
    const struct entry *entry = connection_entry(c);
    const struct recorder *recorder = recorded->recorder;
    const size_t index = (size_t)(entry - connection_all(c)->entries);
    char input[32];

    if (index < recorder->entry_count && recorder->settings[index] != NULL) {
        check(recorded, c,
              recording_tell(&recorded->recording, RECORDING_HEAD,
                             recorder->settings[index]));
    }
    if (entry->limits.input != INPUT_DEFAULT) {
        (void)snprintf(input, sizeof(input), "input %" PRIu64,
                       entry->limits.input);
        check(recorded, c,
              recording_tell(&recorded->recording, RECORDING_HEAD, input));
    }
}

/* A gate was only on the way: the first that it leads to gives the name. */
static void tell_switch(struct recorded *recorded, struct connection *c)
{
    const struct entry *before = recorded->entry;
    const struct entry *entry = connection_entry(c);
    struct line text = {.limit = LINE_SIZE - 1};
    char name[RECORDING_NAME_MAX];

    if (entry == before) {
        return;
    }
    recorded->entry = entry;
    line_put_text(&text, "# switched to '");
    line_escape(&text, entry->head.name, LINE_QUOTED);
    line_put_text(&text, "'");
    text.bytes[text.length] = '\0';
    if (!before->is_gate) {
        check(recorded, c,
              recording_tell(&recorded->recording, RECORDING_END, text.bytes));
        return;
    }
    check(recorded, c,
          recording_tell(&recorded->recording, RECORDING_HEAD, text.bytes));
    describe_entry(recorded, c);
    make_name(recorded, c, name);
    if (!is_over(recorded)) {
        check(recorded, c, recording_rename(&recorded->recording, name));
    }
}

/* Before each step: what happened meanwhile. Returns where an act goes. */
static enum recording_place
catch_up(struct recorded *recorded, struct connection *c, enum step step)
{
    const enum recording_place place = place_act(recorded, c, step);

    tell_switch(recorded, c);
    tell_time(recorded, c, step, place);
    tell_stop(recorded, c, step, place);
    return place;
}

/* --------------------------------------------------------------- beginning */

static void tell_head(struct recorded *recorded, struct connection *c)
{
    const time_t seconds = (time_t)(recorded->opened_real_ms / 1000);
    struct line text = {.limit = LINE_SIZE - 1};
    char peer[ADDRESS_TEXT_MAX];
    char date[32];
    struct tm tm;

    connection_peer_text(c, peer, sizeof(peer));
    line_format(&text, "# berth %s: connection %" PRIu64 " of '", BERTH_VERSION,
                connection_serial(c));
    line_escape(&text, connection_entry(c)->head.name, LINE_QUOTED);
    line_put_text(&text, "' from ");
    line_escape(&text, peer, LINE_PLAIN);
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    line_format(&text, "\ntime %s.%03uZ", date,
                (unsigned)(recorded->opened_real_ms % 1000));
    text.bytes[text.length] = '\0';
    check(recorded, c,
          recording_tell(&recorded->recording, RECORDING_HEAD, text.bytes));
    describe_entry(recorded, c);
}

/* ------------------------------------------------------------------ the end */

static void
cut(struct recorded *recorded, struct connection *c, const char *why)
{
    check(recorded, c, recording_cut(&recorded->recording, why));
}

/* What was written and is lost by it a replay would see. */
static void meet_reset(struct recorded *recorded, struct connection *c)
{
    const bool is_lost = connection_queued(c) > 0;
    enum recording_place place;

    if (is_over(recorded) || recorded->is_reset) {
        return;
    }
    place = catch_up(recorded, c, STEP_ACT);
    recorded->is_reset = true;
    if (is_behind(recorded, c)) {
        cut(recorded, c, "the peer reset the connection");
        return;
    }
    check(recorded, c, recording_act(&recorded->recording, place, "reset"));
    if (is_lost) {
        cut(recorded, c, "there was more to be written");
    }
}

static void tell_shut(struct recorded *recorded, struct connection *c)
{
    if (!recorded->is_shut && !recorded->is_reset) {
        check(recorded, c,
              recording_tell(&recorded->recording, RECORDING_END, "eof"));
    }
    recorded->is_shut = true;
}

/* What a replay cannot bring about; NULL: nothing. */
static const char *explain_end(const struct recorded *recorded, int why)
{
    if (recorded->is_behind) {
        return "the peer did not take all that was written";
    }
    if (why == BERTH_STOPPED) {
        return "the server ended the connection";
    }
    if (recorded->is_reset && why != 0 && why != -ECONNRESET) {
        return "the connection broke";
    }
    return NULL;
}

/* on_close has come. */
static void finish(struct recorded *recorded, struct connection *c, bool reset)
{
    const int why = c->why;
    const char *name = why == 0 ? "0" : strerrorname_np(-why);
    const char *reason = explain_end(recorded, why);
    char line[64];

    if (is_over(recorded)) {
        return;
    }
    if (!recorded->is_behind) {
        (void)catch_up(recorded, c, STEP_FINISH);
    }
    if (!reset) {
        tell_shut(recorded, c);
    }
    if (reason != NULL) {
        cut(recorded, c, reason);
        return;
    }
    (void)snprintf(line, sizeof(line), "%s%s",
                   name == NULL ? "# closed by the plugin: " : "closed ",
                   name == NULL ? "no error has that number" : name);
    check(recorded, c,
          recording_tell(&recorded->recording, RECORDING_END, line));
    recorded->recording.is_over = true;
}

/* -------------------------------------------------------------- operations */

static bool is_later(ssize_t result)
{
    return result == -EAGAIN || result == -EINTR;
}

static void note_read(struct stream *stream, const void *buffer, ssize_t result)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    enum recording_place place;

    if (is_over(recorded) || is_later(result)) {
        return;
    }
    if (c->phase == CONNECTION_LINGERING) {
        finish(recorded, c, false);
    } else if (result < 0) {
        meet_reset(recorded, c);
    } else if (result > 0) {
        place = catch_up(recorded, c, STEP_ACT);
        check(recorded, c,
              recording_send(&recorded->recording, place, buffer,
                             (size_t)result));
    } else if (!recorded->has_ended) {
        recorded->has_ended = true;
        place = catch_up(recorded, c, STEP_ACT);
        check(recorded, c, recording_act(&recorded->recording, place, "end"));
    }
}

static ssize_t read_recorded(struct stream *stream, void *buffer, size_t size)
{
    ssize_t result = recorded_of(stream)->inner->read(stream, buffer, size);

    note_read(stream, buffer, result);
    return result;
}

/* Before the bytes of a write: is there anything to be told of them? size is
   what there was to write. */
static bool
begin_write(struct recorded *recorded, struct connection *c, ssize_t result)
{
    if (is_over(recorded) || is_later(result)) {
        recorded->is_behind = recorded->is_behind || result == -EAGAIN;
        return false;
    }
    if (result < 0) {
        meet_reset(recorded, c);
        return false;
    }
    (void)catch_up(recorded, c, STEP_SIGHT);
    return result > 0;
}

static ssize_t
write_recorded(struct stream *stream, const void *data, size_t size)
{
    struct recorded *recorded = recorded_of(stream);
    struct connection *c = owner_of(stream);
    ssize_t result = recorded->inner->write(stream, data, size);

    if (begin_write(recorded, c, result)) {
        check(recorded, c,
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

    if (!begin_write(recorded, c, result)) {
        return result;
    }
    for (int i = 0; i < count; i++) {
        const size_t size = iov[i].iov_len < left ? iov[i].iov_len : left;

        if (size > 0) {
            check(
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

    while (size > 0 && !is_over(recorded)) {
        ssize_t count =
            pread(fd, block, size < sizeof(block) ? size : sizeof(block),
                  (off_t)offset);

        if (count <= 0) {
            cut(recorded, c, "a file that was sent cannot be read");
            return;
        }
        check(recorded, c,
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

    if (begin_write(recorded, c, result)) {
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
    if (is_over(recorded)) {
        return;
    }
    if (c->phase == CONNECTION_LINGERING) {
        finish(recorded, c, false);
    } else {
        (void)catch_up(recorded, c, STEP_SIGHT);
        tell_shut(recorded, c);
    }
}

static void close_recorded(struct stream *stream, bool reset)
{
    struct recorded *recorded = recorded_of(stream);

    finish(recorded, owner_of(stream), reset);
    stream->ops = recorded->inner;
    free(recorded);
    stream->ops->close(stream, reset);
}

static int error_recorded(struct stream *stream)
{
    struct recorded *recorded = recorded_of(stream);

    meet_reset(recorded, owner_of(stream));
    return recorded->inner->error(stream);
}

/* ---------------------------------------------------------------- interface */

int recorder_open(struct recorder *recorder,
                  const char *path,
                  size_t entry_count)
{
    const int folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    char **settings = NULL;
    int error = 0;

    if (folder < 0) {
        return -errno;
    }
    if (faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) < 0) {
        error = -errno;
    } else {
        settings = calloc(entry_count + 1, sizeof(*settings));
        error = settings == NULL ? -ENOMEM : 0;
    }
    if (error < 0) {
        (void)close(folder);
        return error;
    }
    *recorder = (struct recorder){
        .folder = folder,
        .settings = settings,
        .entry_count = entry_count,
        .most = RECORDER_CONNECTIONS_MAX,
    };
    return 0;
}

int recorder_describe(struct recorder *recorder,
                      size_t index,
                      const berth_option *table,
                      const void *settings,
                      const struct node *given)
{
    size_t size;
    FILE *stream;
    size_t secrets;

    if (given == NULL || settings == NULL) {
        return 0;
    }
    stream = open_memstream(&recorder->settings[index], &size);
    if (stream == NULL) {
        return -ENOMEM;
    }
    (void)fputs("settings: ", stream);
    secrets = values_print_line(stream, table, settings, given);
    if (secrets > 0) {
        (void)fprintf(stream, "\n# secret settings are left out: %zu", secrets);
    }
    return fclose(stream) == 0 ? 0 : -ENOMEM;
}

static struct recorded *make(struct recorder *recorder, struct connection *c)
{
    struct recorded *recorded = calloc(1, sizeof(*recorded));
    struct loop *loop = connection_entry(c)->loop;

    if (recorded == NULL) {
        return NULL;
    }
    recorded->recorder = recorder;
    recorded->inner = c->stream.ops;
    recorded->entry = connection_entry(c);
    recorded->opened_ms = recorded->last_ms = loop->now_ms;
    recorded->opened_real_ms = loop_real_ms(loop);
    recorded->ops = *c->stream.ops;
    recorded->ops.read = read_recorded;
    recorded->ops.write = write_recorded;
    recorded->ops.writev = writev_recorded;
    recorded->ops.sendfile = sendfile_recorded;
    recorded->ops.shutdown = shutdown_recorded;
    recorded->ops.close = close_recorded;
    recorded->ops.error = error_recorded;
    return recorded;
}

void recorder_start(struct recorder *recorder, struct connection *c)
{
    struct recorded *recorded;
    char name[RECORDING_NAME_MAX];
    int error;

    if (recorder->count >= recorder->most) {
        if (recorder->count++ == recorder->most) {
            CONNECTION_LOG(c, LOG_WARNING,
                           "not recorded, nor are those that come: there are "
                           "%" PRIu64 " transcripts of this process",
                           recorder->most);
        }
        return;
    }
    recorded = make(recorder, c);
    if (recorded == NULL) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded: no memory");
        return;
    }
    make_name(recorded, c, name);
    error = recording_begin(&recorded->recording, recorder->folder, name);
    if (error < 0) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded: %s: %s", name,
                       strerror(-error));
        free(recorded);
        return;
    }
    recorder->count++;
    c->stream.ops = &recorded->ops;
    tell_head(recorded, c);
}

void recorder_close(struct recorder *recorder)
{
    if (recorder->settings == NULL) {
        return;
    }
    for (size_t i = 0; i < recorder->entry_count; i++) {
        free(recorder->settings[i]);
    }
    free(recorder->settings);
    (void)close(recorder->folder);
    *recorder = (struct recorder){.settings = NULL};
}
