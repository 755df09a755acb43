/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "unit.h"

static const char text[] = "root: a\n"
                           "routes:\n"
                           "  - path: b\n"
                           "  - path: c\n"
                           "    methods: [GET, PUT]\n"
                           "limits: {idle: 5s}\n"
                           "grid: [[x, y], [z]]\n"
                           "headers: {a.b: 1, 'c[0]': 2}\n";

static struct errors errors;
static struct document *document;

static void set_up(void)
{
    errors_init(&errors);
    ck_assert_int_eq(
        document_parse(text, sizeof(text) - 1, "f", &errors, &document), 0);
}

static void tear_down(void)
{
    document_free(document);
    errors_fini(&errors);
}

static const struct node *find(const char *path)
{
    return settings_find(document->root, path);
}

START_TEST(paths_lead_to_their_nodes)
{
    static const struct {
        const char *path, *text;
    } cases[] = {
        {"root", "a"},
        {"routes[0].path", "b"},
        {"routes[1].path", "c"},
        {"routes[1].methods[0]", "GET"},
        {"routes[1].methods[1]", "PUT"},
        {"limits.idle", "5s"},
        {"grid[0][1]", "y"},
        {"grid[1][0]", "z"},
        {"headers[0]", "1"},
        {"headers[1]", "2"},
        {"limits[0]", "5s"},
        {"[0]", "a"},
        {"[1][1].path", "c"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_str_eq(find(cases[i].path)->text, cases[i].text);
    }
}
END_TEST

START_TEST(what_is_not_there_leads_to_the_nearest_around_it)
{
    const struct node *root = document->root;

    ck_assert_ptr_eq(find("nothing"), root);
    ck_assert_ptr_eq(find("root.x"), node_find(root, "root"));
    ck_assert_ptr_eq(find("root[0]"), node_find(root, "root"));
    ck_assert_ptr_eq(find("routes[2].path"), node_find(root, "routes"));
    ck_assert_ptr_eq(find("routes[0].status"),
                     node_find(root, "routes")->first);
    ck_assert_ptr_eq(find("limits.stall"), node_find(root, "limits"));
    ck_assert_ptr_eq(find("headers[2]"), node_find(root, "headers"));
    ck_assert_ptr_eq(find("routes[x].path"), node_find(root, "routes"));
}
END_TEST

START_TEST(paths_that_make_no_sense_do_no_harm)
{
    static const char *const paths[] = {
        "[",
        "]",
        ".",
        "..",
        "[]",
        "[x]",
        "[-1]",
        "routes[",
        "routes[0",
        "root.",
        "routes[0]]",
        "routes[99999999999999999999]",
        "routes..path",
        "[9]",
        "[-0]",
        "routes[0]path",
    };

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        ck_assert_ptr_nonnull(find(paths[i]));
    }
    ck_assert_ptr_eq(find(""), document->root);
    ck_assert_ptr_eq(find(NULL), document->root);
    ck_assert_ptr_null(settings_find(NULL, "root"));
}
END_TEST

START_TEST(a_long_path_does_no_harm)
{
    static char path[10000];

    memset(path, 'a', sizeof(path) - 1);
    ck_assert_ptr_eq(find(path), document->root);
    memset(path, '.', sizeof(path) - 1);
    ck_assert_ptr_eq(find(path), document->root);
    memset(path, '[', sizeof(path) - 1);
    ck_assert_ptr_eq(find(path), document->root);
}
END_TEST

UNIT_MAIN_WITH("settings_find",
               set_up,
               tear_down,
               paths_lead_to_their_nodes,
               what_is_not_there_leads_to_the_nearest_around_it,
               paths_that_make_no_sense_do_no_harm,
               a_long_path_does_no_harm)
