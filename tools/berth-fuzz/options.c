/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "berth-try/arguments.h"
#include "usage.h"

#define SECONDS_USUAL UINT64_C(60)
#define SECONDS_MAX UINT64_C(31536000)
#define RUNS_MAX UINT64_C(2000000000) /* libFuzzer's are an int */
#define SEED_MAX UINT64_C(4294967295)
#define SLOW_USUAL_MS UINT64_C(200)
#define MEMORY_USUAL ((size_t)4194304)
#define NOT_SAID UINT64_MAX

enum {
    OPTION_ALLOW = 256,
    OPTION_CORPUS,
    OPTION_DICT,
    OPTION_ENTRY,
    OPTION_MEMORY,
    OPTION_OUTPUT,
    OPTION_RUNS,
    OPTION_SECONDS,
    OPTION_SEED,
    OPTION_SLOW,
};

static const struct option names[] = {
    {"allow", required_argument, NULL, OPTION_ALLOW},
    {"config", required_argument, NULL, 'c'},
    {"corpus", required_argument, NULL, OPTION_CORPUS},
    {"dict", required_argument, NULL, OPTION_DICT},
    {"entry", required_argument, NULL, OPTION_ENTRY},
    {"help", no_argument, NULL, 'h'},
    {"memory", required_argument, NULL, OPTION_MEMORY},
    {"output", required_argument, NULL, OPTION_OUTPUT},
    {"runs", required_argument, NULL, OPTION_RUNS},
    {"seconds", required_argument, NULL, OPTION_SECONDS},
    {"seed", required_argument, NULL, OPTION_SEED},
    {"set", required_argument, NULL, 's'},
    {"slow", required_argument, NULL, OPTION_SLOW},
    {"verbose", no_argument, NULL, 'v'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

static const struct usage usage = {"berth-fuzz", "berth-fuzz --help"};

void options_print_help(FILE *stream)
{
    (void)fputs(
        "Usage: berth-fuzz [OPTION]... PLUGIN [TRANSCRIPT...]\n"
        "\n"
        "Has a protocol's plugin served to peers that do anything, in a "
        "simulated server,\n"
        "and checks what it does. Transcripts are what the peers set out "
        "from. What is\n"
        "found is made small, and written as a transcript.\n"
        "\n"
        "  -s, --set KEY=VALUE  a setting of the plugin, as in server.yaml\n"
        "  -c, --config FILE    a server.yaml, of which the plugin's entry is "
        "taken\n"
        "      --entry NAME     which entry of it\n"
        "      --seconds N      for so long; 60, or no bound if runs are "
        "given\n"
        "      --runs N         so many inputs at most\n"
        "      --seed N         of what is tried; another one each time\n"
        "      --corpus FOLDER  inputs to begin with; those that are new go "
        "there, too\n"
        "      --dict FILE      words to try, as libFuzzer reads them\n"
        "      --output FILE    where the transcript goes; found-PLUGIN"
        ".transcript\n"
        "      --slow TIME      what a callback may take; 200ms, or none\n"
        "      --memory SIZE    what a connection may have; 4MiB, or none\n"
        "      --allow RULE     does not mind that rule: see below\n"
        "  -v, --verbose        shows what libFuzzer and the plugin print\n"
        "  -V, --version        prints the version\n"
        "  -h, --help           prints this\n",
        stream);
    argument_print_rules(stream);
    (void)fputs("\nExit status: 0 nothing was found, 1 something was, 64 "
                "command line, 71 operating\nsystem, 78 the plugin or a "
                "transcript does not load.\n",
                stream);
}

/* ----------------------------------------------------------------- values */

static int take_number(struct options *options, int value)
{
    uint64_t number = 0;
    int error;

    switch (value) {
    case OPTION_RUNS:
        return argument_count(&usage, "runs", optarg, RUNS_MAX, &options->runs);
    case OPTION_SECONDS:
        return argument_count(&usage, "seconds", optarg, SECONDS_MAX,
                              &options->seconds);
    case OPTION_SEED:
        return argument_count(&usage, "seed", optarg, SEED_MAX,
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
    case OPTION_CORPUS:
        options->corpus = optarg;
        return 0;
    case OPTION_DICT:
        options->dictionary = optarg;
        return 0;
    case OPTION_OUTPUT:
        options->output = optarg;
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
    if (options->command != OPTIONS_FUZZ) {
        return 0;
    }
    if (optind == argc) {
        return usage_refuse(&usage, "which plugin? It is missing");
    }
    if (options->subject.entry != NULL && options->subject.config == NULL) {
        return usage_refuse(&usage, "'--entry' goes with '--config'");
    }
    options->subject.plugin = argv[optind];
    options->transcripts = (const char *const *)argv + optind + 1;
    options->transcript_count = (size_t)(argc - optind - 1);
    return 0;
}

/* What was not said. */
static void complete(struct options *options)
{
    struct timespec now;

    if (options->seconds == NOT_SAID) {
        options->seconds = options->runs == 0 ? SECONDS_USUAL : 0;
    }
    if (options->trial.seed == NOT_SAID) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        options->trial.seed = (uint64_t)now.tv_nsec;
    }
    /* libFuzzer takes 0 for none. */
    options->trial.seed += options->trial.seed == 0;
}

int options_parse(struct options *options, int argc, char **argv)
{
    int error = 0;
    int value;

    *options = (struct options){
        .subject = {.program = usage.program},
        .trial = {.seed = NOT_SAID,
                  .slow_ms = SLOW_USUAL_MS,
                  .memory_limit = MEMORY_USUAL},
        .seconds = NOT_SAID,
        .sets = calloc((size_t)argc + 1, sizeof(*options->sets)),
    };
    if (options->sets == NULL) {
        return usage_refuse(&usage, "no memory");
    }
    options->subject.sets = options->sets;
    opterr = 0;
    while (error == 0 && options->command == OPTIONS_FUZZ &&
           (value = getopt_long(argc, argv, ":c:hs:vV", names, NULL)) != -1) {
        error = take_option(options, value, argv[optind - 1]);
    }
    if (error == 0) {
        error = read_words(options, argc, argv);
    }
    if (error < 0) {
        options_fini(options);
        return error;
    }
    complete(options);
    return 0;
}

void options_fini(struct options *options)
{
    free(options->sets);
    options->sets = NULL;
}

/* ------------------------------------------------------------------ repeat */

static void print_option(const char *name, const char *value, FILE *stream)
{
    if (value != NULL) {
        (void)fprintf(stream, " %s", name);
        argument_print(value, stream);
    }
}

static void print_limits(const struct trial_options *trial, FILE *stream)
{
    if (trial->slow_ms == 0) {
        (void)fputs(" --slow none", stream);
    } else if (trial->slow_ms != SLOW_USUAL_MS) {
        (void)fprintf(stream, " --slow %" PRIu64 "ms", trial->slow_ms);
    }
    if (trial->memory_limit == 0) {
        (void)fputs(" --memory none", stream);
    } else if (trial->memory_limit != MEMORY_USUAL) {
        (void)fprintf(stream, " --memory %zu", trial->memory_limit);
    }
    for (size_t i = 0; i < FINDING_RULES; i++) {
        if ((trial->allowed & 1u << i) != 0) {
            (void)fprintf(stream, " --allow %s", finding_rules[i].name);
        }
    }
}

void options_print_repeat(const struct options *options,
                          const char *manner,
                          const char *transcript,
                          FILE *stream)
{
    (void)fputs("berth-try", stream);
    print_option("--config", options->subject.config, stream);
    print_option("--entry", options->subject.entry, stream);
    for (size_t i = 0; i < options->subject.set_count; i++) {
        print_option("--set", options->sets[i], stream);
    }
    print_limits(&options->trial, stream);
    (void)fprintf(stream, " --only %s", manner);
    argument_print(options->subject.plugin, stream);
    argument_print(transcript, stream);
    (void)fputc('\n', stream);
}
