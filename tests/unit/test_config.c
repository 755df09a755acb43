/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <errno.h>

#include "fixtures.h"
#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* What `whole.so` keeps its options in. */
struct whole_settings {
    int32_t number;
    uint64_t limit;
};

static struct errors errors;
static struct config *config;
static char folder[PATH_MAX];
static const char *const plugin_folders[] = {folder};
static const struct plugin_path path = {.folders = plugin_folders, .count = 1};
static const struct config_folders folders = {.plugins = &path};
static char *printed;

static void begin(void)
{
    errors_init(&errors);
    config = NULL;
    printed = NULL;
}

static void end(void)
{
    config_free(config);
    errors_fini(&errors);
    free(printed);
}

/* Begins anew within a test. */
static void restart(void)
{
    end();
    begin();
}

static void set_up(void)
{
    fixtures_begin();
    ck_assert_int_eq(chdir(fixtures_root), 0);
    fixtures_find("good", folder);
    *strrchr(folder, '/') = '\0';
    begin();
}

static void tear_down(void)
{
    end();
    ck_assert_int_eq(chdir("/"), 0);
    fixtures_end();
}

static int load(const char *text)
{
    fixtures_write("server.yaml", text, strlen(text));
    return config_load("server.yaml", &folders, &errors, &config);
}

/* The errors without source lines. */
static const char *print(void)
{
    size_t size = 0;
    FILE *stream;
    char *from, *to;

    free(printed);
    stream = open_memstream(&printed, &size);
    ck_assert_ptr_nonnull(stream);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    to = printed;
    for (from = printed; *from != '\0';) {
        const size_t length = strcspn(from, "\n") + 1;

        if (strncmp(from, "   ", 3) != 0) {
            memmove(to, from, length);
            to += length;
        }
        from += length;
    }
    *to = '\0';
    return printed;
}

static void check_loaded(const char *text)
{
    ck_assert_msg(load(text) == 0, "%s%s", text, print());
    ck_assert_ptr_nonnull(config);
}

static void check_refused(const char *text, const char *message)
{
    ck_assert_int_eq(load(text), -EINVAL);
    ck_assert_ptr_null(config);
    ck_assert_str_eq(print(), message);
}

/* The text is refused, and among the errors is this one. */
static void check_refused_for(const char *text, const char *message)
{
    ck_assert_int_eq(load(text), -EINVAL);
    ck_assert_msg(strstr(print(), message) != NULL, "%s", printed);
}

#define ONE "protocols:\n  - plugin: good\n    listen: 127.0.0.1:8080\n"

START_TEST(the_least_file_has_the_defaults)
{
    const struct config_entry *entry;
    const struct config_listener *listener;

    check_loaded(ONE);
    ck_assert_str_eq(config->source, "server.yaml");
    ck_assert_uint_eq(config->entry_count, 1);
    ck_assert_uint_eq(config->listener_count, 1);
    ck_assert(!config->edge_triggered);
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 30000);
    ck_assert_int_eq(config->log.level, LOG_INFO);
    ck_assert_int_eq(config->log.format, LOG_AUTO);
    ck_assert_ptr_null(config->log.file);
    entry = config->entries;
    ck_assert_str_eq(entry->name, "good");
    ck_assert_str_eq(entry->plugin->protocol.name, "good");
    ck_assert_ptr_null(entry->settings);
    ck_assert_int_eq(entry->log.level, LOG_INFO);
    ck_assert(!entry->log.access);
    ck_assert_uint_eq(entry->limits.connections, 0);
    ck_assert_uint_eq(entry->limits.connections_per_ip, 0);
    ck_assert_uint_eq(entry->limits.input, 65536);
    ck_assert_uint_eq(entry->limits.output, 1048576);
    ck_assert_uint_eq(entry->limits.idle_ms, 300000);
    ck_assert_uint_eq(entry->limits.first_byte_ms, 0);
    ck_assert_uint_eq(entry->limits.stall_ms, 30000);
    ck_assert_uint_eq(entry->listener_count, 1);
    ck_assert_uint_eq(entry->place.line, 2);
    listener = entry->listeners;
    ck_assert_str_eq(listener->text, "127.0.0.1:8080");
    ck_assert_uint_eq(listener->backlog, 4096);
    ck_assert_int_eq(listener->mode, -1);
    ck_assert_int_eq(listener->address.storage.ss_family, AF_INET);
    ck_assert_uint_eq(listener->place.line, 3);
    ck_assert_uint_eq(listener->place.column, 13);
    ck_assert_str_eq(print(), "");
}
END_TEST

