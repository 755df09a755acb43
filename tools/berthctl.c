/* SPDX-License-Identifier: MIT */
/*
 * berthctl: tells a server that runs what to do, and shows what it does.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berthctl/client.h"
#include "berthctl/top.h"
#include "suggest.h"
#include "usage.h"

#define USUAL_SOCKET "/run/berth/control.sock"
#define SOCKET_VARIABLE "BERTH_CONTROL"

#define INTERVAL_USUAL UINT64_C(1000) /* ms, of `top` */

/* Exit statuses; the numbers of sysexits.h. */
enum exit_status {
    EXIT_OK = 0,
    EXIT_REFUSED = 1, /* by the server */
    EXIT_USAGE = 64,
    EXIT_UNAVAILABLE = 69, /* there is no server, or it may not be used */
};

static const struct command {
    const char *name;
    const char *arguments; /* as the help shows them */
    const char *help;
    int most;  /* arguments */
    int least; /* arguments */
} commands[] = {
    {"status", "", "the server, its entries and its workers", 0, 0},
    {"connections", "", "every connection: age, bytes, what it waits for", 0,
     0},
    {"close", "ID", "close a connection", 1, 1},
    {"reload", "", "read server.yaml and its plugins anew", 0, 0},
    {"drain", "[ENTRY]", "take no new connections, end when none is left", 1,
     0},
    {"log", "LEVEL", "log error, warning, info or debug, until a reload", 1, 1},
    {"metrics", "", "all counters, as Prometheus reads them", 0, 0},
    {"top", "", "a screen of rates, until q", 0, 0},
    {"help", "", "print this", 0, 0},
};

enum {
    COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]),
    /* Options that have no letter; above all letters. */
    OPTION_TSV = 256,
    OPTION_ONCE,
    OPTION_INTERVAL,
};

struct options {
    const char *format; /* what a request begins with: "", "json ", "tsv " */
    bool is_help, is_version;
    struct top_options top;
};

static void print_help(FILE *stream)
{
    (void)fputs(
        "Usage: berthctl [OPTION]... COMMAND [ARGUMENT]\n"
        "\n"
        "Tells a berth server that runs what to do, and shows what it does.\n"
        "\n",
        stream);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        const int width =
            fprintf(stream, "  %s %s", commands[i].name, commands[i].arguments);

        (void)fprintf(stream, "%*s%s\n", 20 - width, "", commands[i].help);
    }
    (void)fputs(
        "\n"
        "  -s, --socket PATH   where the server listens, as its `control:` "
        "says; else\n"
        "                      $" SOCKET_VARIABLE ", else " USUAL_SOCKET "\n"
        "      --json          print JSON\n"
        "      --tsv           print columns between tabs\n"
        "      --interval TIME between two looks of top, as in 500ms; 1s\n"
        "      --once          top: print one interval, then exit\n"
        "  -V, --version       print the version\n"
        "  -h, --help          print this\n"
        "\n"
        "Exit status: 0 fine, 1 the server refuses, 64 command line, 69 no "
        "server.\n",
        stream);
}

static const struct usage usage = {"berthctl", "berthctl help"};
/* What is faster would only measure itself. */
static const struct usage_time interval = {"interval", "between 100ms and 1h",
                                           100, 3600000};

/* ------------------------------------------------------- the command line */

static int take_format(struct options *options, const char *format)
{
    if (*options->format != '\0' && strcmp(options->format, format) != 0) {
        return usage_refuse(&usage, "'--json' and '--tsv' do not go together");
    }
    options->format = format;
    return 0;
}

static int take_option(struct options *options, int value, const char *word)
{
    switch (value) {
    case 's':
        options->top.socket = optarg;
        return 0;
    case 'h':
        options->is_help = true;
        return 0;
    case 'V':
        options->is_version = true;
        return 0;
    case 'j':
        return take_format(options, "json ");
    case OPTION_TSV:
        return take_format(options, "tsv ");
    case OPTION_ONCE:
        options->top.is_once = true;
        return 0;
    case OPTION_INTERVAL:
        return usage_read_time(&usage, &interval, optarg,
                               &options->top.interval_ms);
    default:
        return usage_refuse_option(&usage, value, word);
    }
}

