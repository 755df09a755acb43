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

/* ---------------------------------------------------------- with a snapshot */

static struct snapshot *snapshot;

static void begin_snapshot(void)
{
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
    plugin_set_init(&set, snapshot);
}

/* The same files, as a worker finds them. */
static void begin_sealed(void)
{
    plugin_set_fini(&set);
    snapshot_seal(snapshot);
    plugin_set_init(&set, snapshot);
}

static void end_snapshot(void)
{
    plugin_set_fini(&set);
    snapshot_free(snapshot);
}

/* A copy of a plugin in the test's folder. */
static void copy_plugin(const char *name, const char *as)
{
    char file[PATH_MAX];
    size_t size;
    char *bytes;

    fixtures_find(name, file);
    bytes = fixtures_read(file, &size);
    fixtures_write(as, bytes, size);
    free(bytes);
}

START_TEST(what_is_found_is_kept_in_the_snapshot)
{
    const struct snapshot_file *file;
    struct plugin *good;

    begin_snapshot();
    good = get("good", NULL);
    ck_assert_uint_eq(snapshot_count(snapshot), 1);
    file = snapshot_find(snapshot, SNAPSHOT_PLUGIN, "good");
    ck_assert_ptr_nonnull(file);
    ck_assert_str_eq(file->path, good->path);
    ck_assert_int_ge(file->fd, 0);
    ck_assert_ptr_eq(get("good", NULL), good);
    ck_assert_uint_eq(snapshot_count(snapshot), 1);
    end_snapshot();
}
END_TEST

START_TEST(each_name_is_kept_and_one_plugin_loaded)
{
    struct plugin *good;

    begin_snapshot();
    good = get("good", NULL);
    ck_assert_ptr_eq(get("good.so", NULL), good);
    ck_assert_ptr_eq(get("./good.so", folder), good);
    ck_assert_uint_eq(set.count, 1);
    ck_assert_uint_eq(snapshot_count(snapshot), 3);
    begin_sealed();
    good = get("./good.so", NULL);
    ck_assert_ptr_eq(get("good", NULL), good);
    ck_assert_ptr_eq(get("good.so", NULL), good);
    ck_assert_uint_eq(set.count, 1);
    end_snapshot();
}
END_TEST

START_TEST(of_a_sealed_one_all_are_taken_and_no_file_is_looked_for)
{
    struct plugin *plugin = NULL;

    begin_snapshot();
    copy_plugin("whole", "mine.so");
    (void)get("./mine.so", fixtures_root);
    ck_assert_int_eq(unlink(fixtures_path("mine.so")), 0);
    begin_sealed();
    plugin = get("./mine.so", "/nosuch");
    ck_assert_str_eq(plugin->protocol.name, "whole-1_x");
    ck_assert_str_eq(plugin->path, fixtures_path("mine.so"));
    plugin = NULL;
    ck_assert_int_eq(
        plugin_set_get(&set, "good", NULL, &path, &plugin, &refusal), -ENOENT);
    ck_assert_ptr_null(plugin);
    ck_assert_str_eq(refusal.path, "");
    ck_assert_str_eq(refusal.text, strerror(ENOENT));
    ck_assert_str_eq(refusal.hint, "");
    ck_assert_uint_eq(snapshot_count(snapshot), 1);
    end_snapshot();
}
END_TEST

START_TEST(a_file_that_changes_is_loaded_as_it_was)
{
    begin_snapshot();
    copy_plugin("whole", "mine.so");
    (void)get("./mine.so", fixtures_root);
    ck_assert_int_eq(unlink(fixtures_path("mine.so")), 0);
    copy_plugin("good", "mine.so");
    begin_sealed();
    ck_assert_str_eq(get("./mine.so", fixtures_root)->protocol.name,
                     "whole-1_x");
    end_snapshot();
}
END_TEST

START_TEST(what_is_not_found_is_not_kept)
{
    struct plugin *plugin = NULL;

    begin_snapshot();
    ck_assert_int_eq(
        plugin_set_get(&set, "goof", NULL, &path, &plugin, &refusal), -ENOENT);
    ck_assert_ptr_nonnull(strstr(refusal.hint, "good"));
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
    end_snapshot();
}
END_TEST

