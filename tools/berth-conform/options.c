/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "usage.h"

#define TIMEOUT_USUAL_MS UINT64_C(5000)
#define CONNECTIONS_USUAL ((size_t)200)
#define CONNECTIONS_MAX 100000ul
#define COLUMNS ((size_t)80)

enum {
    OPTION_CONNECTIONS = 256,
    OPTION_JSON,
    OPTION_LIST,
    OPTION_ONLY,
    OPTION_PATH,
    OPTION_TAP,
    OPTION_TIMEOUT,
};

static const struct option names[] = {
    {"connections", required_argument, NULL, OPTION_CONNECTIONS},
    {"help", no_argument, NULL, 'h'},
    {"json", no_argument, NULL, OPTION_JSON},
    {"list", no_argument, NULL, OPTION_LIST},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"path", required_argument, NULL, OPTION_PATH},
    {"profile", required_argument, NULL, 'p'},
    {"tap", no_argument, NULL, OPTION_TAP},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {"berth-conform", "berth-conform --help"};
static const struct usage_time timeout = {"timeout", "between 10ms and 1h", 10,
                                          3600000};

/* As many in a line as fit. */
static void print_check_names(FILE *stream)
{
    size_t count;
    const struct check *checks = checks_all(&count);
    size_t column = 0;

    for (size_t i = 0; i < count; i++) {
        const size_t length = strlen(checks[i].name);

        if (column + 1 + length > COLUMNS) {
            (void)fputc('\n', stream);
            column = 0;
        }
        (void)fprintf(stream, "%s%s", column == 0 ? "  " : " ", checks[i].name);
        column += length + (column == 0 ? 2 : 1);
    }
    (void)fputc('\n', stream);
}

void options_print_help(FILE *stream)
{
    (void)fputs(
        "Usage: berth-conform [OPTION]... ADDRESS\n"
        "\n"
        "Connects to a server that runs, behaves as clients do, and checks "
        "that it stands\n"
        "that. ADDRESS is as in server.yaml: 127.0.0.1:8080, [::1]:8080, "
        "unix:/path.\n"
        "\n"
        "  -p, --profile PROFILE what the server does: see below; echo\n"
        "      --path TARGET     what http asks for; /\n"
        "      --timeout TIME    how long nothing may happen; 5s\n"
        "      --connections N   so many at once; 200\n"
        "      --only CHECK,...  these checks alone\n"
        "      --list            prints the checks, and why they matter\n"
        "      --tap             prints TAP\n"
        "      --json            prints JSON\n"
        "  -V, --version         prints the version\n"
        "  -h, --help            prints this\n"
        "\n"
        "Profiles:\n"
        "\n",
        stream);
    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        (void)fprintf(stream, "  %-6s%s\n", profile_name((enum profile)i),
                      profile_meaning((enum profile)i));
    }
    (void)fputs("\nChecks, of which --list tells why they matter:\n\n", stream);
    print_check_names(stream);
    (void)fputs(
        "\n"
        "Exit status: 0 all passed, 1 a check failed, 64 command line, 69 no "
        "server,\n71 operating system.\n",
        stream);
}

/* ------------------------------------------------------------------- values */

static int take_profile(struct options *options, const char *name)
{
    const char *known[PROFILE_COUNT];
    const char *nearest;

    for (size_t i = 0; i < PROFILE_COUNT; i++) {
        known[i] = profile_name((enum profile)i);
        if (strcmp(known[i], name) == 0) {
            options->profile = (enum profile)i;
            return 0;
        }
    }
    nearest = suggest_nearest(name, known, PROFILE_COUNT);
    return usage_refuse(&usage, "there is no profile '%s': %s%s", name,
                        nearest == NULL ? "echo, line, http" : "did you mean ",
                        nearest == NULL ? "" : nearest);
}

static int take_connections(struct options *options, const char *text)
{
    char *end = NULL;
    unsigned long number = 0;

    errno = 0;
    if (isdigit((unsigned char)text[0])) {
        number = strtoul(text, &end, 10);
    }
    if (end == NULL || *end != '\0' || errno != 0 || number == 0 ||
        number > CONNECTIONS_MAX) {
        return usage_refuse(&usage,
                            "'--connections %s' is not a number from 1 to %lu",
                            text, CONNECTIONS_MAX);
    }
    options->connections = number;
    return 0;
}

