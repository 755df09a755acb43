/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Characters of a line between its quotation marks; the last one may be an
   escape that goes beyond. */
#define TEXT_MAX 92
/* Room for any line of bytes. */
#define LINE_MAX_SIZE 112
/* What is kept for the lines of a cut. */
#define CUT_ROOM 128
#define TOO_LARGE "the file is as large as it may become"

/* What writes a step into the file. */
struct pen {
    struct recording *recording;
    int fd;
    uint64_t at; /* where the next byte goes */
    char *tail;  /* what has to come behind; owned */
    size_t tail_size;
    bool is_full; /* no more lines fit */
    int error;    /* -errno; 0: none */
    size_t used;  /* bytes of text */
    char text[8192];
};

/* ----------------------------------------------------------------- the file */

static void write_all(struct pen *pen, const char *data, size_t size)
{
    while (size > 0 && pen->error == 0) {
        ssize_t written = pwrite(pen->fd, data, size, (off_t)pen->at);

        if (written < 0 && errno != EINTR) {
            pen->error = -errno;
        } else if (written > 0) {
            data += written;
            size -= (size_t)written;
            pen->at += (uint64_t)written;
        }
    }
}

static void flush(struct pen *pen)
{
    write_all(pen, pen->text, pen->used);
    pen->used = 0;
}

/* What stands behind the place is taken out, to be written again. */
static void take_tail(struct pen *pen)
{
    const size_t size = (size_t)(pen->recording->size - pen->at);
    size_t got = 0;

    if (size == 0) {
        return;
    }
    pen->tail = malloc(size);
    if (pen->tail == NULL) {
        pen->error = -ENOMEM;
        return;
    }
    while (got < size && pen->error == 0) {
        ssize_t count =
            pread(pen->fd, pen->tail + got, size - got, (off_t)(pen->at + got));

        if (count > 0) {
            got += (size_t)count;
        } else if (count == 0 || errno != EINTR) {
            pen->error = count == 0 ? -EIO : -errno; /* somebody cut it short */
        }
    }
    pen->tail_size = size;
}

/* Back to what it was before the step. */
static void take_back(struct pen *pen, uint64_t from)
{
    const int error = pen->error;

    pen->error = 0;
    pen->at = from;
    write_all(pen, pen->tail, pen->tail_size);
    (void)ftruncate(pen->fd, (off_t)pen->recording->size);
    pen->at = pen->recording->size;
    write_all(pen, "cut\n", 4); /* on a full disk there is none left */
    pen->error = error;
}

static int put_down(struct pen *pen)
{
    if (pen->fd >= 0) {
        (void)close(pen->fd);
    }
    free(pen->tail);
    if (pen->error < 0) {
        pen->recording->is_over = true;
    }
    return pen->error;
}

static uint64_t find(const struct recording *recording,
                     enum recording_place place)
{
    switch (place) {
    case RECORDING_HEAD:
        return recording->head_end;
    case RECORDING_BEFORE:
        return recording->acts_end;
    case RECORDING_END:
    default:
        return recording->size;
    }
}

