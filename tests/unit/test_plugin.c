/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixtures.h"
#include "plugin.h"

#include <errno.h>
#include <stddef.h>

static struct plugin_refusal refusal;

static struct plugin *load(const char *name)
{
    struct plugin *plugin = NULL;
    char path[PATH_MAX];

    fixtures_find(name, path);
    ck_assert_msg(plugin_load(path, &plugin, &refusal) == 0, "%s: %s", name,
                  refusal.text);
    ck_assert_ptr_nonnull(plugin);
    return plugin;
}

static void
refused_path(const char *path, int number, const char *text, const char *hint)
{
    struct plugin *plugin = (struct plugin *)&refusal;
    int result;

    memset(&refusal, 'x', sizeof(refusal));
    result = plugin_load(path, &plugin, &refusal);
    ck_assert_msg(result == number, "%s: %d %s", path, result, refusal.text);
    ck_assert_ptr_eq(plugin, (struct plugin *)&refusal);
    ck_assert_str_eq(refusal.path, path);
    ck_assert_msg(strstr(refusal.text, text) != NULL, "%s: %s", path,
                  refusal.text);
    ck_assert_msg(strstr(refusal.hint, hint) != NULL, "%s: %s", path,
                  refusal.hint);
    ck_assert_msg((hint[0] == '\0') == (refusal.hint[0] == '\0'), "%s: %s",
                  path, refusal.hint);
}

static void
refused(const char *name, int number, const char *text, const char *hint)
{
    char path[PATH_MAX];

    fixtures_find(name, path);
    refused_path(path, number, text, hint);
}

START_TEST(the_least_protocol_loads)
{
    struct plugin *plugin = load("good");

    ck_assert_str_eq(plugin->protocol.name, "good");
    ck_assert(plugin->protocol.on_data != NULL);
    ck_assert(plugin->protocol.on_close == NULL);
    ck_assert_ptr_null(plugin->protocol.version);
    ck_assert_uint_eq(plugin->counter_count, 0);
    ck_assert_ptr_null(plugin->counters[0].name);
    ck_assert_ptr_null(plugin->options[0].name);
    plugin_free(plugin);
}
END_TEST

START_TEST(everything_is_taken_over)
{
    struct plugin *plugin = load("whole");

    ck_assert_str_eq(plugin->protocol.name, "whole-1_x");
    ck_assert_str_eq(plugin->protocol.version, "1.2");
    ck_assert_str_eq(plugin->protocol.summary, "has one of each");
    ck_assert_uint_eq(plugin->protocol.state_size, 24);
    ck_assert_uint_eq(plugin->protocol.local_size, 48);
    ck_assert_str_eq(plugin->options[0].name, "number");
    ck_assert_int_eq(plugin->options[0].max, 100);
    ck_assert_str_eq(plugin->options[1].name, "limit");
    ck_assert_ptr_null(plugin->options[2].name);
    ck_assert_uint_eq(plugin->counter_count, 2);
    ck_assert_str_eq(plugin->counters[1].name, "bytes_2");
    ck_assert_str_eq(plugin->counters[1].help, "bytes received");
    ck_assert_ptr_null(plugin->counters[2].name);
    plugin_free(plugin);
}
END_TEST

START_TEST(the_path_is_absolute_with_links_resolved)
{
    char path[PATH_MAX];
    char *real;
    struct plugin *plugin = NULL;

    fixtures_find("good", path);
    real = realpath(path, NULL);
    ck_assert_ptr_nonnull(real);
    ck_assert_int_eq(symlink(real, fixtures_path("link.so")), 0);
    ck_assert_int_eq(chdir(fixtures_root), 0);
    ck_assert_int_eq(plugin_load("link.so", &plugin, &refusal), 0);
    ck_assert_str_eq(plugin->path, real);
    plugin_free(plugin);
    free(real);
}
END_TEST

START_TEST(a_plugin_can_be_loaded_twice)
{
    struct plugin *one = load("whole");
    struct plugin *other = load("whole");

    ck_assert_ptr_ne(one, other);
    ck_assert_ptr_eq(one->protocol.name, other->protocol.name);
    plugin_free(one);
    ck_assert_str_eq(other->options[0].name, "number");
    ck_assert_str_eq(other->protocol.name, "whole-1_x");
    plugin_free(other);
    plugin_free(NULL);
}
END_TEST

START_TEST(an_older_plugin_loads_and_lacks_what_came_later)
{
    struct plugin *plugin = load("older");

    ck_assert_uint_lt(plugin->protocol.size, sizeof(berth_protocol));
    ck_assert(plugin->protocol.on_close != NULL);
    ck_assert(plugin->protocol.on_reopen == NULL);
    plugin_free(plugin);
}
END_TEST

