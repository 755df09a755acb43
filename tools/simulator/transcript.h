/* SPDX-License-Identifier: MIT */
/*
 * A transcript: what a peer does and what it is to see, as a text file that
 * one can read; see tests/README.md for the form.
 */
#ifndef BERTH_TRANSCRIPT_H
#define BERTH_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum step_kind {
    STEP_SEND,   /* > "bytes": the peer sends */
    STEP_EXPECT, /* < "bytes": the peer reads these, next and in full */
    STEP_END,    /* end: the peer finishes sending */
    STEP_RESET,  /* reset: the peer resets */
    STEP_WAIT,   /* wait 30s: time passes */
    STEP_STOP,   /* stop exit, stop reload: the server drains */
    STEP_WINDOW, /* window 10, window all: bytes that the peer still reads */
    STEP_EOF,    /* eof: the server has finished sending */
    STEP_OPEN,   /* open: it has not, and on_close has not come */
    STEP_CLOSED, /* closed 0, closed ETIMEDOUT: on_close came, with that why */
    STEP_CUT,    /* cut: it was not recorded what comes from here on */
};

struct step {
    enum step_kind kind;
    size_t line;
    char *bytes; /* SEND, EXPECT: owned */
    size_t size;
    uint64_t number; /* WAIT: ms; WINDOW: bytes; STOP: enum berth_stop */
    int why;         /* CLOSED */
};

struct transcript {
    struct step *steps;
    size_t count;
    size_t sent;    /* bytes in all SEND steps */
    char *settings; /* YAML of the plugin's settings; NULL: none */
    size_t settings_line;
    uint64_t input;   /* limits.input; 0: the default */
    uint64_t time_ms; /* when it begins, since 1970-01-01 UTC; 0: as the
                         simulator has it */
};

/*
 * Reads the file. Returns 0, or -errno after telling on stderr what is wrong
 * and where; *transcript is then empty.
 */
int transcript_read(struct transcript *transcript, const char *path);
void transcript_fini(struct transcript *transcript);

/* Writes what transcript_read() reads: the settings and limits, a step. */
void transcript_write_head(const struct transcript *transcript, FILE *stream);
void transcript_write_step(const struct step *step, FILE *stream);

#endif
