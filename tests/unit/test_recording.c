/* SPDX-License-Identifier: MIT */
#include "recording.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>

#include "fixtures.h"
#include "unit.h"

#define NAME "a.transcript"

static struct recording recording;
static int folder;
static char found[65536];

static void set_up(void)
{
    fixtures_begin();
    folder = open(fixtures_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(folder, 0);
    ck_assert_int_eq(recording_begin(&recording, folder, NAME), 0);
}

static void tear_down(void)
{
    ck_assert_int_eq(close(folder), 0);
    fixtures_end();
}

static const char *read_file(const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
    ssize_t size;

    ck_assert_msg(fd >= 0, "%s is not there", name);
    size = read(fd, found, sizeof(found) - 1);
    ck_assert_int_ge(size, 0);
    found[size] = '\0';
    ck_assert_int_eq(close(fd), 0);
    return found;
}

static void send_text(enum recording_place place, const char *text)
{
    ck_assert_int_eq(recording_send(&recording, place, text, strlen(text)), 0);
}

static void expect_text(const char *text)
{
    ck_assert_int_eq(recording_expect(&recording, text, strlen(text)), 0);
}

static void act(enum recording_place place, const char *line)
{
    ck_assert_int_eq(recording_act(&recording, place, line), 0);
}

static void tell(enum recording_place place, const char *line)
{
    ck_assert_int_eq(recording_tell(&recording, place, line), 0);
}

START_TEST(each_step_is_in_the_file_at_once)
{
    ck_assert_str_eq(read_file(NAME), "");
    send_text(RECORDING_END, "hello\n");
    ck_assert_str_eq(read_file(NAME), "> \"hello\\n\"\n");
    expect_text("hello\n");
    ck_assert_str_eq(read_file(NAME), "> \"hello\\n\"\n< \"hello\\n\"\n");
    act(RECORDING_END, "end");
    tell(RECORDING_END, "eof");
    ck_assert_str_eq(read_file(NAME),
                     "> \"hello\\n\"\n< \"hello\\n\"\nend\neof\n");
}
END_TEST

START_TEST(bytes_are_escaped_as_transcripts_have_it)
{
    static const char bytes[] = "\0\r\t\\\"\x7f\x80\xff~ ";

    ck_assert_int_eq(
        recording_send(&recording, RECORDING_END, bytes, sizeof(bytes) - 1), 0);
    ck_assert_str_eq(read_file(NAME),
                     "> \"\\0\\r\\t\\\\\\\"\\x7f\\x80\\xff~ \"\n");
}
END_TEST

START_TEST(lines_end_where_the_peers_do_and_are_short)
{
    char many[200];
    char expected[256];

    send_text(RECORDING_END, "a\r\n\nb");
    ck_assert_str_eq(read_file(NAME), "> \"a\\r\\n\"\n> \"\\n\"\n> \"b\"\n");
    memset(many, 'x', sizeof(many));
    ck_assert_int_eq(recording_expect(&recording, many, 100), 0);
    (void)snprintf(expected, sizeof(expected), "< \"%.92s\"\n< \"xxxxxxxx\"\n",
                   many);
    ck_assert_ptr_nonnull(strstr(read_file(NAME), expected));
}
END_TEST

START_TEST(an_act_that_comes_late_stands_before_what_was_read_since)
{
    send_text(RECORDING_END, "1");
    expect_text("one");
    send_text(RECORDING_END, "2");
    expect_text("tw");
    act(RECORDING_BEFORE, "wait 1s");
    send_text(RECORDING_BEFORE, "3");
    expect_text("o");
    ck_assert_str_eq(read_file(NAME), "> \"1\"\n< \"one\"\n> \"2\"\nwait 1s\n"
                                      "> \"3\"\n< \"tw\"\n< \"o\"\n");
    act(RECORDING_END, "end");
    act(RECORDING_BEFORE, "wait 2s");
    ck_assert_ptr_nonnull(strstr(read_file(NAME), "< \"o\"\nend\nwait 2s\n"));
}
END_TEST

START_TEST(what_holds_for_all_of_it_stands_first)
{
    tell(RECORDING_HEAD, "time 2026-11-29T15:00:00Z");
    send_text(RECORDING_END, "1");
    expect_text("one");
    tell(RECORDING_HEAD, "# a\n# b");
    act(RECORDING_BEFORE, "end");
    ck_assert_str_eq(read_file(NAME), "time 2026-11-29T15:00:00Z\n# a\n# b\n"
                                      "> \"1\"\nend\n< \"one\"\n");
}
END_TEST

START_TEST(a_file_that_is_too_large_is_cut_at_a_line)
{
    char line[128];

    recording.most = 1000;
    memset(line, 'x', sizeof(line));
    line[79] = '\n';
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(recording_expect(&recording, line, 80), 0);
    }
    ck_assert(recording.is_over);
    (void)read_file(NAME);
    ck_assert_uint_le(strlen(found), 1000);
    ck_assert_uint_gt(strlen(found), 800);
    ck_assert_ptr_nonnull(strstr(
        found, "x\\n\"\n# the file is as large as it may become\ncut\n"));
    ck_assert_str_eq(strstr(found, "cut\n"), "cut\n");
}
END_TEST

