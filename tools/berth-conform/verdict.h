/* SPDX-License-Identifier: MIT */
/*
 * What a check came to.
 */
#ifndef BERTH_CONFORM_VERDICT_H
#define BERTH_CONFORM_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#define VERDICT_TEXT_MAX 512

enum verdict_kind {
    VERDICT_PASS = 0,
    VERDICT_FAIL,
    VERDICT_SKIP,
};

/* To begin: {.kind = VERDICT_PASS}. Texts are one line, fit for a terminal. */
struct verdict {
    enum verdict_kind kind;
    char note[VERDICT_TEXT_MAX];     /* why it is skipped, or what else was
                                        seen; may be empty */
    char expected[VERDICT_TEXT_MAX]; /* if it failed, as is got */
    char got[VERDICT_TEXT_MAX];
};

/* "pass", "fail", "skip" */
const char *verdict_name(enum verdict_kind kind);

/* What is expected next: it stays until something else is. */
__attribute__((format(printf, 2, 3))) void
verdict_expect(struct verdict *verdict, const char *format, ...);

/* It fails, by what came instead; the first failure stays. Returns false. */
__attribute__((format(printf, 2, 3))) bool
verdict_fail(struct verdict *verdict, const char *format, ...);

/* Adds to what came: when, or to whom. */
__attribute__((format(printf, 2, 3))) void
verdict_when(struct verdict *verdict, const char *format, ...);

__attribute__((format(printf, 2, 3))) void
verdict_note(struct verdict *verdict, const char *format, ...);

__attribute__((format(printf, 2, 3))) void
verdict_skip(struct verdict *verdict, const char *format, ...);

/*
 * Writes bytes in quotation marks, with \n, \r, \\, \" and \xNN; "..." follows
 * if not all fit. size: of text, at least 16. Returns text.
 */
const char *
verdict_quote(char *text, size_t size, const char *bytes, size_t count);

#endif
