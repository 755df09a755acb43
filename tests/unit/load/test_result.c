/* SPDX-License-Identifier: MIT */
#include "berth-load/result.h"

#include <string.h>

#include "unit.h"

static struct result result, other;

START_TEST(the_first_fault_is_told)
{
    result_fault(&result, FAULT_WRONG, "connection %d", 3);
    result_fault(&result, FAULT_WRONG, "connection %d", 4);
    result_fault(&result, FAULT_RESET, "connection %d", 5);
    ck_assert_str_eq(result.note, "connection 3");
    ck_assert_uint_eq(result.faults[FAULT_WRONG], 2);
    ck_assert_uint_eq(result_faults(&result), 3);
}
END_TEST

START_TEST(a_long_note_is_cut)
{
    result_fault(&result, FAULT_WRONG, "%0*d", 2 * RESULT_NOTE_MAX, 1);
    ck_assert_uint_eq(strlen(result.note), RESULT_NOTE_MAX - 1);
}
END_TEST

START_TEST(all_is_added_up_but_the_time)
{
    result.measured_ns = 5;
    result.messages = 1;
    other = (struct result){
        .measured_ns = 7,
        .messages = 10,
        .bytes = 20,
        .connects = 30,
        .open = 40,
        .unsent = 50,
    };
    latency_add(&other.latency, 3);
    latency_add(&other.lag, 4);
    result_fault(&other, FAULT_ENDED, "there");
    result_merge(&result, &other);
    result_merge(&result, &other);
    ck_assert_uint_eq(result.measured_ns, 7);
    ck_assert_uint_eq(result.messages, 21);
    ck_assert_uint_eq(result.bytes, 40);
    ck_assert_uint_eq(result.connects, 60);
    ck_assert_uint_eq(result.open, 80);
    ck_assert_uint_eq(result.unsent, 100);
    ck_assert_uint_eq(result.faults[FAULT_ENDED], 2);
    ck_assert_uint_eq(result.latency.count, 2);
    ck_assert_uint_eq(result.lag.sum_ns, 8);
    ck_assert_str_eq(result.note, "there");
}
END_TEST

START_TEST(each_fault_has_a_name)
{
    for (size_t i = 0; i < FAULT_COUNT; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(fault_name((enum fault)i),
                             fault_name((enum fault)j));
        }
    }
}
END_TEST

UNIT_MAIN("load.result",
          the_first_fault_is_told,
          a_long_note_is_cut,
          all_is_added_up_but_the_time,
          each_fault_has_a_name)
