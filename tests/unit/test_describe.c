/* SPDX-License-Identifier: MIT */
#include "describe.h"

#include <string.h>

#include "capture.h"
#include "fixtures.h"
#include "keys.h"
#include "unit.h"

static const char *describe(const char *name, struct capture *capture)
{
    struct plugin_refusal refusal;
    struct plugin *plugin;
    char path[PATH_MAX];

    fixtures_find(name, path);
    ck_assert_int_eq(plugin_load(path, &plugin, &refusal), 0);
    describe_plugin(capture_begin(capture), plugin);
    plugin_free(plugin);
    return capture_end(capture);
}

static void check_part(const char *printed, const char *part)
{
    ck_assert_msg(strstr(printed, part) != NULL, "no '%s' in\n%s", part,
                  printed);
}

START_TEST(a_plugin_tells_all_of_itself)
{
    struct capture capture;
    const char *printed = describe("nested", &capture);

    ck_assert_int_eq(
        strncmp(printed, "nested: has settings of every type\nfile: /", 42), 0);
    check_part(printed, "/nested.so\nversion: 2.0 \"beta\"\n\nsettings:\n");
    check_part(printed, "\n  greeting: text, up to 64 bytes, or none; default "
                        "\"it costs $$5: \\\"hello\\\"\"\n"
                        "      what is said first\n");
    check_part(printed, "\n  root: path; required\n");
    check_part(printed, "\n  password: text, secret\n");
    check_part(printed, "\n  routes: list of mappings, up to 2 items\n"
                        "      what leads where\n"
                        "    path: text, 1 to 100 bytes; required\n"
                        "        what it is for\n");
    check_part(printed, "\n      wait: duration, 1ms to 1m, or none; default "
                        "1s\n          how long between\n");
    check_part(printed, "\ncounters:\n  lines\n      lines received\n");
    capture_free(&capture);
}
END_TEST

START_TEST(a_plugin_that_has_nothing_says_so)
{
    struct capture capture;
    const char *printed = describe("good", &capture);

    ck_assert_int_eq(strncmp(printed, "good\nfile: /", 12), 0);
    check_part(printed, "/good.so\n\nit takes no settings\n");
    ck_assert_ptr_null(strstr(printed, "counters"));
    ck_assert_ptr_null(strstr(printed, "version"));
    capture_free(&capture);
}
END_TEST

START_TEST(the_server_tells_every_key)
{
    static const enum keys_table tables[] = {
        KEYS_TOP, KEYS_ENTRY, KEYS_LISTENER, KEYS_LIMITS, KEYS_LOG,
    };
    struct capture capture;
    const char *printed;

    describe_server(capture_begin(&capture));
    printed = capture_end(&capture);
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        const berth_option *option = keys_get(tables[i]);

        for (; option->name != NULL; option++) {
            char part[128];

            (void)snprintf(part, sizeof(part), " %s: ", option->name);
            check_part(printed, part);
        }
    }
    capture_free(&capture);
}
END_TEST

START_TEST(help_is_wrapped)
{
    struct capture capture;

    describe_server(capture_begin(&capture));
    for (const char *line = capture_end(&capture); *line != '\0';) {
        const size_t length = strcspn(line, "\n");

        ck_assert_msg(length <= 80, "%.*s", (int)length, line);
        line += length + 1;
    }
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("describe",
          a_plugin_tells_all_of_itself,
          a_plugin_that_has_nothing_says_so,
          the_server_tells_every_key,
          help_is_wrapped)
