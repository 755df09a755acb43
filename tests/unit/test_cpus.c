/* SPDX-License-Identifier: MIT */
#include "cpus.h"

#include <sched.h>

#include "fixtures.h"
#include "unit.h"

static void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(fixtures_path(name), 0700), 0);
}

static void write_text(const char *name, const char *text)
{
    fixtures_write(name, text, strlen(text));
}

static int quota_of(const char *cgroups)
{
    return cpus_quota(cgroups, fixtures_root);
}

START_TEST(a_quota_is_rounded_up)
{
    ck_assert_int_eq(cpus_parse_max("100000 100000\n"), 1);
    ck_assert_int_eq(cpus_parse_max("100001 100000\n"), 2);
    ck_assert_int_eq(cpus_parse_max("1000 100000\n"), 1);
    ck_assert_int_eq(cpus_parse_max("250000 100000\n"), 3);
    ck_assert_int_eq(cpus_parse_max("9223372036854775807 1"), 2147483647);
}
END_TEST

START_TEST(what_is_no_quota_is_none)
{
    static const char *const texts[] = {
        "max 100000\n", "-1 100000\n", "", "5", "0 5", "5 0", "5 -1", "x y",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_int_eq(cpus_parse_max(texts[i]), CPUS_NO_QUOTA);
    }
}
END_TEST

START_TEST(the_least_quota_on_the_way_up_holds)
{
    make_folder("a");
    make_folder("a/b");
    make_folder("a/b/c");
    write_text("a/b/c/cpu.max", "max 100000\n");
    write_text("a/b/cpu.max", "600000 100000\n");
    ck_assert_int_eq(quota_of("0::/a/b/c\n"), 6);
    write_text("a/cpu.max", "300000 100000\n");
    ck_assert_int_eq(quota_of("0::/a/b/c\n"), 3);
    write_text("a/b/c/cpu.max", "200000 100000\n");
    ck_assert_int_eq(quota_of("0::/a/b/c\n"), 2);
    ck_assert_int_eq(quota_of("0::/\n"), CPUS_NO_QUOTA);
}
END_TEST

START_TEST(of_a_container_the_root_is_all_that_is_seen)
{
    write_text("cpu.max", "150000 100000\n");
    ck_assert_int_eq(quota_of("0::/\n"), 2);
    ck_assert_int_eq(quota_of("0::/docker/123\n"), 2);
    ck_assert_int_eq(quota_of("0::/../../other\n"), 2);
}
END_TEST

START_TEST(the_first_version_has_a_folder_for_a_controller)
{
    make_folder("cpu");
    make_folder("cpu/a");
    write_text("cpu/a/cpu.cfs_quota_us", "350000\n");
    write_text("cpu/a/cpu.cfs_period_us", "100000\n");
    ck_assert_int_eq(quota_of("3:memory:/a\n2:cpuacct,cpu:/a\n0::/a\n"), 4);
    ck_assert_int_eq(quota_of("2:cpu:/a\n"), 4);
    ck_assert_int_eq(quota_of("2:cpuset,cpuacct:/a\n"), CPUS_NO_QUOTA);
    write_text("cpu/a/cpu.cfs_quota_us", "-1\n");
    ck_assert_int_eq(quota_of("2:cpu:/a\n"), CPUS_NO_QUOTA);
}
END_TEST

START_TEST(lines_that_are_none_are_passed_over)
{
    write_text("cpu.max", "100000 100000\n");
    ck_assert_int_eq(quota_of(""), CPUS_NO_QUOTA);
    ck_assert_int_eq(quota_of("0\n0:\n0::\n0::relative"), CPUS_NO_QUOTA);
    ck_assert_int_eq(quota_of("nonsense\n\n0::/"), 1);
}
END_TEST

START_TEST(affinity_is_kept)
{
    cpu_set_t all, one;

    ck_assert_int_ge(cpus_allowed(), 1);
    ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
    ck_assert_int_le(cpus_allowed(), CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_SET(i, &one);
        }
    }
    ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
    ck_assert_int_eq(cpus_allowed(), 1);
}
END_TEST

UNIT_MAIN_WITH("cpus",
               fixtures_begin,
               fixtures_end,
               a_quota_is_rounded_up,
               what_is_no_quota_is_none,
               the_least_quota_on_the_way_up_holds,
               of_a_container_the_root_is_all_that_is_seen,
               the_first_version_has_a_folder_for_a_controller,
               lines_that_are_none_are_passed_over,
               affinity_is_kept)
