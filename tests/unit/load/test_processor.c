/* SPDX-License-Identifier: MIT */
#include "berth-load/processor.h"

#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

static uint64_t own_ns(void)
{
    struct timespec used;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return ((uint64_t)used.tv_sec * 1000000000) + (uint64_t)used.tv_nsec;
}

static bool has_schedstat(void)
{
    return access("/proc/self/schedstat", R_OK) == 0;
}

/* schedstat lags behind by as much as a tick of the scheduler. */
START_TEST(it_grows_as_the_process_works)
{
    const pid_t pid = getpid();
    uint64_t before = 0, after = 0;

    if (!has_schedstat()) {
        return;
    }
    ck_assert_int_eq(processor_read(&pid, 1, &before), 1);
    while (own_ns() < before + 100000000) {
    }
    ck_assert_int_eq(processor_read(&pid, 1, &after), 1);
    ck_assert_uint_gt(after, before + 50000000);
}
END_TEST

START_TEST(processes_are_added_up)
{
    const pid_t pids[] = {getpid(), getpid()};
    uint64_t one = 0, both = 0;

    if (!has_schedstat()) {
        return;
    }
    ck_assert_int_eq(processor_read(pids, 1, &one), 1);
    ck_assert_int_eq(processor_read(pids, 2, &both), 2);
    ck_assert_uint_ge(both, 2 * one);
}
END_TEST

START_TEST(one_that_is_gone_is_not_counted)
{
    const pid_t pids[] = {INT32_MAX, getpid()};
    uint64_t ns = 7;

    ck_assert_int_eq(processor_read(pids, 1, &ns), 0);
    ck_assert_uint_eq(ns, 0);
    ck_assert_int_eq(processor_read(pids, 2, &ns), 1);
}
END_TEST

UNIT_MAIN("load.processor",
          it_grows_as_the_process_works,
          processes_are_added_up,
          one_that_is_gone_is_not_counted)
