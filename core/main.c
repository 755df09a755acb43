/* SPDX-License-Identifier: MIT */
/*
 * The program: command line, configuration, one worker or a supervisor of
 * several. Nobody else exits, but processes of the supervisor (process.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "config.h"
#include "error.h"
#include "foreground.h"
#include "inspect.h"
#include "locate.h"
#include "log.h"
#include "plugin.h"
#include "snapshot.h"
#include "stats.h"
#include "supervisor.h"
#include "syntax.h"
#include "worker.h"

/* What the commands have in common. */
struct program {
    struct cli cli;
    char *const *argv;
    char path[PATH_MAX];
    char found[PATH_MAX]; /* the configuration, if none is named */
    struct config_source source;
    int held; /* the file's bytes, if it could be read only once; else -1 */
    char image[SNAPSHOT_IMAGE_MAX];
    struct locate_folders folders;
    struct plugin_path plugins;
    struct errors errors;
    struct config *config;
    struct stats *stats;   /* of the one process; NULL: there is none */
    bool has_hanging_jobs; /* threads that may touch what is still there */
};

static int fail(const char *what, int error)
{
    (void)fprintf(stderr, "berth: %s: %s\n", what, strerror(-error));
    return CLI_EXIT_SYSTEM;
}

/* file NULL: stderr. */
static int fail_log(const char *file, int error)
{
    (void)fprintf(stderr, "berth: cannot open the log%s%s: %s\n",
                  file == NULL ? "" : " ", file == NULL ? "" : file,
                  log_explain(error));
    return CLI_EXIT_SYSTEM;
}

/* What was to be printed is lost (a full disk, say): not a success. */
static int fail_output(int status)
{
    (void)fprintf(stderr, "berth: standard output cannot be written\n");
    return status == CLI_EXIT_OK ? CLI_EXIT_OTHER : status;
}

/* What the command line says is to be read. */
static int find_source(struct program *program)
{
    const struct cli *cli = &program->cli;
    int error;

    program->source = (struct config_source){
        .path = cli->config,
        .words = cli->words,
        .word_count = cli->word_count,
        .folders = {.plugins = &program->plugins},
        .record = cli->record,
    };
    if (cli->config != NULL || cli->word_count > 0) {
        return 0;
    }
    error =
        locate_config(program->path, program->found, sizeof(program->found));
    if (error == 0) {
        program->source.path = program->found;
    }
    return error == -ENOENT ? 0 : error;
}

