/* SPDX-License-Identifier: MIT */
#include "access.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "local.h"
#include "render.h"
#include "settings.h"

/* A line: SPAN_MAX bytes of each of three texts of the peer, each of which may
   take ESCAPE_SIZE, and what is around them. */
#define SPAN_MAX 1024
#define ESCAPE_SIZE 6
#define LINE_SIZE ((3u * SPAN_MAX * ESCAPE_SIZE) + 512u)
#define BUFFER_SIZE 65536u
#define DELAY_MS 200

/* Who reads a FIFO, or does not, must not make the answers wait. */
static int open_file(const char *path)
{
    const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK;
    const int fd = open(path, flags, 0644);

    return fd < 0 ? -errno : fd;
}

static const char *explain_open(int error)
{
    return error == -ENXIO ? "it is a FIFO that nobody reads, or a socket"
                           : strerror(-error);
}

int access_open(struct access *access,
                const berth_entry *entry,
                berth_error *error)
{
    const struct http_settings *settings = entry->settings;

    access->form = settings->access_log;
    access->fd = -1;
    if (access->form == HTTP_ACCESS_OFF) {
        return 0;
    }
    access->buffer = malloc(BUFFER_SIZE);
    if (access->buffer == NULL) {
        return berth_refuse(error, NULL, -ENOMEM, "out of memory");
    }
    if (settings->access_file == NULL) {
        return 0;
    }
    access->fd = open_file(settings->access_file);
    if (access->fd < 0) {
        free(access->buffer);
        access->buffer = NULL;
        return berth_refuse(error, "access_file", access->fd,
                            "cannot open it: %s", explain_open(access->fd));
    }
    return 0;
}

/* What could not be written, of which perhaps the first line was begun. */
static void lose_rest(struct access *access, berth_entry *entry, size_t done)
{
    const int error = errno;
    size_t lines = 0;

    for (size_t i = done; i < access->used; i++) {
        lines += access->buffer[i] == '\n' ? 1 : 0;
    }
    if (done > 0) {
        access->is_cut = access->buffer[done - 1] != '\n';
    }
    berth_entry_log(entry, BERTH_ERROR,
                    "cannot write access_file: %s: %zu line%s lost",
                    strerror(error), lines, lines == 1 ? " is" : "s are");
}

/* A log that cannot be written must not stop the answers: lines are lost. */
static void write_gathered(struct access *access, berth_entry *entry)
{
    size_t done = 0;

    while (done < access->used) {
        ssize_t count =
            write(access->fd, access->buffer + done, access->used - done);

        if (count == 0) {
            errno = EIO; /* it would go on like that */
        }
        if (count == 0 || (count < 0 && errno != EINTR)) {
            lose_rest(access, entry, done);
            break;
        }
        done += count < 0 ? 0 : (size_t)count;
    }
    if (done > 0 && done == access->used) {
        access->is_cut = false;
    }
    access->used = 0;
}

void access_close(struct access *access, berth_entry *entry)
{
    if (access->fd >= 0) {
        write_gathered(access, entry);
        (void)close(access->fd);
    }
    free(access->buffer);
}

void access_flush(struct access *access, berth_entry *entry)
{
    if (access->fd >= 0) {
        write_gathered(access, entry);
    }
}

void access_reopen(struct access *access, berth_entry *entry)
{
    const struct http_settings *settings = entry->settings;
    int fd;

    if (access->fd < 0) {
        return;
    }
    write_gathered(access, entry);
    fd = open_file(settings->access_file);
    if (fd < 0) {
        berth_entry_log(entry, BERTH_ERROR,
                        "access_file cannot be opened anew: %s",
                        explain_open(fd));
        return;
    }
    (void)close(access->fd);
    access->fd = fd;
}

/* ----------------------------------------------------------------- a line */

static char *add_text(char *at, const char *text)
{
    return render_bytes(at, http_span_of(text));
}

/* Quotes, backslashes and what is not printable ASCII; format: of one byte. */
static char *add_escaped(char *at, struct http_span span, const char *format)
{
    size_t size = span.size < SPAN_MAX ? span.size : SPAN_MAX;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)span.data[i];

        if (c == '"' || c == '\\') {
            *at++ = '\\';
            *at++ = (char)c;
        } else if (c < ' ' || c > '~') {
            char escape[ESCAPE_SIZE + 1];

            (void)snprintf(escape, sizeof(escape),
                           *format == 'x' ? "\\x%02x" : "\\u%04x", c);
            at = add_text(at, escape);
        } else {
            *at++ = (char)c;
        }
    }
    return at;
}

