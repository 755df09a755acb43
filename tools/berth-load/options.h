/* SPDX-License-Identifier: MIT */
/*
 * The command line of berth-load.
 */
#ifndef BERTH_LOAD_OPTIONS_H
#define BERTH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "address.h"

enum options_command {
    OPTIONS_LOAD = 0,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

/* What the server does. */
enum profile {
    PROFILE_ECHO = 0, /* all bytes come back */
    PROFILE_LINE,     /* so does every line */
    PROFILE_HTTP,     /* a GET is answered, each time alike */
    PROFILE_COUNT,
};

/* The largest values. */
#define OPTIONS_CONNECTIONS_MAX UINT64_C(10000000)
#define OPTIONS_DEPTH_MAX UINT64_C(4096)
#define OPTIONS_RATE_MAX UINT64_C(100000000)
#define OPTIONS_WORKERS_MAX UINT64_C(1024)
#define OPTIONS_SOURCES_MAX UINT64_C(62500)
#define OPTIONS_PIDS_MAX ((size_t)256)

struct options {
    enum options_command command;
    enum profile profile;
    const char *text; /* the address, within argv */
    struct address address;
    const char *path;     /* of http */
    uint64_t size;        /* bytes of a message; of http only its request's */
    uint64_t connections; /* that talk */
    uint64_t active;      /* of them at a time; as many as connections: all */
    uint64_t idle;        /* connections beside them */
    uint64_t depth;       /* messages that may be without answer, on each */
    uint64_t rate;        /* messages a second; 0: as fast as answers come */
    uint64_t reconnect;   /* messages of a connection; 0: any number */
    uint64_t sources; /* addresses to connect from; 0: the kernel's choice */
    uint64_t workers; /* processes */
    uint64_t time_ms;
    uint64_t warmup_ms;
    uint64_t timeout_ms;
    pid_t pids[OPTIONS_PIDS_MAX]; /* whose processor time is told */
    size_t pid_count;
    bool announces;
    bool is_json;
    bool is_quiet;
};

const char *profile_name(enum profile profile);

/* Returns 0, or -EINVAL after telling on stderr what is wrong. argv is put in
   order, options first. */
int options_parse(struct options *options, int argc, char **argv);

void options_print_help(FILE *stream);

#endif
