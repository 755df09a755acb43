/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "fixtures.h"
#include "plugin.h"

#include <errno.h>

static struct plugin_refusal refusal;
static char folders[2][PATH_MAX];
static const char *const both[] = {folders[0], folders[1]};
static const struct plugin_path two = {.folders = both, .count = 2};
static const struct plugin_path none = {.count = 0};

/* Two folders, the first one with another `echo`. No file is ever loaded. */
static void make_folders(void)
{
    static const char *const files[] = {
        "a/echo.so", "a/README",  "a/plain",   "a/.so", "a/.hidden.so",
        "b/echo.so", "b/http.so", "b/line.so", "b/odd", "b/odd.so.1"};

    fixtures_begin();
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(folders[i], PATH_MAX, "%s/%c", fixtures_root,
                       i == 0 ? 'a' : 'b');
        ck_assert_int_eq(mkdir(folders[i], 0700), 0);
    }
    ck_assert_int_eq(mkdir(fixtures_path("a/folder.so"), 0700), 0);
    ck_assert_int_eq(mkdir(fixtures_path("a/http"), 0700), 0);
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        fixtures_write(files[i], "", 0);
    }
}

static void found(const char *name,
                  const char *base,
                  const struct plugin_path *path,
                  const char *expected)
{
    char file[PATH_MAX];
    int result = plugin_find(name, base, path, file, sizeof(file), &refusal);

    ck_assert_msg(result == 0, "%s: %s", name, refusal.text);
    ck_assert_str_eq(file, fixtures_path(expected));
}

static void missed(const char *name,
                   const char *base,
                   const struct plugin_path *path,
                   const char *text,
                   const char *hint)
{
    char file[PATH_MAX] = "untouched";

    memset(&refusal, 'x', sizeof(refusal));
    ck_assert_int_eq(
        plugin_find(name, base, path, file, sizeof(file), &refusal), -ENOENT);
    ck_assert_str_eq(file, "untouched");
    ck_assert_msg(strstr(refusal.text, text) != NULL, "%s", refusal.text);
    ck_assert_str_eq(refusal.hint, hint);
}

START_TEST(names_are_looked_up_with_and_without_so)
{
    found("http", NULL, &two, "b/http.so");
    found("http.so", NULL, &two, "b/http.so");
    found("plain", NULL, &two, "a/plain");
    found("odd.so.1", NULL, &two, "b/odd.so.1");
}
END_TEST

START_TEST(the_first_folder_wins)
{
    found("echo", NULL, &two, "a/echo.so");
    found("echo.so", NULL, &two, "a/echo.so");
}
END_TEST

START_TEST(a_slash_makes_a_path)
{
    char path[PATH_MAX];

    found("./b/http.so", fixtures_root, &none, "./b/http.so");
    found("b/odd", fixtures_root, &none, "b/odd");
    (void)snprintf(path, sizeof(path), "%s/b/odd", fixtures_root);
    found(path, "/elsewhere", &none, "b/odd");
    ck_assert_int_eq(chdir(fixtures_root), 0);
    ck_assert_int_eq(
        plugin_find("./b/odd", NULL, &none, path, sizeof(path), &refusal), 0);
    ck_assert_str_eq(path, "./b/odd");
}
END_TEST

/* It is for loading to tell what is wrong with it. */
START_TEST(a_path_may_lead_to_anything)
{
    found("./a/folder.so", fixtures_root, &none, "./a/folder.so");
}
END_TEST

START_TEST(a_path_that_leads_nowhere_is_told)
{
    missed("./b/http", fixtures_root, &two, "no such file",
           "did you mean './b/http.so'?");
    ck_assert_str_eq(refusal.path, fixtures_path("./b/http"));
    missed("./b/nosuch", fixtures_root, &two, "no such file", "");
}
END_TEST

START_TEST(near_names_are_suggested_for_a_path_too)
{
    char path[PATH_MAX];
    char hint[PATH_MAX + 32];

    missed("./b/htpp.so", fixtures_root, &two, "no such file",
           "did you mean './b/http.so'?");
    missed("b/lien", fixtures_root, &none, "no such file",
           "did you mean 'b/line.so'?");
    (void)snprintf(path, sizeof(path), "%s/b/ehco.so", fixtures_root);
    (void)snprintf(hint, sizeof(hint), "did you mean '%s/b/echo.so'?",
                   fixtures_root);
    missed(path, NULL, &none, "no such file", hint);
    missed("./nowhere/http.so", fixtures_root, &two, "no such file", "");
}
END_TEST

START_TEST(a_name_that_is_nowhere_tells_where_it_was_looked_for)
{
    char text[3 * PATH_MAX];

    (void)snprintf(text, sizeof(text), "there is no 'zzzzzz' in %s, %s",
                   folders[0], folders[1]);
    missed("zzzzzz", NULL, &two, text,
           "the plugins there are echo, http, line");
    ck_assert_str_eq(refusal.path, "");
    missed("echo", NULL, &none, "no folder of plugins to find 'echo' in", "");
}
END_TEST

