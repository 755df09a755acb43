/* SPDX-License-Identifier: MIT */
#include "roster.h"

#include "unit.h"

#define WORKERS 5 /* at most, where all cases are gone through */
#define SHARDS 8

/* The first `count` of a roster in which bit i says whether worker i is
   there. */
static struct roster make(uint32_t count, uint32_t there)
{
    struct roster roster;

    roster_init(&roster, count);
    for (uint32_t i = 0; i < count; i++) {
        roster_set(&roster, i, (there >> i & 1) != 0);
    }
    return roster;
}

static uint32_t count_servers(const struct roster *roster,
                              const struct roster_shard *shard)
{
    uint32_t servers = 0;

    for (uint32_t i = 0; i < roster->count; i++) {
        servers += roster_serves(roster, i, shard) ? 1 : 0;
    }
    return servers;
}

static uint32_t how_many_serve(const struct roster_shard *shard, uint32_t count)
{
    return shard->workers == 0 || shard->workers > count ? count
                                                         : shard->workers;
}

START_TEST(nobody_is_there_at_first)
{
    struct roster roster;

    roster_init(&roster, ROSTER_MAX);
    for (uint32_t i = 0; i < ROSTER_MAX; i++) {
        ck_assert(!roster_has(&roster, i));
    }
}
END_TEST

START_TEST(each_comes_and_goes_by_itself)
{
    static const uint32_t some[] = {0, 1, 63, 64, 127, 128, ROSTER_MAX - 1};
    struct roster roster;

    roster_init(&roster, ROSTER_MAX);
    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
        for (uint32_t k = 0; k < ROSTER_MAX; k++) {
            roster_set(&roster, some[i], true);
            ck_assert_int_eq(roster_has(&roster, k), k == some[i]);
            roster_set(&roster, some[i], false);
            ck_assert(!roster_has(&roster, k));
        }
    }
}
END_TEST

START_TEST(shard_k_is_that_of_worker_k_mod_workers)
{
    const struct roster roster = make(3, 7);

    for (uint32_t k = 0; k < SHARDS; k++) {
        const struct roster_shard shard = {.number = k, .count = SHARDS};

        for (uint32_t i = 0; i < 3; i++) {
            ck_assert_int_eq(roster_serves(&roster, i, &shard), k % 3 == i);
        }
    }
}
END_TEST

/* What must hold of one shard, whoever is there. */
static void check(const struct roster *roster,
                  uint32_t there,
                  const struct roster_shard *shard)
{
    const uint32_t workers = how_many_serve(shard, roster->count);
    const uint32_t able = there & ((1U << workers) - 1);
    const uint32_t servers = count_servers(roster, shard);

    ck_assert_int_eq(servers > 0, able != 0);
    if (shard->count >= workers) {
        ck_assert_uint_le(servers, 1);
    }
    for (uint32_t i = 0; i < roster->count; i++) {
        if ((able >> i & 1) == 0) {
            ck_assert(!roster_serves(roster, i, shard));
        }
    }
}

/* All numbers of shards, and all limits on how many serve an address. */
static void check_all(uint32_t count, uint32_t there)
{
    const struct roster roster = make(count, there);

    for (uint32_t shards = 1; shards <= SHARDS; shards++) {
        for (uint32_t at = 0; at < shards * (count + 2); at++) {
            const struct roster_shard shard = {
                .number = at % shards,
                .count = shards,
                .workers = at / shards,
            };

            check(&roster, there, &shard);
        }
    }
}

/* All numbers of workers, and all who are there. */
START_TEST(a_shard_is_served_as_long_as_anyone_is_there)
{
    for (uint32_t count = 1; count <= WORKERS; count++) {
        for (uint32_t there = 0; there < 1U << count; there++) {
            check_all(count, there);
        }
    }
}
END_TEST

/* Whoever has shards of his own keeps them while others are away. */
static void check_own(uint32_t there)
{
    const struct roster roster = make(WORKERS, there);

    for (uint32_t k = 0; k < SHARDS; k++) {
        const struct roster_shard shard = {.number = k, .count = SHARDS};

        if ((there >> k % WORKERS & 1) != 0) {
            ck_assert(roster_serves(&roster, k % WORKERS, &shard));
        }
    }
}

START_TEST(only_the_shards_of_those_who_are_away_move)
{
    for (uint32_t there = 1; there < 1U << WORKERS; there++) {
        check_own(there);
    }
}
END_TEST

/* 8 shards of one who is away: each of the 4 others gets 2. */
START_TEST(what_one_leaves_is_dealt_out_evenly)
{
    const struct roster roster = make(5, 0x1e);
    uint32_t shards[5] = {0};

    for (uint32_t k = 0; k < 40; k += 5) {
        const struct roster_shard shard = {.number = k, .count = 40};

        for (uint32_t i = 0; i < 5; i++) {
            shards[i] += roster_serves(&roster, i, &shard) ? 1 : 0;
        }
    }
    ck_assert_uint_eq(shards[0], 0);
    for (uint32_t i = 1; i < 5; i++) {
        ck_assert_uint_eq(shards[i], 2);
    }
}
END_TEST

START_TEST(several_share_one_where_there_are_more_workers)
{
    const struct roster_shard unix_socket = {.number = 0, .count = 1};
    const struct roster_shard second = {.number = 1, .count = 2};
    const struct roster all = make(4, 0xf);
    const struct roster even = make(4, 0x5);

    ck_assert_uint_eq(count_servers(&all, &unix_socket), 4);
    ck_assert_uint_eq(count_servers(&all, &second), 2);
    ck_assert(roster_serves(&all, 1, &second));
    ck_assert(roster_serves(&all, 3, &second));
    ck_assert_uint_eq(count_servers(&even, &second), 2); /* for those */
}
END_TEST

UNIT_MAIN("roster",
          nobody_is_there_at_first,
          each_comes_and_goes_by_itself,
          shard_k_is_that_of_worker_k_mod_workers,
          a_shard_is_served_as_long_as_anyone_is_there,
          only_the_shards_of_those_who_are_away_move,
          what_one_leaves_is_dealt_out_evenly,
          several_share_one_where_there_are_more_workers)