/* It stands in the first line of a request. */
static int take_path(struct options *options, const char *text)
{
    const char *next = text;

    while (isgraph((unsigned char)*next)) {
        next++;
    }
    if (*text != '/' || *next != '\0') {
        return usage_refuse(
            &usage,
            "'--path %s' does not begin with /, or has bytes that no "
            "request has",
            text);
    }
    options->path = text;
    return 0;
}

static int choose(struct options *options, const char *name)
{
    size_t count;
    const struct check *checks = checks_all(&count);
    const char *known[CHECKS_MAX];
    const char *nearest;

    for (size_t i = 0; i < count; i++) {
        known[i] = checks[i].name;
        if (strcmp(known[i], name) == 0) {
            options->is_chosen[i] = true;
            return 0;
        }
    }
    nearest = suggest_nearest(name, known, count);
    return usage_refuse(&usage, "there is no check '%s'%s%s", name,
                        nearest == NULL ? ": --list shows them"
                                        : ", did you mean ",
                        nearest == NULL ? "" : nearest);
}

static int take_only(struct options *options, const char *text)
{
    char *copy = strdup(text);
    char *next = copy;
    int error = 0;

    if (copy == NULL) {
        return usage_refuse(&usage, "no memory");
    }
    while (error == 0 && next != NULL) {
        error = choose(options, strsep(&next, ","));
    }
    free(copy);
    return error;
}

static int take_format(struct options *options, enum report_format format)
{
    if (options->format != REPORT_TEXT && options->format != format) {
        return usage_refuse(&usage, "'--tap' and '--json' do not go together");
    }
    options->format = format;
    return 0;
}

/* ---------------------------------------------------------- the command line */

static int take_option(struct options *options, int value, const char *word)
{
    switch (value) {
    case 'p':
        return take_profile(options, optarg);
    case OPTION_PATH:
        return take_path(options, optarg);
    case OPTION_TIMEOUT:
        return usage_read_time(&usage, &timeout, optarg, &options->timeout_ms);
    case OPTION_CONNECTIONS:
        return take_connections(options, optarg);
    case OPTION_ONLY:
        return take_only(options, optarg);
    case OPTION_TAP:
        return take_format(options, REPORT_TAP);
    case OPTION_JSON:
        return take_format(options, REPORT_JSON);
    case OPTION_LIST:
        options->command = OPTIONS_LIST;
        return 0;
    case 'V':
        options->command = OPTIONS_VERSION;
        return 0;
    case 'h':
        options->command = OPTIONS_HELP;
        return 0;
    default:
        return usage_refuse_option(&usage, value, word);
    }
}

/* What was not chosen by name is chosen by the profile; the first check is what
   all others rest on. */
static void choose_rest(struct options *options)
{
    size_t count;
    const struct check *checks = checks_all(&count);
    bool is_any = false;

    for (size_t i = 0; i < count; i++) {
        is_any = is_any || options->is_chosen[i];
    }
    for (size_t i = 0; i < count && !is_any; i++) {
        options->is_chosen[i] = check_is_for(&checks[i], options->profile);
    }
    options->is_chosen[0] = true;
}

static int take_address(struct options *options, int argc, char **argv)
{
    const char *why;
    const char *hint;

    if (argc == 0) {
        return usage_refuse(&usage, "which server? Its address is missing");
    }
    if (argc > 1) {
        return usage_refuse(&usage, "'%s' is one word too many", argv[1]);
    }
    options->text = argv[0];
    if (address_parse(&options->address, argv[0], NULL, &why, &hint) < 0) {
        return usage_refuse(&usage, "'%s': %s%s%s", argv[0], why,
                            hint == NULL ? "" : ": ", hint == NULL ? "" : hint);
    }
    if (address_inherited(&options->address) != NULL) {
        return usage_refuse(&usage, "'%s' is no address to connect to",
                            argv[0]);
    }
    return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    int error = 0;
    int value;

    *options = (struct options){
        .path = "/",
        .timeout_ms = TIMEOUT_USUAL_MS,
        .connections = CONNECTIONS_USUAL,
    };
    opterr = 0;
    while (error == 0 && options->command != OPTIONS_HELP &&
           options->command != OPTIONS_VERSION &&
           (value = getopt_long(argc, argv, ":hp:V", names, NULL)) != -1) {
        error = take_option(options, value, argv[optind - 1]);
    }
    if (error < 0 || options->command != OPTIONS_CHECK) {
        return error;
    }
    choose_rest(options);
    return take_address(options, argc - optind, argv + optind);
}
