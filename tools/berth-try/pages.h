/* SPDX-License-Identifier: MIT */
/*
 * Memory that the plugin may touch for a time: input, whose pages are
 * inaccessible as soon as the callback has returned, and states, whose pages
 * are until the connection is over and not while jobs run. Behind each there
 * is a page that is never accessible. Who faults is told what it touched.
 */
#ifndef BERTH_TRY_PAGES_H
#define BERTH_TRY_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"

/* Returns 0 or -errno. */
int pages_init(void);

/*
 * Is it all guarded, or only what lies behind inputs and states? To change what
 * may be touched takes the kernel long, so that not each run can have it. What
 * is over is overwritten then. To be called between runs.
 */
void pages_guard(bool is_guarded);

/*
 * A copy of data[0..size) with a NUL behind, at the end of a page; call and
 * callback are told who touches it later. NULL: no memory. At most one at a
 * time.
 */
char *
pages_lend(const char *data, size_t size, uint64_t call, uint32_t callback);

/* It is inaccessible from now on. */
void pages_take_back(void);

/* A state, or something like it. */
struct pages_state {
    struct list link;
    void *state;
    char *base;
    size_t span; /* of the accessible pages */
    bool is_over;
    bool is_hidden;
    const char *what; /* "state", "local" */
};

/* size bytes, zeroed; size is not 0. what: a constant. The struct is this
   file's own. NULL: no memory. */
struct pages_state *pages_state_new(size_t size, const char *what);

/* It is inaccessible, and stays known until pages_forget_states(). */
void pages_state_end(struct pages_state *state);

/* All that are not over become inaccessible, or accessible again. */
void pages_hide_states(bool are_hidden);

/* Those that are over are unknown from now on, and their memory is used again. */
void pages_forget_states(void);

/* What lies at an address. */
enum pages_kind {
    PAGES_UNKNOWN,
    PAGES_INPUT,        /* of a call that has returned, or returns just now */
    PAGES_BEHIND_INPUT, /* behind the NUL */
    PAGES_STATE,
    PAGES_BEHIND_STATE,
};

struct pages_place {
    enum pages_kind kind;
    ptrdiff_t offset; /* from the first byte */
    size_t size;      /* INPUT: of what was offered */
    uint64_t call;
    uint32_t callback;
    const struct pages_state *state;
};

/* May be called from a signal's handler. */
struct pages_place pages_find(const void *address);

#endif
