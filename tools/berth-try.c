/* SPDX-License-Identifier: MIT */
/*
 * berth-try: tries a protocol's plugin in a simulated server, before it meets a
 * socket.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "berth-try/bench.h"
#include "berth-try/memory.h"
#include "berth-try/options.h"
#include "berth-try/report.h"
#include "berth-try/subject.h"
#include "berth-try/trial.h"

/* Exit statuses; the numbers of sysexits.h. */
enum exit_status {
    EXIT_PASSED = 0,
    EXIT_FOUND = 1,
    EXIT_USAGE = 64,
    EXIT_SYSTEM = 71,
    EXIT_LOAD = 78, /* the plugin, a transcript, settings */
};

struct program {
    struct options options;
    struct subject subject;
    struct script *scripts;
    struct trial *trials;
    size_t script_count; /* that were read */
};

static void print_finding(const struct program *program,
                          const struct script *script,
                          const struct finding_board *board)
{
    report_finding(script, board, "# ", stdout);
    (void)printf("#   %-9s", "repeat");
    options_print_repeat(&program->options, board->variant, script->path,
                         stdout);
}

/* ------------------------------------------------------------------- trials */

/* What is found where not all is guarded may be explained where it is: this one
   manner is tried again. The first finding stays if the second is none. */
static void explain(struct program *program, struct trial *trial)
{
    struct trial_options options = program->options.trial;
    struct manner only;
    struct trial again = {.script = trial->script, .options = &options};

    if (options.only != NULL ||
        manner_parse(trial->board->variant, &only) < 0) {
        return;
    }
    options.only = &only;
    if (trial_start(&again) < 0) {
        return;
    }
    if (trial_finish(&again)) {
        finding_board_free(again.board);
    } else {
        finding_board_free(trial->board);
        trial->board = again.board;
    }
}

/* In the order of the command line, whatever ends first. */
static int conclude(struct program *program, size_t index)
{
    struct trial *trial = &program->trials[index];
    bool has_passed = trial_finish(trial);

    if (has_passed) {
        (void)printf("ok %zu - %s (%zu runs)\n", index + 1, trial->script->path,
                     trial->board->runs);
    } else {
        explain(program, trial);
        (void)printf("not ok %zu - %s\n", index + 1, trial->script->path);
        print_finding(program, trial->script, trial->board);
    }
    finding_board_free(trial->board);
    return has_passed ? EXIT_PASSED : EXIT_FOUND;
}

static int start(struct program *program, size_t index)
{
    struct trial *trial = &program->trials[index];
    int error;

    *trial = (struct trial){
        .script = &program->scripts[index],
        .options = &program->options.trial,
    };
    error = trial_start(trial);
    if (error < 0) {
        (void)fprintf(stderr, "berth-try: %s\n", strerror(-error));
    }
    return error;
}

static int try_all(struct program *program)
{
    size_t count = program->script_count;
    size_t started = 0;
    int status = EXIT_PASSED;
    int error = 0;

    (void)printf("1..%zu\n", count);
    if (!memory_is_known()) {
        (void)printf("# a sanitizer has the memory: leaks are its own to find, "
                     "and no allocation fails\n");
    }
    for (size_t next = 0; next < count; next++) {
        while (error == 0 && started < count &&
               started < next + program->options.jobs) {
            error = start(program, started);
            started += error == 0;
        }
        if (next < started && conclude(program, next) != EXIT_PASSED) {
            status = EXIT_FOUND;
        }
    }
    return error < 0 ? EXIT_SYSTEM : status;
}

static int bench_all(const struct program *program)
{
    int status = EXIT_PASSED;

    for (size_t i = 0; i < program->script_count; i++) {
        if (bench_run(&program->scripts[i], stdout) < 0) {
            status = EXIT_SYSTEM;
        }
    }
    return status;
}

/* --------------------------------------------------------------------- main */

static int read_scripts(struct program *program)
{
    const struct options *options = &program->options;

    program->scripts =
        calloc(options->transcript_count, sizeof(*program->scripts));
    program->trials =
        calloc(options->transcript_count, sizeof(*program->trials));
    if (program->scripts == NULL || program->trials == NULL) {
        (void)fputs("berth-try: no memory\n", stderr);
        return EXIT_SYSTEM;
    }
    for (size_t i = 0; i < options->transcript_count; i++) {
        if (script_read(&program->scripts[i], &program->subject,
                        options->transcripts[i]) < 0) {
            return EXIT_LOAD;
        }
        program->script_count++;
    }
    return EXIT_PASSED;
}

static int run(struct program *program)
{
    int status;

    if (subject_load(&program->subject, &program->options.subject) < 0) {
        return EXIT_LOAD;
    }
    status = read_scripts(program);
    if (status == EXIT_PASSED) {
        status = program->options.command == OPTIONS_BENCH ? bench_all(program)
                                                           : try_all(program);
    }
    for (size_t i = 0; i < program->script_count; i++) {
        script_fini(&program->scripts[i]);
    }
    free(program->scripts);
    free(program->trials);
    subject_fini(&program->subject);
    return status;
}

int main(int argc, char **argv)
{
    struct program program = {.script_count = 0};
    int status = EXIT_PASSED;

    if (options_parse(&program.options, argc, argv) < 0) {
        return EXIT_USAGE;
    }
    if (program.options.command == OPTIONS_HELP) {
        options_print_help(stdout);
    } else if (program.options.command == OPTIONS_VERSION) {
        (void)puts("berth-try " BERTH_VERSION);
    } else {
        status = run(&program);
    }
    options_fini(&program.options);
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "berth-try: %s\n", strerror(errno));
        return EXIT_SYSTEM;
    }
    return status;
}
