/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "seed.h"

START_TEST(each_is_another)
{
    uint64_t seeds[3][2] = {{0}};

    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(seed_make(seeds[i]), 0);
        ck_assert(seeds[i][0] != 0 && seeds[i][1] != 0);
        ck_assert_uint_ne(seeds[i][0], seeds[i][1]);
        for (size_t k = 0; k < i; k++) {
            ck_assert_uint_ne(seeds[i][0], seeds[k][0]);
        }
    }
}
END_TEST

UNIT_MAIN("seed", each_is_another)
