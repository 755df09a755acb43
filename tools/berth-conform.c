/* SPDX-License-Identifier: MIT */
/*
 * berth-conform: checks the manners of a server that runs, over real sockets.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "berth-conform/checks.h"
#include "berth-conform/options.h"
#include "berth-conform/report.h"

/* Exit statuses; the numbers of sysexits.h. */
enum exit_status {
    EXIT_PASSED = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 64,
    EXIT_UNAVAILABLE = 69, /* there is no server */
    EXIT_SYSTEM = 71,
};

/* A check as a whole may take so many times what a wait may. */
#define WAITS 6
/* Descriptors that are not for many connections. */
#define DESCRIPTORS_KEPT 16

struct program {
    struct options options;
    struct site site;
    struct report report;
    const char *why_no_more; /* NULL: checks go on */
};

/* As many as may be open. */
static size_t bound_connections(size_t wanted)
{
    struct rlimit limit;
    size_t most;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return wanted;
    }
    most = limit.rlim_cur > DESCRIPTORS_KEPT
               ? (size_t)limit.rlim_cur - DESCRIPTORS_KEPT
               : 1;
    return wanted < most ? wanted : most;
}

static void allow_time(struct site *site)
{
    site->due_ms = dialog_clock() + (WAITS * site->timeout_ms);
}

/* What a failure means for the checks to come. */
static void look_for_server(struct program *program, const struct check *check)
{
    allow_time(&program->site);
    if (check->run == NULL) {
        program->why_no_more = "there was no answer to a message";
    } else if (dialog_reach(&program->site) < 0) {
        program->why_no_more = "the server takes no connections any more";
    }
}

static void run_check(struct program *program, const struct check *check)
{
    struct verdict verdict = {.kind = VERDICT_PASS};
    struct site *site = &program->site;

    allow_time(site);
    if (!check_is_for(check, site->part.profile)) {
        verdict_skip(&verdict, "not for profile %s",
                     profile_name(site->part.profile));
    } else if (program->why_no_more != NULL) {
        verdict_skip(&verdict, "%s", program->why_no_more);
    } else if (check->run == NULL) {
        (void)checks_learn(site, &verdict);
    } else {
        check->run(site, &verdict);
    }
    report_add(&program->report, check, &verdict);
    if (verdict.kind == VERDICT_FAIL) {
        look_for_server(program, check);
    }
}

static void run_checks(struct program *program)
{
    size_t count;
    size_t chosen = 0;
    const struct check *checks = checks_all(&count);

    for (size_t i = 0; i < count; i++) {
        chosen += program->options.is_chosen[i];
    }
    report_begin(&program->report, chosen);
    for (size_t i = 0; i < count; i++) {
        if (program->options.is_chosen[i]) {
            run_check(program, &checks[i]);
        }
    }
    report_end(&program->report);
}

static int check_server(struct program *program)
{
    const struct options *options = &program->options;
    const bool is_unix = options->address.storage.ss_family == AF_UNIX;
    int error;

    program->site = (struct site){
        .part = {.profile = options->profile,
                 .host = is_unix ? "localhost" : options->text,
                 .path = options->path},
        .address = options->address,
        .timeout_ms = options->timeout_ms,
        .connections = bound_connections(options->connections),
    };
    program->report = (struct report){
        .format = options->format,
        .stream = stdout,
        .address = options->text,
        .profile = options->profile,
    };
    allow_time(&program->site);
    error = dialog_reach(&program->site);
    if (error < 0) {
        (void)fprintf(stderr, "berth-conform: %s: %s\n", options->text,
                      strerror(-error));
        return EXIT_UNAVAILABLE;
    }
    run_checks(program);
    return program->report.counts[VERDICT_FAIL] > 0 ? EXIT_FAILED : EXIT_PASSED;
}

int main(int argc, char **argv)
{
    struct program program = {.why_no_more = NULL};
    int status = EXIT_PASSED;

    if (options_parse(&program.options, argc, argv) < 0) {
        return EXIT_USAGE;
    }
    switch (program.options.command) {
    case OPTIONS_HELP:
        options_print_help(stdout);
        break;
    case OPTIONS_VERSION:
        (void)puts("berth-conform " BERTH_VERSION);
        break;
    case OPTIONS_LIST:
        report_list(stdout);
        break;
    default:
        status = check_server(&program);
        break;
    }
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "berth-conform: %s\n", strerror(errno));
        return EXIT_SYSTEM;
    }
    return status;
}
