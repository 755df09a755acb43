/* SPDX-License-Identifier: MIT */
#include "socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *path_of(const struct address *address)
{
    return ((const struct sockaddr_un *)(const void *)&address->storage)
        ->sun_path;
}

static int connect_to(const struct address *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int error = 0;

    if (fd < 0) {
        return -errno;
    }
    if (connect(fd, (const struct sockaddr *)&address->storage, address->size) <
        0) {
        error = -errno;
    }
    (void)close(fd);
    return error;
}

/* A path that is in use: is it a socket that its server left behind? */
static int remove_stale(const struct address *address)
{
    struct stat status;

    if (lstat(path_of(address), &status) < 0) {
        return -errno;
    }
    if (!S_ISSOCK(status.st_mode)) {
        return -EEXIST;
    }
    if (connect_to(address) != -ECONNREFUSED) {
        return -EADDRINUSE;
    }
    return unlink(path_of(address)) < 0 ? -errno : 0;
}

static int bind_address(int fd, const struct address *address)
{
    const struct sockaddr *storage = (const struct sockaddr *)&address->storage;
    int error;

    if (bind(fd, storage, address->size) == 0) {
        return 0;
    }
    if (errno != EADDRINUSE || !address_is_path(address)) {
        return -errno;
    }
    error = remove_stale(address);
    if (error < 0) {
        return error;
    }
    return bind(fd, storage, address->size) < 0 ? -errno : 0;
}

int socket_bind(int fd, const struct address *address, int32_t mode)
{
    mode_t before;
    int error;

    if (mode < 0 || !address_is_path(address)) {
        return bind_address(fd, address);
    }
    /* From the first moment: bind(2) applies the umask. */
    before = umask((mode_t)(~(unsigned)mode & 0777u));
    error = bind_address(fd, address);
    (void)umask(before);
    return error;
}

int socket_note_file(const struct address *address, struct socket_file *file)
{
    struct stat status;

    if (!address_is_path(address)) {
        *file = (struct socket_file){.is_there = false};
        return 0;
    }
    if (lstat(path_of(address), &status) < 0) {
        return -errno;
    }
    *file = (struct socket_file){
        .is_there = true,
        .device = status.st_dev,
        .inode = status.st_ino,
    };
    return 0;
}

void socket_remove_file(const struct address *address,
                        const struct socket_file *file)
{
    struct stat status;

    if (file->is_there && lstat(path_of(address), &status) == 0 &&
        status.st_dev == file->device && status.st_ino == file->inode) {
        (void)unlink(path_of(address));
    }
}
