/* SPDX-License-Identifier: MIT */
#include "berth-try/options.h"

#include <string.h>

#include "capture.h"
#include "unit.h"

#define PROGRAM "berth-try"
#include "options_said.h"

START_TEST(a_plugin_and_transcripts_are_enough)
{
    take("my.so a.transcript b.transcript");
    ck_assert_int_eq(options.command, OPTIONS_TRY);
    ck_assert_str_eq(options.subject.plugin, "my.so");
    ck_assert_ptr_null(options.subject.config);
    ck_assert_ptr_null(options.subject.entry);
    ck_assert_uint_eq(options.subject.set_count, 0);
    ck_assert_uint_eq(options.transcript_count, 2);
    ck_assert_str_eq(options.transcripts[0], "a.transcript");
    ck_assert_str_eq(options.transcripts[1], "b.transcript");
    ck_assert_ptr_null(options.trial.only);
    ck_assert_uint_eq(options.trial.seed, 1);
    ck_assert_uint_eq(options.trial.randoms, 32);
    ck_assert_uint_eq(options.trial.slow_ms, 200);
    ck_assert_uint_eq(options.trial.memory_limit, 4194304);
    ck_assert_uint_eq(options.trial.allowed, 0);
    ck_assert(!options.trial.is_verbose);
    ck_assert_uint_ge(options.jobs, 1);
    options_fini(&options);
}
END_TEST

START_TEST(options_stand_anywhere)
{
    take("-s a=1 my.so --set=b.c=x=y t -c berth.yaml --entry e -v -j 3 "
         "--bench --tap");
    ck_assert_int_eq(options.command, OPTIONS_BENCH);
    ck_assert_uint_eq(options.subject.set_count, 2);
    ck_assert_str_eq(options.subject.sets[0], "a=1");
    ck_assert_str_eq(options.subject.sets[1], "b.c=x=y");
    ck_assert_str_eq(options.subject.config, "berth.yaml");
    ck_assert_str_eq(options.subject.entry, "e");
    ck_assert(options.trial.is_verbose);
    ck_assert_uint_eq(options.jobs, 3);
    ck_assert_str_eq(options.subject.plugin, "my.so");
    ck_assert_uint_eq(options.transcript_count, 1);
    options_fini(&options);
}
END_TEST

START_TEST(numbers_have_units_and_ends)
{
    take("--seed 18446744073709551615 --random 0 --slow 1m30s --memory 64KiB "
         "-j 0 p t");
    ck_assert_uint_eq(options.trial.seed, UINT64_MAX);
    ck_assert_uint_eq(options.trial.randoms, 0);
    ck_assert_uint_eq(options.trial.slow_ms, 90000);
    ck_assert_uint_eq(options.trial.memory_limit, 65536);
    ck_assert_uint_eq(options.jobs, 1);
    options_fini(&options);
    take("--slow none --memory none -j 64 --random 1000000 p t");
    ck_assert_uint_eq(options.trial.slow_ms, 0);
    ck_assert_uint_eq(options.trial.memory_limit, 0);
    ck_assert_uint_eq(options.jobs, 64);
    options_fini(&options);
}
END_TEST

START_TEST(what_is_no_such_number_is_refused)
{
    refuse("--jobs 65 p t", "'--jobs 65' is not a number up to 64");
    refuse("--jobs -1 p t", "'--jobs -1' is not a number up to 64");
    refuse("--random 1000001 p t",
           "'--random 1000001' is not a number up to 1000000");
    refuse("--random 1x p t", "'--random 1x' is not a number up to 1000000");
    refuse("--seed 18446744073709551616 p t",
           "'--seed 18446744073709551616' is not a number up to "
           "18446744073709551615");
    refuse("--seed= p t",
           "'--seed ' is not a number up to 18446744073709551615");
    ck_assert_int_eq(parse("--slow 7 p t"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "'--slow 7' "));
    ck_assert_int_eq(parse("--memory 64K p t"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "'--memory 64K' "));
}
END_TEST

START_TEST(rules_are_allowed_by_name)
{
    take("--allow leak --allow=slow p t");
    ck_assert_uint_eq(options.trial.allowed,
                      1u << FINDING_LEAK | 1u << FINDING_SLOW);
    options_fini(&options);
    refuse("--allow leek p t",
           "'--allow leek': there is no such rule, did you mean leak");
    refuse("--allow crash p t", "'--allow crash': there is no such rule");
}
END_TEST

START_TEST(only_one_manner_is_asked_for)
{
    take("--only split:3+edge p t");
    ck_assert_ptr_eq(options.trial.only, &options.only);
    ck_assert_int_eq(options.only.kind, MANNER_SPLIT);
    ck_assert_uint_eq(options.only.number, 3);
    options_fini(&options);
    refuse("--only halves p t", "'--only halves': there is no such manner");
}
END_TEST

START_TEST(what_cannot_be_meant_is_refused)
{
    refuse("", "which plugin? It is missing, and so are transcripts");
    refuse("p", "which transcripts? There is none");
    refuse("--entry e p t", "'--entry' goes with '--config'");
    refuse("--set max p t", "'--set max' is not KEY=VALUE");
    refuse("--set =8 p t", "'--set =8' is not KEY=VALUE");
    ck_assert_int_eq(parse("--nonsense p t"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "'--nonsense'"));
    ck_assert_int_eq(parse("p t --seed"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "--seed"));
    ck_assert_int_eq(parse("-x p t"), -EINVAL);
    ck_assert_ptr_nonnull(strstr(said, "-x"));
}
END_TEST

START_TEST(who_asks_for_help_need_ask_for_nothing_else)
{
    take("--help --nonsense");
    ck_assert_int_eq(options.command, OPTIONS_HELP);
    options_fini(&options);
    take("-V");
    ck_assert_int_eq(options.command, OPTIONS_VERSION);
    options_fini(&options);
}
END_TEST

static void check_repeat(const char *words, const char *expected)
{
    struct capture capture;

    take(words);
    options_print_repeat(&options, "bytes+edge", "it's a.transcript",
                         capture_begin(&capture));
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
    options_fini(&options);
}

START_TEST(what_repeats_it_is_for_a_shell)
{
    check_repeat("my.so t",
                 "berth-try --only bytes+edge my.so 'it'\\''s a.transcript'\n");
    check_repeat("-s greeting=$x --seed=7 --only whole my.so t",
                 "berth-try -s 'greeting=$x' --seed=7 --only bytes+edge my.so "
                 "'it'\\''s a.transcript'\n");
    check_repeat("--only=whole my.so t --set 'a=;'",
                 "berth-try --set ''\\''a=;'\\''' --only bytes+edge my.so "
                 "'it'\\''s a.transcript'\n");
}
END_TEST

UNIT_MAIN("try.options",
          a_plugin_and_transcripts_are_enough,
          options_stand_anywhere,
          numbers_have_units_and_ends,
          what_is_no_such_number_is_refused,
          rules_are_allowed_by_name,
          only_one_manner_is_asked_for,
          what_cannot_be_meant_is_refused,
          who_asks_for_help_need_ask_for_nothing_else,
          what_repeats_it_is_for_a_shell)
