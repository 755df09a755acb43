/* SPDX-License-Identifier: MIT */
#include "stats.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "seed.h"

/* Changes with the meaning of what is in the region; sizes are compared, too. */
#define LAYOUT 2
#define SERVER_SIZE ((size_t)65536)
#define BOOK_OFFSET                                                            \
    ((size_t)128) /* of a slot: behind what is about all of it */
#define PAGE ((size_t)4096)
#define PEERS_OFFSET                                                           \
    ((STATS_SLOT_SIZE - sizeof(struct headcount)) / PAGE * PAGE)

/* A worker's memory; its book follows, up to the headcount of its peers at the
   end. */
struct slot {
    struct crumb crumb;
    struct stats_death death;
    struct stats_door door;
};

/* Whose a slot is. The supervisor's: slots cannot be trusted. */
struct seat {
    _Atomic uint32_t is_taken;
    _Atomic uint32_t worker;
    _Atomic uint64_t generation;
};

/* The supervisor's part; the book of totals follows, then the slots. */
struct server {
    char magic[8];
    uint32_t layout;
    uint32_t slots;
    uint32_t account_size;
    uint32_t counter_size;
    uint64_t slot_size;
    uint64_t totals_size;
    uint64_t seed[2];
    _Atomic uint64_t moves; /* odd while accounts are moved to the totals */
    _Atomic uint64_t facts[STATS_FACTS];
    struct seat seats[STATS_SLOTS];
};

static_assert(sizeof(struct server) <= SERVER_SIZE, "it has a place");
static_assert(sizeof(struct slot) <= BOOK_OFFSET, "it has a place");

struct stats {
    int fd;
    unsigned slots;
    char *base;
    size_t size;
    unsigned own; /* slots: none */
};

static const char magic[8] = {'b', 'e', 'r', 't', 'h', 's', 't', 'a'};

static struct server *server_of(const struct stats *stats)
{
    return (void *)stats->base;
}

static struct account_book totals_of(const struct stats *stats)
{
    return (struct account_book){stats->base + SERVER_SIZE, STATS_TOTALS_SIZE};
}

static char *slot_base(const struct stats *stats, unsigned slot)
{
    return stats->base + SERVER_SIZE + STATS_TOTALS_SIZE +
           (slot * STATS_SLOT_SIZE);
}

static struct slot *slot_of(const struct stats *stats, unsigned slot)
{
    return (void *)slot_base(stats, slot);
}

static struct account_book book_of(const struct stats *stats, unsigned slot)
{
    return (struct account_book){slot_base(stats, slot) + BOOK_OFFSET,
                                 PEERS_OFFSET - BOOK_OFFSET};
}

static struct headcount *peers_of(const struct stats *stats, unsigned slot)
{
    return (void *)(slot_base(stats, slot) + PEERS_OFFSET);
}

/* -------------------------------------------------------------- the region */

static size_t size_for(unsigned slots)
{
    return SERVER_SIZE + STATS_TOTALS_SIZE + (slots * STATS_SLOT_SIZE);
}

/* Not in core dumps: it is mostly holes, and others' numbers. */
static int map(int fd, unsigned slots, struct stats **stats)
{
    struct stats *made = calloc(1, sizeof(*made));
    int error;

    if (made == NULL) {
        return -ENOMEM;
    }
    *made = (struct stats){
        .fd = fd, .slots = slots, .size = size_for(slots), .own = slots};
    made->base = mmap(NULL, made->size, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (made->base == MAP_FAILED) {
        error = -errno;
        free(made);
        return error;
    }
    (void)madvise(made->base, made->size, MADV_DONTDUMP);
    *stats = made;
    return 0;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return ((uint64_t)now.tv_sec * 1000) + ((uint64_t)now.tv_nsec / 1000000);
}

static void begin(struct stats *stats, const uint64_t seed[2])
{
    struct server *server = server_of(stats);

    memcpy(server->magic, magic, sizeof(magic));
    server->layout = LAYOUT;
    server->slots = stats->slots;
    server->account_size = sizeof(struct account);
    server->counter_size = sizeof(struct account_counter);
    server->slot_size = STATS_SLOT_SIZE;
    server->totals_size = STATS_TOTALS_SIZE;
    memcpy(server->seed, seed, sizeof(server->seed));
    stats_set(stats, STATS_STARTED_MS, now_ms());
}

/* Sealed, so that no access can fail because it has become shorter. */
static int make_memory(unsigned slots)
{
    int fd = memfd_create("berth-stats", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error;

    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, (off_t)size_for(slots)) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        error = -errno;
        (void)close(fd);
        return error;
    }
    return fd;
}

int stats_new(unsigned slots, struct stats **stats)
{
    int fd = make_memory(slots);
    uint64_t seed[2];
    int error;

    if (fd < 0) {
        return fd;
    }
    error = seed_make(seed);
    if (error == 0) {
        error = map(fd, slots, stats);
    }
    if (error < 0) {
        (void)close(fd);
        return error;
    }
    begin(*stats, seed);
    return 0;
}