START_TEST(every_key_of_the_top_level_is_taken)
{
    check_loaded(
        "trigger: edge\n"
        "drain_timeout: none\n"
        "log: {level: debug, format: logfmt, file: ./x.log, access: true}\n"
        "limits: {connections: 5, connections_per_ip: 2, input: 1KiB,\n"
        "  output: 4KiB, idle: none, first_byte: 1s, stall: none}\n" ONE);
    ck_assert(config->edge_triggered);
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 0);
    ck_assert_int_eq(config->log.level, LOG_DEBUG);
    ck_assert_int_eq(config->log.format, LOG_LOGFMT);
    ck_assert_str_eq(config->log.file, fixtures_path("x.log"));
    ck_assert_int_eq(config->entries->log.level, LOG_DEBUG);
    ck_assert(config->entries->log.access);
    ck_assert_uint_eq(config->entries->limits.connections, 5);
    ck_assert_uint_eq(config->entries->limits.connections_per_ip, 2);
    ck_assert_uint_eq(config->entries->limits.input, 1024);
    ck_assert_uint_eq(config->entries->limits.output, 4096);
    ck_assert_uint_eq(config->entries->limits.idle_ms, 0);
    ck_assert_uint_eq(config->entries->limits.first_byte_ms, 1000);
    ck_assert_uint_eq(config->entries->limits.stall_ms, 0);
}
END_TEST

START_TEST(an_entry_inherits_the_limits_that_it_does_not_set)
{
    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen: 127.0.0.1:8080\n"
                 "    limits: {idle: none, input: 2KiB}\n"
                 "  - plugin: good\n"
                 "    name: other\n"
                 "    listen: 127.0.0.1:8081\n"
                 "limits: {idle: 7s, stall: 8s}\n");
    ck_assert_uint_eq(config->entries[0].limits.idle_ms, 0);
    ck_assert_uint_eq(config->entries[0].limits.input, 2048);
    ck_assert_uint_eq(config->entries[0].limits.stall_ms, 8000);
    ck_assert_uint_eq(config->entries[1].limits.idle_ms, 7000);
    ck_assert_uint_eq(config->entries[1].limits.input, 65536);
}
END_TEST

START_TEST(an_entry_inherits_of_the_log_what_it_does_not_set)
{
    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen: 127.0.0.1:8080\n"
                 "    log: {level: debug}\n"
                 "  - plugin: good\n"
                 "    name: other\n"
                 "    listen: 127.0.0.1:8081\n"
                 "    log: {access: false}\n"
                 "log: {level: error, access: true, format: json}\n");
    ck_assert_int_eq(config->log.level, LOG_ERROR);
    ck_assert_int_eq(config->log.format, LOG_JSON);
    ck_assert_int_eq(config->entries[0].log.level, LOG_DEBUG);
    ck_assert(config->entries[0].log.access);
    ck_assert_int_eq(config->entries[1].log.level, LOG_ERROR);
    ck_assert(!config->entries[1].log.access);
}
END_TEST

START_TEST(what_an_entry_may_not_say_of_the_log_is_told)
{
    static const struct {
        const char *keys, *message;
    } cases[] = {
        {"{levle: debug}", "4:11: error: unknown key 'log.levle'\n"
                           "  hint: did you mean 'level'?\n"},
        {"{level: degub}",
         "4:18: error: 'log.level' must be error, warning, info or "
         "debug\n"
         "  hint: did you mean debug?\n"},
        {"{access: yes}", "4:19: error: 'log.access' must be true or false\n"},
        {"{file: x.log}", "4:11: error: unknown key 'log.file'\n"
                          "  hint: the keys here are level, access\n"},
        {"debug",
         "4:10: error: 'log' must be a mapping (key: value), not a text\n"},
    };
    char text[256];
    char message[256];

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        (void)snprintf(text, sizeof(text), "%s    log: %s\n", ONE,
                       cases[i].keys);
        (void)snprintf(message, sizeof(message), "server.yaml:%s",
                       cases[i].message);
        check_refused_for(text, message);
        restart();
    }
}
END_TEST

START_TEST(an_entry_may_have_many_addresses)
{
    const struct config_listener *listeners;

    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen:\n"
                 "      - 127.0.0.1:0\n"
                 "      - \"[::1]:0\"\n"
                 "      - {address: \"127.0.0.1:81\", backlog: 5}\n"
                 "      - {address: unix:x.sock, mode: \"0660\"}\n"
                 "      - unix:@abstract\n");
    ck_assert_uint_eq(config->listener_count, 5);
    listeners = config->entries->listeners;
    ck_assert_str_eq(listeners[1].text, "[::1]:0");
    ck_assert_str_eq(listeners[2].text, "127.0.0.1:81");
    ck_assert_uint_eq(listeners[2].backlog, 5);
    ck_assert_int_eq(listeners[3].mode, 0660);
    ck_assert_int_eq(listeners[4].mode, -1);
    /* A relative path is relative to the file. */
    ck_assert_str_eq(((const struct sockaddr_un *)(const void *)&listeners[3]
                          .address.storage)
                         ->sun_path,
                     fixtures_path("x.sock"));
}
END_TEST