/* What a line is about. */
struct subject {
    char peer[64];
    const char *date; /* DATE_SIZE bytes */
    uint64_t second;
    struct http_span method, target, referer, agent;
    const char *version;
    unsigned status;
    uint64_t size;
};

static void find_header(const struct http_request *request,
                        const char *name,
                        struct http_span *value)
{
    const struct http_span *found = http_request_header(request, name);

    if (found != NULL) {
        *value = *found;
    }
}

static void describe(struct subject *subject,
                     berth_conn *c,
                     const struct http_request *request,
                     const struct http_answer *answer)
{
    struct http_local *local = c->entry->local;
    struct http_span none = http_span_of("-");

    *subject = (struct subject){
        .date = date_clock_text(&local->clock, c->entry),
        .second = local->clock.second,
        .method = none,
        .target = none,
        .version = "-",
        .referer = none,
        .agent = none,
        .status = answer->status,
        .size = request != NULL && request->is_head ? 0 : answer->size,
    };
    if (berth_get(c, BERTH_GET_PEER_IP, subject->peer, sizeof(subject->peer)) <
        0) {
        (void)snprintf(subject->peer, sizeof(subject->peer), "-");
    }
    if (request != NULL) {
        subject->method = request->method_text;
        subject->target = request->target;
        subject->version = request->minor == 0 ? "HTTP/1.0" : "HTTP/1.1";
        find_header(request, "referer", &subject->referer);
        find_header(request, "user-agent", &subject->agent);
    }
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" becomes "06/Nov/1994:08:49:37 +0000". */
static char *add_combined(char *at, const struct subject *subject)
{
    char text[64];

    at = add_text(at, subject->peer);
    (void)snprintf(text, sizeof(text), " - - [%.2s/%.3s/%.4s:%.8s +0000] \"",
                   subject->date + 5, subject->date + 8, subject->date + 12,
                   subject->date + 17);
    at = add_text(at, text);
    at = add_escaped(at, subject->method, "x");
    *at++ = ' ';
    at = add_escaped(at, subject->target, "x");
    (void)snprintf(text, sizeof(text), " %s\" %u %llu \"", subject->version,
                   subject->status, (unsigned long long)subject->size);
    at = add_text(at, text);
    at = add_escaped(at, subject->referer, "x");
    at = add_text(at, "\" \"");
    at = add_escaped(at, subject->agent, "x");
    return add_text(at, "\"");
}

static char *add_member(char *at, const char *name, struct http_span value)
{
    at = add_text(at, name);
    at = add_escaped(at, value, "u");
    return add_text(at, "\"");
}

static char *add_json(char *at, const struct subject *subject)
{
    time_t second = (time_t)subject->second;
    struct tm parts;
    char text[96];

    (void)gmtime_r(&second, &parts);
    (void)strftime(text, sizeof(text), "{\"time\":\"%Y-%m-%dT%H:%M:%SZ\"",
                   &parts);
    at = add_text(at, text);
    at = add_member(at, ",\"peer\":\"", http_span_of(subject->peer));
    at = add_member(at, ",\"method\":\"", subject->method);
    at = add_member(at, ",\"target\":\"", subject->target);
    (void)snprintf(
        text, sizeof(text), ",\"protocol\":\"%s\",\"status\":%u,\"size\":%llu",
        subject->version, subject->status, (unsigned long long)subject->size);
    at = add_text(at, text);
    at = add_member(at, ",\"referer\":\"", subject->referer);
    at = add_member(at, ",\"user_agent\":\"", subject->agent);
    return add_text(at, "}");
}

/* The first line that is gathered sets the time at which all are written. */
static void
gather(struct access *access, berth_entry *entry, const struct subject *subject)
{
    char *at;

    if (BUFFER_SIZE - access->used < LINE_SIZE) {
        write_gathered(access, entry);
    }
    if (access->used == 0) {
        (void)berth_tick(entry, DELAY_MS);
    }
    if (access->used == 0 && access->is_cut) {
        access->buffer[access->used++] = '\n';
    }
    at = access->buffer + access->used;
    at = access->form == HTTP_ACCESS_JSON ? add_json(at, subject)
                                          : add_combined(at, subject);
    *at++ = '\n';
    access->used = (size_t)(at - access->buffer);
}

void access_write(struct access *access,
                  berth_conn *c,
                  const struct http_request *request,
                  const struct http_answer *answer)
{
    struct subject subject;

    if (access->form == HTTP_ACCESS_OFF) {
        return;
    }
    describe(&subject, c, request, answer);
    gather(access, c->entry, &subject);
    if (access->fd < 0) {
        berth_record(c->entry, "%.*s", (int)access->used - 1, access->buffer);
        access->used = 0;
    }
}
