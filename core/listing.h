/* SPDX-License-Identifier: MIT */
/*
 * The connections of a worker, told one by one to whoever asks.
 */
#ifndef BERTH_LISTING_H
#define BERTH_LISTING_H

#include <stdint.h>
#include <stdio.h>

#include "connections.h"

/* What is told of one; what is not known is below 0. */
struct listing_row {
    uint64_t number; /* connection_serial() */
    int64_t age_ms;
    int64_t bytes_in;
    int64_t bytes_out;
    int64_t queued;
    char entry[72];
    char peer[ADDRESS_TEXT_MAX];
    char waits[48]; /* for what, in words */
};

/* Writes a struct listing_row for each connection that is not yet closed. What
   cannot be written is the stream's error. */
void listing_write(struct connections *all, FILE *stream);

/* The connection of that number; NULL: there is none. */
struct connection *listing_find(struct connections *all, uint64_t number);

#endif