START_TEST(a_late_act_that_does_not_fit_leaves_what_is_there)
{
    char bytes[300];

    recording.most = 600;
    memset(bytes, 'x', sizeof(bytes));
    send_text(RECORDING_END, "1");
    ck_assert_int_eq(recording_expect(&recording, bytes, sizeof(bytes)), 0);
    ck_assert_int_eq(
        recording_send(&recording, RECORDING_BEFORE, bytes, sizeof(bytes)), 0);
    ck_assert(recording.is_over);
    (void)read_file(NAME);
    ck_assert_uint_le(strlen(found), 600);
    ck_assert_int_eq(strncmp(found, "> \"1\"\n> \"xxx", 12), 0);
    ck_assert_str_eq(strstr(found, "cut\n"), "cut\n");
    expect_text("nothing more");
    ck_assert_str_eq(strstr(read_file(NAME), "cut\n"), "cut\n");
}
END_TEST

START_TEST(a_large_step_is_whole)
{
    static char bytes[20000];
    size_t lines = 0;

    memset(bytes, 'a', sizeof(bytes));
    send_text(RECORDING_END, "1");
    ck_assert_int_eq(recording_expect(&recording, bytes, sizeof(bytes)), 0);
    send_text(RECORDING_BEFORE, "2");
    (void)read_file(NAME);
    ck_assert_int_eq(strncmp(found, "> \"1\"\n> \"2\"\n< \"aaa", 18), 0);
    for (const char *at = found; (at = strstr(at, "\n< \"")) != NULL; at++) {
        lines++;
    }
    ck_assert_uint_eq(lines, (sizeof(bytes) + 91) / 92);
    ck_assert_uint_eq(strlen(found), recording.size);
}
END_TEST

START_TEST(what_there_is_no_room_for_is_told_and_taken_back)
{
    struct rlimit limit = {.rlim_cur = 100, .rlim_max = RLIM_INFINITY};
    char bytes[300];

    (void)signal(SIGXFSZ, SIG_IGN);
    memset(bytes, 'x', sizeof(bytes));
    send_text(RECORDING_END, "1");
    expect_text("one");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(
        recording_send(&recording, RECORDING_BEFORE, bytes, sizeof(bytes)),
        -EFBIG);
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(recording.is_over);
    ck_assert_str_eq(read_file(NAME), "> \"1\"\n< \"one\"\ncut\n");
    expect_text("nothing more");
    ck_assert_str_eq(read_file(NAME), "> \"1\"\n< \"one\"\ncut\n");
}
END_TEST

START_TEST(the_rest_is_cut_with_a_reason)
{
    send_text(RECORDING_END, "1");
    ck_assert_int_eq(recording_cut(&recording, "who knows"), 0);
    ck_assert_str_eq(read_file(NAME), "> \"1\"\n# who knows\ncut\n");
    ck_assert_int_eq(recording_cut(&recording, "again"), 0);
    ck_assert_str_eq(read_file(NAME), "> \"1\"\n# who knows\ncut\n");
}
END_TEST

START_TEST(a_file_that_is_there_is_left_alone)
{
    struct recording other;
    struct stat status;

    expect_text("mine");
    ck_assert_int_eq(recording_begin(&other, folder, NAME), -EEXIST);
    ck_assert(other.is_over);
    ck_assert_int_eq(recording_expect(&other, "x", 1), 0);
    ck_assert_str_eq(read_file(NAME), "< \"mine\"\n");
    ck_assert_int_eq(fstatat(folder, NAME, &status, 0), 0);
    ck_assert_uint_eq(status.st_mode & 07777, 0600);
    ck_assert_int_eq(symlinkat(NAME, folder, "link"), 0);
    ck_assert_int_eq(recording_begin(&other, folder, "link"), -EEXIST);
}
END_TEST

START_TEST(who_puts_a_link_in_its_place_gets_nothing)
{
    struct recording other;

    ck_assert_int_eq(recording_begin(&other, folder, "b"), 0);
    ck_assert_int_eq(unlinkat(folder, NAME, 0), 0);
    ck_assert_int_eq(symlinkat("b", folder, NAME), 0);
    ck_assert_int_eq(recording_expect(&recording, "x", 1), -ELOOP);
    ck_assert(recording.is_over);
    ck_assert_str_eq(read_file("b"), "");
}
END_TEST

START_TEST(a_file_that_was_removed_is_told)
{
    ck_assert_int_eq(unlinkat(folder, NAME, 0), 0);
    ck_assert_int_eq(recording_expect(&recording, "x", 1), -ENOENT);
    ck_assert(recording.is_over);
}
END_TEST

START_TEST(a_file_gets_another_name)
{
    struct recording other;

    expect_text("1");
    ck_assert_int_eq(recording_begin(&other, folder, "b"), 0);
    ck_assert_int_eq(recording_rename(&recording, "b"), -EEXIST);
    ck_assert_str_eq(recording.name, NAME);
    ck_assert_int_eq(recording_rename(&recording, "c"), 0);
    expect_text("2");
    ck_assert_str_eq(read_file("c"), "< \"1\"\n< \"2\"\n");
    ck_assert_str_eq(read_file("b"), "");
}
END_TEST

UNIT_MAIN_WITH("recording",
               set_up,
               tear_down,
               each_step_is_in_the_file_at_once,
               bytes_are_escaped_as_transcripts_have_it,
               lines_end_where_the_peers_do_and_are_short,
               an_act_that_comes_late_stands_before_what_was_read_since,
               what_holds_for_all_of_it_stands_first,
               a_file_that_is_too_large_is_cut_at_a_line,
               a_late_act_that_does_not_fit_leaves_what_is_there,
               a_large_step_is_whole,
               what_there_is_no_room_for_is_told_and_taken_back,
               the_rest_is_cut_with_a_reason,
               a_file_that_is_there_is_left_alone,
               who_puts_a_link_in_its_place_gets_nothing,
               a_file_that_was_removed_is_told,
               a_file_gets_another_name)
