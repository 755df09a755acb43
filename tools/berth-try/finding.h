/* SPDX-License-Identifier: MIT */
/*
 * What was found, and where: on a board that the process which tries a plugin
 * shares with the one that watches over it. So what is written there outlives
 * a crash.
 */
#ifndef BERTH_TRY_FINDING_H
#define BERTH_TRY_FINDING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rules that can be broken; see finding_rules. */
enum finding_rule {
    FINDING_DIFFERENCE, /* other bytes, another end than the transcript's */
    FINDING_MANNER,     /* the answer depends on how the bytes arrive */
    FINDING_INIT,
    FINDING_USE,
    FINDING_POINTER,
    FINDING_OVERRUN,
    FINDING_PARTIAL,
    FINDING_LEAK,
    FINDING_GROWTH,
    FINDING_MEMORY,
    FINDING_SLOW,
    FINDING_ROOM,
    FINDING_JOB,
    FINDING_CLOSED,
    FINDING_LOAN,
    FINDING_CRASH,
    FINDING_SERVER, /* the server's side of the contract */
    FINDING_RULES,
};

struct finding_rule_text {
    const char *name; /* for --allow; NULL: cannot be allowed */
    const char *help;
};

extern const struct finding_rule_text finding_rules[FINDING_RULES];

#define FINDING_VARIANT_MAX 64
#define FINDING_TEXT_MAX 512
#define FINDING_DETAILS_MAX 8192

struct finding_board {
    /* Where it is, brought up to date as it goes. */
    char variant[FINDING_VARIANT_MAX];
    size_t line;                /* of the transcript; 0: none */
    _Atomic uint32_t callback;  /* enum crumb_callback */
    _Atomic uint64_t call;      /* its number in this run */
    _Atomic uint64_t heartbeat; /* goes on as long as anything does */
    size_t runs;
    /* What was found; the first finding stays. */
    atomic_flag is_taken;
    atomic_bool is_found;
    enum finding_rule rule;
    char text[FINDING_TEXT_MAX];
    char details[FINDING_DETAILS_MAX]; /* lines */
};

/* In memory that is shared with processes forked later; NULL: no memory. */
struct finding_board *finding_board_new(void);
void finding_board_free(struct finding_board *board);

/* A line below the finding that is about to be made: `name` and a text. */
__attribute__((format(printf, 3, 4))) void finding_detail(
    struct finding_board *board, const char *name, const char *format, ...);

/* The same of bytes, escaped as transcripts write them; of many, those around
   the one at `around`. */
void finding_detail_bytes(struct finding_board *board,
                          const char *name,
                          const char *bytes,
                          size_t size,
                          size_t around);

/* Makes the finding and ends the process: the first difference is what one
   looks at. */
__attribute__((noreturn, format(printf, 3, 4))) void
finding_end(struct finding_board *board,
            enum finding_rule rule,
            const char *format,
            ...);

/* From another process, of one that is gone. */
__attribute__((format(printf, 3, 4))) void
finding_note(struct finding_board *board,
             enum finding_rule rule,
             const char *format,
             ...);

/* The exit status after finding_end(). */
#define FINDING_STATUS 3

/* Writes bytes with the escapes of transcripts. Returns the length; text[0..
   room) is cut off at an escape's end. */
size_t finding_escape(char *text, size_t room, const char *bytes, size_t size);

#endif