/* Bytes that no loader takes, by the name and path of a good plugin. */
static void keep_garbage(const char *name)
{
    char file[PATH_MAX];
    struct snapshot_file kept = {.kind = SNAPSHOT_PLUGIN, .name = name};

    fixtures_find("good", file);
    kept.path = realpath(file, NULL);
    ck_assert_ptr_nonnull(kept.path);
    fixtures_write("garbage", "garbage", 7);
    kept.fd = open(fixtures_path("garbage"), O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(kept.fd, 0);
    ck_assert_int_eq(snapshot_add(snapshot, &kept), 0);
    free((void *)(uintptr_t)kept.path);
}

/* As where vm.memfd_noexec is set. */
START_TEST(what_does_not_load_from_the_snapshot_is_used_where_it_lies)
{
    const struct snapshot_file *file;

    begin_snapshot();
    keep_garbage("good");
    ck_assert_str_eq(get("good", NULL)->protocol.name, "good");
    file = snapshot_find(snapshot, SNAPSHOT_PLUGIN, "good");
    ck_assert_int_eq(file->fd, -1);
    begin_sealed();
    ck_assert_str_eq(get("good", "/nosuch")->protocol.name, "good");
    end_snapshot();
}
END_TEST

START_TEST(but_not_once_it_is_sealed)
{
    struct plugin *plugin = NULL;

    begin_snapshot();
    keep_garbage("good");
    begin_sealed();
    ck_assert_int_eq(
        plugin_set_get(&set, "good", NULL, &path, &plugin, &refusal), -ENOEXEC);
    ck_assert_ptr_null(plugin);
    ck_assert_uint_eq(set.count, 0);
    ck_assert_int_ge(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "good")->fd, 0);
    end_snapshot();
}
END_TEST

/* ---------------------------------------------------------------- refusals */

static char *refuse(const char *file, const char *hint)
{
    struct errors errors;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(stream);
    (void)snprintf(refusal.path, sizeof(refusal.path), "%s", file);
    (void)snprintf(refusal.text, sizeof(refusal.text), "it is broken");
    (void)snprintf(refusal.hint, sizeof(refusal.hint), "%s", hint);
    errors_init(&errors);
    plugin_set_refuse(&refusal, "mine", &(struct place){.file = "a.yaml"},
                      &errors);
    ck_assert_uint_eq(errors_count(&errors), 1);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    errors_fini(&errors);
    return text;
}

START_TEST(a_refusal_tells_name_file_reason_and_hint)
{
    char *text = refuse("/there/mine.so", "mend it");

    ck_assert_ptr_nonnull(strstr(
        text, "error: the plugin 'mine' (/there/mine.so): it is broken"));
    ck_assert_ptr_nonnull(strstr(text, "hint: mend it"));
    free(text);
}
END_TEST

START_TEST(without_a_file_or_a_hint_there_is_none)
{
    char *text = refuse("", "");

    ck_assert_ptr_nonnull(strstr(text, "the plugin 'mine': it is broken"));
    ck_assert_ptr_null(strstr(text, "hint"));
    free(text);
}
END_TEST

UNIT_MAIN_WITH("plugin_set",
               set_up,
               tear_down,
               a_plugin_is_loaded_once_however_it_is_named,
               different_plugins_are_kept_apart,
               what_is_not_found_is_refused,
               what_does_not_load_is_refused_each_time,
               a_set_may_be_used_after_fini,
               what_is_found_is_kept_in_the_snapshot,
               each_name_is_kept_and_one_plugin_loaded,
               of_a_sealed_one_all_are_taken_and_no_file_is_looked_for,
               a_file_that_changes_is_loaded_as_it_was,
               what_is_not_found_is_not_kept,
               what_does_not_load_from_the_snapshot_is_used_where_it_lies,
               but_not_once_it_is_sealed,
               a_refusal_tells_name_file_reason_and_hint,
               without_a_file_or_a_hint_there_is_none)
