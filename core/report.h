/* SPDX-License-Identifier: MIT */
/*
 * What a checker found out about a configuration: plugin code ran to know it,
 * so a process of its own does that, and tells the supervisor over a channel.
 */
#ifndef BERTH_REPORT_H
#define BERTH_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "channel.h"
#include "config.h"
#include "index_set.h"
#include "snapshot.h"

/* Longest name of an entry, and of a protocol, with the NUL. */
#define REPORT_NAME_MAX 72

/* An address that is listened on, in the order of addresses.h. */
struct report_listener {
    struct address address;
    uint32_t backlog;
    int32_t mode;
    uint32_t workers;         /* that serve it; 0: all */
    struct index_set entries; /* that listen there */
    char name[160];           /* theirs, joined by "+" */
    char text[ADDRESS_TEXT_MAX];
};

struct report_entry {
    uint32_t workers; /* that serve it; 0: all */
    uint32_t plugin;  /* the first entry of the same plugin */
    char name[REPORT_NAME_MAX];
    char protocol[REPORT_NAME_MAX];
};

struct report {
    struct report_listener *listeners;
    size_t listener_count;
    struct report_entry *entries;
    size_t entry_count;
    char *text; /* errors and warnings, as errors_print() has them */
    size_t text_size;
    bool is_whole; /* nothing more will come */
    bool is_good;  /* the configuration can be served */
    bool is_out_of_memory;
};

/*
 * Sends all that is to be known. config NULL: it could not be read; text[0..
 * text_size): what errors_print() prints. Returns 0 or -errno of sendmsg(2).
 */
int report_send(int fd,
                const struct config *config,
                const struct snapshot *snapshot,
                const char *text,
                size_t text_size);

/* One message of it; plugins' bytes go to the snapshot. */
void report_take(struct report *report,
                 struct snapshot *snapshot,
                 const struct channel_message *message);

/* A zeroed one is fine. */
void report_fini(struct report *report);

#endif
