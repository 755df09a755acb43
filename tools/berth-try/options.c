/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "usage.h"

#define SLOW_USUAL_MS UINT64_C(200)
#define MEMORY_USUAL ((size_t)4194304)
#define RANDOMS_USUAL ((size_t)32)
#define COUNT_MAX UINT64_C(1000000)
#define JOBS_MAX UINT64_C(64)

enum {
    OPTION_ALLOW = 256,
    OPTION_BENCH,
    OPTION_ENTRY,
    OPTION_MEMORY,
    OPTION_ONLY,
    OPTION_RANDOM,
    OPTION_SEED,
    OPTION_SLOW,
    OPTION_TAP,
};

static const struct option names[] = {
    {"allow", required_argument, NULL, OPTION_ALLOW},
    {"bench", no_argument, NULL, OPTION_BENCH},
    {"config", required_argument, NULL, 'c'},
    {"entry", required_argument, NULL, OPTION_ENTRY},
    {"help", no_argument, NULL, 'h'},
    {"jobs", required_argument, NULL, 'j'},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"only", required_argument, NULL, OPTION_ONLY},
    {"random", required_argument, NULL, OPTION_RANDOM},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"set", required_argument, NULL, 's'},
    {"slow", required_argument, NULL, OPTION_SLOW},
    {"tap", no_argument, NULL, OPTION_TAP},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {"berth-try", "berth-try --help"};

void options_print_help(FILE *stream)
{
    (void)fputs(
        "Usage: berth-try [OPTION]... PLUGIN TRANSCRIPT...\n"
        "\n"
        "Replays transcripts against a protocol's plugin, in a simulated "
        "server, in every\n"
        "way in which bytes may arrive, and checks what the plugin does. "
        "Prints TAP.\n"
        "\n"
        "  -s, --set KEY=VALUE  a setting of the plugin, as in server.yaml\n"
        "  -c, --config FILE    a server.yaml, of which the plugin's entry is "
        "taken\n"
        "      --entry NAME     which entry of it\n"
        "      --only MANNER    just this one: see below\n"
        "      --seed N         of what is changed at random; 1\n"
        "      --random N       so many transcripts that were changed; 32\n"
        "      --slow TIME      what a callback may take; 200ms, or none\n"
        "      --memory SIZE    what a connection may have; 4MiB, or none\n"
        "      --allow RULE     does not mind that rule: see below\n"
        "  -j, --jobs N         so many at once; as many as there are "
        "processors\n"
        "      --bench          measures instead\n"
        "      --tap            prints TAP, as it does anyhow\n"
        "  -v, --verbose        shows the server's log\n"
        "  -V, --version        prints the version\n"
        "  -h, --help           prints this\n"
        "\n"
        "Manners, with +edge, +trickle (the kernel takes a byte at a time), "
        "+closed (it\n"
        "takes nothing until all rests), +tight (back-pressure on every write) "
        "behind:\n"
        "\n",
        stream);
    for (size_t i = 0; manner_kind_name(i) != NULL; i++) {
        (void)fprintf(stream, "  %-8s %s\n", manner_kind_name(i),
                      manner_kind_help(i));
    }
    argument_print_rules(stream);
    (void)fputs("\nExit status: 0 all passed, 1 something was found, 64 "
                "command line, 71 operating\nsystem, 78 the plugin or a "
                "transcript does not load.\n",
                stream);
}

/* ----------------------------------------------------------------- values */

static int set_only(struct options *options, const char *text)
{
    if (manner_parse(text, &options->only) < 0) {
        return usage_refuse(&usage, "'--only %s': there is no such manner",
                            text);
    }
    options->trial.only = &options->only;
    return 0;
}

