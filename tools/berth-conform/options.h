/* SPDX-License-Identifier: MIT */
/*
 * The command line of berth-conform.
 */
#ifndef BERTH_CONFORM_OPTIONS_H
#define BERTH_CONFORM_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "address.h"
#include "checks.h"
#include "report.h"

enum options_command {
    OPTIONS_CHECK = 0,
    OPTIONS_LIST,
    OPTIONS_HELP,
    OPTIONS_VERSION,
};

struct options {
    enum options_command command;
    enum report_format format;
    enum profile profile;
    const char *path; /* of http */
    uint64_t timeout_ms;
    size_t connections;
    const char *text; /* the address, within argv */
    struct address address;
    bool is_chosen[CHECKS_MAX]; /* which of checks_all() */
};

/* Returns 0, or -EINVAL after telling on stderr what is wrong. argv is put in
   order, options first. */
int options_parse(struct options *options, int argc, char **argv);

void options_print_help(FILE *stream);

#endif
