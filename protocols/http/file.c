/* SPDX-License-Identifier: MIT */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* O_NONBLOCK: a FIFO would wait for its writer. O_NOCTTY: nothing becomes our
   terminal. */
#define OPEN_FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
#define FOLDER_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)
#define LOOK_MS 1000
/* The kernel gives up with EAGAIN when a rename comes between; each of these
   must meet another one. */
#define ATTEMPTS 8

static int
open_beneath(int folder, const char *path, int flags, enum file_links links)
{
    const struct open_how how = {
        .flags = (unsigned long long)flags,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
                   (links == FILE_LINKS_NONE ? RESOLVE_NO_SYMLINKS : 0),
    };
    long fd = -1;

    for (int i = 0; i < ATTEMPTS; i++) {
        fd = syscall(SYS_openat2, folder, path, &how, sizeof(how));
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR)) {
            break;
        }
    }
    return fd < 0 ? -errno : (int)fd;
}

/* Whether the kernel has openat2(2), and nothing forbids it. */
static bool has_openat2(int folder)
{
    const int fd = open_beneath(folder, ".", FOLDER_FLAGS, FILE_LINKS_NONE);

    if (fd < 0) {
        return fd != -ENOSYS && fd != -EPERM;
    }
    (void)close(fd);
    return true;
}

int file_root_open(struct file_root *root,
                   const char *path,
                   enum file_links links)
{
    const int fd = open(path, FOLDER_FLAGS);

    if (fd < 0) {
        return -errno;
    }
    *root = (struct file_root){
        .path = path,
        .fd = fd,
        .links = links,
        .has_openat2 = has_openat2(fd),
    };
    return 0;
}

void file_root_close(struct file_root *root)
{
    (void)close(root->fd);
}

static bool is_same_folder(int left, int right)
{
    struct stat one, other;

    return fstat(left, &one) == 0 && fstat(right, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool file_root_look(struct file_root *root, uint64_t now_ms)
{
    int fd;

    if (now_ms - root->looked_ms < LOOK_MS) {
        return false;
    }
    root->looked_ms = now_ms;
    fd = open(root->path, FOLDER_FLAGS);
    if (fd < 0) {
        return false;
    }
    if (is_same_folder(fd, root->fd)) {
        (void)close(fd);
        return false;
    }
    (void)close(root->fd);
    root->fd = fd;
    return true;
}

/* Copies the name that a path begins with; false: it is none that leads one
   folder down. */
static bool copy_name(const char *path, size_t size, char name[NAME_MAX + 1])
{
    if (size == 0 || size > NAME_MAX) {
        return false;
    }
    memcpy(name, path, size);
    name[size] = '\0';
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

/* Opens what the path's first name is in a folder. */
static int open_name(int folder, const char *path, size_t size)
{
    const int flags = path[size] == '\0' ? OPEN_FLAGS : FOLDER_FLAGS;
    char name[NAME_MAX + 1];
    int fd;

    if (!copy_name(path, size, name)) {
        return -EXDEV;
    }
    fd = openat(folder, name, flags | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

/* What openat2(2) does without links. */
static int open_by_names(int root, const char *path)
{
    int folder = root;
    bool is_last = false;

    while (folder >= 0 && !is_last) {
        const size_t size = strcspn(path, "/");
        const int fd = open_name(folder, path, size);

        if (folder != root) {
            (void)close(folder);
        }
        is_last = path[size] == '\0';
        folder = fd;
        path += size + 1;
    }
    return folder;
}

static int check(const struct file *file)
{
    if (S_ISREG(file->status.st_mode)) {
        return 0;
    }
    return S_ISDIR(file->status.st_mode) ? -EISDIR : -ENXIO;
}

int file_open(const struct file_root *root, const char *path, struct file *file)
{
    const int fd = root->has_openat2
                       ? open_beneath(root->fd, path, OPEN_FLAGS, root->links)
                       : open_by_names(root->fd, path);
    struct file opened = {.fd = fd};
    int error;

    if (fd < 0) {
        return fd;
    }
    error = fstat(fd, &opened.status) < 0 ? -errno : check(&opened);
    if (error < 0) {
        (void)close(fd);
        return error;
    }
    *file = opened;
    return 0;
}
