/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "pattern.h"
#include "suggest.h"
#include "units.h"
#include "usage.h"

#define DAY_MS UINT64_C(86400000)

enum {
    OPTION_ACTIVE = 256,
    OPTION_ANNOUNCE,
    OPTION_CPU_OF,
    OPTION_IDLE,
    OPTION_JSON,
    OPTION_PATH,
    OPTION_RECONNECT,
    OPTION_SOURCES,
    OPTION_TIMEOUT,
    OPTION_WARMUP,
    OPTION_WORKERS,
};

static const struct option names[] = {
    {"active", required_argument, NULL, OPTION_ACTIVE},
    {"announce", no_argument, NULL, OPTION_ANNOUNCE},
    {"connections", required_argument, NULL, 'c'},
    {"cpu-of", required_argument, NULL, OPTION_CPU_OF},
    {"depth", required_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {"idle", required_argument, NULL, OPTION_IDLE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"path", required_argument, NULL, OPTION_PATH},
    {"profile", required_argument, NULL, 'p'},
    {"quiet", no_argument, NULL, 'q'},
    {"rate", required_argument, NULL, 'r'},
    {"reconnect", required_argument, NULL, OPTION_RECONNECT},
    {"size", required_argument, NULL, 's'},
    {"sources", required_argument, NULL, OPTION_SOURCES},
    {"time", required_argument, NULL, 't'},
    {"timeout", required_argument, NULL, OPTION_TIMEOUT},
    {"version", no_argument, NULL, 'V'},
    {"warmup", required_argument, NULL, OPTION_WARMUP},
    {"workers", required_argument, NULL, OPTION_WORKERS},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {"berth-load", "berth-load --help"};

/* An option whose value is a number. */
struct number {
    int value; /* as in names */
    const char *name;
    uint64_t least;
    uint64_t most;
    size_t offset; /* of the uint64_t in struct options */
};

static const struct number numbers[] = {
    {'c', "connections", 0, OPTIONS_CONNECTIONS_MAX,
     offsetof(struct options, connections)},
    {'d', "depth", 1, OPTIONS_DEPTH_MAX, offsetof(struct options, depth)},
    {'r', "rate", 1, OPTIONS_RATE_MAX, offsetof(struct options, rate)},
    {OPTION_ACTIVE, "active", 1, OPTIONS_CONNECTIONS_MAX,
     offsetof(struct options, active)},
    {OPTION_IDLE, "idle", 0, OPTIONS_CONNECTIONS_MAX,
     offsetof(struct options, idle)},
    {OPTION_RECONNECT, "reconnect", 1, UINT32_MAX,
     offsetof(struct options, reconnect)},
    {OPTION_SOURCES, "sources", 1, OPTIONS_SOURCES_MAX,
     offsetof(struct options, sources)},
    {OPTION_WORKERS, "workers", 1, OPTIONS_WORKERS_MAX,
     offsetof(struct options, workers)},
};

/* An option whose value is a time. */
struct duration {
    int value;
    struct usage_time of;
    size_t offset;
};

static const struct duration durations[] = {
    {'t',
     {"time", "between 10ms and 1d", 10, DAY_MS},
     offsetof(struct options, time_ms)},
    {OPTION_TIMEOUT,
     {"timeout", "between 10ms and 1h", 10, DAY_MS / 24},
     offsetof(struct options, timeout_ms)},
    {OPTION_WARMUP,
     {"warmup", "at most 1h", 0, DAY_MS / 24},
     offsetof(struct options, warmup_ms)},
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

const char *profile_name(enum profile profile)
{
    static const char *const words[PROFILE_COUNT] = {"echo", "line", "http"};

    return words[profile];
}

void options_print_help(FILE *stream)
{
    (void)fputs(
        "Usage: berth-load [OPTION]... ADDRESS\n"
        "\n"
        "Sends messages to a server, compares each byte of the answers with "
        "what it\n"
        "should be, and tells how many there were and how long they took. "
        "ADDRESS is as\n"
        "in server.yaml: 127.0.0.1:8080, [::1]:8080, unix:/path.\n"
        "\n"
        "What is sent:\n"
        "  -p, --profile NAME    echo: every byte comes back; line: every "
        "line; http: a\n"
        "                        GET is answered, each time alike; echo\n"
        "  -s, --size SIZE       of a message, for echo and line; 64\n"
        "      --path TARGET     what http asks for; /\n"
        "  -c, --connections N   that send messages; 64\n"
        "  -d, --depth N         messages on each that may be unanswered; 1\n"
        "      --active N        so many of the connections at a time, in turn; "
        "all\n"
        "      --idle N          connections beside them, which are silent "
        "after a first\n"
        "                        message; 0\n"
        "  -r, --rate N          messages a second in all, each due at its "
        "time; without\n"
        "                        it the next one follows the answer\n"
        "      --reconnect N     a new connection after so many messages\n"
        "      --sources N       addresses of 127.0.0.0/8 to connect from\n"
        "      --workers N       processes that share all this; 1\n"
        "\n"
        "How long:\n"
        "  -t, --time TIME       what is measured; 10s\n"
        "      --warmup TIME     what comes before it; 200ms\n"
        "      --timeout TIME    how long an answer may take; 5s\n"
        "\n"
        "What is told:\n"
        "      --cpu-of PID,...  processor time of these processes, for each "
        "message\n"
        "      --announce        on stderr, when all connections are open\n"
        "      --json            prints JSON\n"
        "  -q, --quiet           no progress, which a terminal has otherwise\n"
        "  -V, --version         prints the version\n"
        "  -h, --help            prints this\n"
        "\n"
        "Exit status: 0 all answers were right, 1 some were wrong or missing, "
        "64 command\nline, 69 no server, 71 operating system.\n",
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

/* Digits alone. Returns where they end, NULL if there are none. */
static const char *read_digits(const char *text, uint64_t *number)
{
    char *end;

    if (!isdigit((unsigned char)text[0])) {
        return NULL;
    }
    errno = 0;
    *number = strtoull(text, &end, 10);
    return errno == 0 ? end : NULL;
}

static int take_number(struct options *options,
                       const struct number *number,
                       const char *text)
{
    uint64_t value = 0;
    const char *end = read_digits(text, &value);

    if (end == NULL || *end != '\0' || value < number->least ||
        value > number->most) {
        return usage_refuse(
            &usage, "'--%s %s' is not a number from %" PRIu64 " to %" PRIu64,
            number->name, text, number->least, number->most);
    }
    memcpy((char *)options + number->offset, &value, sizeof(value));
    return 0;
}

static int take_duration(struct options *options,
                         const struct duration *duration,
                         const char *text)
{
    uint64_t ms;
    const int error = usage_read_time(&usage, &duration->of, text, &ms);

    if (error == 0) {
        memcpy((char *)options + duration->offset, &ms, sizeof(ms));
    }
    return error;
}

static int take_size(struct options *options, const char *text)
{
    const char *why;
    char hint[128];
    uint64_t size;

    if (units_parse_size(text, &size, &why, hint, sizeof(hint)) < 0) {
        return usage_refuse(&usage, "'--size %s' %s%s%s", text, why,
                            *hint == '\0' ? "" : ": ", hint);
    }
    if (size == 0 || size > PATTERN_MESSAGE_MAX) {
        return usage_refuse(&usage, "'--size %s' is not from 1 to 16MiB", text);
    }
    options->size = size;
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

static int take_pids(struct options *options, const char *text)
{
    const char *next = text;

    do {
        uint64_t pid = 0;

        next = read_digits(next, &pid);
        if (next == NULL || pid == 0 || pid > INT32_MAX ||
            (*next != '\0' && *next != ',')) {
            return usage_refuse(&usage, "'--cpu-of %s' is no list of pids",
                                text);
        }
        if (options->pid_count == OPTIONS_PIDS_MAX) {
            return usage_refuse(&usage, "more than %zu pids for --cpu-of",
                                OPTIONS_PIDS_MAX);
        }
        options->pids[options->pid_count++] = (pid_t)pid;
    } while (*next++ == ',');
    return 0;
}

/* ---------------------------------------------------------- the command line */

static int take_valued(struct options *options, int value, const char *word)
{
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (numbers[i].value == value) {
            return take_number(options, &numbers[i], optarg);
        }
    }
    for (size_t i = 0; i < COUNT_OF(durations); i++) {
        if (durations[i].value == value) {
            return take_duration(options, &durations[i], optarg);
        }
    }
    return usage_refuse_option(&usage, value, word);
}

static int take_option(struct options *options, int value, const char *word)
{
    switch (value) {
    case 'p':
        return take_profile(options, optarg);
    case 's':
        return take_size(options, optarg);
    case OPTION_PATH:
        return take_path(options, optarg);
    case OPTION_CPU_OF:
        return take_pids(options, optarg);
    case OPTION_ANNOUNCE:
        options->announces = true;
        return 0;
    case OPTION_JSON:
        options->is_json = true;
        return 0;
    case 'q':
        options->is_quiet = true;
        return 0;
    case 'V':
        options->command = OPTIONS_VERSION;
        return 0;
    case 'h':
        options->command = OPTIONS_HELP;
        return 0;
    default:
        return take_valued(options, value, word);
    }
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

/* 127.0.0.0/8 is where one machine has many addresses. */
static bool is_loopback(const struct address *address)
{
    struct sockaddr_in in;

    if (address->storage.ss_family != AF_INET) {
        return false;
    }
    memcpy(&in, &address->storage, sizeof(in));
    return ntohl(in.sin_addr.s_addr) >> 24 == 127;
}

/* What only makes sense together. */
static int check_together(const struct options *options)
{
    if (options->connections + options->idle == 0) {
        return usage_refuse(&usage,
                            "'--connections 0' without '--idle' is nothing");
    }
    if (options->connections == 0 && options->rate > 0) {
        return usage_refuse(&usage, "'--rate' needs connections");
    }
    if (options->active > options->connections) {
        return usage_refuse(&usage, "'--active' is more than '--connections'");
    }
    if (options->rate > 0 && options->active < options->connections) {
        return usage_refuse(&usage,
                            "'--active' and '--rate' do not go together: with "
                            "a rate any connection may be next");
    }
    if (options->reconnect > 0 && options->depth > options->reconnect) {
        return usage_refuse(&usage, "'--depth' is more than '--reconnect'");
    }
    if (options->sources > 0 && !is_loopback(&options->address)) {
        return usage_refuse(&usage,
                            "'--sources' needs an address in 127.0.0.0/8");
    }
    return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    int error = 0;
    int value;

    *options = (struct options){
        .path = "/",
        .size = 64,
        .connections = 64,
        .depth = 1,
        .workers = 1,
        .time_ms = 10000,
        .warmup_ms = 200,
        .timeout_ms = 5000,
    };
    opterr = 0;
    while (error == 0 && options->command == OPTIONS_LOAD &&
           (value = getopt_long(argc, argv, ":c:d:hp:qr:s:t:V", names, NULL)) !=
               -1) {
        error = take_option(options, value, argv[optind - 1]);
    }
    if (error < 0 || options->command != OPTIONS_LOAD) {
        return error;
    }
    if (options->active == 0) {
        options->active = options->connections;
    }
    error = take_address(options, argc - optind, argv + optind);
    return error < 0 ? error : check_together(options);
}