START_TEST(one_address_may_be_a_mapping)
{
    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen:\n"
                 "      address: 127.0.0.1:80\n"
                 "      backlog: 65535\n");
    ck_assert_uint_eq(config->entries->listeners->backlog, 65535);
}
END_TEST

START_TEST(settings_are_the_plugins_own)
{
    const struct whole_settings *settings;

    check_loaded("protocols:\n"
                 "  - plugin: whole\n"
                 "    listen: 127.0.0.1:1\n"
                 "    settings: {number: 42}\n"
                 "  - plugin: whole\n"
                 "    name: second\n"
                 "    listen: 127.0.0.1:2\n");
    settings = config->entries[0].settings;
    ck_assert_int_eq(settings->number, 42);
    ck_assert_uint_eq(settings->limit, 65536);
    settings = config->entries[1].settings;
    ck_assert_int_eq(settings->number, 7);
    ck_assert_str_eq(config->entries[0].name, "whole-1_x");
    ck_assert_ptr_eq(config->entries[0].plugin, config->entries[1].plugin);
}
END_TEST

START_TEST(wrong_settings_are_told)
{
    check_refused("protocols:\n"
                  "  - plugin: whole\n"
                  "    listen: 127.0.0.1:1\n"
                  "    settings:\n"
                  "      number: 0\n"
                  "      limt: 3\n",
                  "server.yaml:5:15: error: 'number' must be between 1 and "
                  "100\n"
                  "server.yaml:6:7: error: unknown key 'limt'\n"
                  "  hint: did you mean 'limit'?\n");
    restart();
    check_refused("protocols:\n"
                  "  - plugin: whole\n"
                  "    listen: 127.0.0.1:1\n"
                  "    settings: [a]\n",
                  "server.yaml:4:15: error: 'settings' must be a mapping "
                  "(key: value), not a list\n");
}
END_TEST

START_TEST(settings_for_a_plugin_without_options_are_refused)
{
    check_refused("protocols:\n"
                  "  - plugin: good\n"
                  "    listen: 127.0.0.1:1\n"
                  "    settings: {a: b}\n",
                  "server.yaml:4:15: error: the plugin 'good' takes no "
                  "settings\n"
                  "  hint: remove 'settings'\n");
    restart();
    check_loaded("protocols:\n"
                 "  - {plugin: good, listen: \"127.0.0.1:1\", settings: {}}\n");
}
END_TEST

START_TEST(plugins_with_a_slash_are_relative_to_the_file)
{
    static const char text[] =
        "protocols: [{plugin: ./mine.so, listen: \"*:1\"}]\n";
    char file[PATH_MAX];

    fixtures_find("good", file);
    ck_assert_int_eq(mkdir(fixtures_path("sub"), 0700), 0);
    ck_assert_int_eq(symlink(file, fixtures_path("sub/mine.so")), 0);
    fixtures_write("sub/x.yaml", text, sizeof(text) - 1);
    ck_assert_int_eq(config_load("sub/x.yaml", &folders, &errors, &config), 0);
    ck_assert_str_eq(config->entries->name, "good");
    restart();
    fixtures_write("x.yaml", text, sizeof(text) - 1);
    ck_assert_int_eq(config_load("x.yaml", &folders, &errors, &config),
                     -EINVAL);
}
END_TEST

START_TEST(plugin_path_comes_before_the_servers_folders)
{
    char file[PATH_MAX];

    fixtures_find("whole", file);
    ck_assert_int_eq(mkdir(fixtures_path("first"), 0700), 0);
    ck_assert_int_eq(symlink(file, fixtures_path("first/good.so")), 0);
    check_loaded("plugin_path: [./first]\n" ONE);
    ck_assert_str_eq(config->entries->name, "whole-1_x");
    restart();
    check_loaded("plugin_path: [./empty]\n" ONE);
    ck_assert_str_eq(config->entries->name, "good");
}
END_TEST

START_TEST(a_plugin_that_is_not_found_is_told_with_its_place)
{
    check_refused_for("protocols:\n"
                      "  - plugin: goof\n"
                      "    listen: 127.0.0.1:1\n",
                      "server.yaml:2:13: error: the plugin 'goof': ");
    ck_assert_ptr_nonnull(strstr(printed, "  hint: did you mean 'good"));
}
END_TEST

START_TEST(a_plugin_that_does_not_load_is_told_with_its_place)
{
    check_refused_for("protocols:\n"
                      "  - plugin: options_bad\n"
                      "    listen: 127.0.0.1:1\n",
                      "server.yaml:2:13: error: the plugin 'options_bad' (/");
}
END_TEST

