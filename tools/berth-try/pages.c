/* SPDX-License-Identifier: MIT */
#include "pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE ((size_t)4096)
/* A ring: so many pages are remembered before they are used again. */
#define RING ((size_t)2048)
/* Used each time by what is not guarded. */
#define OPEN ((size_t)64)
/* In bytes that were given back, and in states that are over. */
#define STALE 0xdd
#define ALIGNMENT ((size_t)16)

/* An input that lay in a page. */
struct lent {
    uint64_t call;
    const char *data;
    size_t size;
    uint32_t callback;
    bool is_behind; /* the page behind it */
};

static struct {
    char *ring;
    char *open;  /* the accessible pages behind it */
    size_t next; /* page */
    struct lent lent[RING];
    struct lent last;
    char *current; /* first page of what is lent; NULL: nothing is */
    size_t span;
    bool is_own; /* not in the ring */
    bool is_guarded;
    struct list states;
    struct list unused; /* states whose memory is used again */
} pages;

int pages_init(void)
{
    void *ring = mmap(NULL, (RING + OPEN + 1) * PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    list_init(&pages.states);
    list_init(&pages.unused);
    if (ring == MAP_FAILED) {
        return -errno;
    }
    pages.ring = ring;
    pages.open = pages.ring + (RING * PAGE);
    return mprotect(pages.open, OPEN * PAGE, PROT_READ | PROT_WRITE) < 0
               ? -errno
               : 0;
}

void pages_guard(bool is_guarded)
{
    pages.is_guarded = is_guarded;
}

/* ------------------------------------------------------------------- input */

static size_t page_count(size_t size)
{
    return (size + PAGE - 1) / PAGE;
}

/* What does not fit into the ring has pages of its own. */
static char *map_own(size_t count)
{
    void *base = mmap(NULL, (count + 1) * PAGE, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    pages.is_own = true;
    return base == MAP_FAILED ? NULL : base;
}

static char *take_pages(size_t count)
{
    char *base;

    if (count + 1 > RING / 2) {
        return map_own(count);
    }
    if (pages.next + count + 1 > RING) {
        pages.next = 0;
    }
    base = pages.ring + (pages.next * PAGE);
    pages.next += count + 1;
    return base;
}

/* Where count pages are accessible. NULL: no memory. */
static char *open_pages(size_t count)
{
    char *base;

    pages.is_own = false;
    if (!pages.is_guarded && count <= OPEN) {
        return pages.open + ((OPEN - count) * PAGE);
    }
    base = take_pages(count);
    if (base == NULL ||
        mprotect(base, count * PAGE, PROT_READ | PROT_WRITE) < 0) {
        return NULL;
    }
    return base;
}

static void remember(const char *base, size_t count)
{
    size_t first = (size_t)(base - pages.ring) / PAGE;

    if (pages.is_own || base >= pages.open) {
        return;
    }
    for (size_t i = 0; i <= count; i++) {
        pages.lent[first + i] = pages.last;
        pages.lent[first + i].is_behind = i == count;
    }
}

char *
pages_lend(const char *data, size_t size, uint64_t call, uint32_t callback)
{
    size_t count = page_count(size + 1);
    char *base = open_pages(count);
    char *copy;

    if (base == NULL) {
        return NULL;
    }
    pages.current = base;
    pages.span = count * PAGE;
    copy = base + pages.span - (size + 1);
    memcpy(copy, data, size);
    copy[size] = '\0';
    pages.last = (struct lent){
        .call = call,
        .data = copy,
        .size = size,
        .callback = callback,
    };
    remember(base, count);
    return copy;
}

void pages_take_back(void)
{
    char *end = pages.current + pages.span;

    if (pages.is_own) {
        (void)munmap(pages.current, pages.span + PAGE);
    } else if (pages.current < pages.open) {
        (void)mprotect(pages.current, pages.span, PROT_NONE);
    } else {
        memset(end - (pages.last.size + 1), STALE, pages.last.size + 1);
    }
    pages.current = NULL;
}

/* ------------------------------------------------------------------ states */

static struct pages_state *map_state(size_t span)
{
    struct pages_state *state = malloc(sizeof(*state));
    void *base;

    if (state == NULL) {
        return NULL;
    }
    base =
        mmap(NULL, span + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) {
        free(state);
        return NULL;
    }
    *state =
        (struct pages_state){.base = base, .span = span, .is_hidden = true};
    return state;
}

static void hide(struct pages_state *state, bool is_hidden)
{
    if (state->is_hidden != is_hidden) {
        (void)mprotect(state->base, state->span,
                       is_hidden ? PROT_NONE : PROT_READ | PROT_WRITE);
        state->is_hidden = is_hidden;
    }
}

/* One whose memory is of that size, used before or not. */
static struct pages_state *take_state(size_t span)
{
    for (struct list *link = pages.unused.next; link != &pages.unused;
         link = link->next) {
        struct pages_state *state =
            CONTAINER_OF(link, struct pages_state, link);

        if (state->span == span) {
            list_remove(&state->link);
            return state;
        }
    }
    return map_state(span);
}

struct pages_state *pages_state_new(size_t size, const char *what)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t span = page_count(rounded) * PAGE;
    struct pages_state *state = take_state(span);

    if (state == NULL) {
        return NULL;
    }
    hide(state, false);
    state->state = state->base + span - rounded;
    memset(state->state, 0, rounded);
    state->is_over = false;
    state->what = what;
    list_append(&pages.states, &state->link);
    return state;
}

void pages_state_end(struct pages_state *state)
{
    const char *end = state->base + state->span;

    state->is_over = true;
    if (pages.is_guarded) {
        hide(state, true);
    } else {
        memset(state->state, STALE, (size_t)(end - (char *)state->state));
    }
}

void pages_hide_states(bool are_hidden)
{
    for (struct list *link = pages.states.next; link != &pages.states;
         link = link->next) {
        struct pages_state *state =
            CONTAINER_OF(link, struct pages_state, link);

        if (!state->is_over) {
            hide(state, are_hidden);
        }
    }
}

void pages_forget_states(void)
{
    for (struct list *link = pages.states.next; link != &pages.states;) {
        struct pages_state *state =
            CONTAINER_OF(link, struct pages_state, link);

        link = link->next;
        if (state->is_over) {
            list_remove(&state->link);
            list_append(&pages.unused, &state->link);
        }
    }
}

/* --------------------------------------------------------------- who is it */

static bool lies_in(const char *address, const char *base, size_t size)
{
    return (uintptr_t)address - (uintptr_t)base < size;
}

static struct pages_place find_state(const char *address)
{
    for (struct list *link = pages.states.next; link != &pages.states;
         link = link->next) {
        const struct pages_state *state =
            CONTAINER_OF(link, struct pages_state, link);

        if (lies_in(address, state->base, state->span + PAGE)) {
            return (struct pages_place){
                .kind = lies_in(address, state->base, state->span)
                            ? PAGES_STATE
                            : PAGES_BEHIND_STATE,
                .offset = address - (const char *)state->state,
                .state = state,
            };
        }
    }
    return (struct pages_place){.kind = PAGES_UNKNOWN};
}

static struct pages_place
find_input(const char *address, const struct lent *lent, bool is_behind)
{
    return (struct pages_place){
        .kind = is_behind ? PAGES_BEHIND_INPUT : PAGES_INPUT,
        .offset = address - lent->data,
        .size = lent->size,
        .call = lent->call,
        .callback = lent->callback,
    };
}

struct pages_place pages_find(const void *address)
{
    const struct lent *lent;

    if (pages.ring == NULL ||
        !lies_in(address, pages.ring, (RING + OPEN + 1) * PAGE)) {
        return find_state(address);
    }
    if (!lies_in(address, pages.ring, RING * PAGE)) {
        return find_input(address, &pages.last, true);
    }
    lent = &pages.lent[(size_t)((const char *)address - pages.ring) / PAGE];
    return lent->data == NULL ? (struct pages_place){.kind = PAGES_UNKNOWN}
                              : find_input(address, lent, lent->is_behind);
}
