/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "capture.h"
#include "fixtures.h"
#include "unit.h"

static struct errors errors;
static struct config *config;
static char folder[PATH_MAX];
static char plugin[PATH_MAX];
static const char *const plugin_folders[] = {folder};
static const struct plugin_path path = {.folders = plugin_folders, .count = 1};
static const struct config_folders folders = {.plugins = &path};

static void begin(void)
{
    char found[PATH_MAX];

    fixtures_begin();
    ck_assert_int_eq(chdir(fixtures_root), 0);
    fixtures_find("nested", found);
    ck_assert_ptr_nonnull(realpath(found, plugin));
    (void)snprintf(folder, sizeof(folder), "%s", plugin);
    *strrchr(folder, '/') = '\0';
    errors_init(&errors);
    config = NULL;
}

static void end(void)
{
    config_free(config);
    errors_fini(&errors);
    ck_assert_int_eq(chdir("/"), 0);
    fixtures_end();
}

static void load(const char *text)
{
    config_free(config);
    config = NULL;
    fixtures_write("server.yaml", text, strlen(text));
    ck_assert_int_eq(config_load("server.yaml", &folders, &errors, &config), 0);
}

static const char *print(struct capture *capture)
{
    config_print(config, capture_begin(capture));
    return capture_end(capture);
}

static void check_line(const char *printed, const char *line)
{
    char whole[2 * PATH_MAX];

    (void)snprintf(whole, sizeof(whole), "\n%s\n", line);
    ck_assert_msg(strstr(printed, whole) != NULL, "no '%s' in\n%s", line,
                  printed);
}

static const char example[] = "limits:\n"
                              "  idle: 90s\n"
                              "protocols:\n"
                              "  - plugin: nested\n"
                              "    listen:\n"
                              "      - 127.0.0.1:0\n"
                              "      - {address: unix:a.sock,\n"
                              "         mode: \"0600\"}\n"
                              "    settings:\n"
                              "      root: www\n"
                              "      password: sesame\n"
                              "    limits: {stall: none}\n";

START_TEST(every_value_says_where_it_comes_from)
{
    struct capture capture;
    const char *printed;
    char line[2 * PATH_MAX];

    load(example);
    printed = print(&capture);
    check_line(printed, "protocols: # server.yaml:3");
    (void)snprintf(line, sizeof(line), "  - plugin: %s # server.yaml:4",
                   plugin);
    check_line(printed, line);
    check_line(printed, "    name: nested # default");
    check_line(printed, "      - address: 127.0.0.1:0 # server.yaml:6");
    check_line(printed, "        backlog: 4096 # default");
    (void)snprintf(line, sizeof(line),
                   "      - address: unix:%s/a.sock # server.yaml:7",
                   fixtures_root);
    check_line(printed, line);
    check_line(printed, "        mode: \"0600\" # server.yaml:8");
    (void)snprintf(line, sizeof(line), "      root: %s/www # server.yaml:10",
                   fixtures_root);
    check_line(printed, line);
    check_line(printed, "      # password: given, and secret");
    ck_assert_ptr_null(strstr(printed, "sesame"));
    check_line(printed, "      idle: 1m30s # server.yaml:2");
    check_line(printed, "      stall: none # server.yaml:12");
    check_line(printed, "  idle: 1m30s # server.yaml:2");
    check_line(printed, "  stall: 30s # default");
    check_line(printed, "trigger: level # default");
    check_line(printed, "    workers: auto # default");
    capture_free(&capture);
}
END_TEST

/* Cuts the comments off, which tell other lines. */
static void cut_comments(char *text)
{
    char *to = text;

    while (*text != '\0') {
        const size_t length = strcspn(text, "\n");
        const char *comment = memmem(text, length, "# ", 2);
        const size_t kept = comment == NULL ? length : (size_t)(comment - text);

        memmove(to, text, kept);
        to[kept] = '\n';
        to += kept + 1;
        text += length + 1;
    }
    *to = '\0';
}

START_TEST(what_is_printed_is_read_as_the_same)
{
    struct capture first, second;

    load(example);
    (void)print(&first);
    load(first.text);
    (void)print(&second);
    cut_comments(first.text);
    cut_comments(second.text);
    ck_assert_str_eq(first.text, second.text);
    capture_free(&first);
    capture_free(&second);
}
END_TEST

START_TEST(words_are_printed_as_a_file)
{
    static const char *const words[] = {"good=unix:x.sock", "good"};
    struct capture capture;
    const char *printed;
    char line[2 * PATH_MAX];

    ck_assert_int_eq(config_from_words(words, 2, &folders, &errors, &config),
                     0);
    printed = print(&capture);
    check_line(printed, "    name: good # default");
    check_line(printed, "    name: good-2 # default");
    (void)snprintf(line, sizeof(line),
                   "      - address: unix:%s/x.sock # command line",
                   fixtures_root);
    check_line(printed, line);
    check_line(printed, "      - address: 127.0.0.1:8080 # command line");
    ck_assert_ptr_null(strstr(printed, "settings"));
    capture_free(&capture);
}
END_TEST

START_TEST(an_entry_that_listens_nowhere_has_no_listen)
{
    struct capture capture;

    load("protocols: [{plugin: good}]\n");
    ck_assert_ptr_null(strstr(print(&capture), "listen"));
    capture_free(&capture);
}
END_TEST

UNIT_MAIN_WITH("config_print",
               begin,
               end,
               every_value_says_where_it_comes_from,
               what_is_printed_is_read_as_the_same,
               words_are_printed_as_a_file,
               an_entry_that_listens_nowhere_has_no_listen)