START_TEST(names_may_be_given)
{
    check_loaded("protocols:\n"
                 "  - {plugin: good, name: a.B_c-9, listen: \"*:1\"}\n");
    ck_assert_str_eq(config->entries->name, "a.B_c-9");
}
END_TEST

START_TEST(names_are_checked)
{
    static const char *const bad[] = {"a b", "a/b", "a:b", "\xc3\xa9", "\\n"};

    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text),
                       "protocols: [{plugin: good, listen: \"*:1\",\n"
                       "  name: \"%s\"}]\n",
                       bad[i]);
        check_refused(text, "server.yaml:2:9: error: 'name' may have letters, "
                            "digits, '_', '.' and '-' only\n");
        restart();
    }
    check_refused("protocols: [{plugin: good, listen: \"*:1\", name: \"\"}]\n",
                  "server.yaml:1:49: error: 'name' must be between 1 and 64 "
                  "bytes long\n");
}
END_TEST

START_TEST(two_entries_of_one_name_are_told_with_both_places)
{
    check_refused("protocols:\n"
                  "  - plugin: good\n"
                  "    listen: 127.0.0.1:1\n"
                  "  - plugin: good\n"
                  "    listen: 127.0.0.1:2\n",
                  "server.yaml:4:5: error: the name 'good' is taken by the "
                  "entry in line 2, column 5\n"
                  "  hint: give each entry a 'name' of its own\n");
    restart();
    check_refused("protocols:\n"
                  "  - plugin: good\n"
                  "    listen: 127.0.0.1:1\n"
                  "    name: x\n"
                  "  - plugin: whole\n"
                  "    listen: 127.0.0.1:2\n"
                  "    name: x\n",
                  "server.yaml:7:11: error: the name 'x' is taken by the "
                  "entry in line 4, column 11\n"
                  "  hint: give each entry a 'name' of its own\n");
}
END_TEST

START_TEST(addresses_that_overlap_are_told_with_both_places)
{
    check_refused("protocols:\n"
                  "  - plugin: good\n"
                  "    listen: [\"*:80\", \"127.0.0.1:81\"]\n"
                  "  - plugin: whole\n"
                  "    listen: 127.0.0.1:80\n",
                  "server.yaml:5:13: error: the address '127.0.0.1:80' "
                  "overlaps '*:80' in line 3, column 14\n"
                  "  hint: entries may share an address only if it is the "
                  "same\n");
    restart();
    check_refused("protocols:\n"
                  "  - plugin: good\n"
                  "    listen: [unix:/tmp/x, unix:/tmp/x]\n",
                  "server.yaml:3:27: error: the address 'unix:/tmp/x' is the "
                  "entry's already, in line 3, column 14\n"
                  "  hint: remove one of them\n");
    restart();
    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen: [\"127.0.0.1:0\", \"127.0.0.1:0\"]\n");
}
END_TEST

START_TEST(entries_at_one_address_agree_on_its_socket)
{
    static const struct {
        const char *one, *two;
        bool is_fine;
    } cases[] = {
        {"", "", true},
        {"workers: 2", "workers: 2", true},
        {"workers: 2", "", false},
        {"", "workers: 1", false},
        {"workers: auto", "", true},
        {"workers: 1", "workers: 2", false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];

        (void)snprintf(text, sizeof(text),
                       "protocols:\n"
                       "  - plugin: good\n"
                       "    listen: 127.0.0.1:80\n"
                       "    %s\n"
                       "  - plugin: whole\n"
                       "    listen: 127.0.0.1:80\n"
                       "    %s\n",
                       cases[i].one, cases[i].two);
        if (cases[i].is_fine) {
            check_loaded(text);
        } else {
            check_refused(text,
                          "server.yaml:6:13: error: the address "
                          "'127.0.0.1:80' is shared, but has another backlog, "
                          "mode or number of workers in line 3, column 13\n"
                          "  hint: write the same for all entries that share "
                          "it\n");
        }
        restart();
    }
}
END_TEST

