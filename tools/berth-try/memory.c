/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define CALLBACKS 32

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_OWN_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define HAS_OWN_MALLOC 1
#endif
#endif
#ifndef HAS_OWN_MALLOC
#define HAS_OWN_MALLOC 0
#endif

static _Thread_local enum memory_side side;

static struct {
    _Atomic uint16_t age; /* of the run */
    _Atomic uint8_t callback;
    atomic_size_t fail_at;
    atomic_size_t tried; /* allocations that may fail */
    atomic_size_t allocations;
    atomic_size_t blocks[CALLBACKS];
    atomic_size_t bytes[CALLBACKS];
} memory;

enum memory_side memory_enter(enum memory_side next)
{
    enum memory_side before = side;

    side = next;
    return before;
}

void memory_set_callback(uint32_t callback)
{
    memory.callback = (uint8_t)(callback % CALLBACKS);
}

void memory_begin(void)
{
    memory.age++;
    memory.allocations = 0;
    for (size_t i = 0; i < CALLBACKS; i++) {
        memory.blocks[i] = 0;
        memory.bytes[i] = 0;
    }
}

size_t memory_fail_at(size_t n)
{
    size_t tried = memory.tried;

    memory.tried = 0;
    memory.fail_at = n;
    return tried;
}

struct memory_count memory_count_of(uint32_t callback)
{
    return (struct memory_count){
        .blocks = memory.blocks[callback % CALLBACKS],
        .bytes = memory.bytes[callback % CALLBACKS],
    };
}

struct memory_count memory_count(void)
{
    struct memory_count count = {.allocations = memory.allocations};

    for (size_t i = 0; i < CALLBACKS; i++) {
        count.blocks += memory.blocks[i];
        count.bytes += memory.bytes[i];
    }
    return count;
}

void *memory_reallocate(void *block, size_t size)
{
    enum memory_side before = memory_enter(MEMORY_OTHERS);
    void *result = realloc(block, size);

    (void)memory_enter(before);
    return result;
}

bool memory_is_known(void)
{
    return HAS_OWN_MALLOC == 0;
}

#if HAS_OWN_MALLOC == 0

/* libc's own, under the names that glibc has for this purpose. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

#define MAGIC                                                                  \
    0x62727479u    /* what was allocated before this was in place has
                             none */
#define FRESH 0xa5 /* a block that was not cleared */
#define STALE 0xdd /* one that was freed */

/* Before each block. */
struct header {
    uint32_t magic;
    uint16_t age;
    uint8_t callback;
    uint8_t side : 2;
    uint8_t shift : 6; /* the block begins 1 << shift bytes behind libc's */
    size_t size;
};

#define HEADER_SHIFT 4

static_assert(sizeof(struct header) == (size_t)1 << HEADER_SHIFT,
              "a block is aligned as libc's are");

static struct header *header_of(void *block)
{
    struct header *header = (struct header *)block - 1;

    return header->magic == MAGIC ? header : NULL;
}

/* Whether this allocation is the one. */
static bool must_fail(void)
{
    return side != MEMORY_OTHERS &&
           atomic_fetch_add(&memory.tried, 1) + 1 == memory.fail_at;
}

static void *refuse(void)
{
    errno = ENOMEM;
    return NULL;
}

static void *begin_block(char *base, uint8_t shift, size_t size)
{
    char *block = base + ((size_t)1 << shift);
    struct header *header = (struct header *)(void *)block - 1;

    *header = (struct header){
        .magic = MAGIC,
        .age = memory.age,
        .callback = memory.callback,
        .side = (unsigned)side & 3u,
        .shift = shift & 63u,
        .size = size,
    };
    if (side == MEMORY_PLUGIN) {
        (void)atomic_fetch_add(&memory.allocations, 1);
        (void)atomic_fetch_add(&memory.blocks[header->callback], 1);
        (void)atomic_fetch_add(&memory.bytes[header->callback], size);
    }
    return block;
}

static void *allocate(uint8_t shift, size_t size)
{
    size_t more = (size_t)1 << shift;
    char *base;

    if (size > PTRDIFF_MAX - more || must_fail()) {
        return refuse();
    }
    base = shift == HEADER_SHIFT ? __libc_malloc(more + size)
                                 : __libc_memalign(more, more + size);
    return base == NULL ? NULL : begin_block(base, shift, size);
}

static void end_block(struct header *header)
{
    char *block = (char *)(header + 1);
    char *base = block - ((size_t)1 << header->shift);

    header->magic = 0;
    if (header->side == MEMORY_PLUGIN) {
        if (header->age == memory.age) {
            (void)atomic_fetch_sub(&memory.blocks[header->callback], 1);
            (void)atomic_fetch_sub(&memory.bytes[header->callback],
                                   header->size);
        }
        memset(block, STALE, header->size);
    }
    __libc_free(base);
}

static uint8_t shift_of(size_t alignment)
{
    uint8_t shift = HEADER_SHIFT;

    while (((size_t)1 << shift) < alignment) {
        shift++;
    }
    return shift;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): libc's
   have reserved names */
void *malloc(size_t size)
{
    void *block = allocate(HEADER_SHIFT, size);

    if (block != NULL && side == MEMORY_PLUGIN) {
        memset(block, FRESH, size);
    }
    return block;
}

void *calloc(size_t count, size_t size)
{
    void *block;

    if (size != 0 && count > PTRDIFF_MAX / size) {
        return refuse();
    }
    block = allocate(HEADER_SHIFT, count * size);
    if (block != NULL) {
        memset(block, 0, count * size);
    }
    return block;
}

void free(void *block)
{
    int error = errno;
    struct header *header = block == NULL ? NULL : header_of(block);

    if (header != NULL) {
        end_block(header);
    } else {
        __libc_free(block);
    }
    errno = error;
}

void *realloc(void *block, size_t size)
{
    struct header *header = block == NULL ? NULL : header_of(block);
    void *moved;

    if (block != NULL && header == NULL) {
        return __libc_realloc(block, size);
    }
    if (block != NULL && size == 0) {
        free(block);
        return NULL;
    }
    moved = allocate(HEADER_SHIFT, size);
    if (moved != NULL && block != NULL) {
        memcpy(moved, block, size < header->size ? size : header->size);
        free(block);
    }
    return moved;
}

void *reallocarray(void *block, size_t count, size_t size)
{
    if (size != 0 && count > PTRDIFF_MAX / size) {
        return refuse();
    }
    /* NOLINTNEXTLINE(clang-analyzer-optin.portability.UnixAPI): the caller's */
    return realloc(block, count * size);
}

void *memalign(size_t alignment, size_t size)
{
    return allocate(shift_of(alignment), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return allocate(shift_of(alignment), size);
}

int posix_memalign(void **place, size_t alignment, size_t size)
{
    void *block;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) {
        return EINVAL;
    }
    block = allocate(shift_of(alignment), size);
    if (block == NULL) {
        return ENOMEM;
    }
    *place = block;
    return 0;
}

void *valloc(size_t size)
{
    return allocate(shift_of(4096), size);
}

size_t malloc_usable_size(void *block)
{
    const struct header *header = block == NULL ? NULL : header_of(block);

    return header == NULL ? 0 : header->size;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

#endif
