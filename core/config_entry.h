/* SPDX-License-Identifier: MIT */
/*
 * An entry of the configuration: what an item of the list `protocols` says, or
 * a word of the command line.
 */
#ifndef BERTH_CONFIG_ENTRY_H
#define BERTH_CONFIG_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "error.h"
#include "keys.h"
#include "limit.h"
#include "log.h"
#include "node.h"
#include "plugin.h"
#include "plugin_set.h"
#include "settings.h"

struct config_listener {
    struct address address;
    const char *text;   /* as written */
    uint32_t backlog;   /* listen(2) */
    int32_t mode;       /* of a unix socket's path; -1: as the umask says */
    struct place place; /* where it is written */
    /* Several entries may listen on one address: those behind the first, in
       the order of the entries, are in its list. */
    size_t entry;                 /* index of the entry it belongs to */
    struct config_listener *next; /* of those at this address; NULL: the last */
    bool is_first;                /* it is the first at its address */
    struct keys_listener keys;    /* its values as they take effect */
    const struct node *node;      /* its mapping or address; NULL: none */
};

struct config_entry {
    const char *name;
    struct plugin *plugin; /* borrowed from the config */
    void *settings;        /* filled; owned by the config; NULL if the plugin
                              has none */
    struct limits limits;
    bool is_aside; /* not to be served; the owner's */
    struct log_scope log;
    struct config_listener *listeners;
    size_t listener_count;
    struct place place;      /* where it is written */
    const struct node *node; /* its item in the file; NULL: it was a word */
    struct keys_entry keys;  /* its values as they take effect, but for
                                listeners and settings, which are above */
};

/* What entries are made from. */
struct config_maker {
    struct settings_source source; /* its file and folder are the entry's */
    struct plugin_path path;       /* where plugins are looked up */
    struct plugin_set *plugins;    /* where they are kept */
    struct limits limits;          /* of entries that have none of their own */
    struct keys_log log;           /* the same */
};

/*
 * Makes an entry of an item of the list. Returns 0, or -EINVAL with at least
 * one error added (all that could be found out is in *entry nevertheless), or
 * -ENOMEM, which is added, too. Everything is in the source's arena.
 */
int config_entry_read(const struct config_maker *maker,
                      const struct node *item,
                      struct config_entry *entry);

/*
 * The same of a word PLUGIN[=ADDRESS]; address is what it listens on if it
 * does not say. A relative path of a plugin is relative to the working
 * directory.
 */
int config_entry_from_word(const struct config_maker *maker,
                           const char *word,
                           const char *address,
                           struct config_entry *entry);

/*
 * Compares the entries with each other: adds an error for each name that is
 * there twice and each address that overlaps another one, and puts listeners
 * at the very same address into one list.
 */
void config_entry_compare(const struct config_maker *maker,
                          struct config_entry *entries,
                          size_t count);

#endif
