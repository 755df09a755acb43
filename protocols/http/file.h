/* SPDX-License-Identifier: MIT */
/*
 * Opening files below a root, so that whatever the path says and wherever links
 * lead to, what is opened lies below the root.
 */
#ifndef HTTP_FILE_H
#define HTTP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* What is done with symbolic links below the root. */
enum file_links {
    FILE_LINKS_INSIDE, /* followed, if they stay below it; absolute ones do not */
    FILE_LINKS_NONE,   /* refused */
};

/* The folder that is served. */
struct file_root {
    const char *path; /* the caller's */
    int fd;
    enum file_links links;
    /* Without openat2(2) (Linux 5.6; some sandboxes forbid it) a path is walked
       name by name, and no link is followed. */
    bool has_openat2;
    uint64_t looked_ms;
};

/* An open regular file. */
struct file {
    int fd;
    struct stat status;
};

/* Returns 0 or -errno. The path itself may be a link, or lead through some. */
int file_root_open(struct file_root *root,
                   const char *path,
                   enum file_links links);
void file_root_close(struct file_root *root);

/*
 * Looks, at most once a second, whether the path of the root names another
 * folder by now, as when a site is replaced by turning a link. If it names
 * none, the old one stays. Returns whether it changed.
 */
bool file_root_look(struct file_root *root, uint64_t now_ms);

/*
 * Opens a regular file for reading; path: as path_parse() makes it. Never
 * waits, be it a FIFO or a device. Returns 0, or -errno with nothing open:
 * -EISDIR (a directory), -ENXIO (neither that nor a regular file), -EXDEV or
 * -ELOOP (it leads outside, or through a link that is not followed), -EAGAIN,
 * or what else the kernel says.
 */
int file_open(const struct file_root *root,
              const char *path,
              struct file *file);

#endif
