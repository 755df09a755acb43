/* SPDX-License-Identifier: MIT */
/*
 * The command line: berth [OPTION]... [PLUGIN[=ADDRESS]]...
 */
#ifndef BERTH_CLI_H
#define BERTH_CLI_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses; the numbers of sysexits.h. */
enum cli_exit {
    CLI_EXIT_OK = 0,
    CLI_EXIT_OTHER = 1,
    CLI_EXIT_USAGE = 64,  /* the command line */
    CLI_EXIT_SYSTEM = 71, /* the operating system: bind, limits */
    CLI_EXIT_CONFIG = 78, /* server.yaml, or what it names */
};

enum cli_command {
    CLI_SERVE = 0,
    CLI_CHECK,
    CLI_LIST,
    CLI_DESCRIBE,
    CLI_PRINT_CONFIG,
    CLI_PRINT_DEFAULT_CONFIG,
    CLI_PRINT_SCHEMA,
    CLI_VERSION,
    CLI_HELP,
};

#define CLI_WORKERS_MAX 256

struct cli {
    enum cli_command command;
    int32_t workers;          /* of --workers; -1: not given */
    const char *config;       /* of --config; NULL: not given */
    const char *record;       /* of --record; NULL: not given; only with
                                 CLI_SERVE and CLI_CHECK */
    const char *const *words; /* PLUGIN[=ADDRESS]; within argv */
    size_t word_count;        /* only with CLI_SERVE, CLI_CHECK and
                                 CLI_PRINT_CONFIG, then without config, and
                                 with CLI_DESCRIBE */
};

/*
 * Reads the command line; argv is put in order, options first, as getopt(3)
 * does. Returns 0, or -EINVAL after telling on stderr what is wrong and what
 * may be meant: *cli is then untouched. --help and --version win over what
 * else is given.
 */
int cli_parse(struct cli *cli, int argc, char **argv);

void cli_print_help(FILE *stream);

/* The options as items of a list in mdoc(7). */
void cli_print_manual(FILE *stream);

void cli_print_version(FILE *stream);

#endif
