/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <stdio.h>

#include "line.h"

/*
 * Bounds of the parts around a message, escapes included: the message alone is
 * cut when a line is too long, so that each line is whole in its format.
 */
#define ENTRY_BYTES 400 /* a name has at most 64 characters */
#define PEER_BYTES 600  /* a unix socket's path has at most 108 */
#define VALUE_BYTES 120
#define FIELD_BYTES 160 /* the value, its key and what stands around them */
#define TAIL_BYTES 96

#define TIME_SIZE 32

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

/* In UTC, with milliseconds; separator: between the day and the time of day. */
static void
write_time(char text[TIME_SIZE], const struct timespec *time, char separator)
{
    struct tm utc = {0};
    size_t length;

    (void)gmtime_r(&time->tv_sec, &utc);
    length = strftime(text, TIME_SIZE, "%Y-%m-%d", &utc);
    text[length] = separator;
    length++;
    length += strftime(text + length, TIME_SIZE - length, "%H:%M:%S", &utc);
    (void)snprintf(text + length, TIME_SIZE - length, ".%03ld%s",
                   time->tv_nsec / 1000000, separator == 'T' ? "Z" : "");
}

/* Adds the beginning of a text, at most so many bytes. */
static void put_beginning(struct line *line,
                          const char *text,
                          enum line_form form,
                          size_t most)
{
    const size_t limit = line->limit;

    line->limit = line->length + most;
    line_escape(line, text, form);
    line->limit = limit;
    line->is_cut = false;
}

/* ------------------------------------------------- logfmt and JSON: members */

static void
begin_member(struct line *line, enum log_format format, const char *key)
{
    const bool is_first = line->length == 0;

    if (format == LOG_JSON) {
        line_format(line, "%c\"%s\":", is_first ? '{' : ',', key);
    } else {
        line_format(line, "%s%s=", is_first ? "" : " ", key);
    }
}

/* Does a value of logfmt stand for itself, without quotation marks? */
static bool is_plain(const char *value)
{
    bool result = value[0] != '\0';

    for (const char *c = value; *c != '\0'; c++) {
        result = result && *c > ' ' && *c < 0x7f && *c != '=' && *c != '"' &&
                 *c != '\\';
    }
    return result;
}

static void put_text(struct line *line,
                     enum log_format format,
                     const char *key,
                     const char *value,
                     size_t most)
{
    const bool is_quoted = format == LOG_JSON || !is_plain(value);
    const char *mark = is_quoted ? "\"" : "";
    const enum line_form form = is_quoted ? LINE_QUOTED : LINE_PLAIN;

    begin_member(line, format, key);
    line_put_text(line, mark);
    put_beginning(line, value, format == LOG_JSON ? LINE_JSON : form, most);
    line_put_text(line, mark);
}

static void put_number(struct line *line,
                       enum log_format format,
                       const char *key,
                       uint64_t number)
{
    begin_member(line, format, key);
    line_format(line, "%llu", (unsigned long long)number);
}

static void put_fields(struct line *line,
                       enum log_format format,
                       const struct log_message *message)
{
    for (size_t i = 0; i < message->field_count; i++) {
        const struct log_field *field = &message->fields[i];

        if (field->is_number) {
            begin_member(line, format, field->key);
            put_beginning(line, field->value, LINE_PLAIN, VALUE_BYTES);
        } else {
            put_text(line, format, field->key, field->value, VALUE_BYTES);
        }
    }
}

/* -------------------------------------------------------------------- parts */

/* "2026-11-24 00:00:00.123 info  echo #17 127.0.0.1:4000: " */
static void put_text_head(struct line *line,
                          const struct log *log,
                          enum log_level level,
                          const struct log_subject *subject,
                          const struct timespec *time)
{
    char text[TIME_SIZE];

    write_time(text, time, ' ');
    line_put_text(line, log->has_colour ? COLOUR_DIM : "");
    line_put_text(line, text);
    line_put_text(line, log->has_colour ? COLOUR_OFF : "");
    line_put_text(line, log->has_colour ? levels[level].colour : "");
    line_format(line, " %-5s", levels[level].name);
    line_put_text(line, log->has_colour ? COLOUR_OFF : "");
    if (subject->entry != NULL) {
        line_put_text(line, " ");
        put_beginning(line, subject->entry, LINE_PLAIN, ENTRY_BYTES);
    }
    if (subject->connection != 0) {
        line_format(line, " #%llu", (unsigned long long)subject->connection);
    }
    if (subject->peer != NULL) {
        line_put_text(line, " ");
        put_beginning(line, subject->peer, LINE_PLAIN, PEER_BYTES);
    }
    line_put_text(line, subject->entry != NULL || subject->connection != 0 ||
                                subject->peer != NULL
                            ? ": "
                            : " ");
}

static void put_members_head(struct line *line,
                             enum log_format format,
                             enum log_level level,
                             const struct log_subject *subject,
                             const struct timespec *time)
{
    char text[TIME_SIZE];

    write_time(text, time, 'T');
    put_text(line, format, "time", text, TIME_SIZE);
    put_text(line, format, "level", levels[level].name, VALUE_BYTES);
    if (subject->entry != NULL) {
        put_text(line, format, "entry", subject->entry, ENTRY_BYTES);
    }
    if (subject->connection != 0) {
        put_number(line, format, "connection", subject->connection);
    }
    if (subject->peer != NULL) {
        put_text(line, format, "peer", subject->peer, PEER_BYTES);
    }
    begin_member(line, format, "msg");
}

/* The only part that is cut: what comes behind it has its room. */
static void put_message(struct line *line,
                        enum log_format format,
                        const struct log_message *message)
{
    static const enum line_form forms[] = {
        [LOG_TEXT] = LINE_PLAIN,
        [LOG_LOGFMT] = LINE_QUOTED,
        [LOG_JSON] = LINE_JSON,
    };
    const char *mark = format == LOG_TEXT ? "" : "\"";
    bool was_cut;

    line_put_text(line, mark);
    line->limit -= TAIL_BYTES + message->field_count * FIELD_BYTES;
    line_escape(line, message->text, forms[format]);
    was_cut = line->is_cut;
    line->limit = sizeof(line->bytes);
    line->is_cut = false;
    line_put_text(line, was_cut ? "... [cut]" : "");
    line_put_text(line, mark);
}

static void
put_tail(struct line *line, enum log_format format, uint32_t held_back)
{
    if (held_back > 0 && format == LOG_TEXT) {
        line_format(line, " [%u more like it held back]", held_back);
    } else if (held_back > 0) {
        put_number(line, format, "held_back", held_back);
    }
    line_put_text(line, format == LOG_JSON ? "}\n" : "\n");
}

void log_make_line(const struct log *log,
                   const struct log_message *message,
                   const struct timespec *time,
                   struct line *line)
{
    static const struct log_subject nothing = {.entry = NULL};
    const struct log_subject *subject =
        message->subject == NULL ? &nothing : message->subject;

    line->limit = sizeof(line->bytes);
    if (log->format == LOG_TEXT) {
        put_text_head(line, log, message->level, subject, time);
    } else {
        put_members_head(line, log->format, message->level, subject, time);
    }
    put_message(line, log->format, message);
    put_fields(line, log->format, message);
    put_tail(line, log->format, message->held_back);
}
