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

/* Kept free of the message for what must stand behind it. */
#define TAIL_BYTES 96

static const struct {
    const char *name;
    const char *colour;
} levels[] = {
    [LOG_ERROR] = {"error", "\033[31m"},
    [LOG_WARNING] = {"warn", "\033[33m"},
    [LOG_INFO] = {"info", ""},
    [LOG_DEBUG] = {"debug", "\033[2m"},
};

#define COLOUR_DIM "\033[2m"
#define COLOUR_OFF "\033[0m"

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

/* Nobody but owner and group: the addresses of peers are personal data. */
static int open_file(const char *path)
{
    int fd =
        open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);

    return fd < 0 ? -errno : fd;
}

static void choose_format(struct log *log)
{
    bool is_terminal = isatty(log->fd) == 1;

    if (log->format == LOG_AUTO) {
        log->format = is_terminal ? LOG_TEXT : LOG_LOGFMT;
    }
    log->has_colour = log->format == LOG_TEXT && wants_colour(log->fd);
}

int log_open(struct log *log,
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
        opened.fd = open_file(path);
    }
    if (opened.fd < 0) {
        free(opened.path);
        return opened.fd;
    }
    choose_format(&opened);
    *log = opened;
    return 0;
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

void log_close(struct log *log)
{
    if (log->path != NULL) {
        (void)close(log->fd);
        free(log->path);
    }
    log->fd = -1;
    log->path = NULL;
}

/* ------------------------------------------------------------ making lines */

/* A value of logfmt: quoted only if it must be. */
static void put_value(struct line *line, const char *key, const char *value)
{
    bool is_plain = value[0] != '\0';

    for (const char *c = value; *c != '\0'; c++) {
        is_plain = is_plain && *c > ' ' && *c < 0x7f && *c != '=' &&
                   *c != '"' && *c != '\\';
    }
    line_format(line, " %s=%s", key, is_plain ? "" : "\"");
    line_escape(line, value, !is_plain);
    line_put_text(line, is_plain ? "" : "\"");
}

/* separator: between the day and the time of day. */
static void put_time(struct line *line, char separator)
{
    struct timespec now = {0};
    struct tm utc = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)gmtime_r(&now.tv_sec, &utc);
    line_format(line, "%04d-%02d-%02d%c%02d:%02d:%02d.%03ld",
                utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, separator,
                utc.tm_hour, utc.tm_min, utc.tm_sec, now.tv_nsec / 1000000);
}

/* "2026-11-24 00:00:00.123 info  echo #17 127.0.0.1:4000: " */
static void put_text_head(struct line *line,
                          const struct log *log,
                          enum log_level level,
                          const struct log_subject *subject)
{
    line_put_text(line, log->has_colour ? COLOUR_DIM : "");
    put_time(line, ' ');
    line_put_text(line, log->has_colour ? COLOUR_OFF : "");
    line_put_text(line, log->has_colour ? levels[level].colour : "");
    line_format(line, " %-5s", levels[level].name);
    line_put_text(line, log->has_colour ? COLOUR_OFF : "");
    if (subject->entry != NULL) {
        line_put_text(line, " ");
        line_escape(line, subject->entry, false);
    }
    if (subject->connection != 0) {
        line_format(line, " #%llu", (unsigned long long)subject->connection);
    }
    if (subject->peer != NULL) {
        line_put_text(line, " ");
        line_escape(line, subject->peer, false);
    }
    line_put_text(line, subject->entry != NULL || subject->connection != 0 ||
                                subject->peer != NULL
                            ? ": "
                            : " ");
}

static void put_logfmt_head(struct line *line,
                            enum log_level level,
                            const struct log_subject *subject)
{
    line_put_text(line, "time=");
    put_time(line, 'T');
    line_format(line, "Z level=%s", levels[level].name);
    if (subject->entry != NULL) {
        put_value(line, "entry", subject->entry);
    }
    if (subject->connection != 0) {
        line_format(line, " connection=%llu",
                    (unsigned long long)subject->connection);
    }
    if (subject->peer != NULL) {
        put_value(line, "peer", subject->peer);
    }
    line_put_text(line, " msg=\"");
}

static void put_tail(struct line *line, enum log_format format, uint32_t held)
{
    bool was_cut = line->is_cut;

    line->limit = sizeof(line->bytes);
    line->is_cut = false;
    line_put_text(line, was_cut ? "... [cut]" : "");
    line_put_text(line, format == LOG_LOGFMT ? "\"" : "");
    if (held > 0) {
        line_format(line,
                    format == LOG_LOGFMT ? " held_back=%u"
                                         : " [%u more like it held back]",
                    held);
    }
    line_put_text(line, "\n");
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
put_message(struct line *line, const char *format, va_list args, bool is_quoted)
{
    char text[LINE_SIZE];
    int length = vsnprintf(text, sizeof(text), format, args);

    if (length < 0) {
        (void)strcpy(text, "(a message that could not be formatted)");
    } else if (length > 0 && (size_t)length < sizeof(text) &&
               text[length - 1] == '\n') {
        text[length - 1] = '\0';
    }
    line_escape(line, text, is_quoted);
}

void log_vwrite(struct log *log,
                struct log_site *site,
                enum log_level level,
                const struct log_subject *subject,
                const char *format,
                va_list args)
{
    static const struct log_subject nothing = {.entry = NULL};
    struct line line = {.limit = LINE_SIZE - TAIL_BYTES};
    int number = errno;
    uint32_t held;
    ssize_t written;

    if (level > LOG_DEBUG || !log_is_wanted(log, level) ||
        !is_within_rate(site, &held)) {
        return;
    }
    if (subject == NULL) {
        subject = &nothing;
    }
    if (log->format == LOG_LOGFMT) {
        put_logfmt_head(&line, level, subject);
    } else {
        put_text_head(&line, log, level, subject);
    }
    errno = number; /* for %m */
    put_message(&line, format, args, log->format == LOG_LOGFMT);
    put_tail(&line, log->format, held);
    written = write(log->fd, line.bytes, line.length);
    (void)written; /* there is nowhere left to tell it */
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
