/* SPDX-License-Identifier: MIT */
/* What is written can be read. */
#include "transcript.h"

#include <string.h>

#include "capture.h"
#include "fixtures.h"
#include "recording.h"
#include "unit.h"

static struct transcript transcript;

static void set_up(void)
{
    fixtures_begin();
}

static void tear_down(void)
{
    transcript_fini(&transcript);
    fixtures_end();
}

static void read_text(const char *text)
{
    fixtures_write("a.transcript", text, strlen(text));
    ck_assert_int_eq(
        transcript_read(&transcript, fixtures_path("a.transcript")), 0);
}

/* Reads the text, writes it, and compares. */
static void check_same(const char *text)
{
    struct capture capture;
    FILE *stream = capture_begin(&capture);

    read_text(text);
    transcript_write_head(&transcript, stream);
    for (size_t i = 0; i < transcript.count; i++) {
        transcript_write_step(&transcript.steps[i], stream);
    }
    ck_assert_str_eq(capture_end(&capture), text);
    capture_free(&capture);
}

START_TEST(each_kind_of_step_is_written_as_it_is_read)
{
    check_same("settings: {max_line: 10}\n"
               "input 100\n"
               "time 2026-11-29T15:01:02.250Z\n"
               "window 10\n"
               "> \"hello\\n\"\n"
               "< \"hello\\r\\n\\t\\\"\\\\\"\n"
               "window all\n"
               "wait 1500ms\n"
               "open\n"
               "stop reload\n"
               "stop exit\n"
               "end\n"
               "reset\n"
               "eof\n"
               "closed 0\n"
               "closed STOPPED\n"
               "closed ETIMEDOUT\n"
               "cut\n");
}
END_TEST

START_TEST(bytes_that_cannot_be_printed_are_escaped)
{
    check_same("> \"\\0\\x1f\\x7f\\xff ~\"\n");
}
END_TEST

START_TEST(every_byte_comes_back)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char text[RECORDING_ESCAPE_MAX];
        char line[32];

        ck_assert_uint_eq(recording_escape(text, (unsigned char)byte),
                          strlen(text));
        (void)snprintf(line, sizeof(line), "> \"%s\"\n", text);
        read_text(line);
        ck_assert_uint_eq(transcript.steps[0].size, 1);
        ck_assert_uint_eq((unsigned char)transcript.steps[0].bytes[0], byte);
        transcript_fini(&transcript);
    }
}
END_TEST

UNIT_MAIN_WITH("transcript",
               set_up,
               tear_down,
               each_kind_of_step_is_written_as_it_is_read,
               bytes_that_cannot_be_printed_are_escaped,
               every_byte_comes_back)