/* To be put down, whatever comes of it. */
static void
pick_up(struct pen *pen, struct recording *recording, uint64_t place)
{
    pen->recording = recording;
    pen->at = place;
    pen->tail = NULL;
    pen->tail_size = 0;
    pen->is_full = false;
    pen->error = 0;
    pen->used = 0;
    pen->fd = openat(recording->folder, recording->name,
                     O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (pen->fd < 0) {
        pen->error = -errno;
        return;
    }
    take_tail(pen);
}

/* -------------------------------------------------------------------- lines */

/* A whole line or none, without its newline. */
static void put_line(struct pen *pen, const char *line, size_t size)
{
    const uint64_t end = pen->at + pen->used + pen->tail_size + size + 1;

    if (pen->is_full || end + CUT_ROOM > pen->recording->most) {
        pen->is_full = true;
        return;
    }
    if (pen->used + size + 1 > sizeof(pen->text)) {
        flush(pen);
    }
    if (size + 1 > sizeof(pen->text)) {
        write_all(pen, line, size);
    } else {
        memcpy(pen->text + pen->used, line, size);
        pen->used += size;
    }
    pen->text[pen->used++] = '\n';
}

size_t recording_escape(char text[RECORDING_ESCAPE_MAX], unsigned char byte)
{
    static const char names[] = "nrt0\\\"";
    static const char values[] = "\n\r\t\0\\\"";
    const char *found = memchr(values, byte, sizeof(values) - 1);

    if (found != NULL) {
        text[0] = '\\';
        text[1] = names[found - values];
        text[2] = '\0';
        return 2;
    }
    if (byte >= ' ' && byte < 0x7f) {
        text[0] = (char)byte;
        text[1] = '\0';
        return 1;
    }
    return (size_t)snprintf(text, RECORDING_ESCAPE_MAX, "\\x%02x", byte);
}

void recording_format_time(uint64_t ms, char text[RECORDING_TIME_MAX])
{
    const time_t seconds = (time_t)(ms / 1000);
    struct tm tm;
    size_t length;

    (void)gmtime_r(&seconds, &tm);
    length = strftime(text, RECORDING_TIME_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(text + length, RECORDING_TIME_MAX - length, ".%03uZ",
                   (unsigned)(ms % 1000));
}

/* Lines end where the peer's do, so that they can be read. */
static void
put_bytes(struct pen *pen, char mark, const unsigned char *bytes, size_t size)
{
    size_t i = 0;

    while (i < size && !pen->is_full) {
        char line[LINE_MAX_SIZE] = {mark, ' ', '"'};
        size_t length = 3;
        bool is_end = false;

        while (i < size && length < 3 + TEXT_MAX && !is_end) {
            is_end = bytes[i] == '\n';
            length += recording_escape(line + length, bytes[i++]);
        }
        line[length++] = '"';
        put_line(pen, line, length);
    }
}

static void put_cut(struct pen *pen, const char *why)
{
    char lines[CUT_ROOM];
    const int size = snprintf(lines, sizeof(lines), "# %s\ncut\n", why);

    write_all(pen, lines, (size_t)size);
    pen->recording->is_over = true;
}

/* -------------------------------------------------------------------- steps */

/* All lines of the step are put. */
static int finish(struct pen *pen, enum recording_place place, bool is_act)
{
    struct recording *recording = pen->recording;
    const uint64_t from = find(recording, place);
    uint64_t added;

    if (pen->error == 0) {
        flush(pen);
    }
    added = pen->at - from;
    write_all(pen, pen->tail, pen->tail_size);
    if (pen->error == 0 && pen->is_full) {
        put_cut(pen, TOO_LARGE);
    }
    if (pen->error < 0) {
        if (pen->fd >= 0) {
            take_back(pen, from);
        }
        return put_down(pen);
    }
    recording->size += added;
    if (place == RECORDING_HEAD) {
        recording->head_end += added;
        recording->acts_end += added;
    } else if (is_act) {
        recording->acts_end = from + added;
    }
    return put_down(pen);
}

int recording_begin(struct recording *recording, int folder, const char *name)
{
    int fd;

    *recording =
        (struct recording){.folder = folder, .most = RECORDING_SIZE_MAX};
    (void)snprintf(recording->name, sizeof(recording->name), "%s", name);
    fd = openat(folder, recording->name,
                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                S_IRUSR | S_IWUSR);
    if (fd < 0) {
        recording->is_over = true;
        return -errno;
    }
    (void)close(fd);
    return 0;
}

int recording_rename(struct recording *recording, const char *name)
{
    if (renameat2(recording->folder, recording->name, recording->folder, name,
                  RENAME_NOREPLACE) < 0) {
        return -errno;
    }
    (void)snprintf(recording->name, sizeof(recording->name), "%s", name);
    return 0;
}

static int put_step(struct recording *recording,
                    enum recording_place place,
                    const char *lines,
                    bool is_act)
{
    struct pen pen;

    if (recording->is_over) {
        return 0;
    }
    pick_up(&pen, recording, find(recording, place));
    put_line(&pen, lines, strlen(lines));
    return finish(&pen, place, is_act);
}

int recording_tell(struct recording *recording,
                   enum recording_place place,
                   const char *lines)
{
    return put_step(recording, place, lines, false);
}

int recording_act(struct recording *recording,
                  enum recording_place place,
                  const char *line)
{
    return put_step(recording, place, line, true);
}

int recording_send(struct recording *recording,
                   enum recording_place place,
                   const void *data,
                   size_t size)
{
    struct pen pen;

    if (recording->is_over) {
        return 0;
    }
    pick_up(&pen, recording, find(recording, place));
    put_bytes(&pen, '>', data, size);
    return finish(&pen, place, true);
}

int recording_expect(struct recording *recording, const void *data, size_t size)
{
    struct pen pen;

    if (recording->is_over) {
        return 0;
    }
    pick_up(&pen, recording, recording->size);
    put_bytes(&pen, '<', data, size);
    return finish(&pen, RECORDING_END, false);
}

int recording_cut(struct recording *recording, const char *why)
{
    struct pen pen;

    if (recording->is_over) {
        return 0;
    }
    pick_up(&pen, recording, recording->size);
    if (pen.error == 0) {
        put_cut(&pen, why);
    }
    recording->size = pen.at;
    recording->is_over = true;
    return put_down(&pen);
}
