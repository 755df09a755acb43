/* SPDX-License-Identifier: MIT */
/*
 * What server.yaml says, as the table in line.c describes it.
 */
#ifndef LINE_SETTINGS_H
#define LINE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/protocol.h>

enum fallback {
    FALLBACK_ECHO,
    FALLBACK_ERROR,
    FALLBACK_SILENT,
    FALLBACK_CLOSE,
};

enum too_long {
    TOO_LONG_CLOSE,
    TOO_LONG_SKIP,
};

/* The built-in commands, in the order of HELP. */
enum command {
    COMMAND_HELP,
    COMMAND_ECHO,
    COMMAND_TIME,
    COMMAND_PEER,
    COMMAND_STATS,
    COMMAND_QUIT,
    COMMAND_COUNT,
};

struct switches {
    bool on[COMMAND_COUNT];
};

struct settings {
    int32_t delimiter; /* enum berth_line_end */
    uint32_t max_line;
    const char *greeting; /* NULL: none */
    const char *prompt;   /* NULL: none */
    berth_list replies;
    int32_t fallback; /* enum fallback */
    bool case_sensitive;
    uint32_t idle_ms;   /* 0: none */
    int32_t max_errors; /* 0: none */
    bool text;
    int32_t too_long; /* enum too_long */
    struct switches commands;
};

#endif