static int take_number(struct options *options, int value)
{
    uint64_t number = 0;
    int error;

    switch (value) {
    case 'j':
        error = argument_count(&usage, "jobs", optarg, JOBS_MAX, &number);
        options->jobs = number == 0 ? 1 : (size_t)number;
        return error;
    case OPTION_RANDOM:
        error = argument_count(&usage, "random", optarg, COUNT_MAX, &number);
        options->trial.randoms = (size_t)number;
        return error;
    case OPTION_SEED:
        return argument_count(&usage, "seed", optarg, UINT64_MAX,
                              &options->trial.seed);
    case OPTION_SLOW:
        return argument_duration(&usage, "slow", optarg,
                                 &options->trial.slow_ms);
    default:
        error = argument_size(&usage, "memory", optarg, &number);
        options->trial.memory_limit = (size_t)number;
        return error;
    }
}

static int take_option(struct options *options, int value, const char *word)
{
    switch (value) {
    case 'c':
        options->subject.config = optarg;
        return 0;
    case OPTION_ENTRY:
        options->subject.entry = optarg;
        return 0;
    case 's':
        options->sets[options->subject.set_count++] = optarg;
        return argument_set(&usage, optarg);
    case OPTION_ALLOW:
        return argument_rule(&usage, optarg, &options->trial.allowed);
    case OPTION_ONLY:
        return set_only(options, optarg);
    case OPTION_BENCH:
        options->command = OPTIONS_BENCH;
        return 0;
    case OPTION_TAP:
        return 0;
    case 'v':
        options->trial.is_verbose = true;
        return 0;
    case 'V':
        options->command = OPTIONS_VERSION;
        return 0;
    case 'h':
        options->command = OPTIONS_HELP;
        return 0;
    case ':':
    case '?':
        return usage_refuse_option(&usage, value, word);
    default:
        return take_number(options, value);
    }
}

static int read_words(struct options *options, int argc, char **argv)
{
    if (options->command == OPTIONS_HELP ||
        options->command == OPTIONS_VERSION) {
        return 0;
    }
    if (optind == argc) {
        return usage_refuse(
            &usage, "which plugin? It is missing, and so are transcripts");
    }
    if (optind + 1 == argc) {
        return usage_refuse(&usage, "which transcripts? There is none");
    }
    if (options->subject.entry != NULL && options->subject.config == NULL) {
        return usage_refuse(&usage, "'--entry' goes with '--config'");
    }
    options->words = argv + 1;
    options->word_count = (size_t)(optind - 1);
    options->subject.plugin = argv[optind];
    options->transcripts = (const char *const *)argv + optind + 1;
    options->transcript_count = (size_t)(argc - optind - 1);
    return 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    int error = 0;
    int value;

    *options = (struct options){
        .subject = {.program = "berth-try"},
        .trial = {.seed = 1,
                  .randoms = RANDOMS_USUAL,
                  .slow_ms = SLOW_USUAL_MS,
                  .memory_limit = MEMORY_USUAL},
        .jobs = processors < 1 ? 1 : (size_t)processors,
        .sets = calloc((size_t)argc + 1, sizeof(*options->sets)),
    };
    if (options->sets == NULL) {
        return usage_refuse(&usage, "no memory");
    }
    options->subject.sets = options->sets;
    opterr = 0;
    while (error == 0 && options->command != OPTIONS_HELP &&
           options->command != OPTIONS_VERSION &&
           (value = getopt_long(argc, argv, ":c:hj:s:vV", names, NULL)) != -1) {
        error = take_option(options, value, argv[optind - 1]);
    }
    if (error == 0) {
        error = read_words(options, argc, argv);
    }
    if (error < 0) {
        options_fini(options);
    }
    return error;
}

void options_fini(struct options *options)
{
    free(options->sets);
    options->sets = NULL;
}

/* ------------------------------------------------------------------ repeat */

void options_print_repeat(const struct options *options,
                          const char *manner,
                          const char *transcript,
                          FILE *stream)
{
    (void)fputs("berth-try", stream);
    for (size_t i = 0; i < options->word_count; i++) {
        const char *word = options->words[i];

        if (strcmp(word, "--only") == 0) {
            i++; /* and its value */
        } else if (strncmp(word, "--only=", 7) != 0) {
            argument_print(word, stream);
        }
    }
    (void)fprintf(stream, " --only %s", manner);
    argument_print(options->subject.plugin, stream);
    argument_print(transcript, stream);
    (void)fputc('\n', stream);
}
