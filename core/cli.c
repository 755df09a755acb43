/* SPDX-License-Identifier: MIT */
#include "cli.h"

#include "suggest.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <berth/protocol.h>

#include "usage.h"

/* All there is to know of an option: what getopt_long(), the help and the
   messages are made of. */
static const struct option_row {
    const char *name;
    const char *value; /* what its value is called; NULL: takes none */
    const char *help;
    enum cli_command command; /* CLI_SERVE: changes nothing */
    char letter;              /* '\0': none */
} rows[] = {
    {"config", "FILE", "read FILE instead of ./server.yaml", CLI_SERVE, 'c'},
    {"workers", "N", "worker processes; 0: one process in all", CLI_SERVE, 'w'},
    {"record", "FOLDER", "leave a transcript of each connection in FOLDER",
     CLI_SERVE, '\0'},
    {"check", NULL, "read and check all of it, bind nothing, then exit",
     CLI_CHECK, 't'},
    {"list", NULL, "list the plugins that are found, then exit", CLI_LIST, 'l'},
    {"describe", NULL, "describe the plugins named, or server.yaml itself",
     CLI_DESCRIBE, '\0'},
    {"print-config", NULL, "print what takes effect, and where it comes from",
     CLI_PRINT_CONFIG, '\0'},
    {"print-default-config", NULL, "print a server.yaml to begin with",
     CLI_PRINT_DEFAULT_CONFIG, '\0'},
    {"print-schema", NULL, "print the JSON Schema of server.yaml, for editors",
     CLI_PRINT_SCHEMA, '\0'},
    {"version", NULL, "print the version, then exit", CLI_VERSION, 'V'},
    {"help", NULL, "print this, then exit", CLI_HELP, 'h'},
};

enum {
    ROW_COUNT = sizeof(rows) / sizeof(rows[0]),
    LONG_ONLY = 256, /* and a row's number: its value, above all letters */
    HELP_COLUMN = 30,
};

/* What getopt_long() calls the option: its letter if it has one. */
static int get_value(const struct option_row *row)
{
    return row->letter == '\0' ? LONG_ONLY + (int)(row - rows) : row->letter;
}

/* ----------------------------------------------------------------- printing */

static void print_row(FILE *stream, const struct option_row *row)
{
    char letter[] = "-x,";
    int width;

    letter[1] = row->letter;
    width = fprintf(
        stream, "  %-3s --%s%s%s", row->letter == '\0' ? "" : letter, row->name,
        row->value == NULL ? "" : " ", row->value == NULL ? "" : row->value);
    (void)fprintf(stream, "%*s%s\n",
                  width < HELP_COLUMN ? HELP_COLUMN - width : 1, "", row->help);
}

void cli_print_help(FILE *stream)
{
    (void)fputs("Usage: berth [OPTION]... [PLUGIN[=ADDRESS]]...\n"
                "\n"
                "A TCP server that speaks the protocols that are plugged into "
                "it.\n"
                "\n",
                stream);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        print_row(stream, &rows[i]);
    }
    (void)fputs("\n"
                "Given plugins, berth serves these and reads no file:\n"
                "  berth echo                      echo on 127.0.0.1:8080\n"
                "  berth ./my.so=127.0.0.1:9000    a plugin of your own\n"
                "  berth --describe ./my.so        what can be set of it\n"
                "Otherwise it reads ./server.yaml, or else the system's "
                "berth/server.yaml.\n"
                "Where there is neither it serves echo on 127.0.0.1:8080.\n"
                "\n"
                "Exit status: 0 fine, 64 command line, 78 configuration, "
                "71 operating system,\n"
                "1 anything else.\n",
                stream);
}

/* "Fl -config Ar FILE" */
static void print_flag(FILE *stream, const char *flag, const char *value)
{
    (void)fprintf(stream, " Fl %s", flag);
    if (value != NULL) {
        (void)fprintf(stream, " Ar %s", value);
    }
}