static int read_options(struct options *options, int argc, char **argv)
{
    static const struct option names[] = {
        {"socket", required_argument, NULL, 's'},
        {"json", no_argument, NULL, 'j'},
        {"tsv", no_argument, NULL, OPTION_TSV},
        {"once", no_argument, NULL, OPTION_ONCE},
        {"interval", required_argument, NULL, OPTION_INTERVAL},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int error = 0;
    int value;

    opterr = 0;
    while (error == 0 &&
           (value = getopt_long(argc, argv, ":s:Vh", names, NULL)) != -1) {
        error = take_option(options, value, argv[optind - 1]);
    }
    return error;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

static int refuse_command(const char *name)
{
    const char *names[COMMAND_COUNT];
    const char *nearest;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        names[i] = commands[i].name;
    }
    nearest = suggest_nearest(name, names, COMMAND_COUNT);
    if (nearest == NULL) {
        return usage_refuse(&usage, "unknown command '%s'", name);
    }
    return usage_refuse(&usage, "unknown command '%s', did you mean '%s'?",
                        name, nearest);
}

/* A blank would make two words of it, a newline the end of the request. */
static bool is_word(const char *text)
{
    const char *next = text;

    while (isgraph((unsigned char)*next) || (unsigned char)*next >= 0x80) {
        next++;
    }
    return *text != '\0' && *next == '\0';
}

/* argv[0]: the command. */
static int check_command(int argc, char *const *argv)
{
    const struct command *command = argc == 0 ? NULL : find_command(argv[0]);

    if (argc == 0) {
        return usage_refuse(&usage, "what is to be done? A command is missing");
    }
    if (command == NULL) {
        return refuse_command(argv[0]);
    }
    if (argc - 1 < command->least || argc - 1 > command->most) {
        return usage_refuse(&usage, "usage: berthctl %s%s%s", command->name,
                            command->most == 0 ? "" : " ", command->arguments);
    }
    if (argc > 1 && !is_word(argv[1])) {
        return usage_refuse(&usage, "'%s' is not one word", argv[1]);
    }
    return 0;
}

/* ---------------------------------------------------------------- commands */

static int tell_failure(const char *name, int error)
{
    (void)fflush(stdout);
    (void)fputs("berthctl: ", stderr);
    client_explain(stderr, name, error);
    return error == -EINVAL || error == -ENAMETOOLONG ? EXIT_USAGE
                                                      : EXIT_UNAVAILABLE;
}

static int show_answer(const struct client_answer *answer)
{
    FILE *stream = answer->is_ok ? stdout : stderr;

    if (fwrite(answer->text, 1, answer->length, stream) != answer->length ||
        fflush(stream) != 0) {
        (void)fprintf(stderr, "berthctl: %s\n", strerror(errno));
        return EXIT_REFUSED;
    }
    return answer->is_ok ? EXIT_OK : EXIT_REFUSED;
}

static int ask(const struct options *options, char *const *argv)
{
    const char *name = options->top.socket;
    struct client_answer answer;
    char *request = NULL;
    int error = -ENOMEM;

    if (asprintf(&request, "%s%s%s%s", options->format, argv[0],
                 argv[1] == NULL ? "" : " ",
                 argv[1] == NULL ? "" : argv[1]) >= 0) {
        error = client_ask(name, request, NULL, &answer);
        free(request);
    }
    if (error < 0) {
        return tell_failure(name, error);
    }
    error = show_answer(&answer);
    client_forget(&answer);
    return error;
}

static int show_top(const struct options *options)
{
    const int error = top_run(&options->top);

    if (error == -EREMOTEIO) {
        return EXIT_REFUSED;
    }
    return error < 0 ? tell_failure(options->top.socket, error) : EXIT_OK;
}

static const char *choose_socket(void)
{
    const char *name = getenv(SOCKET_VARIABLE);

    return name == NULL || *name == '\0' ? USUAL_SOCKET : name;
}

int main(int argc, char **argv)
{
    struct options options = {
        .format = "",
        .top = {.socket = choose_socket(), .interval_ms = INTERVAL_USUAL},
    };

    if (read_options(&options, argc, argv) < 0) {
        return EXIT_USAGE;
    }
    argc -= optind;
    argv += optind;
    if (options.is_help || (argc == 1 && strcmp(argv[0], "help") == 0)) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (options.is_version) {
        (void)puts("berthctl " BERTH_VERSION);
        return EXIT_OK;
    }
    if (check_command(argc, argv) < 0) {
        return EXIT_USAGE;
    }
    return strcmp(argv[0], "top") == 0 ? show_top(&options)
                                       : ask(&options, argv);
}
