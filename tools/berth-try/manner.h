/* SPDX-License-Identifier: MIT */
/*
 * A manner: in which one of the many ways a transcript is replayed. Each has a
 * name, so that it can be repeated: "split:17+edge+trickle".
 */
#ifndef BERTH_TRY_MANNER_H
#define BERTH_TRY_MANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "selector.h"

enum manner_kind {
    /* Held against the transcript. */
    MANNER_WHOLE,
    MANNER_BYTES, /* each byte by itself */
    MANNER_SPLIT, /* a piece ends after `number` bytes */
    /* Held against themselves: whole and byte by byte give the same. */
    MANNER_ALIKE,  /* nothing is changed */
    MANNER_END,    /* the peer finishes after `number` bytes */
    MANNER_ZERO,   /* byte `number` is a NUL */
    MANNER_NUMBER, /* the `number`-th run of digits is another number */
    MANNER_RANDOM, /* changed in a way that seed and `number` say */
    /* Held against the contract alone. */
    MANNER_ALLOC,  /* the `number`-th allocation fails; 0: each in turn */
    MANNER_REPEAT, /* the same messages again and again */
    MANNER_AGAIN,  /* one connection after the other */
    MANNER_FLOOD,  /* after `number` bytes, endlessly the same byte */
    MANNER_KINDS,
};

/* How much a write takes. */
enum manner_kernel {
    MANNER_TAKES_ALL,
    MANNER_TAKES_ONE, /* "trickle": a byte at a time */
    MANNER_WAITS,     /* "closed": nothing, until all else has come to rest */
};

struct manner {
    enum manner_kind kind;
    size_t number;
    size_t choice; /* NUMBER: which number; FLOOD: which byte */
    enum selector_trigger trigger;
    enum manner_kernel kernel;
    bool is_byte_wise; /* the second of those held against each other; it has no
                          name of its own */
    bool is_tight; /* the high mark is one byte: back-pressure on each write */
};

#define MANNER_NAME_MAX 64

void manner_name(const struct manner *manner, char name[MANNER_NAME_MAX]);

/* In words, for messages. */
void manner_describe(const struct manner *manner, char *text, size_t size);

/* Returns 0, or -EINVAL: there is no such name. */
int manner_parse(const char *name, struct manner *manner);

/* The names of all kinds, for the help; NULL beyond the last. */
const char *manner_kind_name(size_t index);
const char *manner_kind_help(size_t index);

/* What a run of digits becomes, and the byte of a flood; NULL, '\0' beyond the
   last choice. */
const char *manner_number(size_t choice);
char manner_flood(size_t choice);

#endif
