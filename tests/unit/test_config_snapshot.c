/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>

#include "fixtures.h"
#include "unit.h"

#define ONE "protocols:\n  - plugin: good\n    listen: 127.0.0.1:8080\n"

static struct errors errors;
static struct config *config;
static char folder[PATH_MAX];
static const char *const plugin_folders[] = {folder};
static const struct plugin_path path = {.folders = plugin_folders, .count = 1};
static struct snapshot *snapshot;
static struct config_source source;

static void set_up(void)
{
    fixtures_begin();
    ck_assert_int_eq(chdir(fixtures_root), 0);
    fixtures_find("good", folder);
    *strrchr(folder, '/') = '\0';
    errors_init(&errors);
    ck_assert_int_eq(snapshot_new(&snapshot), 0);
    source = (struct config_source){
        .path = "server.yaml",
        .folders = {.plugins = &path, .snapshot = snapshot},
    };
}

/* Forgets what was read. */
static void restart(void)
{
    config_free(config);
    config = NULL;
    errors_fini(&errors);
    errors_init(&errors);
}

static void tear_down(void)
{
    restart();
    errors_fini(&errors);
    snapshot_free(snapshot);
    ck_assert_int_eq(chdir("/"), 0);
    fixtures_end();
}

static void write_file(const char *text)
{
    fixtures_write("server.yaml", text, strlen(text));
}

static void check_read(void)
{
    restart();
    ck_assert_int_eq(config_read(&source, &errors, &config), 0);
}

START_TEST(a_source_is_a_file_or_words)
{
    static const char *const words[] = {"good=127.0.0.1:7"};

    write_file(ONE);
    check_read();
    ck_assert_str_eq(config->source, "server.yaml");
    source.path = NULL;
    source.words = words;
    source.word_count = 1;
    check_read();
    ck_assert_str_eq(config->source, "arguments");
    ck_assert_str_eq(config->entries[0].listeners[0].text, "127.0.0.1:7");
}
END_TEST

START_TEST(the_snapshot_keeps_the_file_and_its_plugins)
{
    write_file(ONE);
    check_read();
    ck_assert_uint_eq(snapshot_count(snapshot), 2);
    ck_assert_ptr_nonnull(
        snapshot_find(snapshot, SNAPSHOT_CONFIG, "server.yaml"));
    ck_assert_ptr_nonnull(snapshot_find(snapshot, SNAPSHOT_PLUGIN, "good"));
}
END_TEST

START_TEST(a_file_that_changes_is_read_as_it_was)
{
    write_file(ONE);
    check_read();
    fixtures_write("server.yaml", "nonsense", 8);
    check_read();
    ck_assert_uint_eq(config->entry_count, 1);
    snapshot_seal(snapshot);
    ck_assert_int_eq(unlink("server.yaml"), 0);
    source.folders.plugins = &(struct plugin_path){.count = 0};
    check_read();
    ck_assert_str_eq(config->entries[0].name, "good");
}
END_TEST

START_TEST(a_file_that_a_sealed_snapshot_lacks_is_not_there)
{
    write_file(ONE);
    snapshot_seal(snapshot);
    ck_assert_int_eq(config_read(&source, &errors, &config), -ENOENT);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(errors_count(&errors), 1);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_not_kept)
{
    write_file(ONE);
    source.path = "missing.yaml";
    ck_assert_int_eq(config_read(&source, &errors, &config), -ENOENT);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(errors_count(&errors), 1);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
}
END_TEST

/* ---------------------------------------------------------------- peeking */

START_TEST(a_peek_tells_the_top_level_and_loads_nothing)
{
    write_file("drain_timeout: 7s\n" ONE);
    ck_assert_int_eq(config_peek(&source, &errors, &config), 0);
    ck_assert_str_eq(config->source, "server.yaml");
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 7000);
    ck_assert_uint_eq(config->entry_count, 0);
    ck_assert_uint_eq(snapshot_count(snapshot), 1);
}
END_TEST

START_TEST(a_peek_passes_over_what_is_wrong)
{
    write_file("drain_timeout: soon\nnonsense: 1\nlog:\n  level: debug\n"
               "protocols:\n  - plugin: nosuch\n");
    ck_assert_int_eq(config_peek(&source, &errors, &config), 0);
    ck_assert_int_eq(config->log.level, LOG_DEBUG);
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 30000);
}
END_TEST

START_TEST(a_peek_at_words_finds_the_defaults)
{
    write_file(ONE);
    source.path = NULL;
    ck_assert_int_eq(config_peek(&source, &errors, &config), 0);
    ck_assert_str_eq(config->source, "built-in");
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 30000);
    ck_assert_uint_eq(snapshot_count(snapshot), 0);
}
END_TEST

START_TEST(a_peek_needs_a_file_that_can_be_read)
{
    write_file("{");
    ck_assert_int_eq(config_peek(&source, &errors, &config), -EINVAL);
    ck_assert_ptr_null(config);
    ck_assert_uint_ge(errors_count(&errors), 1);
    restart();
    source.path = "missing.yaml";
    ck_assert_int_eq(config_peek(&source, &errors, &config), -ENOENT);
    ck_assert_ptr_null(config);
    ck_assert_uint_eq(errors_count(&errors), 1);
}
END_TEST

UNIT_MAIN_WITH("config_snapshot",
               set_up,
               tear_down,
               a_source_is_a_file_or_words,
               the_snapshot_keeps_the_file_and_its_plugins,
               a_file_that_changes_is_read_as_it_was,
               a_file_that_a_sealed_snapshot_lacks_is_not_there,
               a_file_that_cannot_be_read_is_not_kept,
               a_peek_tells_the_top_level_and_loads_nothing,
               a_peek_passes_over_what_is_wrong,
               a_peek_at_words_finds_the_defaults,
               a_peek_needs_a_file_that_can_be_read)
