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

/* The longest name of a listener: its entries' as far as they fit; the same. */
#define REPORT_NAMES_MAX 160

/* An address that is listened on, in the order of addresses.h. */
struct report_listener {
    struct address address;
    uint32_t backlog;
    int32_t mode;
    uint32_t workers;            /* that serve it; 0: all */
    struct index_set entries;    /* that listen there */
    char name[REPORT_NAMES_MAX]; /* theirs, joined by "+" */
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
    bool is_whole;     /* nothing more will come */
    bool is_good;      /* the configuration can be served */
    bool is_senseless; /* no checker would say that: nothing of it holds */
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

/*
 * One message of it; plugins' bytes go to the snapshot. A plugin ran in the
 * process that sends, and may have sent it in the checker's place: nothing is
 * believed. What is taken has sound addresses, texts that end, and numbers in
 * their ranges; else the report is senseless. After its end, whichever, nothing
 * is taken. The message's descriptor is taken over.
 */
void report_take(struct report *report,
                 struct snapshot *snapshot,
                 const struct channel_message *message);

/* Nothing more is taken: it is whole, or senseless, or there was no memory. */
static inline bool report_has_ended(const struct report *report)
{
    return report->is_whole || report->is_senseless || report->is_out_of_memory;
}

/* A zeroed one is fine. */
void report_fini(struct report *report);

/* ------------------------------------- between this header's own files */

/* Both sides are one program (fork(2)): structs travel as they are. */
enum report_type {
    REPORT_FILE = 1, /* name, NUL, path, NUL; its bytes come with it, perhaps */
    REPORT_LISTENER, /* struct report_listener */
    REPORT_ENTRY,    /* struct report_entry */
    REPORT_TEXT,     /* a piece of the text */
    REPORT_GOOD,     /* the last message: it can be served */
    REPORT_BAD,      /* the last message: it cannot */
};

/* So much text at most, of errors and warnings. */
#define REPORT_TEXT_MAX ((size_t)1024 * 1024)

#endif