START_TEST(a_newer_plugin_that_uses_nothing_new_loads)
{
    struct plugin *plugin = load("newer_unused");

    ck_assert_uint_gt(plugin->protocol.size, sizeof(berth_protocol));
    ck_assert_str_eq(plugin->protocol.name, "newer");
    ck_assert_str_eq(plugin->options[0].name, "flag");
    ck_assert_ptr_null(plugin->options[1].name);
    ck_assert_uint_eq(plugin->counter_count, 2);
    ck_assert_str_eq(plugin->counters[1].name, "bytes");
    ck_assert_ptr_null(plugin->counters[2].name);
    plugin_free(plugin);
}
END_TEST

START_TEST(a_newer_plugin_that_uses_more_is_refused)
{
    refused("newer_callback", -ENOTSUP,
            "needs a newer server: it uses callback", "update berth");
    refused("newer_option", -ENOTSUP, "needs a newer server: its options",
            "update berth");
    refused("newer_counter", -ENOTSUP, "needs a newer server: its counters",
            "update berth");
}
END_TEST

START_TEST(other_versions_of_the_contract_are_named)
{
    refused("abi_2", -ENOTSUP,
            "built for version 2 of the contract, this server speaks 1",
            "header of this release");
    refused("abi_wrong", -ENOTSUP,
            "built for version 3 of the contract, this server speaks 1",
            "header of this release");
}
END_TEST

START_TEST(what_is_no_protocol_is_told)
{
    refused("symbol_none", -EINVAL, "exports no berth_protocol_1",
            "BERTH_PROTOCOL(...)");
    refused("symbol_function", -EINVAL, "damaged: it is not made by",
            "header of this release");
    refused("symbol_thread", -EINVAL, "damaged: it is not made by",
            "header of this release");
    refused("symbol_short", -EINVAL, "damaged: it is not made by",
            "header of this release");
}
END_TEST

START_TEST(wrong_sizes_are_refused)
{
    refused("size_small", -EINVAL, "damaged: its size",
            "header of this release");
    refused("size_beyond", -EINVAL, "damaged: its size",
            "header of this release");
    refused("counter_size_small", -EINVAL, "its counter_size is wrong",
            "header of this release");
    refused("counter_size_odd", -EINVAL, "its counter_size is wrong",
            "header of this release");
    refused("option_size_bad", -EINVAL, "option table is damaged",
            "BERTH_OPTIONS_END");
    refused("state_huge", -EINVAL, "its state_size is 18446744073709551615",
            "behind a pointer");
}
END_TEST

/* The first release is the measure: what came later is behind its end. */
START_TEST(the_first_release_is_the_smallest)
{
    ck_assert_uint_eq(offsetof(berth_protocol, on_close) + sizeof(void *),
                      offsetof(berth_protocol, on_reopen));
}
END_TEST

START_TEST(names_are_checked)
{
    refused("name_none", -EINVAL, "has no name", ".name =");
    refused("name_bad", -EINVAL, "'Not Allowed' is not allowed", "lower case");
    refused("name_long", -EINVAL, "is not allowed", "at most 32");
    refused("on_data_none", -EINVAL, "has no on_data", ".on_data =");
}
END_TEST

START_TEST(options_and_settings_belong_together)
{
    refused("options_none", -EINVAL, "no options to fill it", ".options =");
    refused("settings_none", -EINVAL, "no settings_size",
            ".settings_size = sizeof");
    refused("options_bad", -EINVAL, "flag", "option table");
}
END_TEST

START_TEST(counters_are_checked)
{
    refused("counter_name_bad", -EINVAL, "'bytes-received' is not allowed",
            "lower case");
    refused("counter_twice", -EINVAL, "two counters named 'messages'",
            "its own name");
    refused("counters_endless", -EINVAL, "more than 256 counters",
            "BERTH_COUNTERS_END");
}
END_TEST

START_TEST(files_that_do_not_load_are_told_with_a_remedy)
{
    refused_path("/nosuch/x.so", -ENOENT, "no such file", "");
    refused_path(fixtures_root, -ENOEXEC, "a folder", "ends in .so");
    fixtures_write("x.so", "#!/bin/sh\n", 10);
    refused_path(fixtures_path("x.so"), -ENOEXEC, "a script", "-shared");
    refused("undefined", -ENOEXEC,
            "undefined symbol: berth_nobody_defines_this", "-Wl,-z,defs");
}
END_TEST

START_TEST(half_a_plugin_is_refused)
{
    char path[PATH_MAX];
    size_t size;
    char *bytes;

    fixtures_find("good", path);
    bytes = fixtures_read(path, &size);
    fixtures_write("half.so", bytes, size / 4);
    free(bytes);
    refused_path(fixtures_path("half.so"), -ENOEXEC, "cut short", "again");
}
END_TEST

