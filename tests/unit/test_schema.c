/* SPDX-License-Identifier: MIT */
/* What the schema takes and refuses is tested by integration/schema.py. */
#include "schema.h"

#include <string.h>

#include "capture.h"
#include "fixtures.h"
#include "unit.h"

static size_t count(const char *text, const char *part)
{
    size_t found = 0;

    while ((text = strstr(text, part)) != NULL) {
        found++;
        text += strlen(part);
    }
    return found;
}

static const char *
print(const char *fixture, const char *name, struct capture *capture)
{
    struct plugin_refusal refusal;
    struct plugin *plugin;
    struct plugin_found found = {.name = name};
    char path[PATH_MAX];

    fixtures_find(fixture, path);
    ck_assert_int_eq(plugin_load(path, &plugin, &refusal), 0);
    found.plugin = plugin;
    schema_print(capture_begin(capture), &found, 1);
    plugin_free(plugin);
    return capture_end(capture);
}

START_TEST(it_is_whole)
{
    struct capture capture;
    const char *printed = print("nested", "nested.so", &capture);

    ck_assert_int_eq(strncmp(printed, "{\n", 2), 0);
    ck_assert_uint_gt(count(printed, "{"), 100);
    ck_assert_str_eq(printed + strlen(printed) - 3, "\n}\n");
    capture_free(&capture);
}
END_TEST

START_TEST(a_plugin_has_a_rule_for_its_settings)
{
    struct capture capture;
    const char *printed = print("nested", "ne.st\"ed.so", &capture);

    ck_assert_ptr_nonnull(
        strstr(printed, "\"^(.*[/])?ne\\\\.st\\\"ed([.]so)?$\""));
    ck_assert_uint_eq(count(printed, "\"allOf\""), 1);
    ck_assert_uint_eq(count(printed, "\"headers\""), 1);
    /* nested must be given a root, so it must be given settings. */
    ck_assert_uint_eq(count(printed, "\"settings\"\n"), 1);
    capture_free(&capture);
}
END_TEST

START_TEST(a_long_name_is_cut_rather_than_overrun)
{
    struct capture capture;
    char name[3000];

    memset(name, '.', sizeof(name));
    memcpy(name + sizeof(name) - 4, ".so", 4);
    (void)print("good", name, &capture);
    ck_assert_uint_eq(count(capture.text, "([.]so)?$"), 1);
    capture_free(&capture);
}
END_TEST

START_TEST(without_plugins_there_are_no_rules)
{
    struct capture capture;

    schema_print(capture_begin(&capture), NULL, 0);
    ck_assert_uint_eq(count(capture_end(&capture), "allOf"), 0);
    ck_assert_uint_eq(count(capture.text, "draft-07"), 1);
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("schema",
          it_is_whole,
          a_plugin_has_a_rule_for_its_settings,
          a_long_name_is_cut_rather_than_overrun,
          without_plugins_there_are_no_rules)
