/* SPDX-License-Identifier: MIT */
#include "sample.h"

#include <string.h>

#include "capture.h"
#include "fixtures.h"
#include "unit.h"

static struct plugin *load(const char *fixture)
{
    struct plugin_refusal refusal;
    struct plugin *plugin;
    char path[PATH_MAX];

    fixtures_find(fixture, path);
    ck_assert_int_eq(plugin_load(path, &plugin, &refusal), 0);
    return plugin;
}

static void check_part(const char *printed, const char *part)
{
    ck_assert_msg(strstr(printed, part) != NULL, "no '%s' in\n%s", part,
                  printed);
}

START_TEST(echo_is_served_whatever_is_found)
{
    struct capture capture;
    const char *printed;

    sample_print(capture_begin(&capture), NULL, 0);
    printed = capture_end(&capture);
    check_part(printed, "\nprotocols:\n");
    check_part(printed, "\n  - plugin: echo.so\n");
    check_part(printed, "\n    listen:\n");
    check_part(printed, "\n      address: 127.0.0.1:8080\n");
    capture_free(&capture);
}
END_TEST

START_TEST(every_key_is_there_with_its_default)
{
    struct capture capture;
    const char *printed;

    sample_print(capture_begin(&capture), NULL, 0);
    printed = capture_end(&capture);
    check_part(printed, "\n#    name:\n");
    check_part(printed, "\n#      backlog: 4096\n");
    check_part(printed, "\n#trigger: level\n");
    check_part(printed, "\n#plugin_path: []\n");
    check_part(printed, "\n#limits:\n  # connections open at once;");
    check_part(printed, "\n#  connections: none\n");
    check_part(printed, "(size, 1KiB to 1GiB)\n#  input: 64KiB\n");
    capture_free(&capture);
}
END_TEST

START_TEST(the_others_are_commented_out)
{
    struct plugin *nested = load("nested");
    struct plugin *good = load("good");
    const struct plugin_found found[] = {
        {.name = "echo.so", .plugin = good},
        {.name = "nested.so", .plugin = nested},
        {.name = "other.so", .plugin = good},
    };
    struct capture capture;
    const char *printed;

    sample_print(capture_begin(&capture), found, 2);
    printed = capture_end(&capture);
    check_part(printed, "\n  # nested: has settings of every type\n"
                        "#  - plugin: nested.so\n"
                        "#    listen: 127.0.0.1:8081\n"
                        "#    settings:\n"
                        "      # in capital letters (true, false)\n"
                        "#      loud: false\n");
    check_part(printed, "\n#      greeting: \"it costs $$5:");
    check_part(printed, "\n#      root: ./www\n");
    check_part(printed, "\n#      password:\n");
    check_part(printed, "\n#      retry:\n"
                        "        # how often (number, 1 to 10)\n"
                        "#        times: 3\n");
    check_part(printed, "\n#      routes:\n"
                        "        # what it is for (text, 1 to 100 bytes)\n"
                        "#        - path: /images\n"
                        "          # where it leads (path)\n"
                        "#          folder:\n");
    check_part(printed, "\n#      headers: {}\n");
    capture_free(&capture);
    plugin_free(nested);
    plugin_free(good);
}
END_TEST

START_TEST(settings_of_echo_are_in_its_entry)
{
    struct plugin *whole = load("whole");
    const struct plugin_found found = {.name = "echo.so", .plugin = whole};
    struct capture capture;

    sample_print(capture_begin(&capture), &found, 1);
    check_part(capture_end(&capture), "\n#    settings:\n"
                                      "      # a number (number, 1 to 100)\n"
                                      "#      number: 7\n");
    ck_assert_ptr_null(strstr(capture.text, "8081"));
    capture_free(&capture);
    plugin_free(whole);
}
END_TEST

UNIT_MAIN("sample",
          echo_is_served_whatever_is_found,
          every_key_is_there_with_its_default,
          the_others_are_commented_out,
          settings_of_echo_are_in_its_entry)