/* -------------------------------------------------------- paths and images */

START_TEST(a_path_is_resolved_without_loading)
{
    char path[PATH_MAX];
    char *real;
    char *absolute = NULL;

    fixtures_find("options_bad", path); /* which would not load */
    real = realpath(path, NULL);
    ck_assert_ptr_nonnull(real);
    ck_assert_int_eq(symlink(real, fixtures_path("link.so")), 0);
    ck_assert_int_eq(chdir(fixtures_root), 0);
    ck_assert_int_eq(plugin_resolve("./link.so", &absolute, &refusal), 0);
    ck_assert_str_eq(absolute, real);
    free(absolute);
    free(real);
}
END_TEST

static void unresolved(const char *path, int number, const char *text)
{
    char untouched;
    char *absolute = &untouched;

    memset(&refusal, 'x', sizeof(refusal));
    ck_assert_int_eq(plugin_resolve(path, &absolute, &refusal), number);
    ck_assert_ptr_eq(absolute, &untouched);
    ck_assert_str_eq(refusal.path, path);
    ck_assert_msg(strstr(refusal.text, text) != NULL, "%s: %s", path,
                  refusal.text);
}

START_TEST(what_is_no_shared_object_is_not_resolved)
{
    unresolved("/nosuch/x.so", -ENOENT, "no such file");
    unresolved(fixtures_root, -ENOEXEC, "a folder");
    fixtures_write("x.so", "#!/bin/sh\n", 10);
    unresolved(fixtures_path("x.so"), -ENOEXEC, "a script");
    ck_assert_int_eq(symlink("/nosuch/x.so", fixtures_path("y.so")), 0);
    unresolved(fixtures_path("y.so"), -ENOENT, "no such file");
}
END_TEST

START_TEST(bytes_may_lie_elsewhere)
{
    struct plugin *plugin = NULL;
    char image[PATH_MAX];

    fixtures_find("whole", image);
    ck_assert_int_eq(
        plugin_load_image("/nosuch/named.so", image, &plugin, &refusal), 0);
    ck_assert_str_eq(plugin->path, "/nosuch/named.so");
    ck_assert_str_eq(plugin->protocol.name, "whole-1_x");
    ck_assert_str_eq(plugin->options[0].name, "number");
    plugin_free(plugin);
}
END_TEST

static void refused_image(const char *image, int number, const char *text)
{
    struct plugin *plugin = (struct plugin *)&refusal;

    memset(&refusal, 'x', sizeof(refusal));
    ck_assert_int_eq(
        plugin_load_image("/nosuch/named.so", image, &plugin, &refusal),
        number);
    ck_assert_ptr_eq(plugin, (struct plugin *)&refusal);
    ck_assert_str_eq(refusal.path, "/nosuch/named.so");
    ck_assert_msg(strstr(refusal.text, text) != NULL, "%s: %s", image,
                  refusal.text);
}

START_TEST(an_image_is_refused_by_the_plugins_path)
{
    char image[PATH_MAX];

    fixtures_write("x.so", "garbage", 7);
    refused_image(fixtures_path("x.so"), -ENOEXEC, "");
    fixtures_find("undefined", image);
    refused_image(image, -ENOEXEC, "berth_nobody_defines_this");
    fixtures_find("symbol_none", image);
    refused_image(image, -EINVAL, "it is no protocol");
    fixtures_find("name_bad", image);
    refused_image(image, -EINVAL, "is not allowed");
    fixtures_find("abi_2", image);
    refused_image(image, -ENOTSUP, "version 2");
}
END_TEST

UNIT_MAIN_WITH("plugin",
               fixtures_begin,
               fixtures_end,
               the_least_protocol_loads,
               everything_is_taken_over,
               the_path_is_absolute_with_links_resolved,
               a_plugin_can_be_loaded_twice,
               an_older_plugin_loads_and_lacks_what_came_later,
               a_newer_plugin_that_uses_nothing_new_loads,
               a_newer_plugin_that_uses_more_is_refused,
               other_versions_of_the_contract_are_named,
               what_is_no_protocol_is_told,
               wrong_sizes_are_refused,
               the_first_release_is_the_smallest,
               names_are_checked,
               options_and_settings_belong_together,
               counters_are_checked,
               files_that_do_not_load_are_told_with_a_remedy,
               half_a_plugin_is_refused,
               a_path_is_resolved_without_loading,
               what_is_no_shared_object_is_not_resolved,
               bytes_may_lie_elsewhere,
               an_image_is_refused_by_the_plugins_path)
