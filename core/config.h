/* SPDX-License-Identifier: MIT */
/*
 * The configuration: server.yaml read, checked and turned into values, with
 * the plugins that it names loaded. Nothing is bound and no init is run here.
 */
#ifndef BERTH_CONFIG_H
#define BERTH_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <berth/protocol.h>

#include "config_entry.h"
#include "error.h"
#include "keys.h"
#include "log.h"
#include "operation.h"
#include "plugin.h"

struct config_log {
    enum log_level level;
    enum log_format format;
    const char *file; /* NULL: stderr */
};

struct config {
    const char *source; /* what it was read from: a path, "arguments", or
                           "built-in" when there were neither */
    struct config_entry *entries;
    size_t entry_count;
    size_t listener_count; /* addresses, of all entries */
    bool edge_triggered;
    uint64_t sniff_timeout_ms; /* 0: none */
    uint64_t slow_callback_ms; /* 0: none */
    uint64_t busy_poll_us;     /* 0: none */
    size_t pool_threads;
    size_t pool_queue; /* jobs that may wait */
    struct config_log log;
    struct operation operation;
    struct keys_top keys;    /* the top level's values as they take effect */
    const struct node *root; /* of the file; NULL: made from words */
    const char *record;      /* a folder: connections leave transcripts there;
                                NULL: they do not */
};

/* Where plugins are found besides what the file says in `plugin_path`. */
struct config_folders {
    const struct plugin_path *plugins;
    struct snapshot *snapshot; /* see plugin_set_init(); may be NULL */
    /* Where the bytes of the configuration are, if its file could be read only
       once (snapshot_hold()): paths in it are relative to the working
       directory then. NULL: the file is read. */
    const char *image;
};

/*
 * Reads the file. Returns 0 and a new *config, or -errno with at least one
 * error added to errors: -EINVAL for what is in the file, else what open(2) or
 * read(2) said. All errors of the file are found in one run.
 */
int config_load(const char *path,
                const struct config_folders *folders,
                struct errors *errors,
                struct config **config);

/*
 * The same from command-line words PLUGIN[=ADDRESS]; a plugin without an
 * address listens on 127.0.0.1:8080. No words: echo there. The second entry of a
 * protocol is called NAME-2, the third NAME-3, and so on. Errors are prefixed
 * by the word.
 */
int config_from_words(const char *const *words,
                      size_t count,
                      const struct config_folders *folders,
                      struct errors *errors,
                      struct config **config);

/* What a configuration is read from. */
struct config_source {
    const char *path;         /* NULL: the words */
    const char *const *words; /* PLUGIN[=ADDRESS] */
    size_t word_count;
    struct config_folders folders;
    const char *record; /* of the command line; becomes config.record */
};

/* config_load() or config_from_words() of it; a file is read from the snapshot
   of its folders, which keeps it. */
int config_read(const struct config_source *source,
                struct errors *errors,
                struct config **config);

/*
 * Only the top level, and only as far as it is right: it has no entries, and no
 * plugin is looked at. Returns 0, whatever is wrong with single keys; or
 * -errno: nothing can be read of it. errors: why.
 */
int config_peek(const struct config_source *source,
                struct errors *errors,
                struct config **config);

/*
 * An init refused: adds the error, at the option that it names or else at the
 * entry's item in the file.
 */
void config_refuse(const struct config *config,
                   size_t entry,
                   const berth_error *refusal,
                   int number,
                   struct errors *errors);

/*
 * Prints the configuration as a server.yaml that says the same, wherever it
 * stands: with each value where it comes from (FILE:LINE, default, command
 * line) as a comment. Secrets are left out.
 */
void config_print(const struct config *config, FILE *stream);

/* Says in the log that connections are recorded, for what they say may be meant
   for nobody else. folder: config.record. */
void config_tell_recording(const char *folder, struct log *log);

/* Where the file says that, by a path like "log.file": the place of it, or of
   what is nearest around it; without a file, of nothing in particular. */
struct place config_place(const struct config *config, const char *path);

void config_free(struct config *config);

#endif
