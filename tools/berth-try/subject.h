/* SPDX-License-Identifier: MIT */
/*
 * What is tried: a plugin, as server.yaml or the command line sets it.
 */
#ifndef BERTH_TRY_SUBJECT_H
#define BERTH_TRY_SUBJECT_H

#include <stddef.h>

#include <berth/protocol.h>

#include "arena.h"
#include "config.h"
#include "document.h"
#include "limit.h"
#include "plugin.h"
#include "transcript.h"

struct subject_options {
    const char *program;     /* whose messages they are: "berth-try" */
    const char *plugin;      /* as the command line names it */
    const char *config;      /* a server.yaml; NULL: none */
    const char *entry;       /* of it; NULL: the first one of the plugin */
    const char *const *sets; /* KEY=VALUE */
    size_t set_count;
};

struct subject {
    const struct subject_options *options;
    struct plugin *plugin;
    struct plugin *owned;             /* NULL: the config's */
    struct config *config;            /* NULL: none */
    const struct config_entry *entry; /* of it; NULL: none */
    struct limits limits;
};

/* Returns 0, or -errno after telling on stderr what is wrong: then there is
   nothing to be freed. The options are borrowed. */
int subject_load(struct subject *subject,
                 const struct subject_options *options);
void subject_fini(struct subject *subject);

/* A transcript with the settings that it is to be replayed with. */
struct script {
    const struct subject *subject;
    const char *path;
    struct transcript transcript;
    struct limits limits;
    const void *settings;
    struct arena arena;
    struct document *documents[2]; /* of the settings; NULL: none */
};

/*
 * Reads the file; NULL: a transcript without a step, which the messages call
 * "--set". Its own `settings:` take the place of server.yaml's; what the
 * command line sets wins over both. Returns 0, or -errno after telling on
 * stderr what is wrong: then there is nothing to be freed.
 */
int script_read(struct script *script,
                const struct subject *subject,
                const char *path);
void script_fini(struct script *script);

#endif
