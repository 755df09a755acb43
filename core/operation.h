/* SPDX-License-Identifier: MIT */
/*
 * How the server is operated: the keys of server.yaml's top level that the
 * supervisor goes by, read and checked.
 */
#ifndef BERTH_OPERATION_H
#define BERTH_OPERATION_H

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "identity.h"
#include "keys.h"
#include "settings.h"

struct operation {
    int32_t workers;         /* 0: one process does it all; -1: auto */
    uint32_t crash_limit;    /* crashes of a plugin; 0: no limit */
    uint64_t crash_limit_ms; /* the time that they are counted in */
    uint64_t start_timeout_ms;
    uint64_t drain_timeout_ms; /* 0: none */
    uint64_t watchdog_ms;      /* 0: none */
    bool watchdog_kill;
    uint32_t old_generations;
    const char *user;         /* NULL: not changed */
    const char *group;        /* NULL: the user's */
    struct identity identity; /* what these two are */
    bool has_control;         /* is there an address for berthctl? */
    struct address control;   /* a unix socket */
};

/*
 * Checks what keys says and fills *operation; texts are borrowed from keys.
 * root: the top level's mapping, where errors point; NULL: there is no file.
 * Returns 0, or -EINVAL with at least one error added.
 */
int operation_read(const struct settings_source *source,
                   const struct node *root,
                   const struct keys_top *keys,
                   struct operation *operation);

#endif