/* A pipe is empty when it has been read, so that is done here, once. */
static int hold_source(struct program *program)
{
    const struct place place = {.file = program->source.path};
    int error;

    if (program->source.path == NULL) {
        return 0;
    }
    error = snapshot_hold(program->source.path, SYNTAX_SIZE_MAX + 1,
                          &program->held);
    if (error < 0) {
        errors_add(&program->errors, &place, NULL, "cannot be read: %s",
                   strerror(-error));
        errors_print(&program->errors, stderr);
        return error;
    }
    if (program->held >= 0) {
        const struct snapshot_file file = {.fd = program->held};

        program->source.folders.image = snapshot_image(&file, program->image);
    }
    return 0;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static int print_check(struct program *program, struct worker *worker)
{
    const struct config *config = program->config;

    program->has_hanging_jobs = !worker_free(worker);
    (void)printf("%s: ok (%zu protocol%s, %zu listener%s)\n", config->source,
                 config->entry_count, plural(config->entry_count),
                 config->listener_count, plural(config->listener_count));
    return CLI_EXIT_OK;
}

static int serve(struct program *program, struct worker *worker)
{
    int error = worker_listen(worker);
    int status = CLI_EXIT_OK;

    if (error < 0) {
        status = CLI_EXIT_SYSTEM;
    } else {
        error = foreground_run(worker);
        if (error < 0) {
            status = fail("the event loop failed", error);
        }
    }
    program->has_hanging_jobs = !worker_free(worker);
    return status;
}

/* A region for the one worker, which is all that looks into it; without it
   nothing can be asked for, but all is served. */
static struct stats *make_stats(void)
{
    struct stats *stats = NULL;

    if (stats_new(1, &stats) < 0) {
        return NULL;
    }
    stats_set(stats, STATS_GENERATION, 1);
    if (stats_claim(stats, 0, 1) < 0 || stats_own(stats, 0) < 0) {
        stats_free(stats);
        return NULL;
    }
    return stats;
}

/* Check and serve begin alike: all but bind. */
static int start_worker(struct program *program, struct log *log)
{
    struct worker *worker;
    int error;

    foreground_prepare();
    program->stats = make_stats();
    error = worker_new(program->config, log, program->stats, &program->errors,
                       &worker);
    errors_print(&program->errors, stderr);
    if (error == -EINVAL) {
        return CLI_EXIT_CONFIG;
    }
    if (error < 0) {
        return fail("cannot start", error);
    }
    if (program->cli.command == CLI_CHECK) {
        return print_check(program, worker);
    }
    return serve(program, worker);
}

/* The one process is the server: nobody can command it, and it is who started
   it. */
static void warn_of_idle_keys(struct program *program)
{
    static const char *const names[] = {"user", "group", "control"};
    const struct config *config = program->config;
    const char *const values[] = {
        config->keys.user,
        config->keys.group,
        config->keys.control,
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const struct place place = config_place(config, names[i]);

        if (values[i] != NULL) {
            errors_warn(&program->errors, &place,
                        "have at least one worker, or remove it",
                        "'%s' does nothing where there are no workers "
                        "(workers: 0)",
                        names[i]);
        }
    }
}

static int run_configured(struct program *program)
{
    const struct config_log *wanted;
    const char *file; /* a check leaves nothing behind */
    struct log log;
    int error =
        config_read(&program->source, &program->errors, &program->config);
    int status;

    if (error < 0 || errors_count(&program->errors) > 0) {
        errors_print(&program->errors, stderr);
        return CLI_EXIT_CONFIG;
    }
    if (program->cli.command == CLI_PRINT_CONFIG) {
        errors_print(&program->errors, stderr); /* warnings */
        config_print(program->config, stdout);
        return CLI_EXIT_OK;
    }
    if (program->cli.command == CLI_SERVE) {
        warn_of_idle_keys(program);
    }
    wanted = &program->config->log;
    file = program->cli.command == CLI_CHECK ? NULL : wanted->file;
    error = log_open(&log, file, wanted->level, wanted->format);
    if (error < 0) {
        return fail_log(file, error);
    }
    status = start_worker(program, &log);
    log_close(&log);
    return status;
}

/* wanted: the log as server.yaml has it. */
static int supervise(struct program *program, const struct config_log *wanted)
{
    struct supervisor_parts parts = {
        .source = &program->source,
        .workers = program->cli.workers,
        .program = program->path,
        .argv = program->argv,
    };
    struct log log;
    int error = log_open(&log, wanted->file, wanted->level, wanted->format);
    int status;

    if (error < 0 && !supervisor_is_heir()) {
        return fail_log(wanted->file, error);
    }
    if (error < 0) {
        (void)log_open(&log, NULL, wanted->level, wanted->format);
    }
    parts.log = &log;
    status = supervisor_run(&parts);
    log_close(&log);
    return status;
}

/* It could not be read as far as is needed. What reads all of it says more,
   unless it was the system that failed, and does no more. */
static int refuse(struct program *program, int error)
{
    if (config_read(&program->source, &program->errors, &program->config) ==
            0 &&
        errors_count(&program->errors) == 0) {
        return fail("cannot read the configuration", error);
    }
    errors_print(&program->errors, stderr);
    return CLI_EXIT_CONFIG;
}

/* One process, or a supervisor with workers? */
static int run_server(struct program *program)
{
    static const struct config_log plain = {.level = LOG_INFO};
    const bool is_heir = supervisor_is_heir();
    int32_t workers = program->cli.workers;
    struct config *top = NULL;
    struct errors untold;
    int error;
    int status;

    errors_init(&untold);
    error = config_peek(&program->source, &untold, &top);
    errors_fini(&untold);
    if (error < 0) {
        return is_heir ? supervise(program, &plain) : refuse(program, error);
    }
    if (workers < 0) {
        workers = top->operation.workers;
    }
    status = workers == 0 && !is_heir ? run_configured(program)
                                      : supervise(program, &top->log);
    config_free(top);
    return status;
}

/* Commands that look at plugins and print. */
static int run_inspection(struct program *program)
{
    const struct cli *cli = &program->cli;
    struct errors *errors = &program->errors;
    int error;

    switch (cli->command) {
    case CLI_LIST:
        error = inspect_list(&program->plugins, stdout);
        break;
    case CLI_DESCRIBE:
        error = inspect_describe(&program->plugins, cli->words, cli->word_count,
                                 stdout, errors);
        break;
    case CLI_PRINT_SCHEMA:
        error = inspect_schema(&program->plugins, stdout, errors);
        break;
    default:
        error = inspect_sample(&program->plugins, stdout, errors);
        break;
    }
    errors_print(errors, stderr);
    if (errors_count(errors) > 0) {
        return CLI_EXIT_CONFIG;
    }
    return error < 0 ? fail("cannot look at the plugins", error) : CLI_EXIT_OK;
}

static int run(struct program *program)
{
    switch (program->cli.command) {
    case CLI_HELP:
        cli_print_help(stdout);
        return CLI_EXIT_OK;
    case CLI_VERSION:
        cli_print_version(stdout);
        return CLI_EXIT_OK;
    case CLI_LIST:
    case CLI_DESCRIBE:
    case CLI_PRINT_SCHEMA:
    case CLI_PRINT_DEFAULT_CONFIG:
        return run_inspection(program);
    case CLI_CHECK:
    case CLI_PRINT_CONFIG:
    case CLI_SERVE:
    default:
        break;
    }
    if (hold_source(program) < 0) {
        return CLI_EXIT_CONFIG;
    }
    return program->cli.command == CLI_SERVE ? run_server(program)
                                             : run_configured(program);
}

/*
 * One that was closed would be the number of the next descriptor, a socket
 * perhaps, and what a plugin or a library prints would go there.
 */
static int open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0) {
            return -errno;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct program program = {.argv = argv, .held = -1};
    int error = open_standard_streams();
    int status;

    if (error < 0) {
        return fail("/dev/null", error);
    }
    if (cli_parse(&program.cli, argc, argv) < 0) {
        return CLI_EXIT_USAGE;
    }
    error = locate_program(program.path, sizeof(program.path));
    if (error == 0) {
        error = locate_plugins(program.path, &program.folders);
    }
    if (error < 0) {
        return fail("cannot find its own place", error);
    }
    program.plugins = (struct plugin_path){
        .folders = program.folders.items,
        .count = program.folders.count,
    };
    error = find_source(&program);
    if (error < 0) {
        return fail("cannot find the configuration", error);
    }
    errors_init(&program.errors);
    status = run(&program);
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        status = fail_output(status);
    }
    if (program.has_hanging_jobs) {
        _exit(status); /* no destructors while their threads run */
    }
    config_free(program.config);
    stats_free(program.stats);
    errors_fini(&program.errors);
    locate_folders_fini(&program.folders);
    if (program.held >= 0) {
        (void)close(program.held);
    }
    return status;
}
