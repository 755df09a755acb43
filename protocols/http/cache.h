/* SPDX-License-Identifier: MIT */
/*
 * Small files in memory, so that an answer costs no system call but its own.
 * Bounded; what was not asked for the longest is dropped first. A copy is
 * trusted for a second; then the file must be opened once more and, if it is
 * as it was, the copy is good for another second.
 */
#ifndef HTTP_CACHE_H
#define HTTP_CACHE_H

#include <stddef.h>
#include <stdint.h>

#include "facts.h"
#include "file.h"
#include "path.h"

struct cache;

/* A file in memory. It never changes, and lives while someone holds it. */
struct copy {
    struct facts facts;
    char *bytes;    /* facts.size of them; before them is the user's room */
    void *attached; /* the user's; NULL at first */
    void (*detach)(void *attached); /* called with it when the copy goes */
};

/* The turn's time, by both clocks of berth_now(). */
struct cache_time {
    uint64_t monotonic_ms;
    int64_t real_ms;
};

/*
 * limit: bytes for all copies; 0: no cache. file_limit: the largest file that
 * is copied. Returns 0 or -ENOMEM.
 */
int cache_new(uint64_t limit, uint64_t file_limit, struct cache **cache);
/* Copies that are held live on. */
void cache_free(struct cache *cache);

/* Drops all copies. */
void cache_clear(struct cache *cache);

/* The copy for a path if it can be trusted, else NULL. Borrowed: hold it to
   keep it. now_ms: by the monotonic clock. */
struct copy *
cache_find(struct cache *cache, const struct path *path, uint64_t now_ms);

/*
 * The copy for a path whose file was opened: the one that is there if the file
 * has not changed, else a new one. NULL if the file is too large, if it changes
 * while it is read, or without memory. Borrowed. The file stays open. room: so
 * many bytes before those of a new copy are the user's.
 */
struct copy *cache_take(struct cache *cache,
                        const struct path *path,
                        const struct file *file,
                        const char *type,
                        size_t room,
                        const struct cache_time *now);

/* Drops the copy for a path, if there is one. */
void cache_drop(struct cache *cache, const struct path *path);

/* Keeps it until copy_release(), which is a berth_release_fn. */
void copy_hold(struct copy *copy);
void copy_release(void *copy);

/* Bytes that the copies in it take. */
uint64_t cache_bytes(const struct cache *cache);

#endif
