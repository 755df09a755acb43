/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 64 /* a cache line */

static size_t size_of(size_t counter_count)
{
    size_t size = sizeof(struct account) +
                  (counter_count * sizeof(struct account_counter));

    return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void copy_text(char *to, size_t size, const char *text)
{
    size_t length = strnlen(text, size - 1);

    memcpy(to, text, length);
    to[length] = '\0';
}

/* ----------------------------------------------------------------- writing */

/* The account is zeroed. Its size is written last: who sees it sees all. */
static void fill(struct account *account, const struct account_label *label)
{
    account->worker = label->worker;
    atomic_store_explicit(&account->counter_count,
                          (uint32_t)label->counter_count, memory_order_relaxed);
    copy_text(account->name, sizeof(account->name), label->name);
    copy_text(account->protocol, sizeof(account->protocol), label->protocol);
    for (size_t i = 0; label->counters != NULL && i < label->counter_count;
         i++) {
        const berth_counter *from = &label->counters[i];
        struct account_counter *counter = &account->counters[i];

        copy_text(counter->name, sizeof(counter->name), from->name);
        copy_text(counter->help, sizeof(counter->help),
                  from->help == NULL ? "" : from->help);
    }
    atomic_store_explicit(&account->size,
                          (uint32_t)size_of(label->counter_count),
                          memory_order_release);
}

struct account *account_new(const struct account_label *label)
{
    struct account *account =
        aligned_alloc(ALIGNMENT, size_of(label->counter_count));

    if (account != NULL) {
        memset(account, 0, size_of(label->counter_count));
        fill(account, label);
    }
    return account;
}

/* Is there a whole account? Its size is read once: it may change. */
static size_t size_at(const struct account_book *book, size_t offset)
{
    const struct account *account;
    size_t size;

    if (offset > book->size || book->size - offset < sizeof(*account)) {
        return 0;
    }
    account = (const void *)(book->base + offset);
    size = atomic_load_explicit(&account->size, memory_order_acquire);
    if (size < sizeof(*account) || size > book->size - offset ||
        size % ALIGNMENT != 0) {
        return 0;
    }
    return size;
}

struct account *account_add(const struct account_book *book,
                            const struct account_label *label)
{
    size_t offset = 0;
    size_t size;
    struct account *account;

    while ((size = size_at(book, offset)) > 0) {
        offset += size;
    }
    if (book->size - offset < size_of(label->counter_count)) {
        return NULL;
    }
    account = (void *)(book->base + offset);
    fill(account, label);
    return account;
}

/* ----------------------------------------------------------------- reading */

static uint64_t load(const _Atomic uint64_t *number)
{
    return atomic_load_explicit(number, memory_order_relaxed);
}

bool account_read(const struct account_book *book,
                  size_t *offset,
                  struct account_view *view)
{
    size_t size = size_at(book, *offset);
    struct account *account;
    size_t count;
    size_t most;

    if (size == 0) {
        return false;
    }
    account = (void *)(book->base + *offset);
    most = (size - sizeof(*account)) / sizeof(account->counters[0]);
    count = atomic_load_explicit(&account->counter_count, memory_order_relaxed);
    *offset += size;
    memset(view, 0, sizeof(*view));
    for (size_t i = 0; i < ACCOUNT_VALUES; i++) {
        view->values[i] =
            __atomic_load_n(&account->values[i], __ATOMIC_RELAXED);
    }
    view->open = load(&account->open);
    view->queued = load(&account->queued);
    histogram_read(&account->times, &view->times);
    view->worker = account->worker;
    view->counter_count = count < most ? count : most;
    copy_text(view->name, sizeof(view->name), account->name);
    copy_text(view->protocol, sizeof(view->protocol), account->protocol);
    view->source = account;
    return true;
}

static bool
is_at(const struct account_book *book, size_t offset, const char *name)
{
    const struct account *account;

    if (size_at(book, offset) == 0) {
        return false;
    }
    account = (const void *)(book->base + offset);
    return strncmp(account->name, name, sizeof(account->name)) == 0;
}

const struct account *
account_find(const struct account_book *book, const char *name, size_t hint)
{
    size_t offset = 0;
    size_t size;

    if (hint % ALIGNMENT == 0 && is_at(book, hint, name)) {
        return (const void *)(book->base + hint);
    }
    while ((size = size_at(book, offset)) > 0 && !is_at(book, offset, name)) {
        offset += size;
    }
    return size == 0 ? NULL : (const void *)(book->base + offset);
}

void account_read_counter(const struct account_view *view,
                          size_t index,
                          struct account_reading *reading)
{
    const struct account_counter *counter = &view->source->counters[index];

    reading->value = load(&counter->value);
    copy_text(reading->name, sizeof(reading->name), counter->name);
    copy_text(reading->help, sizeof(reading->help), counter->help);
}

uint64_t account_unended(const struct account_view *view)
{
    uint64_t ended = 0;

    for (size_t i = 0; i < ACCOUNT_REASONS; i++) {
        ended += view->values[ACCOUNT_CLOSED + i];
    }
    /* It was read while it changed, or somebody wrote over it. */
    return ended > view->values[ACCOUNT_ACCEPTED]
               ? 0
               : view->values[ACCOUNT_ACCEPTED] - ended;
}

void account_view_add(struct account_view *sum, const struct account_view *view)
{
    for (size_t i = 0; i < ACCOUNT_VALUES; i++) {
        sum->values[i] += view->values[i];
    }
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        sum->times.counts[i] += view->times.counts[i];
    }
    sum->times.sum_ns += view->times.sum_ns;
    sum->open += view->open;
    sum->queued += view->queued;
}

