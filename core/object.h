/* SPDX-License-Identifier: MIT */
/*
 * Shared objects: dlopen(3) with answers. By itself it tells little of what
 * else a file may be, and one that is cut short kills the process that reads
 * the pages it lacks.
 */
#ifndef BERTH_OBJECT_H
#define BERTH_OBJECT_H

#include <stdbool.h>
#include <stddef.h>

struct object_refusal {
    char why[512];    /* lower case, no full stop; or as dlerror(3) has it */
    const char *hint; /* constant text, or NULL */
};

struct object_symbol {
    const void *address;
    size_t size;  /* so many bytes may be read; 0: not known */
    bool is_data; /* not a function, nor of a thread */
};

/*
 * Checks the file: there, regular, readable, ELF for this machine, a shared
 * object, complete. Never blocks (on a FIFO). Returns 0; else -ENOEXEC, or the
 * -errno of open(2) or read(2), with *refusal filled.
 */
int object_check(const char *path, struct object_refusal *refusal);

/*
 * Checks the file, then loads it with RTLD_NOW | RTLD_LOCAL: its constructors
 * run. path needs a slash. Returns 0 and the *handle for dlsym(3); or as above,
 * -ENOEXEC also for what dlopen(3) refuses.
 */
int object_load(const char *path,
                void **handle,
                struct object_refusal *refusal);

/*
 * Finds a symbol in a loaded object or in what it depends on. Returns 0, or
 * -ENOENT if there is none.
 */
int object_find(void *handle, const char *name, struct object_symbol *symbol);

#endif
