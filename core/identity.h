/* SPDX-License-Identifier: MIT */
/*
 * As whom workers run: user, group and further groups (credentials(7)).
 */
#ifndef BERTH_IDENTITY_H
#define BERTH_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "arena.h"

struct identity {
    bool is_given; /* else a process stays what it is */
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* all of them, gid too; in the arena */
    size_t group_count;
};

/* Why there is no such identity. */
struct identity_refusal {
    const char *key;  /* "user" or "group" */
    const char *why;  /* follows the key, as in "names no user" */
    const char *hint; /* NULL: none */
};

/*
 * Looks user and group up, names or numbers; NULL: not given. Without a group
 * it is the user's, with the further groups of the user; without a user the ids
 * of this process stay. Asks the databases of passwd and group (nsswitch.conf
 * (5)), which may be slow. Returns 0; -EINVAL with *refusal; -ENOMEM.
 */
int identity_find(const char *user,
                  const char *group,
                  struct arena *arena,
                  struct identity *identity,
                  struct identity_refusal *refusal);

/* May this process become that? Root may, and who is it already. Returns 0 or
   -EPERM. */
int identity_check(const struct identity *identity);

/*
 * Becomes it, for good, and then follows the parent: as process_follow(). To be
 * called in a child that has one thread. Returns 0 or -errno: then the process
 * may be half of either, and must end.
 */
int identity_drop(const struct identity *identity, pid_t parent);

#endif
