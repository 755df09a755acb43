/* SPDX-License-Identifier: MIT */
#include "hunt.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attempt.h"
#include "berth-try/course.h"
#include "berth-try/memory.h"
#include "engine.h"
#include "loop.h"

/* A callback that has not returned for so long never will. */
#define HANGS_MS 10000u
/* Where nobody watches, progress is told so often. */
#define PROGRESS_MS 10000u
#define ARGUMENTS_MAX 32
/* A sanitizer refuses one allocation of more. */
#define MALLOC_LIMIT_MB 1024
/* One in so many is run with everything guarded: that finds pointers that are
   kept, and takes long. */
#define GUARDED_EACH 16u
#define GUARDED_BYTES ((size_t)64)
/* Byte by byte takes a turn each: long inputs are less often compared. */
#define COMPARED_BYTES ((size_t)32)

volatile int hunt_is_interrupted;

struct script hunt_script(const struct hunt *hunt, const struct feed *input)
{
    const struct script *variant =
        hunt->variants[input->variant % hunt->variant_count];
    struct script script = *variant;

    script.transcript.steps = input->transcript.steps;
    script.transcript.count = input->transcript.count;
    script.transcript.sent = input->transcript.sent;
    return script;
}

/* ------------------------------------------------------- what it is led by */

/*
 * What a plugin does, where nothing is known of what is in it: which callback
 * follows which, how it ends, how the lines of its answer begin. libFuzzer
 * finds these counters by the section's name.
 */
#define FOLLOW ((size_t)1024)
#define ANSWERS ((size_t)512)

__attribute__((section(
    "__libfuzzer_extra_counters"))) static uint8_t counters[FOLLOW + ANSWERS];

/* The rest of what one() knows: libFuzzer hands it nothing. */
static struct {
    const struct hunt *hunt;
    struct course course;
    struct trial trial;
    struct trial_options options;
    uint32_t last; /* callback */
    uint8_t *reached;
} own;

static void see_callback(uint32_t callback)
{
    uint8_t *counter = &counters[((own.last * 32) + callback) % FOLLOW];

    *counter = (uint8_t)(*counter + (*counter < UINT8_MAX));
    own.last = callback;
}

static void note_answer(const char *bytes, size_t size)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (uint8_t)bytes[i]) * 16777619u;
    }
    counters[FOLLOW + ((hash ^ hash >> 16) % ANSWERS)] = 1;
}

/* The first bytes of some lines: what kind of answer it is. */
static void see_end(const char *bytes, size_t size, int why)
{
    char end = (char)(64 - why);

    note_answer(&end, 1);
    for (int lines = 0; size > 0 && lines < 8; lines++) {
        const char *next = memchr(bytes, '\n', size);
        size_t length = next == NULL ? size : (size_t)(next - bytes) + 1;

        note_answer(bytes, length < 3 ? length : 3);
        bytes += length;
        size -= length;
    }
}

/* libFuzzer begins each input with counters that are all 0. */
static void count_edges(void)
{
    const struct image *image = &own.hunt->image;

    for (size_t i = 0; i < image->edges; i++) {
        if (image->counters[i] != 0 && own.reached[i] == 0) {
            own.reached[i] = 1;
            own.hunt->board->edges++;
        }
    }
}

/* -------------------------------------------------------------- in the process */

static int one(const uint8_t *bytes, size_t size)
{
    struct hunt_board *board = own.hunt->board;
    struct script script;
    struct feed input;

    board->size = size < FEED_MAX ? size : FEED_MAX;
    memcpy(board->input, bytes, board->size);
    board->inputs++;
    if (feed_decode(&input, board->input, board->size) < 0) {
        return 0;
    }
    own.last = 0;
    script = hunt_script(own.hunt, &input);
    own.course.script = &script;
    own.course.is_guarded =
        board->inputs % GUARDED_EACH == 0 &&
        (input.manner.kind == MANNER_ALIKE || input.manner.kind == MANNER_END);
    own.course.is_hasty = board->inputs % (1 + size / COMPARED_BYTES) != 0 ||
                          (own.course.is_guarded && size > GUARDED_BYTES);
    course_run(&own.course, &input.manner);
    feed_fini(&input);
    count_edges();
    return 0;
}

/* libFuzzer knows nothing of what only FEED_MARK can say. */
size_t LLVMFuzzerCustomMutator(uint8_t *data,
                               size_t size,
                               size_t size_max,
                               unsigned seed)
{
    uint8_t act[FEED_ACT_MAX];
    size_t length = feed_choose(seed >> 8, act);
    size_t place;

    if (seed % 8 != 0 || size + length > size_max) {
        return LLVMFuzzerMutate(data, size, size_max);
    }
    place = seed / 8 % 2 == 0 ? size : (size_t)(seed >> 4) % (size + 1);
    memmove(data + place + length, data + place, size - place);
    memcpy(data + place, act, length);
    return size + length;
}

struct arguments {
    char *items[ARGUMENTS_MAX + 1];
    int count;
};

__attribute__((format(printf, 2, 3))) static void
add(struct arguments *arguments, const char *format, ...)
{
    va_list args;
    char *text = NULL;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0 ||
        arguments->count == ARGUMENTS_MAX) {
        abort();
    }
    va_end(args);
    arguments->items[arguments->count++] = text;
    arguments->items[arguments->count] = NULL;
}

