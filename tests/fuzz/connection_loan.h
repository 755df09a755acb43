/* SPDX-License-Identifier: MIT */
/*
 * What the plugin of the target `connection` lends: bytes, or a file with them
 * in it. Released twice, or read afterwards, it is found by the allocator.
 */
#ifndef BERTH_CONNECTION_LOAN_H
#define BERTH_CONNECTION_LOAN_H

#include <stddef.h>

#include "connection_model.h"

/* What stands in a file before the bytes. */
#define LOAN_FILE_START 9

struct loan {
    struct model *model;
    int fd; /* -1: none */
    size_t size;
    char bytes[];
};

/* The bytes are for the caller to fill. The model counts it. */
struct loan *loan_new(struct model *model, size_t size);

/* Makes its file, of the bytes as they are. */
void loan_write_file(struct loan *loan);

/* To be given to the server: no callback may be going on. */
void loan_release(void *arg);

/* For one that was not taken over. */
void loan_free(struct loan *loan);

#endif
