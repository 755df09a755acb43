/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include <berth/protocol.h>

#include "transcript.h"

size_t transcript_escape(char text[TRANSCRIPT_ESCAPE_MAX], unsigned char byte)
{
    static const char named[] = "\n\r\t\\\"";
    static const char names[] = "nrt\\\"";
    const char *found = byte == '\0' ? NULL : strchr(named, byte);

    if (found != NULL) {
        text[0] = '\\';
        text[1] = names[found - named];
        text[2] = '\0';
        return 2;
    }
    if (byte < 0x20 || byte > 0x7e) {
        return (size_t)snprintf(text, TRANSCRIPT_ESCAPE_MAX, "\\x%02x", byte);
    }
    text[0] = (char)byte;
    text[1] = '\0';
    return 1;
}

static void write_bytes(const struct step *step, FILE *stream)
{
    (void)fputs(step->kind == STEP_SEND ? "> \"" : "< \"", stream);
    for (size_t i = 0; i < step->size; i++) {
        char text[TRANSCRIPT_ESCAPE_MAX];

        (void)transcript_escape(text, (unsigned char)step->bytes[i]);
        (void)fputs(text, stream);
    }
    (void)fputs("\"\n", stream);
}

static void write_window(const struct step *step, FILE *stream)
{
    if (step->number == SIZE_MAX) {
        (void)fputs("window all\n", stream);
    } else {
        (void)fprintf(stream, "window %" PRIu64 "\n", step->number);
    }
}

static void write_closed(const struct step *step, FILE *stream)
{
    const char *name = step->why < 0 ? strerrorname_np(-step->why) : "0";

    (void)fprintf(stream, "closed %s\n",
                  step->why == BERTH_STOPPED ? "STOPPED"
                  : name == NULL             ? "0"
                                             : name);
}

void transcript_write_step(const struct step *step, FILE *stream)
{
    switch (step->kind) {
    case STEP_SEND:
    case STEP_EXPECT:
        write_bytes(step, stream);
        break;
    case STEP_END:
        (void)fputs("end\n", stream);
        break;
    case STEP_RESET:
        (void)fputs("reset\n", stream);
        break;
    case STEP_WAIT:
        (void)fprintf(stream, "wait %" PRIu64 "ms\n", step->number);
        break;
    case STEP_STOP:
        (void)fprintf(stream, "stop %s\n",
                      step->number == BERTH_EXIT ? "exit" : "reload");
        break;
    case STEP_WINDOW:
        write_window(step, stream);
        break;
    case STEP_EOF:
        (void)fputs("eof\n", stream);
        break;
    case STEP_OPEN:
        (void)fputs("open\n", stream);
        break;
    case STEP_CLOSED:
        write_closed(step, stream);
        break;
    case STEP_CUT:
        (void)fputs("cut\n", stream);
        break;
    }
}

static void write_time(uint64_t ms, FILE *stream)
{
    const time_t seconds = (time_t)(ms / 1000);
    char date[32];
    struct tm tm;

    (void)gmtime_r(&seconds, &tm);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
    (void)fprintf(stream, "time %s.%03uZ\n", date, (unsigned)(ms % 1000));
}

void transcript_write_head(const struct transcript *transcript, FILE *stream)
{
    if (transcript->settings != NULL) {
        (void)fprintf(stream, "settings: %s\n", transcript->settings);
    }
    if (transcript->input != 0) {
        (void)fprintf(stream, "input %" PRIu64 "\n", transcript->input);
    }
    if (transcript->time_ms != 0) {
        write_time(transcript->time_ms, stream);
    }
}
