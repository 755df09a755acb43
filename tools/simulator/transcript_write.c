/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <berth/protocol.h>

#include "recording.h"
#include "transcript.h"

static void write_bytes(const struct step *step, FILE *stream)
{
    (void)fputs(step->kind == STEP_SEND ? "> \"" : "< \"", stream);
    for (size_t i = 0; i < step->size; i++) {
        char text[RECORDING_ESCAPE_MAX];

        (void)recording_escape(text, (unsigned char)step->bytes[i]);
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

void transcript_write_head(const struct transcript *transcript, FILE *stream)
{
    if (transcript->settings != NULL) {
        (void)fprintf(stream, "settings: %s\n", transcript->settings);
    }
    if (transcript->input != 0) {
        (void)fprintf(stream, "input %" PRIu64 "\n", transcript->input);
    }
    if (transcript->time_ms != 0) {
        char time[RECORDING_TIME_MAX];

        recording_format_time(transcript->time_ms, time);
        (void)fprintf(stream, "time %s\n", time);
    }
}
