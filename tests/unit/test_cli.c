/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "capture.h"
#include "cli.h"
#include "said.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static char *argv[SAID_WORDS_MAX + 1];

static int parse_words(struct cli *cli, int argc)
{
    int result;

    said_begin();
    result = cli_parse(cli, argc, argv);
    said_end();
    return result;
}

/* words: a command line without the program, its parts a blank apart. */
static int parse(struct cli *cli, const char *words)
{
    char line[256];

    (void)snprintf(line, sizeof(line), "berth %s", words);
    return parse_words(cli, said_split(line, argv));
}

static struct cli taken(const char *words)
{
    struct cli cli;

    ck_assert_msg(parse(&cli, words) == 0, "'%s': %s", words, said);
    ck_assert_str_eq(said, "");
    return cli;
}

static void refused(const char *words, const char *message)
{
    struct cli cli = {.config = "untouched"};
    char expected[512];

    ck_assert_msg(parse(&cli, words) == -EINVAL, "'%s' is taken", words);
    (void)snprintf(expected, sizeof(expected),
                   "berth: %s\ntry 'berth --help'\n", message);
    ck_assert_str_eq(said, expected);
    ck_assert_str_eq(cli.config, "untouched");
}

START_TEST(nothing_serves)
{
    struct cli cli = taken("");

    ck_assert_int_eq(cli.command, CLI_SERVE);
    ck_assert_ptr_null(cli.config);
    ck_assert_uint_eq(cli.word_count, 0);
}
END_TEST

START_TEST(each_command_has_two_names)
{
    static const struct {
        const char *words;
        enum cli_command command;
    } cases[] = {
        {"-t", CLI_CHECK},         {"--check", CLI_CHECK},
        {"-l", CLI_LIST},          {"--list", CLI_LIST},
        {"-V", CLI_VERSION},       {"--version", CLI_VERSION},
        {"-h", CLI_HELP},          {"--help", CLI_HELP},
        {"-t --check", CLI_CHECK}, {"--vers", CLI_VERSION},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_int_eq(taken(cases[i].words).command, cases[i].command);
    }
}
END_TEST

START_TEST(some_commands_have_one_name)
{
    static const struct {
        const char *words;
        enum cli_command command;
        size_t count;
    } cases[] = {
        {"--describe", CLI_DESCRIBE, 0},
        {"--describe echo ./my.so", CLI_DESCRIBE, 2},
        {"echo --describe", CLI_DESCRIBE, 1},
        {"--print-config", CLI_PRINT_CONFIG, 0},
        {"--print-config echo=*:80", CLI_PRINT_CONFIG, 1},
        {"--print-default-config", CLI_PRINT_DEFAULT_CONFIG, 0},
        {"--print-schema", CLI_PRINT_SCHEMA, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct cli cli = taken(cases[i].words);

        ck_assert_int_eq(cli.command, cases[i].command);
        ck_assert_uint_eq(cli.word_count, cases[i].count);
    }
    ck_assert_str_eq(taken("--print-config -c a.yaml").config, "a.yaml");
}
END_TEST

START_TEST(the_configuration_can_be_written_in_five_ways)
{
    static const char *const ways[] = {"-c a.yaml", "-ca.yaml",
                                       "--config a.yaml", "--config=a.yaml",
                                       "-tc a.yaml"};

    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        ck_assert_str_eq(taken(ways[i]).config, "a.yaml");
    }
    ck_assert_int_eq(taken("-tc a.yaml").command, CLI_CHECK);
}
END_TEST

START_TEST(words_are_plugins_wherever_they_stand)
{
    struct cli cli = taken("echo -t ./my.so=*:80");

    ck_assert_int_eq(cli.command, CLI_CHECK);
    ck_assert_uint_eq(cli.word_count, 2);
    ck_assert_str_eq(cli.words[0], "echo");
    ck_assert_str_eq(cli.words[1], "./my.so=*:80");
    cli = taken("-- -t");
    ck_assert_int_eq(cli.command, CLI_SERVE);
    ck_assert_uint_eq(cli.word_count, 1);
    ck_assert_str_eq(cli.words[0], "-t");
}
END_TEST

