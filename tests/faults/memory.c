/* SPDX-License-Identifier: MIT */
/*
 * Allocations. libc's own, ld.so's and every library's come here, too. Each
 * block is remembered with the caller, so that at the end those that somebody
 * forgot can be told from those that libc keeps for itself (the buffer of
 * stdout, what dlopen() knows of a plugin).
 */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096u
#define BLOCKS 65536u /* at a time */

/* The functions below under the names that glibc has for this purpose:
   looking them up by dlsym() would allocate. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

struct block {
    struct block *next; /* in its bucket, or of the free ones */
    const void *address;
    const void *caller;
    size_t size;
};

static struct {
    pthread_mutex_t mutex;
    struct block blocks[BLOCKS];
    size_t fresh; /* blocks from here on were never used */
    struct block *free;
    struct block *buckets[BUCKETS];
    atomic_ptrdiff_t mapped;
} memory = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local const void *charged;

void memory_charge(const void *caller)
{
    charged = caller;
}

void memory_map(ptrdiff_t bytes)
{
    if (plan_is_on()) {
        memory.mapped += bytes;
    }
}

/* --------------------------------------------------------- remembering them */

static struct block **find_bucket(const void *address)
{
    return &memory.buckets[((uintptr_t)address >> 4) % BUCKETS];
}

static struct block *take_block(void)
{
    struct block *block = memory.free;

    if (block != NULL) {
        memory.free = block->next;
        return block;
    }
    if (memory.fresh == BLOCKS) {
        abort(); /* make BLOCKS larger */
    }
    return &memory.blocks[memory.fresh++];
}

static void *remember(void *address, size_t size, const void *caller)
{
    struct block **bucket = find_bucket(address);
    struct block *block;

    if (address == NULL || !plan_is_on()) {
        return address;
    }
    (void)pthread_mutex_lock(&memory.mutex);
    block = take_block();
    block->address = address;
    block->caller = charged == NULL ? caller : charged;
    block->size = size;
    block->next = *bucket;
    *bucket = block;
    (void)pthread_mutex_unlock(&memory.mutex);
    return address;
}

/* Before it is freed: then another thread may be given it. */
static void forget(const void *address)
{
    struct block **place = find_bucket(address);

    if (!plan_is_on()) {
        return;
    }
    (void)pthread_mutex_lock(&memory.mutex);
    while (*place != NULL && (*place)->address != address) {
        place = &(*place)->next;
    }
    if (*place != NULL) {
        struct block *block = *place;

        *place = block->next;
        block->next = memory.free;
        memory.free = block;
    }
    (void)pthread_mutex_unlock(&memory.mutex);
}

/* --------------------------------------------------------------- allocating */

static void *
reallocate(void *block, size_t size, enum call call, const void *caller)
{
    void *grown;

    if (plan_fails_memory(call)) {
        return NULL;
    }
    /* One that really fails is no more remembered: that does not happen. */
    forget(block);
    grown = __libc_realloc(block, size);
    return remember(grown, size, caller);
}

void *malloc(size_t size)
{
    return plan_fails_memory(CALL_malloc)
               ? NULL
               : remember(__libc_malloc(size), size,
                          __builtin_return_address(0));
}

void *calloc(size_t count, size_t size)
{
    return plan_fails_memory(CALL_calloc)
               ? NULL
               : remember(__libc_calloc(count, size), count * size,
                          __builtin_return_address(0));
}

void *realloc(void *block, size_t size)
{
    return reallocate(block, size, CALL_realloc, __builtin_return_address(0));
}

void *reallocarray(void *block, size_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return reallocate(block, bytes, CALL_reallocarray,
                      __builtin_return_address(0));
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return plan_fails_memory(CALL_aligned_alloc)
               ? NULL
               : remember(__libc_memalign(alignment, size), size,
                          __builtin_return_address(0));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    void *made;

    if (plan_fails_memory(CALL_posix_memalign)) {
        return ENOMEM;
    }
    made = __libc_memalign(alignment, size);
    if (made == NULL) {
        return ENOMEM;
    }
    *block = remember(made, size, __builtin_return_address(0));
    return 0;
}

void free(void *block)
{
    forget(block);
    __libc_free(block);
}

/* ------------------------------------ what libc allocates for who calls it */

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    forget(copy);
    (void)remember(copy, size, __builtin_return_address(0));
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

char *strndup(const char *text, size_t most)
{
    size_t length = strnlen(text, most);
    char *copy = malloc(length + 1);

    forget(copy);
    (void)remember(copy, length + 1, __builtin_return_address(0));
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

/* ---------------------------------------------------------------- reporting */

static bool belongs_to_libc(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;

    return strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-", 3) == 0;
}

static void report_block(int fd, const struct block *block)
{
    Dl_info info = {.dli_fname = "?"};

    if (dladdr(block->caller, &info) != 0 && belongs_to_libc(info.dli_fname)) {
        return;
    }
    (void)dprintf(
        fd, "block %zu %s 0x%zx\n", block->size, info.dli_fname,
        (size_t)((const char *)block->caller - (const char *)info.dli_fbase));
}

void memory_report(int fd)
{
    ptrdiff_t mapped = memory.mapped;

    for (size_t i = 0; i < BUCKETS; i++) {
        const struct block *block = memory.buckets[i];

        for (; block != NULL; block = block->next) {
            report_block(fd, block);
        }
    }
    if (mapped != 0) {
        (void)dprintf(fd, "mapped %td\n", mapped);
    }
}