START_TEST(a_hint_is_whole_or_none)
{
    char name[64];

    for (int i = 0; i < 20; i++) {
        (void)snprintf(name, sizeof(name), "b/%d-%040d.so", i, 0);
        fixtures_write(name, "", 0);
    }
    missed("zzzzzz", NULL, &two, "there is no 'zzzzzz' in", "");
}
END_TEST

START_TEST(near_names_are_suggested)
{
    missed("ehco", NULL, &two, "no 'ehco'", "did you mean 'echo.so'?");
    missed("htpp.so", NULL, &two, "no 'htpp.so'", "did you mean 'http.so'?");
    missed("Line", NULL, &two, "no 'Line'", "did you mean 'line.so'?");
}
END_TEST

START_TEST(a_path_without_slash_is_suggested)
{
    missed("odd.so.1", folders[1], &none, "no folder",
           "a path needs a slash: './odd.so.1'");
    ck_assert_int_eq(chdir(folders[1]), 0);
    missed("http.so", NULL, &none, "no folder",
           "a path needs a slash: './http.so'");
}
END_TEST

START_TEST(folders_are_no_plugins)
{
    missed("folder.so", NULL, &two, "no 'folder.so'",
           "the plugins there are echo, http, line");
    found("http", NULL, &two, "b/http.so");
}
END_TEST

START_TEST(what_does_not_fit_is_not_cut)
{
    static char name[2 * PATH_MAX];
    char small[10] = "untouched";

    ck_assert_int_eq(
        plugin_find("echo", NULL, &two, small, sizeof(small), &refusal),
        -ENOENT);
    ck_assert_int_eq(plugin_find("./b/odd", fixtures_root, &two, small,
                                 sizeof(small), &refusal),
                     -ENOENT);
    ck_assert_str_eq(small, "untouched");
    memset(name, 'n', sizeof(name) - 1);
    missed(name, NULL, &two, "there is no 'nnn",
           "the plugins there are echo, http, line");
    name[0] = '/';
    missed(name, NULL, &two, "no such file", "");
}
END_TEST

/* "name=folder " for each. */
struct told {
    char text[1024];
    int stop_after;
};

static int tell(void *arg, const char *path, const char *name)
{
    struct told *told = arg;
    size_t length = strlen(told->text);

    (void)snprintf(told->text + length, sizeof(told->text) - length, "%s=%c ",
                   name, path[strlen(fixtures_root) + 1]);
    ck_assert_str_eq(strrchr(path, '/') + 1, name);
    told->stop_after--;
    return told->stop_after == 0 ? 42 : 0;
}

START_TEST(lists_plugins_by_name_each_once)
{
    struct told told = {.text = ""};

    ck_assert_int_eq(plugin_list(&two, tell, &told), 0);
    ck_assert_str_eq(told.text, "echo.so=a http.so=b line.so=b ");
}
END_TEST

START_TEST(the_order_of_folders_counts)
{
    const char *const turned[] = {folders[1], "/nosuch", folders[0]};
    struct plugin_path path = {.folders = turned, .count = 3};
    struct told told = {.text = ""};

    ck_assert_int_eq(plugin_list(&path, tell, &told), 0);
    ck_assert_str_eq(told.text, "echo.so=b http.so=b line.so=b ");
}
END_TEST

START_TEST(a_list_can_be_ended)
{
    struct told told = {.text = "", .stop_after = 2};

    ck_assert_int_eq(plugin_list(&two, tell, &told), 42);
    ck_assert_str_eq(told.text, "echo.so=a http.so=b ");
}
END_TEST

START_TEST(no_folders_have_no_plugins)
{
    struct told told = {.text = ""};

    ck_assert_int_eq(plugin_list(&none, tell, &told), 0);
    ck_assert_str_eq(told.text, "");
}
END_TEST

UNIT_MAIN_WITH("plugin_find",
               make_folders,
               fixtures_end,
               names_are_looked_up_with_and_without_so,
               the_first_folder_wins,
               a_slash_makes_a_path,
               a_path_may_lead_to_anything,
               a_path_that_leads_nowhere_is_told,
               near_names_are_suggested_for_a_path_too,
               a_name_that_is_nowhere_tells_where_it_was_looked_for,
               a_hint_is_whole_or_none,
               near_names_are_suggested,
               a_path_without_slash_is_suggested,
               folders_are_no_plugins,
               what_does_not_fit_is_not_cut,
               lists_plugins_by_name_each_once,
               the_order_of_folders_counts,
               a_list_can_be_ended,
               no_folders_have_no_plugins)