START_TEST(help_and_version_win)
{
    ck_assert_int_eq(taken("-t -h").command, CLI_HELP);
    ck_assert_int_eq(taken("-h -t").command, CLI_HELP);
    ck_assert_int_eq(taken("-V -h").command, CLI_HELP);
    ck_assert_int_eq(taken("-h -V").command, CLI_HELP);
    ck_assert_int_eq(taken("-l -V").command, CLI_VERSION);
    ck_assert_int_eq(taken("-h -c a echo").command, CLI_HELP);
}
END_TEST

START_TEST(unknown_options_are_named)
{
    refused("--foo", "unknown option '--foo'");
    refused("--foo=bar", "unknown option '--foo'");
    refused("-x", "unknown option '-x'");
    refused("-tx", "unknown option '-x'");
    refused("echo --foo", "unknown option '--foo'");
}
END_TEST

START_TEST(near_misses_are_suggested)
{
    refused("--confg a", "unknown option '--confg', did you mean '--config'?");
    refused("--chekc", "unknown option '--chekc', did you mean '--check'?");
    refused("--HELP", "unknown option '--HELP', did you mean '--help'?");
    refused("--confg=a", "unknown option '--confg', did you mean '--config'?");
}
END_TEST

START_TEST(a_single_dash_before_a_name_is_told)
{
    refused("-config a", "unknown option '-config', did you mean '--config'?");
    refused("-config=a", "unknown option '-config', did you mean '--config'?");
    refused("-describe",
            "unknown option '-describe', did you mean '--describe'?");
    refused("-check", "unknown option '-check', did you mean '--check'?");
    ck_assert_str_eq(taken("-conf").config, "onf");
    ck_assert_uint_eq(taken("-- -check").word_count, 1);
}
END_TEST

START_TEST(ambiguous_beginnings_are_told)
{
    refused("--c", "'--c' may be '--config' or '--check'");
    refused("--c=x", "'--c' may be '--config' or '--check'");
    refused("--print",
            "'--print' may be '--print-config' or '--print-default-config'");
}
END_TEST

START_TEST(values_are_needed_or_refused)
{
    refused("-c", "option '--config' needs a value: FILE");
    refused("-t --config", "option '--config' needs a value: FILE");
    refused("--check=yes", "option '--check' takes no value");
    refused("--print-schema=x", "option '--print-schema' takes no value");
    refused("--list=", "option '--list' takes no value");
}
END_TEST

START_TEST(contradictions_are_refused)
{
    refused("-t -l", "'--check' and '--list' do not go together");
    refused("-l -t", "'--list' and '--check' do not go together");
    refused("-c a -c b", "option '--config' is given twice");
    refused("--record a --record b", "option '--record' is given twice");
    refused("--print-config --record a",
            "'--print-config' serves nobody: there is nothing to record");
    refused("--record a -l",
            "'--list' serves nobody: there is nothing to record");
    refused("-c a.yaml echo",
            "either plugins or '--config', not both: 'a.yaml' would not be "
            "read");
    refused("-l echo", "'--list' takes no plugins: it finds them");
    refused("--print-schema echo",
            "'--print-schema' takes no plugins: it finds them");
    refused("--print-config --describe",
            "'--print-config' and '--describe' do not go together");
}
END_TEST

START_TEST(a_command_line_can_be_read_again)
{
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(taken("-t -c x").command, CLI_CHECK);
        refused("--foo -t", "unknown option '--foo'");
        ck_assert_uint_eq(taken("a b c").word_count, 3);
    }
}
END_TEST

static const char *print(void (*printer)(FILE *))
{
    struct capture capture;

    printer(capture_begin(&capture));
    (void)snprintf(said, sizeof(said), "%s", capture_end(&capture));
    capture_free(&capture);
    return said;
}

