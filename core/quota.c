/* SPDX-License-Identifier: MIT */
#include "quota.h"

#include <sched.h>

/* Who stands at the door is there for some hundred instructions, unless he was
   interrupted or died. */
#define LOOKS_MAX 1000

static bool is_alone(const struct quota *quota)
{
    return quota->stats == NULL || stats_slots(quota->stats) == 1;
}

/* ----------------------------------------------------------------- the door */

static void step(const struct quota *quota)
{
    if (!is_alone(quota)) {
        struct stats_door *door = stats_own_door(quota->stats);

        atomic_fetch_add(&door->sequence, 1);
    }
}

void quota_enter(const struct quota *quota)
{
    step(quota);
}

void quota_leave(const struct quota *quota)
{
    step(quota);
}

static bool is_at_door(const struct quota *quota, unsigned slot)
{
    const struct stats_door *door = stats_door(quota->stats, slot);

    return stats_is_taken(quota->stats, slot) &&
           atomic_load(&door->sequence) % 2 != 0;
}

/* Waits until one who stands at the door is done. Returns false if there is
   none, or he does not go. */
static bool wait_for_others(const struct quota *quota, int *looks)
{
    const unsigned count = stats_slots(quota->stats);
    unsigned slot = stats_own_slot(quota->stats) + 1;

    while (slot < count && !is_at_door(quota, slot)) {
        slot++;
    }
    if (slot == count) {
        return false;
    }
    while (*looks < LOOKS_MAX && is_at_door(quota, slot)) {
        *looks += 1;
        (void)sched_yield();
    }
    *looks += 1;
    return *looks < LOOKS_MAX;
}

/* --------------------------------------------------------------- adding up */

/* What one slot has of something. */
typedef uint64_t
counter(const struct stats *stats, unsigned slot, const void *of);

static uint64_t
add_up_others(const struct quota *quota, counter *count, const void *of)
{
    const unsigned own = stats_own_slot(quota->stats);
    uint64_t sum = 0;

    for (unsigned slot = 0; slot < stats_slots(quota->stats); slot++) {
        if (slot != own && stats_is_taken(quota->stats, slot)) {
            sum += count(quota->stats, slot, of);
        }
    }
    return sum;
}

/* mine is written down where the others see it. */
static bool is_within(const struct quota *quota,
                      counter *count,
                      const void *of,
                      uint64_t mine,
                      uint64_t limit)
{
    int looks = 0;

    do {
        if (mine + add_up_others(quota, count, of) <= limit) {
            return true;
        }
    } while (wait_for_others(quota, &looks));
    return false;
}

/* -------------------------------------------------------------- connections */

static uint64_t load(const _Atomic uint64_t *number)
{
    return atomic_load(number);
}

/* In this order: one that is counted as open meanwhile is not missed. */
static uint64_t sum_of(const struct account *account)
{
    const uint64_t claims = load(&account->claims);

    return claims + load(&account->open);
}

/* The entry's account in another slot. Workers of one generation open the same
   accounts in the same order. */
static uint64_t
count_open(const struct stats *stats, unsigned slot, const void *of)
{
    const struct account *account = of;
    const struct account_book book = stats_book(stats, slot);
    const struct account *there =
        account_find(&book, account->name, stats_number(stats, account) - 1);

    return there == NULL ? 0 : sum_of(there);
}

bool quota_claim(const struct quota *quota,
                 struct account *account,
                 uint64_t limit)
{
    bool is_given;

    if (load(&account->open) >= limit) {
        return false;
    }
    if (is_alone(quota)) {
        return true;
    }
    quota_enter(quota);
    atomic_store(&account->claims, 1);
    is_given = is_within(quota, count_open, account, sum_of(account), limit);
    if (!is_given) {
        quota_settle(account);
    }
    quota_leave(quota);
    return is_given;
}

/* -------------------------------------------------------------------- peers */

static uint64_t
count_peer(const struct stats *stats, unsigned slot, const void *of)
{
    const uint64_t *tag = of;

    return headcount_get(stats_peers(stats, slot), *tag);
}

bool quota_allows_peer(const struct quota *quota,
                       uint64_t tag,
                       uint64_t mine,
                       uint64_t limit)
{
    if (is_alone(quota)) {
        return mine <= limit;
    }
    return is_within(quota, count_peer, &tag, mine, limit);
}
