/* SPDX-License-Identifier: MIT */
/*
 * The access log: a line for each answer, in the combined form or in JSON.
 * Lines for a file are gathered and written a moment later; without a file they
 * go to the server's log.
 */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "answer.h"

struct access {
    int form; /* enum http_access_form */
    int fd;   /* -1: the server's log */
    char *buffer;
    size_t used;
    bool is_cut; /* the last line that was written lacks its end */
};

/* Returns 0, or -errno and fills *error. */
int access_open(struct access *access,
                const berth_entry *entry,
                berth_error *error);
/* Writes what was gathered, and ends. */
void access_close(struct access *access, berth_entry *entry);

/* Writes the line of an answer. request: NULL if it could not be read. */
void access_write(struct access *access,
                  berth_conn *c,
                  const struct http_request *request,
                  const struct http_answer *answer);

/* Writes what was gathered: when the entry's deadline passed. */
void access_flush(struct access *access, berth_entry *entry);

/* Writes what was gathered, then opens the file anew by its name. If it cannot
   be opened the old one stays, and the server's log says so. */
void access_reopen(struct access *access, berth_entry *entry);

#endif