START_TEST(the_help_has_every_option_within_80_columns)
{
    static const char *const parts[] = {
        "Usage: berth",        "-c, --config FILE",   "-t, --check",
        "-l, --list",          "    --record FOLDER", "    --describe ",
        "    --print-schema ", "-V, --version",       "-h, --help",
        "64 command line"};
    const char *help = print(cli_print_help);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        ck_assert_msg(strstr(help, parts[i]) != NULL, "%s", parts[i]);
    }
    for (const char *line = help; *line != '\0';) {
        size_t length = strcspn(line, "\n");

        ck_assert_msg(length < 80, "%.*s", (int)length, line);
        ck_assert(length == 0 || line[length - 1] != ' ');
        line += length + 1;
    }
}
END_TEST

START_TEST(the_version_names_the_contract)
{
    const char *version = print(cli_print_version);
    const char *contract = strstr(version, " (contract 1)\n");

    ck_assert_int_eq(strncmp(version, "berth ", 6), 0);
    ck_assert_ptr_nonnull(contract);
    ck_assert(contract > version + 6);
    ck_assert_uint_eq(strspn(version + 6, "0123456789."),
                      (size_t)(contract - version) - 6);
}
END_TEST

START_TEST(a_folder_to_record_in_may_be_given)
{
    ck_assert_ptr_null(taken("-c a").record);
    ck_assert_str_eq(taken("--record a echo").record, "a");
    ck_assert_str_eq(taken("--record=a -c b").record, "a");
    ck_assert_str_eq(taken("--check --record a").record, "a");
    ck_assert_int_eq(taken("--record a -V").command, CLI_VERSION);
    refused("--record", "option '--record' needs a value: FOLDER");
}
END_TEST

START_TEST(workers_may_be_given)
{
    ck_assert_int_eq(taken("").workers, -1);
    ck_assert_int_eq(taken("--workers=0").workers, 0);
    ck_assert_int_eq(taken("--workers 1 echo").workers, 1);
    ck_assert_int_eq(taken("--workers=007").workers, 7);
    ck_assert_int_eq(taken("echo --workers=256").workers, CLI_WORKERS_MAX);
    ck_assert_uint_eq(taken("--workers 2 echo").word_count, 1);
    ck_assert_int_eq(taken("--workers=2 -c a.yaml").command, CLI_SERVE);
    ck_assert_int_eq(taken("-t --workers=2").workers, 2);
}
END_TEST

START_TEST(workers_are_a_number_within_bounds)
{
    static const char *const wrong[] = {
        "257", "999",  "1000", "4294967296", "18446744073709551616",
        "-1",  "+1",   "1x",   "x",          "0x1",
        "1.0", "auto",
    };

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char words[64];

        (void)snprintf(words, sizeof(words), "--workers=%s", wrong[i]);
        refused(words, "'--workers' must be a number from 0 to 256");
    }
    refused("--workers=", "'--workers' must be a number from 0 to 256");
    refused("--workers", "option '--workers' needs a value: N");
    refused("--workers=0 --workers=0", "option '--workers' is given twice");
    refused("--workers=1 --workers=2", "option '--workers' is given twice");
}
END_TEST

UNIT_MAIN("cli",
          nothing_serves,
          each_command_has_two_names,
          some_commands_have_one_name,
          the_configuration_can_be_written_in_five_ways,
          words_are_plugins_wherever_they_stand,
          help_and_version_win,
          unknown_options_are_named,
          near_misses_are_suggested,
          a_single_dash_before_a_name_is_told,
          ambiguous_beginnings_are_told,
          values_are_needed_or_refused,
          contradictions_are_refused,
          a_command_line_can_be_read_again,
          the_help_has_every_option_within_80_columns,
          the_version_names_the_contract,
          a_folder_to_record_in_may_be_given,
          workers_may_be_given,
          workers_are_a_number_within_bounds)
