/* SPDX-License-Identifier: MIT */
/*
 * The main() of a unit test: one suite, each test in a process of its own (so
 * says Check), exit status 1 if any of them fails.
 *
 *     START_TEST(parses_ipv4)
 *     {
 *         ...
 *     }
 *     END_TEST
 *
 *     UNIT_MAIN("address", parses_ipv4, parses_ipv6)
 */
#ifndef BERTH_UNIT_H
#define BERTH_UNIT_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* Check writes to a file at every assertion that holds, so that it knows the
   last one before a crash. The sanitizers tell more than that, and where tests
   assert in loops it takes most of their time. */
#define _mark_point(file_, line_) ((void)0) /* NOLINT: Check's name */

/* Long enough for valgrind on a busy machine; a hang still ends. */
#define UNIT_TIMEOUT_S 60

/* Runs before, or after, each test, in the test's process. May be NULL. */
typedef void unit_fixture(void);

static inline int unit_main(const char *name,
                            unit_fixture *setup,
                            unit_fixture *teardown,
                            const TTest *const *tests,
                            size_t count)
{
    Suite *suite = suite_create(name);
    TCase *group = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed = 0;

    tcase_set_timeout(group, UNIT_TIMEOUT_S);
    tcase_add_checked_fixture(group, setup, teardown);
    for (size_t i = 0; i < count; i++) {
        tcase_add_test(group, tests[i]);
    }
    suite_add_tcase(suite, group);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The same, with functions that run before and after each test. */
#define UNIT_MAIN_WITH(name_, setup_, teardown_, ...)                          \
    int main(void)                                                             \
    {                                                                          \
        const TTest *const tests[] = {__VA_ARGS__};                            \
                                                                               \
        return unit_main((name_), (setup_), (teardown_), tests,                \
                         sizeof(tests) / sizeof(tests[0]));                    \
    }

#define UNIT_MAIN(name_, ...) UNIT_MAIN_WITH(name_, NULL, NULL, __VA_ARGS__)

#endif
