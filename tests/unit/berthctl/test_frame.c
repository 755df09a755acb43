/* SPDX-License-Identifier: MIT */
#include "berthctl/frame.h"

#include <stdio.h>
#include <string.h>

#include "samples.h"
#include "unit.h"

#define LINES_MAX 300

static struct sample now;
static struct sample before;
static char lines[LINES_MAX][256];
static size_t count;
static size_t titles;

static void tear_down(void)
{
    sample_free(&now);
    sample_free(&before);
}

static void keep_line(void *arg, const char *text, bool is_title)
{
    ck_assert_ptr_eq(arg, &count);
    ck_assert_uint_lt(count, LINES_MAX);
    (void)snprintf(lines[count++], sizeof(lines[0]), "%s", text);
    titles += is_title;
}

static void print(size_t width, size_t height)
{
    const struct frame frame = {
        .now = &now,
        .before = &before,
        .notice = "notice",
        .width = width,
        .height = height,
        .put = keep_line,
        .arg = &count,
    };

    count = 0;
    titles = 0;
    frame_print(&frame);
    ck_assert_uint_le(count, height);
}

START_TEST(it_shows_the_server_its_entries_and_its_workers)
{
    samples_fill(&before, 10,
                 SAMPLES_STATUS "1.2\t7\tserving\t90\t3\tok\t2\t1\t5\t10\n",
                 SAMPLES_ENTRIES "echo\tserving\t5\t10\t0\t0\t0\t0\t1000:5\n",
                 SAMPLES_WORKERS "0\t3\t8\tserving\t5\t10\t100\n");
    samples_fill(&now, 11,
                 SAMPLES_STATUS "1.2\t7\tserving\t91\t3\tok\t2\t1\t5\t12\n",
                 SAMPLES_ENTRIES
                 "echo\tserving\t5\t1234\t2048\t1048576\t7\t512\t1000:9\n"
                 "http\tput aside\t0\t0\t0\t0\t0\t0\t\n",
                 SAMPLES_WORKERS "0\t3\t8\tserving\t5\t12\t223\n"
                                 "1\t3\t\tdown\t0\t0\t\n");
    print(80, 24);
    ck_assert_uint_eq(count, 11);
    ck_assert_uint_eq(titles, 2);
    ck_assert_str_eq(lines[0],
                     "berth 1.2  process 7  serving  up 1m31s  generation 3");
    ck_assert_str_eq(lines[1], "5 connections  2/s accepted  2 workers  1 "
                               "crashes  last reload ok");
    ck_assert_str_eq(lines[2], "");
    ck_assert_str_eq(lines[3],
                     "ENTRY             OPEN ACCEPT/S     IN/S    OUT/S "
                     "CALLS/S     P99   QUEUED");
    ck_assert_str_eq(lines[4],
                     "echo                 5     1.2k  2.0 KiB  1.0 MiB       "
                     "7  1.0 us      512");
    ck_assert_str_eq(lines[5],
                     "http: put aside      0        -        -        -       "
                     "-       -        0");
    ck_assert_str_eq(lines[7],
                     "WORKER GENERATION      PID     CPU   OPEN ACCEPT/S  "
                     "STATE");
    ck_assert_str_eq(lines[8],
                     "     0          3        8   12.3%      5        2  "
                     "serving");
    ck_assert_str_eq(
        lines[9], "     1          3        -       -      0        -  down");
    ck_assert_str_eq(lines[10], "notice");
}
END_TEST

static void fill_many(int entries, int workers)
{
    static char text[2][16384];
    size_t length[2] = {0, 0};

    length[0] = (size_t)snprintf(text[0], sizeof(text[0]), SAMPLES_ENTRIES);
    length[1] = (size_t)snprintf(text[1], sizeof(text[1]), SAMPLES_WORKERS);
    for (int i = 0; i < entries; i++) {
        length[0] += (size_t)snprintf(
            text[0] + length[0], sizeof(text[0]) - length[0],
            "an-entry-with-a-long-name-%d\tserving\t1\t1\t1\t1\t1\t1\t\n", i);
    }
    for (int i = 0; i < workers; i++) {
        length[1] +=
            (size_t)snprintf(text[1] + length[1], sizeof(text[1]) - length[1],
                             "%d\t3\t8\tserving\t5\t12\t223\n", i);
    }
    sample_free(&now);
    samples_fill(&now, 11, SAMPLES_STATUS, text[0], text[1]);
}

