/* SPDX-License-Identifier: MIT */
/*
 * The server's own keys of server.yaml, as option tables like those of the
 * plugins, and the structs that they fill. What reads the file, checks it,
 * describes it and documents it goes by these tables.
 */
#ifndef BERTH_KEYS_H
#define BERTH_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include <berth/protocol.h>

#include "limit.h"
#include "node.h"

/* The backlog of a listener that does not say. */
#define KEYS_BACKLOG 4096

/* Bounds of a configuration: names and addresses are compared each with each. */
#define KEYS_ENTRIES_MAX 1024
#define KEYS_LISTENERS_MAX 1024

/* More than there are cores in a machine. */
#define KEYS_WORKERS_MAX 256

/* What "auto" is stored as. */
#define KEYS_WORKERS_AUTO (-1)

/* The key of an entry that says whose settings its settings are. */
#define KEYS_PLUGIN "plugin"

enum keys_table {
    KEYS_TOP,      /* struct keys_top */
    KEYS_ENTRY,    /* struct keys_entry: an item of `protocols` */
    KEYS_LISTENER, /* struct keys_listener: `listen` as a mapping */
    KEYS_LIMITS,   /* struct limits, see limit.h */
    KEYS_LOG,      /* struct keys_log */
    KEYS_ENTRY_LOG /* the same struct: level and access alone */
};

struct keys_log {
    int32_t format;   /* enum log_format */
    const char *file; /* NULL: stderr */
    int32_t level;    /* enum log_level */
    bool access;
};

struct keys_pool {
    int32_t threads;
    int32_t queue;
};

struct keys_top {
    const struct node *protocols; /* a list; each item: KEYS_ENTRY */
    int32_t workers;              /* 0: one process does it all; -1: auto */
    const char *user;             /* a name or a number; NULL: not changed */
    const char *group;            /* the same; NULL: the user's */
    const char *control;          /* an address; NULL: none */
    int32_t trigger;              /* enum keys_trigger */
    berth_list plugin_path;       /* of const char *: folders */
    struct limits limits;
    uint64_t drain_timeout_ms; /* 0: none */
    uint64_t sniff_timeout_ms; /* 0: none */
    uint64_t slow_callback_ms; /* 0: none */
    uint64_t busy_poll_us;     /* 0: none */
    uint64_t start_timeout_ms;
    int32_t old_generations;
    const char *crash_limit; /* as in "5/1m"; NULL: none */
    uint64_t watchdog_ms;    /* 0: none */
    bool watchdog_kill;
    struct keys_pool pool;
    struct keys_log log;
};

enum keys_trigger {
    KEYS_TRIGGER_LEVEL = 0,
    KEYS_TRIGGER_EDGE = 1,
};

struct keys_entry {
    const char *plugin;
    const char *name;            /* NULL: the protocol's */
    const struct node *listen;   /* an address, KEYS_LISTENER, or a list of
                                    these; NULL: reached by switch only */
    const struct node *settings; /* the plugin's own table; may be NULL */
    int32_t workers;             /* that serve it; -1: all */
    struct limits limits;        /* what is not given is the top level's */
    struct keys_log log;         /* the same; KEYS_ENTRY_LOG */
};

struct keys_listener {
    const char *address;
    int32_t backlog;
    const char *mode; /* octal, as in "0660"; NULL: none given */
};

/* The table, ending with BERTH_OPTIONS_END. */
const berth_option *keys_get(enum keys_table table);

#endif
