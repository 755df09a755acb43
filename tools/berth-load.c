/* SPDX-License-Identifier: MIT */
/*
 * berth-load: sends messages to a server, compares the answers, and tells how
 * many there were and how long they took.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "berth-load/options.h"
#include "berth-load/pattern.h"
#include "berth-load/probe.h"
#include "berth-load/reply.h"
#include "berth-load/report.h"
#include "berth-load/result.h"
#include "berth-load/team.h"

/* Exit statuses; the numbers of sysexits.h. */
enum exit_status {
    EXIT_RIGHT = 0,
    EXIT_FAULTS = 1,
    EXIT_USAGE = 64,
    EXIT_UNAVAILABLE = 69, /* there is no server, or it does something else */
    EXIT_SYSTEM = 71,
};

/* Descriptors that are no connections. */
#define DESCRIPTORS_KEPT UINT64_C(16)
#define REQUEST_MAX 4096

static int init_request(struct pattern *pattern, const struct options *options)
{
    const bool is_unix = options->address.storage.ss_family == AF_UNIX;
    char text[REQUEST_MAX];
    const int size =
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n",
                 options->path, is_unix ? "localhost" : options->text,
                 options->reconnect == 1 ? "Connection: close\r\n" : "");

    if (size >= REQUEST_MAX) {
        return -ENAMETOOLONG;
    }
    return pattern_init_text(pattern, text, (size_t)size);
}

static int init_pattern(struct pattern *pattern, const struct options *options)
{
    switch (options->profile) {
    case PROFILE_HTTP:
        return init_request(pattern, options);
    case PROFILE_LINE:
        return pattern_init_lines(pattern, options->size);
    default:
        return pattern_init_bytes(pattern, options->size);
    }
}

/* A process has to hold its share of the connections. */
static int allow_descriptors(const struct options *options)
{
    const uint64_t all = options->connections + options->idle;
    const uint64_t wanted = (all / options->workers) + 1 + DESCRIPTORS_KEPT;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0) {
        return -errno;
    }
    if (limit.rlim_cur >= wanted) {
        return 0;
    }
    if (limit.rlim_max < wanted) {
        (void)fprintf(stderr,
                      "berth-load: %" PRIu64 " files for each of %" PRIu64
                      " processes, but only %" PRIu64
                      " are allowed: see --workers\n",
                      wanted, options->workers, (uint64_t)limit.rlim_max);
        return -EMFILE;
    }
    limit.rlim_cur = (rlim_t)wanted;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

static int run(const struct options *options,
               const struct pattern *pattern,
               struct reply_model *model)
{
    struct result *result = calloc(1, sizeof(*result));
    struct team_facts facts = {.cpu_ns = 0};
    int status = EXIT_SYSTEM;

    if (result != NULL &&
        team_run(options, pattern, model, result, &facts) == 0) {
        report_print(stdout, options, result, &facts);
        status = result_faults(result) > 0 ? EXIT_FAULTS : EXIT_RIGHT;
    }
    free(result);
    return status;
}

static int probe_and_run(const struct options *options,
                         const struct pattern *pattern)
{
    struct reply_model model = {.body = NULL};
    const char *why;
    int status = EXIT_UNAVAILABLE;
    const int error = probe_run(options, pattern, &model, &why);

    if (error < 0) {
        (void)fprintf(stderr, "berth-load: %s: %s\n", options->text,
                      why == NULL ? strerror(-error) : why);
    } else {
        status = run(options, pattern, &model);
    }
    reply_model_fini(&model);
    return status;
}

static int load_server(const struct options *options)
{
    struct pattern pattern = {.bytes = NULL};
    int status = EXIT_SYSTEM;
    int error;

    if (allow_descriptors(options) < 0) {
        return EXIT_SYSTEM;
    }
    error = init_pattern(&pattern, options);
    if (error < 0) {
        (void)fprintf(stderr, "berth-load: %s\n", strerror(-error));
    } else {
        status = probe_and_run(options, &pattern);
    }
    pattern_fini(&pattern);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = EXIT_RIGHT;

    if (options_parse(&options, argc, argv) < 0) {
        return EXIT_USAGE;
    }
    switch (options.command) {
    case OPTIONS_HELP:
        options_print_help(stdout);
        break;
    case OPTIONS_VERSION:
        (void)puts("berth-load " BERTH_VERSION);
        break;
    default:
        status = load_server(&options);
        break;
    }
    if (fflush(stdout) != 0) {
        (void)fprintf(stderr, "berth-load: %s\n", strerror(errno));
        return EXIT_SYSTEM;
    }
    return status;
}
