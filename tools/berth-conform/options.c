/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "suggest.h"
#include "units.h"

#define TIMEOUT_USUAL_MS UINT64_C(5000)
#define TIMEOUT_MIN_MS UINT64_C(10)
#define TIMEOUT_MAX_MS UINT64_C(3600000)
#define CONNECTIONS_USUAL ((size_t)200)
#define CONNECTIONS_MAX 100000ul

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

__attribute__((format(printf, 1, 2))) static int refuse(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("berth-conform: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputs("\ntry 'berth-conform --help'\n", stderr);
    va_end(args);
    return -EINVAL;
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
        "  -p, --profile NAME    echo: every byte comes back; line: every line; "
        "http: a\n"
        "                        GET is answered; echo\n"
        "      --path PATH       what http asks for; /\n"
        "      --timeout TIME    how long nothing may happen; 5s\n"
        "      --connections N   so many at once; 200\n"
        "      --only NAME,...   these checks alone\n"
        "      --list            prints the checks, and why they matter\n"
        "      --tap             prints TAP\n"
        "      --json            prints JSON\n"
        "  -V, --version         prints the version\n"
        "  -h, --help            prints this\n"
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
    return refuse("there is no profile '%s': %s%s", name,
                  nearest == NULL ? "echo, line, http" : "did you mean ",
                  nearest == NULL ? "" : nearest);
}

static int take_timeout(struct options *options, const char *text)
{
    const char *why;
    char hint[128];

    if (units_parse_duration(text, &options->timeout_ms, &why, hint,
                             sizeof(hint)) < 0) {
        return refuse("'--timeout %s' %s%s%s", text, why,
                      *hint == '\0' ? "" : ": ", hint);
    }
    if (options->timeout_ms < TIMEOUT_MIN_MS ||
        options->timeout_ms > TIMEOUT_MAX_MS) {
        return refuse("'--timeout %s' is not between 10ms and 1h", text);
    }
    return 0;
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
        return refuse("'--connections %s' is not a number from 1 to %lu", text,
                      CONNECTIONS_MAX);
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
        return refuse("'--path %s' does not begin with /, or has bytes that no "
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
    return refuse("there is no check '%s'%s%s", name,
                  nearest == NULL ? ": --list shows them" : ", did you mean ",
                  nearest == NULL ? "" : nearest);
}

static int take_only(struct options *options, const char *text)
{
    char *copy = strdup(text);
    char *next = copy;
    int error = 0;

    if (copy == NULL) {
        return refuse("no memory");
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
        return refuse("'--tap' and '--json' do not go together");
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
        return take_timeout(options, optarg);
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
    case ':':
        return refuse("option '%s' needs a value", word);
    default:
        return refuse("option '%s' is unknown, or takes no value", word);
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
        return refuse("which server? Its address is missing");
    }
    if (argc > 1) {
        return refuse("'%s' is one word too many", argv[1]);
    }
    options->text = argv[0];
    if (address_parse(&options->address, argv[0], NULL, &why, &hint) < 0) {
        return refuse("'%s': %s%s%s", argv[0], why, hint == NULL ? "" : ": ",
                      hint == NULL ? "" : hint);
    }
    if (address_inherited(&options->address) != NULL) {
        return refuse("'%s' is no address to connect to", argv[0]);
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
