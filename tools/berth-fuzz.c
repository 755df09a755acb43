/* SPDX-License-Identifier: MIT */
/*
 * berth-fuzz: has a protocol's plugin served to peers that do anything, in a
 * simulated server, until it does something wrong.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "berth-fuzz/hunt.h"
#include "berth-fuzz/options.h"
#include "berth-fuzz/shrink.h"
#include "berth-fuzz/trophy.h"
#include "berth-try/memory.h"

/* Exit statuses; the numbers of sysexits.h. */
enum exit_status {
    EXIT_PASSED = 0,
    EXIT_FOUND = 1,
    EXIT_USAGE = 64,
    EXIT_SYSTEM = 71,
    EXIT_LOAD = 78, /* the plugin, a transcript, settings */
};

static int tell(int error)
{
    (void)fprintf(stderr, "berth-fuzz: %s\n", strerror(-error));
    return EXIT_SYSTEM;
}

/* ------------------------------------------------------------- transcripts */

static bool is_like(const struct script *one, const struct script *other)
{
    const char *a = one->transcript.settings;
    const char *b = other->transcript.settings;

    return one->transcript.input == other->transcript.input &&
           (a == NULL || b == NULL ? a == b : strcmp(a, b) == 0);
}

/* The number of its settings among those that differ. */
static size_t find_variant(struct hunt *hunt, const struct script *script)
{
    size_t i = 0;

    while (i < hunt->variant_count && !is_like(hunt->variants[i], script)) {
        i++;
    }
    if (i == hunt->variant_count) {
        hunt->variants[hunt->variant_count++] = script;
    }
    return i;
}

static int read_scripts(struct hunt *hunt)
{
    const struct options *options = hunt->options;
    size_t count =
        options->transcript_count == 0 ? 1 : options->transcript_count;

    hunt->scripts = calloc(count, sizeof(*hunt->scripts));
    hunt->variants = calloc(count, sizeof(const struct script *));
    if (hunt->scripts == NULL || hunt->variants == NULL) {
        return tell(-ENOMEM);
    }
    for (size_t i = 0; i < count; i++) {
        const char *path =
            options->transcript_count == 0 ? NULL : options->transcripts[i];

        if (script_read(&hunt->scripts[i], &hunt->subject, path) < 0) {
            return EXIT_LOAD;
        }
        hunt->script_count++;
    }
    return EXIT_PASSED;
}

/* Those that set out from what transcripts say, and a little more. */
static int write_seeds(struct hunt *hunt)
{
    struct seeds_words words = {
        .image = &hunt->image,
        .dictionary = hunt->options->dictionary,
    };
    const struct transcript **transcripts =
        calloc(hunt->script_count, sizeof(const struct transcript *));
    int error = transcripts == NULL ? -ENOMEM : seeds_add_usual(&hunt->seeds);

    for (size_t i = 0; i < hunt->script_count && error == 0; i++) {
        const struct script *script = &hunt->scripts[i];

        transcripts[words.count++] = &script->transcript;
        error = seeds_add(&hunt->seeds, &script->transcript,
                          find_variant(hunt, script));
    }
    words.transcripts = transcripts;
    if (error == 0) {
        error = seeds_write(&hunt->seeds, &words);
    }
    free(transcripts);
    return error < 0 ? tell(error) : EXIT_PASSED;
}

/* ------------------------------------------------------------------ hunting */

static void tell_begin(const struct hunt *hunt)
{
    const struct options *options = hunt->options;

    (void)printf("%s: ", options->subject.plugin);
    if (hunt->image.edges > 0) {
        (void)printf("instrumented, %zu edges", hunt->image.edges);
    } else {
        (void)printf("a black box");
    }
    (void)printf("; %zu transcripts, %zu words, seed %" PRIu64 "\n",
                 options->transcript_count, hunt->seeds.word_count,
                 options->trial.seed);
    if (hunt->image.edges == 0) {
        (void)puts("  Only what it does can be seen, not which code that "
                   "takes. Built by clang with\n  -DBERTH_FUZZ=ON, "
                   "berth_add_protocol() has it instrumented: much more is "
                   "found.");
    }
    if (!memory_is_known()) {
        (void)puts("  A sanitizer has the memory: leaks are its own to find, "
                   "and no allocation fails.");
    }
    (void)fflush(stdout);
}