/* What is found, and what hangs, is looked after here; a report of a sanitizer
   would be written to a file. */
static void fill_arguments(struct arguments *arguments, const struct hunt *hunt)
{
    static const char *const left[] = {"segv", "bus",  "abrt", "ill",  "fpe",
                                       "int",  "term", "xfsz", "usr1", "usr2"};
    const struct options *options = hunt->options;
    bool is_leak_minded = (options->trial.allowed & 1u << FINDING_LEAK) == 0;

    add(arguments, "berth-fuzz");
    for (size_t i = 0; i < sizeof(left) / sizeof(left[0]); i++) {
        add(arguments, "-handle_%s=0", left[i]);
    }
    add(arguments, "-exact_artifact_path=/dev/null");
    add(arguments, "-verbosity=%d", options->trial.is_verbose ? 1 : 0);
    add(arguments, "-timeout=0");
    /* That would be a thread more: what is guarded takes longer then. */
    add(arguments, "-rss_limit_mb=0");
    add(arguments, "-malloc_limit_mb=%d", MALLOC_LIMIT_MB);
    add(arguments, "-reload=0");
    add(arguments, "-error_exitcode=%d", ENGINE_STATUS);
    add(arguments, "-detect_leaks=%d", is_leak_minded ? 1 : 0);
    add(arguments, "-max_len=%zu", FEED_MAX);
    add(arguments, "-seed=%" PRIu64, options->trial.seed);
    add(arguments, "-dict=%s", hunt->seeds.words);
    if (options->seconds > 0) {
        add(arguments, "-max_total_time=%" PRIu64, options->seconds);
    }
    if (options->runs > 0) {
        add(arguments, "-runs=%" PRIu64, options->runs);
    }
    if (options->corpus != NULL) {
        add(arguments, "%s", options->corpus);
    }
    add(arguments, "-seed_inputs=@%s", hunt->seeds.list);
}

static void hunt_inside(const struct trial *trial)
{
    struct arguments arguments = {.count = 0};
    char **items = arguments.items;

    (void)signal(SIGINT, SIG_IGN);
    attempt_enter(trial);
    own.course = (struct course){.trial = trial, .board = trial->board};
    own.reached = calloc(own.hunt->image.edges + 1, 1);
    if (own.reached == NULL) {
        abort();
    }
    fill_arguments(&arguments, own.hunt);
    (void)LLVMFuzzerRunDriver(&arguments.count, &items, one);
}

/* ------------------------------------------------------------ from outside */

struct progress {
    const struct hunt *hunt;
    uint64_t begun_ms;
    uint64_t told_ms;
    bool is_terminal;
};

static bool tell_progress(void *arg)
{
    struct progress *progress = arg;
    const struct hunt *hunt = progress->hunt;
    const uint64_t now_ms = loop_monotonic_ms(NULL);
    uint64_t inputs = hunt->board->inputs;
    uint64_t passed = (now_ms - progress->begun_ms) / 1000;

    if (now_ms - progress->told_ms >=
        (progress->is_terminal ? 1000 : PROGRESS_MS)) {
        progress->told_ms = now_ms;
        (void)fprintf(
            stderr, "%s%" PRIu64 "s: %" PRIu64 " inputs, %" PRIu64 " a second",
            progress->is_terminal ? "\r\033[K" : "", passed, inputs,
            inputs / (passed == 0 ? 1 : passed));
        if (hunt->image.edges > 0) {
            (void)fprintf(stderr, ", %" PRIu64 " of %zu edges",
                          hunt->board->edges, hunt->image.edges);
        }
        (void)fputs(progress->is_terminal ? "" : "\n", stderr);
        (void)fflush(stderr);
    }
    return !hunt_is_interrupted;
}

int hunt_run(struct hunt *hunt, struct finding_board **found)
{
    struct progress progress = {
        .hunt = hunt,
        .begun_ms = loop_monotonic_ms(NULL),
        .is_terminal = isatty(STDERR_FILENO) == 1,
    };
    struct attempt *attempt = calloc(1, sizeof(*attempt));
    int result;

    if (attempt == NULL) {
        return -ENOMEM;
    }
    progress.told_ms = progress.begun_ms;
    own.hunt = hunt;
    own.options = hunt->options->trial;
    own.options.is_verbose = false;
    own.options.see_callback = see_callback;
    own.options.see_end = see_end;
    attempt->trial.script = hunt->variants[0];
    attempt->trial.options = &own.options;
    attempt->trial.run = hunt_inside;
    attempt->is_loud = hunt->options->trial.is_verbose;
    attempt->hangs_ms = HANGS_MS;
    attempt->may_go_on = tell_progress;
    attempt->arg = &progress;
    result = attempt_run(attempt);
    if (progress.is_terminal) {
        (void)fputs("\r\033[K", stderr);
    }
    *found = result < 0 ? NULL : attempt->trial.board;
    if (hunt_is_interrupted && result == 0) {
        result = 1; /* it was ended, nothing was found */
    }
    free(attempt);
    return result;
}
