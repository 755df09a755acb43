/* SPDX-License-Identifier: MIT */
#include "inspect.h"

#include <errno.h>

#include "capture.h"
#include "fixtures.h"
#include "unit.h"

static struct errors errors;
static struct capture capture;
static const char *const folders[] = {fixtures_root};
static const struct plugin_path path = {.folders = folders, .count = 1};

/* A link to the fixture, under another name. */
static void add(const char *fixture, const char *name)
{
    char target[PATH_MAX];

    fixtures_find(fixture, target);
    ck_assert_int_eq(symlink(target, fixtures_path(name)), 0);
}

static void begin(void)
{
    fixtures_begin();
    add("good", "b.so");
    add("nested", "a.so");
    add("abi_2", "c.so");
    errors_init(&errors);
    (void)capture_begin(&capture);
}

static void end(void)
{
    capture_free(&capture);
    errors_fini(&errors);
    fixtures_end();
}

static void check_errors(size_t count, const char *part)
{
    struct capture told;

    errors_print(&errors, capture_begin(&told));
    ck_assert_msg(strstr(capture_end(&told), part) != NULL, "%s", told.text);
    ck_assert_uint_eq(errors_count(&errors), count);
    capture_free(&told);
}

START_TEST(plugins_are_listed_the_refused_with_the_reason)
{
    const char *printed;

    ck_assert_int_eq(inspect_list(&path, capture.stream), 0);
    printed = capture_end(&capture);
    ck_assert_int_eq(strncmp(printed, "nested ", 7), 0);
    ck_assert_ptr_nonnull(strstr(printed, "\ngood "));
    ck_assert_ptr_nonnull(strstr(printed, "\nc.so         refused: "));
}
END_TEST

START_TEST(the_schema_has_all_that_load_and_warns_of_the_others)
{
    ck_assert_int_eq(inspect_schema(&path, capture.stream, &errors), 0);
    (void)capture_end(&capture);
    ck_assert_ptr_nonnull(strstr(capture.text, "(.*[/])?a([.]so)?"));
    ck_assert_ptr_nonnull(strstr(capture.text, "(.*[/])?b([.]so)?"));
    ck_assert_ptr_null(strstr(capture.text, "(.*[/])?c([.]so)?"));
    check_errors(0, "/c.so: warning: left out: ");
}
END_TEST

START_TEST(more_plugins_than_were_expected)
{
    for (int i = 0; i < 40; i++) {
        char name[16];

        (void)snprintf(name, sizeof(name), "x%d.so", i);
        add("good", name);
    }
    ck_assert_int_eq(inspect_sample(&path, capture.stream, &errors), 0);
    (void)capture_end(&capture);
    ck_assert_ptr_nonnull(strstr(capture.text, "plugin: x0.so"));
    ck_assert_ptr_nonnull(strstr(capture.text, "plugin: x39.so"));
}
END_TEST

START_TEST(the_sample_has_what_is_found)
{
    ck_assert_int_eq(inspect_sample(&path, capture.stream, &errors), 0);
    (void)capture_end(&capture);
    ck_assert_ptr_nonnull(strstr(capture.text, "\n#  - plugin: a.so\n"));
    ck_assert_ptr_nonnull(strstr(capture.text, "\n#  - plugin: b.so\n"));
    ck_assert_ptr_null(strstr(capture.text, "c.so"));
}
END_TEST

START_TEST(what_is_named_is_described)
{
    static const char *const words[] = {"a", "b.so"};

    ck_assert_int_eq(inspect_describe(&path, words, 2, capture.stream, &errors),
                     0);
    (void)capture_end(&capture);
    ck_assert_int_eq(strncmp(capture.text, "nested: ", 8), 0);
    ck_assert_ptr_nonnull(strstr(capture.text, "\n\ngood\n"));
}
END_TEST

START_TEST(nothing_named_is_the_server_itself)
{
    ck_assert_int_eq(inspect_describe(&path, NULL, 0, capture.stream, &errors),
                     0);
    (void)capture_end(&capture);
    ck_assert_int_eq(strncmp(capture.text, "server.yaml: ", 13), 0);
}
END_TEST

START_TEST(what_is_not_found_is_an_error_and_the_rest_is_described)
{
    static const char *const words[] = {"nothing_like_it", "b", "c"};

    ck_assert_int_ne(inspect_describe(&path, words, 3, capture.stream, &errors),
                     0);
    (void)capture_end(&capture);
    ck_assert_int_eq(strncmp(capture.text, "good\n", 5), 0);
    check_errors(2, "nothing_like_it: error: the plugin 'nothing_like_it': "
                    "there is no 'nothing_like_it' in");
    check_errors(2, "c: error: the plugin 'c' (/");
}
END_TEST

UNIT_MAIN_WITH("inspect",
               begin,
               end,
               plugins_are_listed_the_refused_with_the_reason,
               the_schema_has_all_that_load_and_warns_of_the_others,
               more_plugins_than_were_expected,
               the_sample_has_what_is_found,
               what_is_named_is_described,
               nothing_named_is_the_server_itself,
               what_is_not_found_is_an_error_and_the_rest_is_described)
