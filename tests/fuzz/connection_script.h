/* SPDX-License-Identifier: MIT */
/*
 * What the target `connection` does, as a text that people can write and a
 * fuzzer can change: any bytes are a script. A line's first character says
 * whose it is; what follows are acts, one letter each, some of them with a
 * number of one character (script_number()):
 *
 *     l im oj     limits: i input, o output, d idle, f first_byte, s stall
 *     - et        callbacks that the protocol lacks, by their letters
 *     o d e r t s c k p
 *                 what the plugin does in on_open, on_data, on_end, on_drain,
 *                 on_timer, on_stop, on_close, on_tick, and in a function
 *                 that was posted: each call takes the next line of its
 *                 letter, and after the last the first again
 *     >           what happens: connections, peers, time
 *
 * Every other line is a comment. The acts are in connection_act.c and in
 * connection.c, each a row of a table.
 */
#ifndef BERTH_CONNECTION_SCRIPT_H
#define BERTH_CONNECTION_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limit.h"

enum script_part {
    SCRIPT_OPEN,
    SCRIPT_DATA,
    SCRIPT_END,
    SCRIPT_DRAIN,
    SCRIPT_TIMER,
    SCRIPT_STOP,
    SCRIPT_CLOSE,
    SCRIPT_TICK,
    SCRIPT_POST,
    SCRIPT_WORLD,
    SCRIPT_PARTS,
};

#define SCRIPT_LINES_MAX 32

/* A line without its first character; also a place within it. */
struct script_line {
    const char *at, *end;
};

struct script {
    struct script_line lines[SCRIPT_PARTS][SCRIPT_LINES_MAX];
    size_t counts[SCRIPT_PARTS];
    size_t next[SCRIPT_PARTS];
    bool lacks[SCRIPT_PARTS];
    struct limits limits;
};

/* text must live as long as the script. */
void script_read(struct script *script, const char *text, size_t size);

/* The next line of that part; empty if there are none. */
struct script_line script_next(struct script *script, enum script_part part);

/* The next character that is no blank; '\0' at the line's end. */
char script_take(struct script_line *line);

/* The number that a character stands for: a digit itself, a letter one of a
   table of sizes and their neighbours; 0 for any other. */
size_t script_number(char c);

#endif
