/* SPDX-License-Identifier: MIT */
#include "processor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PATH_SIZE 64

/* A thread that has ended meanwhile counts for nothing. */
static int add_thread(int folder, const char *name, uint64_t *ns)
{
    char path[PATH_SIZE];
    char text[PATH_SIZE];
    ssize_t size;
    int fd;

    (void)snprintf(path, sizeof(path), "%.20s/schedstat", name);
    fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    size = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    if (size <= 0) {
        return 0;
    }
    text[size] = '\0';
    *ns += strtoull(text, NULL, 10);
    return 0;
}

/* Returns 1, 0 if there is none, or -errno. */
static int add_process(pid_t pid, uint64_t *ns)
{
    char path[PATH_SIZE];
    const struct dirent *entry;
    DIR *folder;
    int error = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    folder = opendir(path);
    if (folder == NULL) {
        return errno == ENOENT ? 0 : -errno;
    }
    while (error == 0 && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] != '.') {
            error = add_thread(dirfd(folder), entry->d_name, ns);
        }
    }
    (void)closedir(folder);
    return error < 0 ? error : 1;
}

int processor_read(const pid_t *pids, size_t count, uint64_t *ns)
{
    uint64_t sum = 0;
    int there = 0;

    for (size_t i = 0; i < count; i++) {
        const int one = add_process(pids[i], &sum);

        if (one < 0) {
            return one;
        }
        there += one;
    }
    *ns = sum;
    return there;
}
