/* SPDX-License-Identifier: MIT */
/*
 * What is checked.
 */
#ifndef BERTH_CONFORM_CHECKS_H
#define BERTH_CONFORM_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "dialog.h"
#include "verdict.h"

struct check {
    const char *name;
    const char *why;   /* it matters: a sentence */
    unsigned profiles; /* a bit for each enum profile */
    /* verdict: one that passes; what else is seen is written to it. */
    void (*run)(const struct site *site, struct verdict *verdict);
};

#define CHECKS_MAX 32

/* All of them, in the order in which they are run; constant. */
const struct check *checks_all(size_t *count);

/* Is it one for this profile? */
bool check_is_for(const struct check *check, enum profile profile);

/* A single message, and its answer, which becomes the model of those to come.
   It is the first check, whose run is NULL; all others need it. */
bool checks_learn(struct site *site, struct verdict *verdict);

/* Of checks_talk.c: one connection, and what is said over it. */
void check_half_close(const struct site *site, struct verdict *verdict);
void check_half_open(const struct site *site, struct verdict *verdict);
void check_byte_by_byte(const struct site *site, struct verdict *verdict);
void check_split(const struct site *site, struct verdict *verdict);
void check_pipelining(const struct site *site, struct verdict *verdict);
void check_binary(const struct site *site, struct verdict *verdict);
void check_large_message(const struct site *site, struct verdict *verdict);
void check_urgent(const struct site *site, struct verdict *verdict);

/* Of checks_load.c: what one connection does to the server, and to others. */
void check_slow_reader(const struct site *site, struct verdict *verdict);
void check_back_pressure(const struct site *site, struct verdict *verdict);
void check_close_early(const struct site *site, struct verdict *verdict);
void check_reset(const struct site *site, struct verdict *verdict);
void check_connect_close(const struct site *site, struct verdict *verdict);
void check_connect_reset(const struct site *site, struct verdict *verdict);
void check_silent_client(const struct site *site, struct verdict *verdict);
void check_many_connections(const struct site *site, struct verdict *verdict);

/* Of checks_http.c. */
void check_keep_alive(const struct site *site, struct verdict *verdict);
void check_connection_close(const struct site *site, struct verdict *verdict);
void check_head(const struct site *site, struct verdict *verdict);
void check_unread_body(const struct site *site, struct verdict *verdict);
void check_bad_request(const struct site *site, struct verdict *verdict);
void check_continue(const struct site *site, struct verdict *verdict);

#endif