START_TEST(what_is_wrong_with_listen_is_told)
{
    static const struct {
        const char *listen, *message;
    } cases[] = {
        {"", "3:12: error: 'listen' has no value"},
        {"[]", "3:13: error: 'listen' is an empty list"},
        {"[[a]]", "3:14: error: 'listen' must have addresses or mappings"},
        {"localhost:80", "3:13: error: the address 'localhost:80': "},
        {"127.0.0.1:99999", "3:13: error: the address '127.0.0.1:99999': "},
        {"\"fd:\"", "3:13: error: the address 'fd:': the name of the socket"},
        {"{address: fd:web, mode: \"0660\"}",
         "3:37: error: only a unix socket with a path has a 'mode'"},
        {"{backlog: 5}", "3:13: error: 'listen.address' is missing"},
        {"{address: \"*:1\", backlog: 0}",
         "3:39: error: 'listen.backlog' must be between 1 and 65535"},
        {"{address: \"*:1\", backlg: 1}",
         "3:30: error: unknown key 'listen.backlg'"},
        {"{address: \"*:1\", mode: \"0660\"}",
         "3:36: error: only a unix socket with a path has a 'mode'"},
        {"{address: \"unix:@x\", mode: \"0660\"}",
         "3:40: error: only a unix socket with a path has a 'mode'"},
        {"{address: unix:x, mode: rw}",
         "3:37: error: 'mode' must be permissions in octal"},
        {"{address: unix:x, mode: 66}",
         "3:37: error: 'mode' must be permissions in octal"},
        {"{address: unix:x, mode: \"0888\"}",
         "3:37: error: 'mode' must be permissions in octal"},
        {"{address: unix:x, mode: \"1777\"}",
         "3:37: error: 'mode' must be between 0000 and 0777"},
        {"${BERTH_UNSET_X}",
         "3:13: error: the environment variable 'BERTH_UNSET_X' is not set"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256], expected[256];

        (void)snprintf(text, sizeof(text),
                       "protocols:\n  - plugin: good\n    listen: %s\n",
                       cases[i].listen);
        (void)snprintf(expected, sizeof(expected), "server.yaml:%s",
                       cases[i].message);
        check_refused_for(text, expected);
        restart();
    }
}
END_TEST

START_TEST(an_entry_without_listen_is_warned_of)
{
    check_loaded("protocols:\n  - plugin: good\n");
    ck_assert_uint_eq(config->entries->listener_count, 0);
    ck_assert_uint_eq(config->listener_count, 0);
    ck_assert_str_eq(print(),
                     "server.yaml:2:5: warning: an entry without 'listen' is "
                     "reached only when another one switches to it\n"
                     "  hint: write listen: 127.0.0.1:8080, say\n");
}
END_TEST

#define MINIMAL                                                                \
    "  hint: write protocols: [{plugin: echo.so, listen: "                     \
    "\"127.0.0.1:8080\"}]\n"

START_TEST(files_that_say_nothing_are_told_the_least)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "server.yaml: error: there is nothing in this file\n" MINIMAL},
        {"# x\n",
         "server.yaml: error: there is nothing in this file\n" MINIMAL},
        {"---\n",
         "server.yaml:2:1: error: there is nothing in this file\n" MINIMAL},
        {"---",
         "server.yaml:1:4: error: there is nothing in this file\n" MINIMAL},
        {"echo\n", "server.yaml:1:1: error: the file must be a mapping (key: "
                   "value), not a text\n" MINIMAL},
        {"- a\n", "server.yaml:1:1: error: the file must be a mapping (key: "
                  "value), not a list\n" MINIMAL},
        {"protocols:\n",
         "server.yaml:1:11: error: 'protocols' has no value\n" MINIMAL},
        {"protocols: []\n",
         "server.yaml:1:12: error: 'protocols' is an empty list\n" MINIMAL},
        {"protocols: echo\n", "server.yaml:1:12: error: 'protocols' must be a "
                              "list, not a text\n" MINIMAL},
        {"protocols: {plugin: a}\n",
         "server.yaml:1:12: error: 'protocols' must be a list, not a "
         "mapping\n" MINIMAL},
        {"trigger: edge\n",
         "server.yaml:1:1: error: 'protocols' is missing\n"
         "  hint: protocols: what is served, as in [{plugin: echo.so, "
         "listen: \"127.0.0.1:8080\"}]\n"},
        {"protocols: [echo]\n",
         "server.yaml:1:13: error: an item of 'protocols' must be a mapping, "
         "not a text\n"
         "  hint: write - plugin: NAME, and what else it needs below\n"},
        {"protocols: [{listen: \"*:1\"}]\n",
         "server.yaml:1:13: error: 'plugin' is missing\n"
         "  hint: plugin: the shared object: a path if it has a slash "
         "(relative to this file), else a name that is looked up, with or "
         "without .so\n"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_refused(cases[i].text, cases[i].message);
        restart();
    }
}
END_TEST

START_TEST(all_errors_are_found_in_one_run)
{
    check_refused("trigger: both\n"
                  "protocols:\n"
                  "  - plugin: good\n"
                  "    listen: 127.0.0.1:8080\n"
                  "    limits: {idle: 30}\n"
                  "  - plugin: whole\n"
                  "    lissen: 127.0.0.1:8081\n"
                  "    settings: {number: x}\n"
                  "limits: {input: 64K}\n"
                  "limits: {}\n",
                  "server.yaml:1:10: error: 'trigger' must be level or edge\n"
                  "server.yaml:5:20: error: 'limits.idle' needs a unit\n"
                  "  hint: did you mean 30s?\n"
                  "server.yaml:7:5: error: unknown key 'lissen'\n"
                  "  hint: did you mean 'listen'?\n"
                  "server.yaml:8:24: error: 'number' must be a whole number\n"
                  "server.yaml:9:17: error: 'limits.input' has an ambiguous "
                  "unit\n"
                  "  hint: write 64KiB (1024) or 64kB (1000)\n"
                  "server.yaml:10:1: error: the key 'limits' is there already, "
                  "in line 9, column 1\n");
}
END_TEST

