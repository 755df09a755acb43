/* SPDX-License-Identifier: MIT */
/*
 * A temporary folder for a test, with files and links in it.
 */
#ifndef BERTH_TREE_H
#define BERTH_TREE_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static char tree_folder[64];

/* The path of something in it; good until the next but one call. */
static inline const char *tree_path(const char *name)
{
    static char paths[2][256];
    static unsigned next;
    char *path = paths[next++ % 2];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", tree_folder, name);
    return path;
}

static inline void tree_make(void)
{
    (void)snprintf(tree_folder, sizeof(tree_folder), "/tmp/berth-tree-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(tree_folder));
}

static inline int tree_remove_one(const char *path,
                                  const struct stat *status,
                                  int kind,
                                  struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static inline void tree_remove(void)
{
    (void)nftw(tree_folder, tree_remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void tree_add_folder(const char *name)
{
    ck_assert_int_eq(mkdir(tree_path(name), 0700), 0);
}

static inline void tree_write(const char *name, const char *text)
{
    FILE *file = fopen(tree_path(name), "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, strlen(text), file), strlen(text));
    ck_assert_int_eq(fclose(file), 0);
}

static inline void tree_link(const char *name, const char *target)
{
    ck_assert_int_eq(symlink(target, tree_path(name)), 0);
}

#endif