static void tell_end(const struct hunt *hunt)
{
    (void)printf("nothing was found with %" PRIu64 " inputs",
                 hunt->board->inputs);
    if (hunt->image.edges > 0) {
        (void)printf(", which reached %" PRIu64 " of %zu edges",
                     hunt->board->edges, hunt->image.edges);
    }
    (void)putchar('\n');
}

/* What was found, made small. */
static int show(struct hunt *hunt, struct finding_board *board)
{
    struct shrink shrink = {
        .hunt = hunt,
        .size = hunt->board->size,
        .board = board,
    };
    int result;

    memcpy(shrink.input, hunt->board->input, shrink.size);
    hunt->board->steps = 0;
    result = shrink_repeat(&shrink);
    if (result > 0) {
        shrink_run(&shrink);
    }
    if (result >= 0) {
        result = trophy_show(&shrink, result > 0);
    }
    finding_board_free(shrink.board);
    return result < 0 ? EXIT_SYSTEM : EXIT_FOUND;
}

static int run_hunt(struct hunt *hunt)
{
    struct finding_board *board;
    int result;

    tell_begin(hunt);
    result = hunt_run(hunt, &board);
    if (result < 0) {
        return tell(result);
    }
    if (result == 0) {
        return show(hunt, board);
    }
    finding_board_free(board);
    tell_end(hunt);
    return EXIT_PASSED;
}

static int prepare(struct hunt *hunt)
{
    const struct options *options = hunt->options;
    int error = image_read(
        &hunt->image,
        (const void *)(uintptr_t)hunt->subject.plugin->protocol.on_data);
    void *board = mmap(NULL, sizeof(*hunt->board), PROT_READ | PROT_WRITE,
                       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (error < 0 || board == MAP_FAILED) {
        return tell(error < 0 ? error : -errno);
    }
    hunt->board = board;
    if (options->corpus != NULL && mkdir(options->corpus, 0777) < 0 &&
        errno != EEXIST) {
        (void)fprintf(stderr, "berth-fuzz: %s: %s\n", options->corpus,
                      strerror(errno));
        return EXIT_SYSTEM;
    }
    return seeds_init(&hunt->seeds) < 0 ? EXIT_SYSTEM : write_seeds(hunt);
}

static void clean_up(struct hunt *hunt)
{
    seeds_fini(&hunt->seeds);
    image_fini(&hunt->image);
    if (hunt->board != NULL) {
        (void)munmap(hunt->board, sizeof(*hunt->board));
    }
    for (size_t i = 0; i < hunt->script_count; i++) {
        script_fini(&hunt->scripts[i]);
    }
    free(hunt->scripts);
    free(hunt->variants);
    subject_fini(&hunt->subject);
}

static void interrupt(int number)
{
    (void)number;
    hunt_is_interrupted = 1;
}

static int run(const struct options *options)
{
    const struct sigaction action = {.sa_handler = interrupt};
    struct hunt hunt = {.options = options};
    int status;

    if (subject_load(&hunt.subject, &options->subject) < 0) {
        return EXIT_LOAD;
    }
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    status = read_scripts(&hunt);
    if (status == EXIT_PASSED) {
        status = prepare(&hunt);
    }
    if (status == EXIT_PASSED) {
        status = run_hunt(&hunt);
    }
    clean_up(&hunt);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = EXIT_PASSED;

    if (options_parse(&options, argc, argv) < 0) {
        return EXIT_USAGE;
    }
    if (options.command == OPTIONS_HELP) {
        options_print_help(stdout);
    } else if (options.command == OPTIONS_VERSION) {
        (void)puts("berth-fuzz " BERTH_VERSION);
    } else {
        status = run(&options);
    }
    options_fini(&options);
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "berth-fuzz: %s\n", strerror(errno));
        return EXIT_SYSTEM;
    }
    return status;
}
