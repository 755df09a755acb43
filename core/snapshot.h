/* SPDX-License-Identifier: MIT */
/*
 * A snapshot: the bytes of server.yaml and of the plugins it names, as they
 * were at one moment. Each file is read once into a memfd that nobody can
 * change (memfd_create(2), F_ADD_SEALS in fcntl(2)), so that a worker that is
 * started later runs what its siblings run, and a plugin that is overwritten
 * while it is in use harms nobody.
 */
#ifndef BERTH_SNAPSHOT_H
#define BERTH_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

struct snapshot;

/* What a file is for: names of different kinds do not meet. */
enum snapshot_kind {
    SNAPSHOT_CONFIG, /* by the path that was asked for */
    SNAPSHOT_PLUGIN, /* by what server.yaml calls it */
};

struct snapshot_file {
    enum snapshot_kind kind;
    const char *name;
    const char *path; /* where it was found; absolute for a plugin */
    int fd;           /* its bytes; -1: it is used where it lies */
};

/* Room for what snapshot_image() writes. */
#define SNAPSHOT_IMAGE_MAX 32

/* Returns 0 or -ENOMEM. */
int snapshot_new(struct snapshot **snapshot);

/* Closes its descriptors. NULL is fine. */
void snapshot_free(struct snapshot *snapshot);

/* From now on nothing is taken: what it lacks is not there. */
void snapshot_seal(struct snapshot *snapshot);
bool snapshot_is_sealed(const struct snapshot *snapshot);

/* The file, or NULL. */
const struct snapshot_file *snapshot_find(const struct snapshot *snapshot,
                                          enum snapshot_kind kind,
                                          const char *name);

/* All of them, in the order in which they came. */
size_t snapshot_count(const struct snapshot *snapshot);
const struct snapshot_file *snapshot_at(const struct snapshot *snapshot,
                                        size_t index);

/*
 * Reads the file at path, and knows it by kind and name from now on. A path
 * that is known already is not read again. Where the system gives no memfd
 * (fd is -1 then) the file is used where it lies. A file that is larger than
 * most is refused. Returns 0 and *file; -errno of open(2) or read(2), -EFBIG,
 * -ENOMEM; -ENOENT: it is sealed.
 */
int snapshot_take(struct snapshot *snapshot,
                  const struct snapshot_file *named,
                  size_t most,
                  const struct snapshot_file **file);

/* The same of a file that somebody else has read: its descriptor is taken over,
   also on failure. Returns 0 or -ENOMEM. */
int snapshot_add(struct snapshot *snapshot, const struct snapshot_file *file);

/*
 * A file that can be read only once, such as a pipe: reads it to its end, for
 * which it waits, into a descriptor that is the caller's. One that is no such
 * file is left alone. Returns 0 and *fd, -1: left alone; -errno, -EFBIG if it
 * is larger than most.
 */
int snapshot_hold(const char *path, size_t most, int *fd);

/* The system does not load it from a memfd: it is used where it lies. */
void snapshot_use_in_place(struct snapshot *snapshot,
                           const struct snapshot_file *file);

/* The path by which this process can open the bytes: image, filled, or the
   file's own path. */
const char *snapshot_image(const struct snapshot_file *file,
                           char image[SNAPSHOT_IMAGE_MAX]);

#endif