void cli_print_manual(FILE *stream)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const char letter[] = {rows[i].letter, '\0'};
        char name[64];

        (void)fputs(".It", stream);
        if (letter[0] != '\0') {
            print_flag(stream, letter, rows[i].value);
            (void)fputs(" ,", stream);
        }
        (void)snprintf(name, sizeof(name), "-%s", rows[i].name);
        print_flag(stream, name, rows[i].value);
        (void)fprintf(stream, "\n%s\n", rows[i].help);
    }
}

void cli_print_version(FILE *stream)
{
    (void)fprintf(stream, "berth %s (contract %u)\n", BERTH_VERSION, BERTH_ABI);
}

static const struct usage usage = {"berth", "berth --help"};

/* ------------------------------------------------------------ what is wrong */

static const struct option_row *find_row(int value)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (get_value(&rows[i]) == value) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A word of the command line that is no option of ours: --confg=x. */
static int refuse_unknown(const char *word)
{
    int length = (int)strcspn(word, "=");
    const char *names[ROW_COUNT];
    char text[64];
    const char *nearest;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        names[i] = rows[i].name;
    }
    (void)snprintf(text, sizeof(text), "%.*s", length, word);
    nearest = suggest_nearest(text + strspn(text, "-"), names, ROW_COUNT);
    if (nearest == NULL) {
        return usage_refuse(&usage, "unknown option '%.*s'", length, word);
    }
    return usage_refuse(&usage, "unknown option '%.*s', did you mean '--%s'?",
                        length, word, nearest);
}

/* getopt_long() takes any beginning of a name that only one has. */
static int refuse_ambiguous(const char *word, size_t length)
{
    const char *one = NULL;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strncmp(rows[i].name, word + 2, length - 2) != 0) {
            continue;
        }
        if (one != NULL) {
            return usage_refuse(&usage, "'%.*s' may be '--%s' or '--%s'",
                                (int)length, word, one, rows[i].name);
        }
        one = rows[i].name;
    }
    return refuse_unknown(word);
}

/* After a '?' of getopt_long(): optopt is what it could not take, 0 for a long
   name that is unknown or ambiguous. */
static int refuse_option(const char *word)
{
    bool is_long = strncmp(word, "--", 2) == 0;
    const struct option_row *row = find_row(optopt);

    if (is_long && row != NULL) {
        return usage_refuse(&usage, "option '--%s' takes no value", row->name);
    }
    if (is_long) {
        return refuse_ambiguous(word, strcspn(word, "="));
    }
    return usage_refuse(&usage, "unknown option '-%c'", optopt);
}

static bool is_single_dash(const char *word)
{
    size_t length = word[0] == '-' ? strcspn(word + 1, "=") : 0;

    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (strlen(rows[i].name) == length &&
            memcmp(word + 1, rows[i].name, length) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * "-config x" is "-c onfig" to getopt_long(), and "-check" is "-c heck": taken
 * at their word they would name files that nobody meant.
 */
static int refuse_single_dash(int argc, char *const *argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (is_single_dash(argv[i])) {
            return refuse_unknown(argv[i]);
        }
    }
    return 0;
}

/* ------------------------------------------------------------------ reading */

static void fill_getopt(char letters[2 * ROW_COUNT + 2],
                        struct option names[ROW_COUNT + 1])
{
    size_t length = 0;

    letters[length++] = ':'; /* tells a missing value from the unknown */
    for (size_t i = 0; i < ROW_COUNT; i++) {
        names[i] = (struct option){
            .name = rows[i].name,
            .has_arg = rows[i].value == NULL ? no_argument : required_argument,
            .val = get_value(&rows[i]),
        };
        if (rows[i].letter == '\0') {
            continue;
        }
        letters[length++] = rows[i].letter;
        if (rows[i].value != NULL) {
            letters[length++] = ':';
        }
    }
    letters[length] = '\0';
    names[ROW_COUNT] = (struct option){.name = NULL};
}

static const char *get_command_name(enum cli_command command)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].command == command) {
            return rows[i].name;
        }
    }
    return NULL;
}