START_TEST(an_error_that_leaves_a_usable_tree_is_one_all_the_same)
{
    check_refused(ONE "trigger: edge\ntrigger: level\n",
                  "server.yaml:5:1: error: the key 'trigger' is there already, "
                  "in line 4, column 1\n");
    restart();
    check_refused_for(ONE "trigger: !!str edge\n", "server.yaml:4:10: error: ");
}
END_TEST

START_TEST(limits_keep_to_their_ranges)
{
    static const struct {
        const char *limits, *message;
    } cases[] = {
        {"connections: 0", "'limits.connections' must be between 1 and"},
        {"connections_per_ip: -1", "must be between 1 and 1000000000"},
        {"input: 1023", "'limits.input' must be between 1KiB and 1GiB"},
        {"input: 2GiB", "'limits.input' must be between 1KiB and 1GiB"},
        {"input: none", "'limits.input' must be a size"},
        {"output: 4095", "'limits.output' must be at least 4KiB"},
        {"idle: 0", "'limits.idle' must be between 1ms and 24d"},
        {"idle: 25d", "'limits.idle' must be between 1ms and 24d"},
        {"first_byte: 0s", "'limits.first_byte' must be between 1ms and 24d"},
        {"stall: x", "'limits.stall' must be a duration"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];

        (void)snprintf(text, sizeof(text), "limits: {%s}\n" ONE,
                       cases[i].limits);
        check_refused_for(text, cases[i].message);
        restart();
    }
}
END_TEST

START_TEST(variables_are_substituted_in_core_keys)
{
    ck_assert_int_eq(setenv("BERTH_PLUGIN_X", "good", 1), 0);
    ck_assert_int_eq(setenv("BERTH_PORT_X", "99", 1), 0);
    check_loaded("protocols:\n"
                 "  - plugin: ${BERTH_PLUGIN_X}\n"
                 "    listen: ${BERTH_HOST_X:-127.0.0.1}:${BERTH_PORT_X}\n");
    ck_assert_str_eq(config->entries->listeners->text, "127.0.0.1:99");
}
END_TEST

START_TEST(anchors_and_aliases_work)
{
    check_loaded("protocols:\n"
                 "  - plugin: good\n"
                 "    listen: 127.0.0.1:1\n"
                 "    limits: &l {idle: 3s}\n"
                 "  - plugin: good\n"
                 "    name: b\n"
                 "    listen: 127.0.0.1:2\n"
                 "    limits: *l\n");
    ck_assert_uint_eq(config->entries[1].limits.idle_ms, 3000);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
    ck_assert_int_eq(config_load("missing.yaml", &folders, &errors, &config),
                     -ENOENT);
    ck_assert_str_eq(print(), "missing.yaml: error: cannot be read: No such "
                              "file or directory\n");
}
END_TEST

START_TEST(what_is_held_is_read_in_its_place)
{
    static const char text[] = "protocols:\n"
                               "  - plugin: good\n"
                               "    listen: unix:sock\n";
    const struct config_folders held = {.plugins = &path, .image = "held"};
    char address[PATH_MAX];

    (void)snprintf(address, sizeof(address), "unix:%s/sock", fixtures_root);
    fixtures_write("held", text, strlen(text));
    ck_assert_int_eq(config_load("/dev/null", &held, &errors, &config), 0);
    ck_assert_str_eq(config->source, "/dev/null");
    ck_assert_str_eq(config->entries->listeners->keys.address, address);
}
END_TEST

START_TEST(entries_and_addresses_are_bounded)
{
    enum {
        SIZE = 200000
    };
    char *text = malloc(SIZE);
    size_t length;

    ck_assert_ptr_nonnull(text);
    length = (size_t)sprintf(text, "protocols:\n");
    for (int i = 0; i <= KEYS_ENTRIES_MAX; i++) {
        length += (size_t)sprintf(text + length, "- {plugin: good}\n");
    }
    check_refused_for(text, "error: 'protocols' has more than 1024 items");
    restart();
    length = (size_t)sprintf(text, "protocols:\n");
    for (int i = 0; i < KEYS_ENTRIES_MAX; i++) {
        length += (size_t)sprintf(text + length,
                                  "- {plugin: good, name: n%d, listen: "
                                  "[127.0.0.1:%d, 127.0.0.1:%d]}\n",
                                  i, 2 * i + 1, 2 * i + 2);
    }
    check_refused(text, "server.yaml: error: more than 1024 addresses\n");
    free(text);
}
END_TEST

