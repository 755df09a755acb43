/* SPDX-License-Identifier: MIT */
/*
 * The server's log: one line a message, to stderr or to a file.
 */
#ifndef BERTH_LOG_H
#define BERTH_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct line;

/* Most urgent first; the numbers of enum berth_level. */
enum log_level {
    LOG_ERROR = 0,
    LOG_WARNING = 1,
    LOG_INFO = 2,
    LOG_DEBUG = 3
};

/* AUTO: text on a terminal, logfmt otherwise. */
enum log_format {
    LOG_AUTO = 0,
    LOG_TEXT = 1,
    LOG_LOGFMT = 2,
    LOG_JSON = 3 /* one object a line */
};

struct log {
    int fd;
    enum log_level level;
    enum log_format format; /* never LOG_AUTO after log_open() */
    char *path;             /* NULL: stderr */
    bool has_colour;        /* text to a terminal, unless NO_COLOR is set */
    struct log *base;       /* see log_view(); NULL: this is no view */
    uint32_t lost;          /* lines that could not be written lately */
    int lost_error;         /* why: an errno */
};

/* How much is told about one entry. */
struct log_scope {
    enum log_level level;
    bool access; /* a line for each connection that ended, see access.h */
};

/* What a message is about; NULL or 0 members are left out. */
struct log_subject {
    const char *entry;
    const char *peer;
    uint64_t connection;
};

/* A member of a line besides its subject and its text. */
struct log_field {
    const char *key;   /* the program's own: at most 24 letters and _ */
    const char *value; /* from anybody; what is beyond 120 bytes is cut off */
    bool is_number;    /* the value is one, in decimal digits */
};

#define LOG_FIELDS_MAX 8

/* What a line is made of, besides its time. */
struct log_message {
    enum log_level level;
    const struct log_subject *subject; /* NULL: about nothing in particular */
    const char *text;
    const struct log_field *fields;
    size_t field_count; /* at most LOG_FIELDS_MAX */
    uint32_t held_back; /* lines like this one; 0: not told */
};

/*
 * A place in the code that logs, for its rate: at most LOG_BURST lines in a
 * second; what is held back is counted and told with the next line. Static in
 * the macros below; a plugin's messages have one for each entry and level.
 */
#define LOG_BURST 20
struct log_site {
    uint64_t second;
    uint32_t lines;
    uint32_t held_back;
};

/*
 * Opens the log: path NULL is stderr. Returns 0 or -errno of open(2), see
 * log_explain(). A line leaves in one write(2) (O_APPEND), so that lines of
 * processes that share a file do not mix. It never waits for who reads a FIFO.
 * What cannot be written is lost; the next line that can be is preceded by one
 * that tells how many, and why.
 */
int log_open(struct log *log,
             const char *path,
             enum log_level level,
             enum log_format format);

/*
 * The same for a log that is to take the place of another one: a file that the
 * other one has open is shared, and not looked up again.
 */
int log_succeed(struct log *log,
                const struct log *other,
                const char *path,
                enum log_level level,
                enum log_format format);

/* What log_open() or log_reopen() failed with, in words. */
const char *log_explain(int error);

/* Opens the file anew (after it was rotated); the old one stays on failure. */
int log_reopen(struct log *log);

/* Writes to another file from now on, which stays the caller's. fd may be -1:
   nothing is changed. */
void log_redirect(struct log *log, int fd);

/* A closed one is fine. */
void log_close(struct log *log);

/*
 * The same log with a level of its own: what is written to the view goes where
 * the log goes, also after log_reopen(). A view is neither reopened nor closed;
 * the log must outlive it.
 */
struct log log_view(struct log *log, enum log_level level);

static inline bool log_is_wanted(const struct log *log, enum log_level level)
{
    return level <= log->level;
}

/*
 * Writes a line: time (UTC, milliseconds), level, subject, message. Control
 * characters (C0, C1, line separators, those that turn the direction of text)
 * and bytes that are not UTF-8 are escaped as line_escape() does, a newline at
 * the end is dropped: no peer can forge a line. Longer than 4 KiB is cut, and
 * says so. subject may be NULL. So may site, then there is no limit of rate: for
 * what somebody ordered, since what came of it must be told. A level that is not
 * wanted writes nothing. errno stays what it was, and %m tells it.
 */
__attribute__((format(printf, 5, 0))) void
log_vwrite(struct log *log,
           struct log_site *site,
           enum log_level level,
           const struct log_subject *subject,
           const char *format,
           va_list args);

__attribute__((format(printf, 5, 6))) void
log_write(struct log *log,
          struct log_site *site,
          enum log_level level,
          const struct log_subject *subject,
          const char *format,
          ...);

/* Writes a message that is there already, whatever the log's level. */
void log_write_message(struct log *log, const struct log_message *message);

/* Makes the line, in the log's format, with its newline; line is empty. */
void log_make_line(const struct log *log,
                   const struct log_message *message,
                   const struct timespec *time,
                   struct line *line);

/* A macro because each use is a call site with a rate of its own. */
#define LOG(log_, level_, subject_, ...)                                       \
    do {                                                                       \
        static struct log_site site_;                                          \
                                                                               \
        log_write((log_), &site_, (level_), (subject_), __VA_ARGS__);          \
    } while (0)

#endif
