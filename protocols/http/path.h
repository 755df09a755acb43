/* SPDX-License-Identifier: MIT */
/*
 * From the path of a request's target to the path of a file below a root. This
 * is about text alone; what a link does is for file.h.
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* Longest path of a file with its NUL, and longest name: as Linux has them. */
#define PATH_SIZE_MAX 4096
#define PATH_NAME_MAX 255

/*
 * A file's path, relative to the root: names with one slash between them, none
 * of them empty, "." or "..". The root itself is empty.
 */
struct path {
    const char *text;  /* in room, with a NUL behind it, or in the target */
    size_t size;       /* of text, without a NUL */
    bool is_directory; /* the target ended in a slash: a directory is meant */
    char room[PATH_SIZE_MAX];
};

/*
 * Reads a target in origin-form up to its query. Escapes are decoded once.
 * Then "." and ".." are resolved as in RFC 3986, section 5.2.4, but for one
 * thing: a target that climbs above the root is refused, not bent back to it.
 *
 * Returns 0, or with *path undefined:
 * - -EINVAL: it is none, or has a broken escape, a NUL, a raw #, a raw
 *   backslash, or climbs above the root;
 * - -ENOENT: no file is served by such a name: it has an empty name ("//"), an
 *   encoded slash or backslash, or, unless has_dot_files, a name that begins
 *   with a dot;
 * - -ENAMETOOLONG.
 */
int path_parse(const char *target,
               size_t size,
               bool has_dot_files,
               struct path *path);

/* The same for what is as it will become, as nearly all paths are: is_plain of
   struct http_request says so. It has PATH_NAME_MAX bytes at most, and must
   outlive the path, which borrows it. */
void path_take_plain(const char *target, size_t size, struct path *path);

#endif
