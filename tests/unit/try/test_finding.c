/* SPDX-License-Identifier: MIT */
#include "berth-try/finding.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static struct finding_board *board;

static void set_up(void)
{
    board = finding_board_new();
    ck_assert_ptr_nonnull(board);
}

static void tear_down(void)
{
    finding_board_free(board);
}

START_TEST(bytes_are_written_as_in_transcripts)
{
    char text[64];

    ck_assert_uint_eq(finding_escape(text, sizeof(text), "a\"\\\r\n\t ~", 8),
                      13);
    ck_assert_str_eq(text, "a\\\"\\\\\\r\\n\\t ~");
    ck_assert_uint_eq(finding_escape(text, sizeof(text), "", 0), 0);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(finding_escape(text, sizeof(text), "\x1b\x7f\x80\xff", 4),
                      16);
    ck_assert_str_eq(text, "\\x1b\\x7f\\x80\\xff");
}
END_TEST

START_TEST(no_escape_is_cut)
{
    char text[16];

    memset(text, '?', sizeof(text));
    ck_assert_uint_eq(finding_escape(text, 6, "ab\xff", 3), 2);
    ck_assert_str_eq(text, "ab");
    ck_assert_uint_eq(finding_escape(text, 7, "ab\xff", 3), 6);
    ck_assert_str_eq(text, "ab\\xff");
    ck_assert_int_eq(text[7], '?');
    ck_assert_uint_eq(finding_escape(text, 3, "a\n", 2), 1);
    ck_assert_str_eq(text, "a");
    ck_assert_uint_eq(finding_escape(text, 1, "a", 1), 0);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(details_are_lines_below_each_other)
{
    finding_detail(board, "expected", "closed %d", 0);
    finding_detail(board, "got", "%s", "nothing");
    ck_assert_str_eq(board->details, "expected closed 0\n"
                                     "got      nothing\n");
}
END_TEST

START_TEST(of_many_bytes_those_around_the_place_are_shown)
{
    char bytes[1000];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)('a' + i / 100);
    }
    finding_detail_bytes(board, "got", bytes, 3, 0);
    finding_detail_bytes(board, "got", bytes, 0, 0);
    finding_detail_bytes(board, "got", bytes, 5, 900);
    finding_detail_bytes(board, "got", bytes, 1000, 990);
    ck_assert_str_eq(board->details,
                     "got      \"aaa\"\n"
                     "got      \"\"\n"
                     "got      ...\"\"\n"
                     "got      ...\"jjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjjj"
                     "\"\n");
    board->details[0] = '\0';
    finding_detail_bytes(board, "got", bytes, 1000, 0);
    ck_assert_ptr_nonnull(strstr(board->details, "aaa\"...\n"));
    board->details[0] = '\0';
    finding_detail_bytes(board, "got", bytes, 1000, 500);
    ck_assert_ptr_nonnull(strstr(board->details, "got      ...\"eeee"));
    ck_assert_ptr_nonnull(strstr(board->details, "ffff\"...\n"));
}
END_TEST

START_TEST(what_does_not_fit_is_cut)
{
    char bytes[96];

    memset(bytes, '\x01', sizeof(bytes));
    for (int i = 0; i < 100; i++) {
        finding_detail_bytes(board, "got", bytes, sizeof(bytes), 0);
    }
    ck_assert_uint_eq(strlen(board->details), FINDING_DETAILS_MAX - 1);
    finding_note(board, FINDING_CRASH, "%0*d", 2 * FINDING_TEXT_MAX, 1);
    ck_assert_uint_eq(strlen(board->text), FINDING_TEXT_MAX - 1);
}
END_TEST

START_TEST(the_first_finding_stays)
{
    ck_assert(!board->is_found);
    finding_note(board, FINDING_CRASH, "it crashes: %s", "SIGSEGV");
    finding_note(board, FINDING_SLOW, "it is slow");
    ck_assert(board->is_found);
    ck_assert_int_eq(board->rule, FINDING_CRASH);
    ck_assert_str_eq(board->text, "it crashes: SIGSEGV");
}
END_TEST

START_TEST(it_outlives_the_process_that_found_it)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        board->line = 3;
        finding_detail(board, "got", "less");
        finding_end(board, FINDING_LEAK, "%d bytes", 5);
    }
    ck_assert_int_gt(pid, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), FINDING_STATUS);
    ck_assert(board->is_found);
    ck_assert_int_eq(board->rule, FINDING_LEAK);
    ck_assert_str_eq(board->text, "5 bytes");
    ck_assert_str_eq(board->details, "got      less\n");
    ck_assert_uint_eq(board->line, 3);
}
END_TEST

START_TEST(each_rule_has_a_text_and_a_name_of_its_own)
{
    for (size_t i = 0; i < FINDING_RULES; i++) {
        ck_assert_ptr_nonnull(finding_rules[i].help);
        for (size_t j = 0; j < i && finding_rules[i].name != NULL; j++) {
            ck_assert(finding_rules[j].name == NULL ||
                      strcmp(finding_rules[i].name, finding_rules[j].name) !=
                          0);
        }
    }
}
END_TEST

UNIT_MAIN_WITH("try.finding",
               set_up,
               tear_down,
               bytes_are_written_as_in_transcripts,
               no_escape_is_cut,
               details_are_lines_below_each_other,
               of_many_bytes_those_around_the_place_are_shown,
               what_does_not_fit_is_cut,
               the_first_finding_stays,
               it_outlives_the_process_that_found_it,
               each_rule_has_a_text_and_a_name_of_its_own)
