/* SPDX-License-Identifier: MIT */
/*
 * Where things are, relative to the running program, so that an installed tree
 * works under any prefix, and a built one in its place.
 */
#ifndef BERTH_LOCATE_H
#define BERTH_LOCATE_H

#include <stddef.h>

#include "arena.h"

/* Folders that exist, in the order in which they are searched. */
struct locate_folders {
    const char *const *items;
    size_t count;
    struct arena arena; /* holds them */
};

/*
 * The program's own file, absolute (from /proc/self/exe), even after it was
 * replaced or removed. Returns 0, or -errno of readlink(2), -ENAMETOOLONG.
 */
int locate_program(char *path, size_t size);

/*
 * Writes where the configuration of the system stands for this program,
 * whether or not it exists: /etc/berth/server.yaml for /usr/bin/berth,
 * PREFIX/etc/berth/server.yaml for PREFIX/bin/berth. Returns 0 or
 * -ENAMETOOLONG.
 */
int locate_system_config(const char *program, char *path, size_t size);

/*
 * Finds the configuration that is read when none is named: ./server.yaml, else
 * the system's. One that is there but may not be read is found, too: to pass
 * it over in silence would be worse. Returns 0, -ENOENT or -ENAMETOOLONG.
 */
int locate_config(const char *program, char *path, size_t size);

/*
 * Finds the folders of plugins: PREFIX/plugins, then PREFIX/lib/berth,
 * PREFIX/lib64/berth and the like, then PREFIX/lib/TRIPLET/berth (Debian's
 * places). Returns 0 (with none perhaps) or -ENOMEM. The caller gives them
 * back with locate_folders_fini().
 */
int locate_plugins(const char *program, struct locate_folders *folders);
void locate_folders_fini(struct locate_folders *folders);

#endif
