/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------ open, close */

static bool wants_colour(int fd)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    if (!isatty(fd) || (no_color != NULL && no_color[0] != '\0')) {
        return false;
    }
    return term != NULL && strcmp(term, "dumb") != 0;
}

/* Nobody but owner and group: the addresses of peers are personal data. Who
   reads a FIFO, or does not, must not make the server wait. */
static int open_file(const char *path)
{
    const int flags =
        O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    const int fd = open(path, flags, 0640);

    return fd < 0 ? -errno : fd;
}

const char *log_explain(int error)
{
    return error == -ENXIO ? "it is a FIFO that nobody reads, or a socket"
                           : strerror(-error);
}

static void choose_format(struct log *log)
{
    bool is_terminal = isatty(log->fd) == 1;

    if (log->format == LOG_AUTO) {
        log->format = is_terminal ? LOG_TEXT : LOG_LOGFMT;
    }
    log->has_colour = log->format == LOG_TEXT && wants_colour(log->fd);
}

static int share_file(int fd)
{
    const int own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

    return own < 0 ? -errno : own;
}

int log_succeed(struct log *log,
                const struct log *other,
                const char *path,
                enum log_level level,
                enum log_format format)
{
    struct log opened = {.fd = STDERR_FILENO, .level = level, .format = format};

    if (path != NULL) {
        opened.path = strdup(path);
        if (opened.path == NULL) {
            return -ENOMEM;
        }
        opened.fd = other != NULL && other->path != NULL &&
                            strcmp(path, other->path) == 0
                        ? share_file(other->fd)
                        : open_file(path);
    }
    if (opened.fd < 0) {
        free(opened.path);
        return opened.fd;
    }
    choose_format(&opened);
    *log = opened;
    return 0;
}

int log_open(struct log *log,
             const char *path,
             enum log_level level,
             enum log_format format)
{
    return log_succeed(log, NULL, path, level, format);
}

int log_reopen(struct log *log)
{
    int fd;

    if (log->path == NULL) {
        return 0;
    }
    fd = open_file(log->path);
    if (fd < 0) {
        return fd;
    }
    (void)close(log->fd);
    log->fd = fd;
    return 0;
}

void log_redirect(struct log *log, int fd)
{
    int own;

    if (fd < 0) {
        return;
    }
    if (log->fd != STDERR_FILENO) {
        (void)dup3(fd, log->fd, O_CLOEXEC);
    } else {
        own = share_file(fd);
        log->fd = own < 0 ? log->fd : own;
    }
    choose_format(log);
}

void log_close(struct log *log)
{
    if (log->fd > STDERR_FILENO) {
        (void)close(log->fd);
    }
    free(log->path);
    log->fd = -1;
    log->path = NULL;
}

struct log log_view(struct log *log, enum log_level level)
{
    return (struct log){
        .fd = -1,
        .level = level,
        .base = log->base == NULL ? log : log->base,
    };
}

/* ----------------------------------------------------------------- writing */

/*
 * May a line be written here and now? If so, tells how many were held back
 * since the last one.
 */
static bool is_within_rate(struct log_site *site, uint32_t *held)
{
    struct timespec now = {0};
    uint64_t second;

    *held = 0;
    if (site == NULL) {
        return true;
    }
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    second = (uint64_t)now.tv_sec;
    if (site->second != second) {
        site->second = second;
        site->lines = 0;
    }
    if (site->lines >= LOG_BURST) {
        site->held_back++;
        return false;
    }
    site->lines++;
    *held = site->held_back;
    site->held_back = 0;
    return true;
}

/*
 * A text that vsnprintf() cut within a character is no worry: it is longer than
 * what a line has room for, so that its end is never reached. A newline at the
 * end is a habit, not a message.
 */
__attribute__((format(printf, 2, 0))) static void
write_text(char text[LINE_SIZE], const char *format, va_list args)
{
    static const char failed[] = "(a message that could not be formatted)";
    int length = vsnprintf(text, LINE_SIZE, format, args);

    if (length < 0) {
        memcpy(text, failed, sizeof(failed));
    } else if (length > 0 && length < LINE_SIZE && text[length - 1] == '\n') {
        text[length - 1] = '\0';
    }
}

/* Half a line counts as lost, too. */
static bool put(struct log *base, const struct log_message *message)
{
    struct line line = {.length = 0};
    struct timespec now = {0};
    ssize_t written;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    log_make_line(base, message, &now, &line);
    errno = ENOSPC; /* what a short write does not tell */
    written = write(base->fd, line.bytes, line.length);
    if (written == (ssize_t)line.length) {
        return true;
    }
    base->lost_error = errno;
    return false;
}

static bool tell_lost(struct log *base)
{
    char text[160];
    const struct log_message message = {.level = LOG_WARNING, .text = text};

    (void)snprintf(text, sizeof(text),
                   "%u line%s of this log could not be written: %s", base->lost,
                   base->lost == 1 ? "" : "s", strerror(base->lost_error));
    return put(base, &message);
}

void log_write_message(struct log *log, const struct log_message *message)
{
    struct log *base = log->base == NULL ? log : log->base;
    const int number = errno;

    if (base->lost > 0 && tell_lost(base)) {
        base->lost = 0;
    }
    if (base->lost > 0 || !put(base, message)) {
        base->lost++;
    }
    errno = number;
}

void log_vwrite(struct log *log,
                struct log_site *site,
                enum log_level level,
                const struct log_subject *subject,
                const char *format,
                va_list args)
{
    char text[LINE_SIZE];
    struct log_message message = {
        .level = level,
        .subject = subject,
        .text = text,
    };
    int number = errno;

    if (level > LOG_DEBUG || !log_is_wanted(log, level) ||
        !is_within_rate(site, &message.held_back)) {
        return;
    }
    errno = number; /* for %m */
    write_text(text, format, args);
    log_write_message(log, &message);
    errno = number;
}

void log_write(struct log *log,
               struct log_site *site,
               enum log_level level,
               const struct log_subject *subject,
               const char *format,
               ...)
{
    va_list args;

    va_start(args, format);
    log_vwrite(log, site, level, subject, format, args);
    va_end(args);
}
