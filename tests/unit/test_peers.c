/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "peers.h"
#include "seed.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define MANY 100000u

static void begin(struct peers *peers)
{
    uint64_t seed[2];

    ck_assert_int_eq(seed_make(seed), 0);
    peers_init(peers, seed, NULL);
}

static void make_key(unsigned char key[16], uint32_t number)
{
    memset(key, 0, 16);
    key[0] = 0x20;
    memcpy(key + 12, &number, sizeof(number));
}

static int
enter(struct peers *peers, uint32_t number, uint64_t limit, uint32_t *slot)
{
    unsigned char key[16];

    make_key(key, number);
    return peers_enter(peers, key, limit, slot);
}

START_TEST(refuses_beyond_the_limit)
{
    struct peers peers;
    uint32_t slot;
    uint32_t other = 77;

    begin(&peers);
    ck_assert_int_eq(enter(&peers, 1, 2, &slot), 0);
    ck_assert_int_eq(enter(&peers, 1, 2, &other), 0);
    ck_assert_uint_eq(slot, other);
    other = 77;
    ck_assert_int_eq(enter(&peers, 1, 2, &other), -EDQUOT);
    ck_assert_uint_eq(other, 77);
    peers_fini(&peers);
}
END_TEST

START_TEST(who_leaves_makes_room)
{
    struct peers peers;
    uint32_t slot;

    begin(&peers);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(enter(&peers, 1, 1, &slot), 0);
        ck_assert_int_eq(enter(&peers, 1, 1, &slot), -EDQUOT);
        peers_leave(&peers, slot);
        ck_assert_uint_eq(peers.count, 0);
    }
    peers_fini(&peers);
}
END_TEST

START_TEST(addresses_are_counted_apart)
{
    struct peers peers;
    uint32_t one;
    uint32_t other;
    unsigned char key[16] = {0};

    begin(&peers);
    ck_assert_int_eq(peers_enter(&peers, key, 1, &one), 0);
    for (size_t i = 0; i < 16; i++) {
        key[i] ^= 1;
        ck_assert_int_eq(peers_enter(&peers, key, 1, &other), 0);
        ck_assert_uint_ne(one, other);
        key[i] ^= 1;
    }
    ck_assert_int_eq(peers_enter(&peers, key, 1, &other), -EDQUOT);
    peers_fini(&peers);
}
END_TEST

START_TEST(limit_0_is_none)
{
    struct peers peers;
    uint32_t slot;

    begin(&peers);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(enter(&peers, 1, 0, &slot), 0);
    }
    ck_assert_int_eq(enter(&peers, 1, 1000, &slot), -EDQUOT);
    peers_leave(&peers, slot);
    ck_assert_int_eq(enter(&peers, 1, 1000, &slot), 0);
    peers_fini(&peers);
}
END_TEST

/* Twice each, so that slots are checked after the table has grown. */
START_TEST(a_hundred_thousand_addresses)
{
    static uint32_t slots[MANY];
    struct peers peers;
    uint32_t slot;

    begin(&peers);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(enter(&peers, i, 2, &slots[i]), 0);
    }
    ck_assert_uint_eq(peers.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert_int_eq(enter(&peers, i, 2, &slot), 0);
        ck_assert_uint_eq(slot, slots[i]);
        ck_assert_int_eq(enter(&peers, i, 2, &slot), -EDQUOT);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        peers_leave(&peers, slots[i]);
    }
    ck_assert_uint_eq(peers.count, MANY);
    for (uint32_t i = 0; i < MANY; i++) {
        peers_leave(&peers, slots[i]);
    }
    ck_assert_uint_eq(peers.count, 0);
    peers_fini(&peers);
}
END_TEST

START_TEST(slots_are_used_again)
{
    struct peers peers;
    uint32_t slot;
    uint32_t kept;
    uint32_t capacity;

    begin(&peers);
    ck_assert_int_eq(enter(&peers, 0, 1, &kept), 0);
    capacity = peers.capacity;
    for (uint32_t i = 1; i < MANY; i++) {
        ck_assert_int_eq(enter(&peers, i, 1, &slot), 0);
        peers_leave(&peers, slot);
    }
    ck_assert_uint_eq(peers.capacity, capacity);
    ck_assert_int_eq(enter(&peers, 0, 1, &slot), -EDQUOT);
    peers_leave(&peers, kept);
    peers_fini(&peers);
}
END_TEST

