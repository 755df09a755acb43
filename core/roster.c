/* SPDX-License-Identifier: MIT */
#include "roster.h"

void roster_init(struct roster *roster, uint32_t count)
{
    *roster = (struct roster){.count = count};
}

void roster_set(struct roster *roster, uint32_t worker, bool is_present)
{
    const uint64_t bit = UINT64_C(1) << (worker % 64);

    if (is_present) {
        roster->present[worker / 64] |= bit;
    } else {
        roster->present[worker / 64] &= ~bit;
    }
}

bool roster_has(const struct roster *roster, uint32_t worker)
{
    return (roster->present[worker / 64] >> (worker % 64) & 1) != 0;
}

static uint32_t count_present(const struct roster *roster, uint32_t workers)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < workers; i++) {
        count += roster_has(roster, i) ? 1 : 0;
    }
    return count;
}

/* The one of those that are there with that number among them. */
static uint32_t nth_present(const struct roster *roster, uint32_t n)
{
    uint32_t worker = 0;

    while (!roster_has(roster, worker) || n-- > 0) {
        worker++;
    }
    return worker;
}

/* Is any there of those who share the shard? */
static bool has_owner(const struct roster *roster,
                      const struct roster_shard *shard,
                      uint32_t workers)
{
    for (uint32_t i = shard->number; i < workers; i += shard->count) {
        if (roster_has(roster, i)) {
            return true;
        }
    }
    return false;
}

bool roster_serves(const struct roster *roster,
                   uint32_t worker,
                   const struct roster_shard *shard)
{
    const uint32_t workers =
        shard->workers == 0 || shard->workers > roster->count ? roster->count
                                                              : shard->workers;
    uint32_t present;

    if (worker >= workers || !roster_has(roster, worker)) {
        return false;
    }
    if (shard->count < workers) {
        return worker % shard->count == shard->number ||
               !has_owner(roster, shard, workers);
    }
    if (roster_has(roster, shard->number % workers)) {
        return shard->number % workers == worker;
    }
    present = count_present(roster, workers);
    return present > 0 &&
           nth_present(roster, shard->number / workers % present) == worker;
}
