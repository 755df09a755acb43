/* SPDX-License-Identifier: MIT */
/*
 * A mapping of a YAML file applied to a table of options: the struct that the
 * table describes is filled, and what does not fit is told.
 */
#ifndef BERTH_SETTINGS_H
#define BERTH_SETTINGS_H

#include <stdbool.h>

#include "arena.h"
#include "error.h"
#include "node.h"
#include "option.h"

/* Where the values come from and where they go. */
struct settings_source {
    const char *file;   /* for messages; NULL: none */
    const char *folder; /* absolute: what a PATH is relative to */
    struct errors *errors;
    struct arena *arena; /* for texts and lists; must outlive the struct */
};

struct settings_input {
    const struct node *node; /* the mapping; NULL or empty: none is given */
    const struct node *at;   /* where to point if there is none; may be NULL */
    const berth_option *table; /* valid: see option_check() */
    const char *prefix;        /* of names in messages: "limits"; NULL:
                                  none, as for a plugin's `settings` */
    bool is_kept; /* what is in the struct is the default, not the fallback */
};

/*
 * Fills the struct at target, which is zeroed or (is_kept) filled before. The
 * nodes must live as long as it. Returns 0, or -EINVAL with at least one error
 * added (the rest is filled all the same); -ENOMEM, which is added, too.
 */
int settings_apply(const struct settings_source *source,
                   const struct settings_input *input,
                   void *target);

/*
 * The text of a scalar with ${VAR}, ${VAR:-default} (also if VAR is empty) and
 * $$ substituted; what the environment gives is not read again. name is for
 * messages. Returns 0 and *text, the node's own or in the arena; -EINVAL or
 * -ENOMEM as above.
 */
int settings_text(const struct settings_source *source,
                  const struct node *node,
                  const char *name,
                  const char **text);

/*
 * An absolute path: text itself if it is one, else relative to the folder.
 * NULL: no memory (added to the errors).
 */
const char *settings_path(const struct settings_source *source,
                          const char *text);

/*
 * The node that a path like "routes[2].path" leads to; in a mapping a number
 * counts its values. What is not there is left out, so that the nearest node
 * around it is returned.
 */
const struct node *settings_find(const struct node *node, const char *path);

/* The place of a node; the file as a whole if it is NULL. */
struct place settings_place(const struct settings_source *source,
                            const struct node *node);

#endif
