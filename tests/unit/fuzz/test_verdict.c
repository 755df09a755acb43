/* SPDX-License-Identifier: MIT */
#include "berth-fuzz/verdict.h"

#include <string.h>

#include "crumb.h"
#include "unit.h"

static struct finding_board *board;

static void set_up(void)
{
    board = finding_board_new();
    ck_assert_ptr_nonnull(board);
    board->callback = CRUMB_ON_DATA;
    board->call = 3;
}

static void tear_down(void)
{
    finding_board_free(board);
}

START_TEST(a_report_is_a_finding)
{
    verdict_read("INFO: seed\n"
                 "=================\n"
                 "==12==ERROR: AddressSanitizer: heap-buffer-overflow on "
                 "address 0x602000000095 at pc 0x7f bp 0x7f sp 0x7f\n"
                 "READ of size 1 at 0x602000000095 thread T0\n"
                 "    #0 0x7f2aa in on_data /a/b/my.c:12:3\n"
                 "    #1 0x55555 in judge_on_data /a/b/judge.c:1:1\n"
                 "\n"
                 "0x602000000095 is located 0 bytes to the right\n"
                 "allocated by thread T0 here:\n"
                 "    #0 0x7f2aa in malloc\n",
                 board);
    ck_assert(board->is_found);
    ck_assert_int_eq((int)board->rule, FINDING_CRASH);
    ck_assert_str_eq(board->text, "on_data (call 3): AddressSanitizer: "
                                  "heap-buffer-overflow");
    ck_assert_str_eq(board->details,
                     "at       on_data /a/b/my.c:12:3\n"
                     "at       judge_on_data /a/b/judge.c:1:1\n");
}
END_TEST

START_TEST(places_in_memory_are_left_out)
{
    verdict_read("==1==ERROR: AddressSanitizer: SEGV on unknown address "
                 "0x000000000000 (pc 0x7f bp 0x7f sp 0x7f T0)\n",
                 board);
    ck_assert_str_eq(board->text, "on_data (call 3): AddressSanitizer: SEGV");
}
END_TEST

START_TEST(a_leak_is_one_of_its_own_rule)
{
    verdict_read("==12==ERROR: LeakSanitizer: detected memory leaks\n\n"
                 "Direct leak of 9 byte(s) in 1 object(s) allocated from:\n"
                 "    #0 0x7f2aa in strdup\n"
                 "    #1 0x7f2ab in on_open /a/leaks.c:20:23\n",
                 board);
    ck_assert_int_eq((int)board->rule, FINDING_LEAK);
    ck_assert_ptr_nonnull(strstr(board->details, "on_open /a/leaks.c:20"));
}
END_TEST

START_TEST(so_is_undefined_behaviour)
{
    verdict_read("my.c:12:3: runtime error: signed integer overflow: 1 + 2\n",
                 board);
    ck_assert_int_eq((int)board->rule, FINDING_CRASH);
    ck_assert_ptr_nonnull(
        strstr(board->text, "signed integer overflow: 1 + 2"));
}
END_TEST

START_TEST(so_is_too_much_memory)
{
    verdict_read("==1== ERROR: libFuzzer: out-of-memory (used: 2049Mb)\n",
                 board);
    ck_assert_int_eq((int)board->rule, FINDING_MEMORY);
}
END_TEST

START_TEST(other_words_are_none)
{
    verdict_read("INFO: ERROR: nothing of the kind\n", board);
    verdict_read("", board);
    ck_assert(!board->is_found);
}
END_TEST

START_TEST(what_was_found_before_stays)
{
    finding_note(board, FINDING_USE, "used more");
    verdict_read("==1==ERROR: AddressSanitizer: SEGV on address 0\n", board);
    ck_assert_str_eq(board->text, "used more");
    ck_assert_int_eq((int)board->rule, FINDING_USE);
}
END_TEST

UNIT_MAIN_WITH("verdict",
               set_up,
               tear_down,
               a_report_is_a_finding,
               places_in_memory_are_left_out,
               a_leak_is_one_of_its_own_rule,
               so_is_undefined_behaviour,
               so_is_too_much_memory,
               other_words_are_none,
               what_was_found_before_stays)