START_TEST(errors_from_before_do_not_fail_a_load)
{
    errors_add(&errors, NULL, NULL, "something else");
    check_loaded(ONE);
}
END_TEST

/* ------------------------------------------------------------------- words */

static int from_words(const char *const *words, size_t count)
{
    return config_from_words(words, count, &folders, &errors, &config);
}

START_TEST(words_name_plugins_and_addresses)
{
    static const char *const words[] = {"good", "whole=unix:@x"};

    ck_assert_int_eq(from_words(words, 2), 0);
    ck_assert_str_eq(config->source, "arguments");
    ck_assert_uint_eq(config->entry_count, 2);
    ck_assert_uint_eq(config->listener_count, 2);
    ck_assert_str_eq(config->entries[0].name, "good");
    ck_assert_str_eq(config->entries[0].listeners->text, "127.0.0.1:8080");
    ck_assert_uint_eq(config->entries[0].listeners->backlog, 4096);
    ck_assert_uint_eq(config->entries[0].limits.input, 65536);
    ck_assert_uint_eq(config->operation.drain_timeout_ms, 30000);
    ck_assert_str_eq(config->entries[1].listeners->text, "unix:@x");
    ck_assert_int_eq(
        ((const struct whole_settings *)config->entries[1].settings)->number,
        7);
    ck_assert_str_eq(print(), "");
}
END_TEST

START_TEST(no_words_are_echo)
{
    /* It is no fixture: a copy of another stands for it. */
    char file[PATH_MAX];

    fixtures_find("good", file);
    ck_assert_int_eq(symlink(file, fixtures_path("echo.so")), 0);
    (void)snprintf(folder, sizeof(folder), "%s", fixtures_root);
    ck_assert_int_eq(from_words(NULL, 0), 0);
    ck_assert_str_eq(config->source, "built-in");
    ck_assert_uint_eq(config->entry_count, 1);
    ck_assert_str_eq(config->entries->listeners->text, "127.0.0.1:8080");
}
END_TEST

START_TEST(words_of_one_plugin_are_numbered)
{
    static const char *const words[] = {"good=127.0.0.1:1", "good=127.0.0.1:2",
                                        "whole=127.0.0.1:3",
                                        "good=127.0.0.1:4"};

    ck_assert_int_eq(from_words(words, 4), 0);
    ck_assert_str_eq(config->entries[0].name, "good");
    ck_assert_str_eq(config->entries[1].name, "good-2");
    ck_assert_str_eq(config->entries[2].name, "whole-1_x");
    ck_assert_str_eq(config->entries[3].name, "good-3");
}
END_TEST

START_TEST(paths_in_words_are_relative_to_the_working_directory)
{
    static const char *const words[] = {"./mine.so=unix:x.sock"};
    char file[PATH_MAX];

    fixtures_find("good", file);
    ck_assert_int_eq(symlink(file, fixtures_path("mine.so")), 0);
    ck_assert_int_eq(from_words(words, 1), 0);
    ck_assert_str_eq(config->entries->name, "good");
}
END_TEST

START_TEST(what_is_wrong_with_a_word_is_told_behind_it)
{
    static const char *const words[] = {"goof=127.0.0.1:1", "good=foo:80",
                                        "whole=", "good="};

    ck_assert_int_eq(from_words(words, 4), -EINVAL);
    ck_assert_ptr_null(config);
    ck_assert_ptr_nonnull(
        strstr(print(), "goof=127.0.0.1:1: error: the plugin 'goof': "));
    ck_assert_ptr_nonnull(
        strstr(printed, "good=foo:80: error: the address 'foo:80': "));
    ck_assert_ptr_nonnull(strstr(printed, "whole=: error: the address '': "));
}
END_TEST

START_TEST(words_without_addresses_overlap)
{
    static const char *const words[] = {"good", "whole"};

    ck_assert_int_eq(from_words(words, 2), -EINVAL);
    ck_assert_str_eq(print(),
                     "whole: error: the address '127.0.0.1:8080' overlaps "
                     "'127.0.0.1:8080' in the word 'good'\n"
                     "  hint: write PLUGIN=ADDRESS\n");
}
END_TEST

START_TEST(words_are_bounded)
{
    static const char *words[KEYS_ENTRIES_MAX + 1];

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        words[i] = "good=127.0.0.1:0";
    }
    ck_assert_int_eq(from_words(words, COUNT_OF(words)), -EINVAL);
    ck_assert_str_eq(print(), "berth: error: more than 1024 protocols\n");
    restart();
    ck_assert_int_eq(from_words(words, KEYS_ENTRIES_MAX), 0);
    ck_assert_str_eq(config->entries[KEYS_ENTRIES_MAX - 1].name, "good-1024");
}
END_TEST

