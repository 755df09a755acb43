/* SPDX-License-Identifier: MIT */
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "list.h"

/* Since Linux 6.3: without it vm.memfd_noexec may forbid to load a plugin. */
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

struct item {
    struct snapshot_file file;
    struct list link;
};

struct snapshot {
    struct arena arena; /* of the items and their texts */
    struct list items;
    size_t count;
    bool is_sealed;
};

int snapshot_new(struct snapshot **snapshot)
{
    struct snapshot *made = calloc(1, sizeof(*made));

    if (made == NULL) {
        return -ENOMEM;
    }
    arena_init(&made->arena);
    list_init(&made->items);
    *snapshot = made;
    return 0;
}

static struct item *item_of(struct list *link)
{
    return CONTAINER_OF(link, struct item, link);
}

/* Several names may lead to one file: its descriptor is closed once. */
static bool is_shared(const struct snapshot *snapshot, const struct item *item)
{
    struct list *link = item->link.next;

    for (; link != &snapshot->items; link = link->next) {
        if (item_of(link)->file.fd == item->file.fd) {
            return true;
        }
    }
    return false;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (snapshot == NULL) {
        return;
    }
    for (struct list *link = snapshot->items.next; link != &snapshot->items;
         link = link->next) {
        const struct item *item = item_of(link);

        if (item->file.fd >= 0 && !is_shared(snapshot, item)) {
            (void)close(item->file.fd);
        }
    }
    arena_fini(&snapshot->arena);
    free(snapshot);
}

void snapshot_seal(struct snapshot *snapshot)
{
    snapshot->is_sealed = true;
}

bool snapshot_is_sealed(const struct snapshot *snapshot)
{
    return snapshot->is_sealed;
}

const struct snapshot_file *snapshot_find(const struct snapshot *snapshot,
                                          enum snapshot_kind kind,
                                          const char *name)
{
    struct list *link = snapshot->items.next;

    for (; link != &snapshot->items; link = link->next) {
        const struct snapshot_file *file = &item_of(link)->file;

        if (file->kind == kind && strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

size_t snapshot_count(const struct snapshot *snapshot)
{
    return snapshot->count;
}

const struct snapshot_file *snapshot_at(const struct snapshot *snapshot,
                                        size_t index)
{
    struct list *link = snapshot->items.next;

    while (index-- > 0) {
        link = link->next;
    }
    return &item_of(link)->file;
}

static const struct snapshot_file *find_path(const struct snapshot *snapshot,
                                             const char *path)
{
    struct list *link = snapshot->items.next;

    for (; link != &snapshot->items; link = link->next) {
        if (strcmp(item_of(link)->file.path, path) == 0) {
            return &item_of(link)->file;
        }
    }
    return NULL;
}

/* The descriptor is the snapshot's, or stays the caller's on failure. */
static int append(struct snapshot *snapshot, const struct snapshot_file *file)
{
    struct item *item = arena_array(&snapshot->arena, 1, sizeof(*item));
    const char *name =
        arena_text(&snapshot->arena, file->name, strlen(file->name));
    const char *path =
        arena_text(&snapshot->arena, file->path, strlen(file->path));

    if (item == NULL || name == NULL || path == NULL) {
        return -ENOMEM;
    }
    item->file = (struct snapshot_file){file->kind, name, path, file->fd};
    list_append(&snapshot->items, &item->link);
    snapshot->count++;
    return 0;
}

int snapshot_add(struct snapshot *snapshot, const struct snapshot_file *file)
{
    const int error = append(snapshot, file);

    if (error < 0 && file->fd >= 0) {
        (void)close(file->fd);
    }
    return error;
}

/* ------------------------------------------------------------------ reading */

static int make_memfd(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    char label[64]; /* what /proc/PID/maps shows */
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd;

    (void)snprintf(label, sizeof(label), "%.60s", name);
    fd = memfd_create(label, flags | MFD_EXEC);
    if (fd < 0 && errno == EINVAL) {
        fd = memfd_create(label, flags);
    }
    return fd;
}

/* What read(2) gives, up to one byte more than most. */
static int copy_bytes(int from, int to, size_t most)
{
    char buffer[16384];
    size_t total = 0;

    for (;;) {
        const ssize_t count = read(from, buffer, sizeof(buffer));

        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return count < 0 ? -errno : 0;
        }
        total += (size_t)count;
        if (total > most) {
            return -EFBIG;
        }
        if (write(to, buffer, (size_t)count) != count) {
            return -ENOSPC;
        }
    }
}

/* *copy: a sealed copy, or -1 if the system does not give one. flags: more of
   open(2). Returns 0 or -errno. */
static int copy_file(const char *path, int flags, size_t most, int *copy)
{
    const int from = open(path, O_RDONLY | O_CLOEXEC | flags);
    int error;

    *copy = -1;
    if (from < 0) {
        return -errno;
    }
    *copy = make_memfd(path);
    if (*copy < 0) {
        (void)close(from);
        return 0;
    }
    error = copy_bytes(from, *copy, most);
    (void)close(from);
    if (error == 0 && fcntl(*copy, F_ADD_SEALS, SEALS) < 0) {
        error = -errno;
    }
    if (error < 0) {
        (void)close(*copy);
        *copy = -1;
    }
    return error;
}

int snapshot_take(struct snapshot *snapshot,
                  const struct snapshot_file *named,
                  size_t most,
                  const struct snapshot_file **file)
{
    const struct snapshot_file *known = find_path(snapshot, named->path);
    struct snapshot_file taken = *named;
    int error = 0;

    if (snapshot->is_sealed) {
        error = -ENOENT;
    } else if (known != NULL) {
        taken.fd = known->fd;
    } else {
        error = copy_file(named->path, O_NONBLOCK, most, &taken.fd);
    }
    if (error < 0) {
        return error;
    }
    error = append(snapshot, &taken);
    if (error < 0) {
        if (known == NULL && taken.fd >= 0) {
            (void)close(taken.fd);
        }
        return error;
    }
    *file = snapshot_at(snapshot, snapshot->count - 1);
    return 0;
}

int snapshot_hold(const char *path, size_t most, int *fd)
{
    struct stat status;

    *fd = -1;
    if (stat(path, &status) < 0 ||
        (!S_ISFIFO(status.st_mode) && !S_ISCHR(status.st_mode))) {
        return 0; /* whoever reads it tells what is wrong */
    }
    return copy_file(path, O_NOCTTY, most, fd);
}

void snapshot_use_in_place(struct snapshot *snapshot,
                           const struct snapshot_file *file)
{
    const int fd = file->fd;

    if (fd < 0) {
        return;
    }
    for (struct list *link = snapshot->items.next; link != &snapshot->items;
         link = link->next) {
        if (item_of(link)->file.fd == fd) {
            item_of(link)->file.fd = -1;
        }
    }
    (void)close(fd);
}

const char *snapshot_image(const struct snapshot_file *file,
                           char image[SNAPSHOT_IMAGE_MAX])
{
    if (file->fd < 0) {
        return file->path;
    }
    (void)snprintf(image, SNAPSHOT_IMAGE_MAX, "/proc/self/fd/%d", file->fd);
    return image;
}
