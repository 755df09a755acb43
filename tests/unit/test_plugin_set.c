/* SPDX-License-Identifier: MIT */
#include "plugin_set.h"

#include <errno.h>

#include "fixtures.h"
#include "unit.h"

static struct plugin_set set;
static struct plugin_refusal refusal;
static char folder[PATH_MAX];
static const char *const folders[] = {folder};
static const struct plugin_path path = {.folders = folders, .count = 1};

static void set_up(void)
{
    fixtures_begin();
    plugin_set_init(&set, NULL);
    fixtures_find("good", folder);
    *strrchr(folder, '/') = '\0';
}

static void tear_down(void)
{
    plugin_set_fini(&set);
    fixtures_end();
}

static struct plugin *get(const char *name, const char *base)
{
    struct plugin *plugin = NULL;
    const int error =
        plugin_set_get(&set, name, base, &path, &plugin, &refusal);

    ck_assert_msg(error == 0, "%s: %s", name, refusal.text);
    ck_assert_ptr_nonnull(plugin);
    return plugin;
}

START_TEST(a_plugin_is_loaded_once_however_it_is_named)
{
    char file[PATH_MAX];
    struct plugin *good = get("good", NULL);

    fixtures_find("good", file);
    ck_assert_ptr_eq(get("good", NULL), good);
    ck_assert_ptr_eq(get("good.so", NULL), good);
    ck_assert_ptr_eq(get("./good.so", folder), good);
    ck_assert_ptr_eq(get(file, NULL), good);
    ck_assert_int_eq(symlink(good->path, fixtures_path("link.so")), 0);
    ck_assert_ptr_eq(get("./link.so", fixtures_root), good);
    ck_assert_uint_eq(set.count, 1);
}
END_TEST

START_TEST(different_plugins_are_kept_apart)
{
    struct plugin *good = get("good", NULL);
    struct plugin *whole = get("whole", NULL);

    ck_assert_ptr_ne(good, whole);
    ck_assert_str_eq(good->protocol.name, "good");
    ck_assert_str_eq(whole->protocol.name, "whole-1_x");
    ck_assert_ptr_eq(get("good", NULL), good);
    ck_assert_uint_eq(set.count, 2);
}
END_TEST

START_TEST(what_is_not_found_is_refused)
{
    struct plugin *plugin = NULL;

    ck_assert_int_eq(
        plugin_set_get(&set, "goof", NULL, &path, &plugin, &refusal), -ENOENT);
    ck_assert_ptr_null(plugin);
    ck_assert_ptr_nonnull(strstr(refusal.hint, "good"));
    ck_assert_uint_eq(set.count, 0);
}
END_TEST

START_TEST(what_does_not_load_is_refused_each_time)
{
    struct plugin *plugin = NULL;

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(
            plugin_set_get(&set, "options_bad", NULL, &path, &plugin, &refusal),
            -EINVAL);
        ck_assert_ptr_null(plugin);
        ck_assert_str_ne(refusal.text, "");
    }
    ck_assert_uint_eq(set.count, 0);
    (void)get("good", NULL);
    ck_assert_uint_eq(set.count, 1);
}
END_TEST

START_TEST(a_set_may_be_used_after_fini)
{
    (void)get("good", NULL);
    plugin_set_fini(&set);
    ck_assert_uint_eq(set.count, 0);
    (void)get("good", NULL);
    ck_assert_uint_eq(set.count, 1);
}
END_TEST

UNIT_MAIN_WITH("plugin_set",
               set_up,
               tear_down,
               a_plugin_is_loaded_once_however_it_is_named,
               different_plugins_are_kept_apart,
               what_is_not_found_is_refused,
               what_does_not_load_is_refused_each_time,
               a_set_may_be_used_after_fini)