START_TEST(memory_goes_back_with_the_last_peer)
{
    static uint32_t slots[5000];
    struct peers peers;

    begin(&peers);
    ck_assert_ptr_null(peers.slots);
    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            ck_assert_int_eq(enter(&peers, i, 1, &slots[i]), 0);
        }
        ck_assert_uint_ge(peers.capacity, 5000);
        for (uint32_t i = 5000; i > 0; i--) {
            peers_leave(&peers, slots[i - 1]);
        }
        ck_assert_uint_eq(peers.capacity, 0);
        ck_assert_ptr_null(peers.slots);
    }
    peers_fini(&peers);
}
END_TEST

/* Buckets in use when there are as many keys as buckets: 1 - 1/e of all, here
   82,853, with a standard deviation of 113 for a random function. */
START_TEST(neighbouring_addresses_are_spread)
{
    struct peers peers;
    uint32_t slot;
    size_t used = 0;

    begin(&peers);
    for (uint32_t i = 0; i < 1u << 17; i++) {
        ck_assert_int_eq(enter(&peers, i, 1, &slot), 0);
    }
    ck_assert_uint_eq(peers.capacity, 1u << 17);
    for (uint32_t i = 0; i < peers.capacity; i++) {
        used += peers.buckets[i] != UINT32_MAX;
    }
    ck_assert_uint_ge(used, 82000);
    ck_assert_uint_le(used, 83700);
    peers_fini(&peers);
}
END_TEST

START_TEST(others_see_how_many_each_has)
{
    static const uint64_t seed[2] = {1, 2};
    static struct headcount published;
    struct peers peers;
    uint32_t one;
    uint32_t other;
    uint64_t tag;
    uint64_t other_tag;

    peers_init(&peers, seed, &published);
    ck_assert_int_eq(enter(&peers, 1, 2, &one), 0);
    ck_assert_int_eq(enter(&peers, 1, 2, &one), 0);
    ck_assert_int_eq(enter(&peers, 1, 2, &one), -EDQUOT);
    ck_assert_int_eq(enter(&peers, 2, 2, &other), 0);
    tag = peers_tag(&peers, one);
    other_tag = peers_tag(&peers, other);
    ck_assert_uint_eq(peers_count(&peers, one), 2);
    ck_assert_uint_eq(headcount_get(&published, tag), 2);
    ck_assert_uint_eq(headcount_get(&published, other_tag), 1);
    peers_leave(&peers, one);
    ck_assert_uint_eq(headcount_get(&published, tag), 1);
    peers_leave(&peers, other);
    ck_assert_uint_eq(headcount_get(&published, other_tag), 0);
    peers_leave(&peers, one);
    ck_assert_uint_eq(headcount_get(&published, tag), 0);
    peers_fini(&peers);
}
END_TEST

START_TEST(a_tag_is_the_same_wherever_the_seed_is)
{
    static const uint64_t seeds[2][2] = {{1, 2}, {1, 3}};
    struct peers peers[3];
    uint64_t tags[3];

    for (size_t i = 0; i < 3; i++) {
        uint32_t slot;

        peers_init(&peers[i], seeds[i / 2], NULL);
        ck_assert_int_eq(enter(&peers[i], (uint32_t)i, 1, &slot), 0);
        ck_assert_int_eq(enter(&peers[i], 7, 1, &slot), 0);
        tags[i] = peers_tag(&peers[i], slot);
        peers_fini(&peers[i]);
    }
    ck_assert_uint_eq(tags[0], tags[1]);
    ck_assert_uint_ne(tags[0], tags[2]);
}
END_TEST

/* The bucket that SipHash-2-4 chooses under the key 00 01 ... 0f, from an
   independent implementation: for the message 00 01 ... 0f the hash of the
   paper's series of test vectors is 0x3f2acc7f57c29bdb. */
START_TEST(the_hash_is_siphash)
{
    static const unsigned char seed[16] = {0, 1, 2,  3,  4,  5,  6,  7,
                                           8, 9, 10, 11, 12, 13, 14, 15};
    struct peers peers;
    uint32_t slot;

    begin(&peers);
    memcpy(peers.seed, seed, sizeof(seed));
    ck_assert_int_eq(peers_enter(&peers, seed, 1, &slot), 0);
    ck_assert_uint_eq(
        peers.buckets[UINT64_C(0x3f2acc7f57c29bdb) & (peers.capacity - 1)],
        slot);
    peers_fini(&peers);
}
END_TEST

UNIT_MAIN("peers",
          refuses_beyond_the_limit,
          who_leaves_makes_room,
          addresses_are_counted_apart,
          limit_0_is_none,
          a_hundred_thousand_addresses,
          slots_are_used_again,
          memory_goes_back_with_the_last_peer,
          neighbouring_addresses_are_spread,
          others_see_how_many_each_has,
          a_tag_is_the_same_wherever_the_seed_is,
          the_hash_is_siphash)