static bool is_known(const struct stats *stats)
{
    const struct server *server = server_of(stats);

    return memcmp(server->magic, magic, sizeof(magic)) == 0 &&
           server->layout == LAYOUT && server->slots == stats->slots &&
           server->account_size == sizeof(struct account) &&
           server->counter_size == sizeof(struct account_counter) &&
           server->slot_size == STATS_SLOT_SIZE &&
           server->totals_size == STATS_TOTALS_SIZE;
}

/* How many slots a region of that size has; 0: it is none. */
static unsigned slots_in(int fd)
{
    struct stat status;
    uint64_t size;

    if (fstat(fd, &status) < 0 || (uint64_t)status.st_size < size_for(1)) {
        return 0;
    }
    size = (uint64_t)status.st_size - size_for(0);
    return size % STATS_SLOT_SIZE == 0 && size / STATS_SLOT_SIZE <= STATS_SLOTS
               ? (unsigned)(size / STATS_SLOT_SIZE)
               : 0;
}

int stats_adopt(int fd, struct stats **stats)
{
    const unsigned slots = slots_in(fd);
    struct stats *made = NULL;
    int error;

    if (slots == 0) {
        return -EPROTO;
    }
    error = map(fd, slots, &made);
    if (made == NULL) {
        return error;
    }
    if (!is_known(made)) {
        made->fd = -1; /* still the caller's */
        stats_free(made);
        return -EPROTO;
    }
    *stats = made;
    return 0;
}

int stats_fd(const struct stats *stats)
{
    return stats->fd;
}

void stats_free(struct stats *stats)
{
    if (stats == NULL) {
        return;
    }
    (void)munmap(stats->base, stats->size);
    if (stats->fd >= 0) {
        (void)close(stats->fd);
    }
    free(stats);
}

/* ---------------------------------------------------------- the supervisor */

void stats_set(struct stats *stats, enum stats_fact fact, uint64_t value)
{
    atomic_store_explicit(&server_of(stats)->facts[fact], value,
                          memory_order_relaxed);
}

uint64_t stats_get(const struct stats *stats, enum stats_fact fact)
{
    return atomic_load_explicit(&server_of(stats)->facts[fact],
                                memory_order_relaxed);
}

int stats_claim(struct stats *stats, uint32_t worker, uint64_t generation)
{
    for (unsigned i = 0; i < stats->slots; i++) {
        struct seat *seat = &server_of(stats)->seats[i];

        if (atomic_load(&seat->is_taken) == 0) {
            atomic_store(&seat->worker, worker);
            atomic_store(&seat->generation, generation);
            atomic_store(&seat->is_taken, 1);
            return (int)i;
        }
    }
    return -ENOSPC;
}

/* Readers look again if something was moved meanwhile. */
static void begin_move(struct stats *stats)
{
    atomic_fetch_add(&server_of(stats)->moves, 1);
}

static void end_move(struct stats *stats)
{
    atomic_fetch_add(&server_of(stats)->moves, 1);
}

/* Gives its memory back; what is there afterwards is zero. */
static void clear(struct stats *stats, unsigned slot)
{
    char *base = slot_base(stats, slot);

    if (stats->fd < 0 ||
        fallocate(stats->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                  base - stats->base, (off_t)STATS_SLOT_SIZE) < 0) {
        memset(base, 0, STATS_SLOT_SIZE);
    }
}

/* Where the book of totals is full, they are lost. The worker's number is the
   supervisor's: that in the slot is not to be trusted. */
static void
move_accounts(struct stats *stats, unsigned slot, enum account_reason reason)
{
    const struct account_book book = book_of(stats, slot);
    const struct account_book totals = totals_of(stats);
    uint32_t worker = atomic_load(&server_of(stats)->seats[slot].worker);
    struct account_view view;
    size_t offset = 0;

    while (account_read(&book, &offset, &view)) {
        view.worker = worker;
        view.values[ACCOUNT_CLOSED + reason] += account_unended(&view);
        (void)account_total(&totals, &view);
    }
    clear(stats, slot);
}

void stats_reset(struct stats *stats, unsigned slot)
{
    begin_move(stats);
    move_accounts(stats, slot, ACCOUNT_CRASHED);
    end_move(stats);
}

void stats_retire(struct stats *stats, unsigned slot)
{
    begin_move(stats);
    move_accounts(stats, slot, ACCOUNT_STOPPED);
    atomic_store(&server_of(stats)->seats[slot].is_taken, 0);
    end_move(stats);
}

void stats_discard(struct stats *stats, unsigned slot)
{
    clear(stats, slot);
    atomic_store(&server_of(stats)->seats[slot].is_taken, 0);
}

/* Of the account in the slot, so that the total is found that it joins. */
void stats_crashed(struct stats *stats, unsigned slot, const char *entry)
{
    const struct account_book book = book_of(stats, slot);
    struct account_view view;
    size_t offset = 0;

    while (account_read(&book, &offset, &view)) {
        if (strcmp(view.name, entry) == 0) {
            account_raise(view.source, ACCOUNT_CRASHES, 1);
            return;
        }
    }
}

/* -------------------------------------------------------------- breadcrumbs */