static size_t count_lines(const char *part)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        found += strstr(lines[i], part) != NULL;
    }
    return found;
}

START_TEST(what_has_no_room_is_counted)
{
    fill_many(50, 3);
    print(80, 24); /* 17 rows: 3 workers and 14 lines for entries */
    ck_assert_uint_eq(count, 24);
    ck_assert_uint_eq(count_lines("  serving"), 3);
    ck_assert_uint_eq(count_lines("an-entry"), 13);
    ck_assert_uint_eq(count_lines("... 37 more"), 1);
    fill_many(2, 50); /* 15 lines for workers */
    print(80, 24);
    ck_assert_uint_eq(count, 24);
    ck_assert_uint_eq(count_lines("an-entry"), 2);
    ck_assert_uint_eq(count_lines("  serving"), 14);
    ck_assert_uint_eq(count_lines("... 36 more"), 1);
    fill_many(50, 50);
    print(80, 24);
    ck_assert_uint_eq(count, 24);
    ck_assert_uint_eq(count_lines("an-entry"), 8);
    ck_assert_uint_eq(count_lines("... 42 more"), 1);
    ck_assert_uint_eq(count_lines("  serving"), 7);
    ck_assert_uint_eq(count_lines("... 43 more"), 1);
}
END_TEST

static void print_in_every_height(int entries, int workers)
{
    fill_many(entries, workers);
    for (size_t height = 1; height < 40; height++) {
        print(80, height); /* which looks at it */
    }
    print(80, SIZE_MAX);
    ck_assert_uint_eq(count, (size_t)(7 + entries + workers));
}

START_TEST(no_size_has_too_many_lines)
{
    for (int entries = 0; entries < 12; entries += 3) {
        for (int workers = 0; workers < 12; workers += 3) {
            print_in_every_height(entries, workers);
        }
    }
}
END_TEST

START_TEST(names_have_what_the_numbers_leave_over)
{
    fill_many(1, 1);
    print(80, 24);
    ck_assert_uint_eq(strlen(lines[4]), 80);
    ck_assert_ptr_eq(strstr(lines[4], "an-entry-with-a-long- "), lines[4]);
    print(100, 24);
    ck_assert_ptr_eq(strstr(lines[4], "an-entry-with-a-long-name-0 "),
                     lines[4]);
    print(40, 24);
    ck_assert_ptr_eq(strstr(lines[4], "an-entry-w "), lines[4]);
}
END_TEST

START_TEST(too_small_a_screen_is_told)
{
    fill_many(1, 1);
    print(39, 24);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(lines[0], "39x24 is too small: 40x10");
    print(80, 9);
    ck_assert_uint_eq(count, 1);
}
END_TEST

START_TEST(nothing_harms_the_terminal)
{
    samples_fill(
        &now, 11, SAMPLES_STATUS "\\x1b[m\t7\tserving\t9\t3\tok\t2\t1\t5\t1\n",
        SAMPLES_ENTRIES "\\x1b]0;x\\x07\tserving\t5\t1\t2\t3\t7\t5\t\n",
        SAMPLES_WORKERS "0\t3\t\\n\t\\x9b1m\t5\t12\t223\n");
    print(80, 24);
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(strcspn(lines[i], "\x1b\x07\n\x9b"),
                          strlen(lines[i]));
    }
}
END_TEST

UNIT_MAIN_WITH("berthctl/frame",
               NULL,
               tear_down,
               it_shows_the_server_its_entries_and_its_workers,
               what_has_no_room_is_counted,
               no_size_has_too_many_lines,
               names_have_what_the_numbers_leave_over,
               too_small_a_screen_is_told,
               nothing_harms_the_terminal)