static int take_text(const char **text, const struct option_row *row)
{
    if (*text != NULL) {
        return usage_refuse(&usage, "option '--%s' is given twice", row->name);
    }
    *text = optarg;
    return 0;
}

static int take_workers(struct cli *cli)
{
    const size_t digits = strspn(optarg, "0123456789");

    if (cli->workers >= 0) {
        return usage_refuse(&usage, "option '--workers' is given twice");
    }
    cli->workers = (int32_t)strtoul(optarg, NULL, 10);
    if (digits == 0 || digits > 3 || optarg[digits] != '\0' ||
        cli->workers > CLI_WORKERS_MAX) {
        return usage_refuse(&usage, "'--workers' must be a number from 0 to %d",
                            CLI_WORKERS_MAX);
    }
    return 0;
}

static int take_value(struct cli *cli, const struct option_row *row)
{
    switch (row->letter) {
    case 'w':
        return take_workers(cli);
    case 'c':
        return take_text(&cli->config, row);
    default:
        return take_text(&cli->record, row);
    }
}

static int take_option(struct cli *cli, const struct option_row *row)
{
    if (row->value != NULL) {
        return take_value(cli, row);
    }
    /* They are in order of rank: help last. */
    if (row->command >= CLI_VERSION || cli->command >= CLI_VERSION) {
        cli->command =
            row->command > cli->command ? row->command : cli->command;
        return 0;
    }
    if (cli->command != CLI_SERVE && cli->command != row->command) {
        return usage_refuse(&usage, "'--%s' and '--%s' do not go together",
                            get_command_name(cli->command), row->name);
    }
    cli->command = row->command;
    return 0;
}

static int read_options(struct cli *cli, int argc, char **argv)
{
    char letters[2 * ROW_COUNT + 2];
    struct option names[ROW_COUNT + 1];
    int result = 0;
    int value;

    fill_getopt(letters, names);
    optind = 0; /* begin anew: glibc's way, see getopt(3) */
    opterr = 0;
    while (result == 0 &&
           (value = getopt_long(argc, argv, letters, names, NULL)) != -1) {
        if (value == ':') {
            result =
                usage_refuse(&usage, "option '--%s' needs a value: %s",
                             find_row(optopt)->name, find_row(optopt)->value);
        } else if (value == '?') {
            result = refuse_option(argv[optind - 1]);
        } else {
            result = take_option(cli, find_row(value));
        }
    }
    return result;
}

static bool takes_words(enum cli_command command)
{
    return command == CLI_SERVE || command == CLI_CHECK ||
           command == CLI_DESCRIBE || command == CLI_PRINT_CONFIG;
}

static int check_words(const struct cli *cli)
{
    if (cli->command >= CLI_VERSION || cli->word_count == 0) {
        return 0;
    }
    if (!takes_words(cli->command)) {
        return usage_refuse(&usage, "'--%s' takes no plugins: it finds them",
                            get_command_name(cli->command));
    }
    if (cli->config != NULL) {
        return usage_refuse(
            &usage,
            "either plugins or '--config', not both: '%s' would not "
            "be read",
            cli->config);
    }
    return 0;
}

static int check_record(const struct cli *cli)
{
    if (cli->record == NULL || cli->command == CLI_SERVE ||
        cli->command == CLI_CHECK || cli->command >= CLI_VERSION) {
        return 0;
    }
    return usage_refuse(&usage,
                        "'--%s' serves nobody: there is nothing to "
                        "record",
                        get_command_name(cli->command));
}

int cli_parse(struct cli *cli, int argc, char **argv)
{
    struct cli parsed = {.command = CLI_SERVE, .workers = -1};
    int result = refuse_single_dash(argc, argv);

    if (result == 0) {
        result = read_options(&parsed, argc, argv);
    }
    if (result != 0) {
        return result;
    }
    parsed.words = (const char *const *)argv + optind;
    parsed.word_count = (size_t)(argc - optind);
    result = check_words(&parsed);
    if (result == 0) {
        result = check_record(&parsed);
    }
    if (result == 0) {
        *cli = parsed;
    }
    return result;
}