static void name_entry(const struct stats *stats,
                       unsigned slot,
                       uint32_t number,
                       struct stats_doing *doing)
{
    const struct account_book book = book_of(stats, slot);
    struct account_view view;
    size_t offset = 0;

    while (number != 0 && account_read(&book, &offset, &view)) {
        if ((const char *)view.source - book.base == (ptrdiff_t)number - 1) {
            memcpy(doing->entry, view.name, sizeof(view.name));
            memcpy(doing->protocol, view.protocol, sizeof(view.protocol));
            return;
        }
    }
}

void stats_doing(const struct stats *stats,
                 unsigned slot,
                 struct stats_doing *doing)
{
    const struct crumb *crumb = &slot_of(stats, slot)->crumb;
    uint32_t entry = atomic_load_explicit(&crumb->entry, memory_order_relaxed);

    *doing = (struct stats_doing){
        .sequence =
            atomic_load_explicit(&crumb->sequence, memory_order_relaxed),
        .callback =
            atomic_load_explicit(&crumb->callback, memory_order_relaxed),
        .connection =
            atomic_load_explicit(&crumb->connection, memory_order_relaxed),
    };
    doing->in_callback = doing->sequence % 2 != 0;
    name_entry(stats, slot, entry, doing);
}

const struct stats_death *stats_death(const struct stats *stats, unsigned slot)
{
    return &slot_of(stats, slot)->death;
}

/* --------------------------------------------------------------- the worker */

static int protect(const char *from, const char *to)
{
    return mprotect((void *)(uintptr_t)from, (size_t)(to - from), PROT_READ) < 0
               ? -errno
               : 0;
}

int stats_own(struct stats *stats, unsigned slot)
{
    char *base = slot_base(stats, slot);
    char *end = base + STATS_SLOT_SIZE;
    int error = protect(stats->base, base);

    if (error == 0 && slot + 1 < stats->slots) {
        error = protect(end, stats->base + stats->size);
    }
    if (error == 0) {
        stats->own = slot;
        (void)close(stats->fd);
        stats->fd = -1;
    }
    return error;
}

struct crumb *stats_crumb(const struct stats *stats)
{
    return &slot_of(stats, stats->own)->crumb;
}

struct stats_death *stats_own_death(const struct stats *stats)
{
    return &slot_of(stats, stats->own)->death;
}

const uint64_t *stats_seed(const struct stats *stats)
{
    return server_of(stats)->seed;
}

unsigned stats_own_slot(const struct stats *stats)
{
    return stats->own;
}

struct headcount *stats_own_peers(const struct stats *stats)
{
    return peers_of(stats, stats->own);
}

struct stats_door *stats_own_door(const struct stats *stats)
{
    return &slot_of(stats, stats->own)->door;
}

struct account *stats_open_account(const struct stats *stats,
                                   const struct account_label *label)
{
    const struct account_book book = book_of(stats, stats->own);
    struct account_label own = *label;

    own.worker = atomic_load(&server_of(stats)->seats[stats->own].worker);
    return account_add(&book, &own);
}

uint32_t stats_number(const struct stats *stats, const struct account *account)
{
    const struct account_book book = book_of(stats, stats->own);

    return (uint32_t)((const char *)account - book.base + 1);
}

/* --------------------------------------------------------------- the reader */

unsigned stats_slots(const struct stats *stats)
{
    return stats->slots;
}

bool stats_is_taken(const struct stats *stats, unsigned slot)
{
    return atomic_load_explicit(&server_of(stats)->seats[slot].is_taken,
                                memory_order_acquire) != 0;
}

const struct headcount *stats_peers(const struct stats *stats, unsigned slot)
{
    return peers_of(stats, slot);
}

const struct stats_door *stats_door(const struct stats *stats, unsigned slot)
{
    return &slot_of(stats, slot)->door;
}

struct account_book stats_book(const struct stats *stats, unsigned slot)
{
    return book_of(stats, slot);
}

/* What was read, with who is told. */
struct walk {
    stats_visitor *visitor;
    void *arg;
};

static int visit_book(const struct walk *walk,
                      struct account_book book,
                      const uint32_t *worker,
                      uint64_t generation)
{
    struct account_view view;
    size_t offset = 0;
    int result = 0;

    while (result == 0 && account_read(&book, &offset, &view)) {
        if (worker != NULL) {
            view.worker = *worker;
        }
        result = walk->visitor(walk->arg, &view, generation);
    }
    return result;
}

int stats_visit(const struct stats *stats, stats_visitor *visitor, void *arg)
{
    const struct walk walk = {visitor, arg};
    int result = visit_book(&walk, totals_of(stats), NULL, 0);

    for (unsigned i = 0; i < stats->slots && result == 0; i++) {
        struct seat *seat = &server_of(stats)->seats[i];
        uint32_t worker = atomic_load(&seat->worker);

        if (atomic_load(&seat->is_taken) != 0) {
            result = visit_book(&walk, book_of(stats, i), &worker,
                                atomic_load(&seat->generation));
        }
    }
    return result;
}

uint64_t stats_moves(const struct stats *stats)
{
    return atomic_load(&server_of(stats)->moves);
}