/* ------------------------------------------------------------------ totals */

static bool has_counters_of(const struct account *total,
                            const struct account_view *view)
{
    struct account_reading reading;

    for (size_t i = 0; i < view->counter_count; i++) {
        account_read_counter(view, i, &reading);
        if (strcmp(total->counters[i].name, reading.name) != 0) {
            return false;
        }
    }
    return true;
}

static struct account *find_total(const struct account_book *totals,
                                  const struct account_view *view)
{
    size_t offset = 0;
    size_t size;

    while ((size = size_at(totals, offset)) > 0) {
        struct account *total = (void *)(totals->base + offset);

        if (total->worker == view->worker &&
            total->counter_count == view->counter_count &&
            strcmp(total->name, view->name) == 0 &&
            strcmp(total->protocol, view->protocol) == 0 &&
            has_counters_of(total, view)) {
            return total;
        }
        offset += size;
    }
    return NULL;
}

static struct account *add_total(const struct account_book *totals,
                                 const struct account_view *view)
{
    const struct account_label label = {
        .name = view->name,
        .protocol = view->protocol,
        .worker = view->worker,
        .counter_count = view->counter_count,
    };
    struct account *total = account_add(totals, &label);

    for (size_t i = 0; total != NULL && i < view->counter_count; i++) {
        struct account_reading reading;

        account_read_counter(view, i, &reading);
        memcpy(total->counters[i].name, reading.name, sizeof(reading.name));
        memcpy(total->counters[i].help, reading.help, sizeof(reading.help));
    }
    return total;
}

static void add_view(struct account *total, const struct account_view *view)
{
    struct account_reading reading;

    for (unsigned i = 0; i < ACCOUNT_VALUES; i++) {
        account_raise(total, i, view->values[i]);
    }
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        account_count(&total->times.counts[i], view->times.counts[i]);
    }
    account_count(&total->times.sum_ns, view->times.sum_ns);
    for (size_t i = 0; i < view->counter_count; i++) {
        account_read_counter(view, i, &reading);
        account_count(&total->counters[i].value, reading.value);
    }
}

/* What is scribbled over while it is read may give one of another name: it is
   wrong then, and nothing else is. */
int account_total(const struct account_book *totals,
                  const struct account_view *view)
{
    struct account *total = find_total(totals, view);

    if (total == NULL) {
        total = add_total(totals, view);
    }
    if (total == NULL) {
        return -ENOSPC;
    }
    add_view(total, view);
    return 0;
}

const char *account_reason_name(enum account_reason reason)
{
    static const char *const names[ACCOUNT_REASONS] = {
        [ACCOUNT_ENDED] = "ended",       [ACCOUNT_PEER] = "peer",
        [ACCOUNT_IDLE] = "idle",         [ACCOUNT_FIRST_BYTE] = "first_byte",
        [ACCOUNT_STALL] = "stall",       [ACCOUNT_DEADLINE] = "deadline",
        [ACCOUNT_LIMIT] = "limit",       [ACCOUNT_ERROR] = "error",
        [ACCOUNT_ABORTED] = "aborted",   [ACCOUNT_STOPPED] = "stopped",
        [ACCOUNT_SWITCHED] = "switched", [ACCOUNT_CRASHED] = "crashed",
    };

    return names[reason];
}