/* ---------------------------------------------------------------- refusals */

static void refuse(size_t entry, const char *option, const char *text)
{
    berth_error refusal = {.size = sizeof(refusal), .option = option};

    (void)snprintf(refusal.text, sizeof(refusal.text), "%s", text);
    config_refuse(config, entry, &refusal, -EACCES, &errors);
}

#define WITH_SETTINGS                                                          \
    "protocols:\n"                                                             \
    "  - plugin: whole\n"                                                      \
    "    listen: 127.0.0.1:1\n"                                                \
    "    settings: {number: 42}\n"

START_TEST(a_refused_option_is_told_at_its_value)
{
    check_loaded(WITH_SETTINGS);
    refuse(0, "number", "not today");
    ck_assert_str_eq(print(), "server.yaml:4:24: error: 'number': not today\n");
    ck_assert_uint_eq(errors_count(&errors), 1);
}
END_TEST

START_TEST(a_refused_option_that_is_not_given_is_told_at_the_settings)
{
    check_loaded(WITH_SETTINGS);
    refuse(0, "limit", "not today");
    ck_assert_str_eq(print(), "server.yaml:4:15: error: 'limit': not today\n");
    restart();
    check_loaded(ONE);
    refuse(0, "limit", "not today");
    ck_assert_str_eq(print(), "server.yaml:2:5: error: 'limit': not today\n");
}
END_TEST

START_TEST(a_refusal_without_option_is_told_at_the_entry)
{
    check_loaded(WITH_SETTINGS);
    refuse(0, NULL, "no database");
    refuse(0, NULL, "");
    ck_assert_str_eq(print(),
                     "server.yaml:2:5: error: 'whole-1_x' cannot start: no "
                     "database\n"
                     "server.yaml:2:5: error: 'whole-1_x' cannot start: "
                     "Permission denied\n");
}
END_TEST

START_TEST(a_refusal_of_a_word_is_told_behind_it)
{
    static const char *const words[] = {"whole=127.0.0.1:1"};

    ck_assert_int_eq(from_words(words, 1), 0);
    refuse(0, "number", "not today");
    refuse(0, NULL, "no database");
    ck_assert_str_eq(print(),
                     "whole=127.0.0.1:1: error: 'number': not today\n"
                     "whole=127.0.0.1:1: error: 'whole-1_x' cannot start: no "
                     "database\n");
}
END_TEST

START_TEST(null_may_be_freed)
{
    config_free(NULL);
}
END_TEST

UNIT_MAIN_WITH("config",
               set_up,
               tear_down,
               the_least_file_has_the_defaults,
               every_key_of_the_top_level_is_taken,
               an_entry_inherits_the_limits_that_it_does_not_set,
               an_entry_inherits_of_the_log_what_it_does_not_set,
               what_an_entry_may_not_say_of_the_log_is_told,
               an_entry_may_have_many_addresses,
               one_address_may_be_a_mapping,
               settings_are_the_plugins_own,
               wrong_settings_are_told,
               settings_for_a_plugin_without_options_are_refused,
               plugins_with_a_slash_are_relative_to_the_file,
               plugin_path_comes_before_the_servers_folders,
               a_plugin_that_is_not_found_is_told_with_its_place,
               a_plugin_that_does_not_load_is_told_with_its_place,
               names_may_be_given,
               names_are_checked,
               two_entries_of_one_name_are_told_with_both_places,
               addresses_that_overlap_are_told_with_both_places,
               entries_at_one_address_agree_on_its_socket,
               what_is_wrong_with_listen_is_told,
               an_entry_without_listen_is_warned_of,
               files_that_say_nothing_are_told_the_least,
               all_errors_are_found_in_one_run,
               an_error_that_leaves_a_usable_tree_is_one_all_the_same,
               limits_keep_to_their_ranges,
               variables_are_substituted_in_core_keys,
               anchors_and_aliases_work,
               a_file_that_cannot_be_read_is_told,
               what_is_held_is_read_in_its_place,
               entries_and_addresses_are_bounded,
               errors_from_before_do_not_fail_a_load,
               words_name_plugins_and_addresses,
               no_words_are_echo,
               words_of_one_plugin_are_numbered,
               paths_in_words_are_relative_to_the_working_directory,
               what_is_wrong_with_a_word_is_told_behind_it,
               words_without_addresses_overlap,
               words_are_bounded,
               a_refused_option_is_told_at_its_value,
               a_refused_option_that_is_not_given_is_told_at_the_settings,
               a_refusal_without_option_is_told_at_the_entry,
               a_refusal_of_a_word_is_told_behind_it,
               null_may_be_freed)
