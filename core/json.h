/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259), written value by value: indented, with commas where they
 * belong, in UTF-8 whatever bytes the texts hold: one that is none becomes
 * U+FFFD.
 */
#ifndef BERTH_JSON_H
#define BERTH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* To begin: {.stream = stream}. Errors are the stream's: see ferror(3). */
struct json {
    FILE *stream;
    size_t depth;      /* objects and arrays that are not ended */
    bool is_begun;     /* the one around has a value already */
    bool is_after_key; /* a value comes on the same line */
};

/* An object is "{", then a key and a value each, then "}"; an array is "[",
   values, "]". */
void json_begin(struct json *json, char bracket);
void json_end(struct json *json, char bracket);
void json_key(struct json *json, const char *name);

void json_text(struct json *json, const char *text);
void json_number(struct json *json, int64_t number);
void json_bool(struct json *json, bool value);
/* A value that is JSON already: a number with a fraction, null. */
void json_raw(struct json *json, const char *text);

/* A key and its value. */
void json_key_begin(struct json *json, const char *name, char bracket);
void json_key_text(struct json *json, const char *name, const char *text);
void json_key_number(struct json *json, const char *name, int64_t number);

#endif
