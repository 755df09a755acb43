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
#include "values.h"

/* What limits.input is where a transcript does not say. */
#define INPUT_DEFAULT 65536
/* Of an entry's name in that of a file. */
#define ENTRY_NAME_MAX 64

void recorder_check(const struct recorded *recorded,
                    const struct connection *c,
                    int error)
{
    if (error < 0) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded any further: %s: %s",
                       recorded->recording.name, strerror(-error));
    }
}

void recorder_act(struct recorded *recorded,
                  const struct connection *c,
                  enum recording_place place,
                  const char *line)
{
    recorder_check(recorded, c,
                   recording_act(&recorded->recording, place, line));
}

void recorder_tell(struct recorded *recorded,
                   const struct connection *c,
                   enum recording_place place,
                   const char *lines)
{
    recorder_check(recorded, c,
                   recording_tell(&recorded->recording, place, lines));
}

/* "NAME-20261129T150102-PID-SERIAL.transcript", of what may be in a file's
   name. */
void recorder_make_name(const struct recorded *recorded,
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
        const char byte = from[length];
        const bool is_fine = isalnum((unsigned char)byte) || byte == '-' ||
                             (byte == '.' && length > 0);

        entry[length] = '_';
        if (is_fine) {
            entry[length] = byte;
        }
    }
    entry[length] = '\0';
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof(date), "%Y%m%dT%H%M%S", &tm);
    (void)snprintf(name, RECORDING_NAME_MAX, "%s-%s-%d-%" PRIu64 ".transcript",
                   entry, date, (int)getpid(), connection_serial(c));
}

/* What holds for the entry that serves it. */
void recorder_describe_entry(struct recorded *recorded, struct connection *c)
{
    const struct entry *entry = connection_entry(c);
    const struct recorder *recorder = recorded->recorder;
    const size_t index = (size_t)(entry - connection_all(c)->entries);
    char input[32];

    if (entry->is_gate) {
        return;
    }
    if (index < recorder->entry_count && recorder->settings[index] != NULL) {
        recorder_tell(recorded, c, RECORDING_HEAD, recorder->settings[index]);
    }
    if (entry->limits.input != INPUT_DEFAULT) {
        (void)snprintf(input, sizeof(input), "input %" PRIu64,
                       entry->limits.input);
        recorder_tell(recorded, c, RECORDING_HEAD, input);
    }
}

/* --------------------------------------------------------------- beginning */

static void tell_head(struct recorded *recorded, struct connection *c)
{
    struct line text = {.limit = LINE_SIZE - 1};
    char peer[ADDRESS_TEXT_MAX];
    char time[RECORDING_TIME_MAX];

    connection_peer_text(c, peer, sizeof(peer));
    line_format(&text, "# berth %s: connection %" PRIu64 " of '", BERTH_VERSION,
                connection_serial(c));
    line_escape(&text, connection_entry(c)->head.name, LINE_QUOTED);
    line_put_text(&text, "' from ");
    line_escape(&text, peer, LINE_PLAIN);
    recording_format_time(recorded->opened_real_ms, time);
    line_format(&text, "\ntime %s", time);
    text.bytes[text.length] = '\0';
    recorder_tell(recorded, c, RECORDING_HEAD, text.bytes);
    recorder_describe_entry(recorded, c);
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
    recorded->entry = connection_entry(c);
    recorded->opened_ms = recorded->last_ms = loop->now_ms;
    recorded->opened_real_ms = loop_real_ms(loop);
    return recorded;
}

/* Told once. */
static void refuse_more(struct recorder *recorder, const struct connection *c)
{
    if (!recorder->is_full) {
        CONNECTION_LOG(c, LOG_WARNING,
                       "not recorded, nor are those that come: there are "
                       "%" PRIu64 " transcripts of this process",
                       recorder->most);
    }
    recorder->is_full = true;
}

void recorder_start(struct recorder *recorder, struct connection *c)
{
    struct recorded *recorded;
    char name[RECORDING_NAME_MAX];
    int error;

    if (recorder->count >= recorder->most) {
        refuse_more(recorder, c);
        return;
    }
    recorded = make(recorder, c);
    if (recorded == NULL) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded: no memory");
        return;
    }
    recorder_make_name(recorded, c, name);
    error = recording_begin(&recorded->recording, recorder->folder, name);
    if (error < 0) {
        CONNECTION_LOG(c, LOG_WARNING, "not recorded: %s: %s", name,
                       strerror(-error));
        free(recorded);
        return;
    }
    recorder->count++;
    recorder_intercept(recorded, c);
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
