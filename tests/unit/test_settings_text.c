/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static struct errors errors;
static struct arena arena;
static struct settings_source source;
static char *printed;

static void set_up(void)
{
    errors_init(&errors);
    arena_init(&arena);
    source = (struct settings_source){
        .file = "f",
        .folder = "/etc/berth",
        .errors = &errors,
        .arena = &arena,
    };
    printed = NULL;
    ck_assert_int_eq(setenv("BERTH_A", "alpha", 1), 0);
    ck_assert_int_eq(setenv("BERTH_EMPTY", "", 1), 0);
    ck_assert_int_eq(setenv("BERTH_DOLLAR", "${BERTH_A}$$", 1), 0);
    ck_assert_int_eq(unsetenv("BERTH_UNSET"), 0);
}

static void tear_down(void)
{
    errors_fini(&errors);
    arena_fini(&arena);
    free(printed);
}

static struct node make(const char *text)
{
    return (struct node){
        .text = text,
        .length = strlen(text),
        .line = 3,
        .column = 5,
    };
}

static const char *print(void)
{
    size_t size = 0;
    FILE *stream;

    free(printed);
    stream = open_memstream(&printed, &size);
    ck_assert_ptr_nonnull(stream);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return printed;
}

START_TEST(variables_are_substituted)
{
    static const struct {
        const char *text, *result;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"${BERTH_A}", "alpha"},
        {"<${BERTH_A}>", "<alpha>"},
        {"${BERTH_A}${BERTH_A}", "alphaalpha"},
        {"${BERTH_A}:${BERTH_UNSET:-80}", "alpha:80"},
        {"${BERTH_A:-x}", "alpha"},
        {"${BERTH_EMPTY}", ""},
        {"${BERTH_EMPTY:-x}", "x"},
        {"${BERTH_UNSET:-}", ""},
        {"${BERTH_UNSET:-a b:-c$}", "a b:-c$"},
        {"$", "$"},
        {"$$", "$"},
        {"$$$", "$$"},
        {"$$$$", "$$"},
        {"$${BERTH_A}", "${BERTH_A}"},
        {"$$${BERTH_A}", "$alpha"},
        {"$BERTH_A", "$BERTH_A"},
        {"5$", "5$"},
        {"a}b", "a}b"},
        {"${BERTH_DOLLAR}", "${BERTH_A}$$"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct node node = make(cases[i].text);
        const char *text = NULL;

        ck_assert_int_eq(settings_text(&source, &node, "x", &text), 0);
        ck_assert_str_eq(text, cases[i].result);
    }
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(a_text_without_variables_is_not_copied)
{
    const struct node node = make("plain");
    const char *text = NULL;

    ck_assert_int_eq(settings_text(&source, &node, "x", &text), 0);
    ck_assert_ptr_eq(text, node.text);
}
END_TEST

START_TEST(what_is_no_variable_is_refused)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"${BERTH_A", "'x' has a '${' without '}'"},
        {"${", "'x' has a '${' without '}'"},
        {"${}", "'x' has a '${' without the name of a variable behind it"},
        {"${1A}", "'x' has a '${' without the name of a variable behind it"},
        {"${ A}", "'x' has a '${' without the name of a variable behind it"},
        {"${:-x}", "'x' has a '${' without the name of a variable behind it"},
        {"${A B}", "'x' has a '${' with more than a name between its braces"},
        {"${A-x}", "'x' has a '${' with more than a name between its braces"},
        {"${A:x}", "'x' has a '${' with more than a name between its braces"},
        {"${A:?x}", "'x' has a '${' with more than a name between its braces"},
        {"${A:-${B}}", "'x' has a variable within the default of another"},
        {"${BERTH_UNSET}", "the environment variable 'BERTH_UNSET' is not set"},
        {"${BERTH_A}${BERTH_UNSET}",
         "the environment variable 'BERTH_UNSET' is not set"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct node node = make(cases[i].text);
        const char *text = "untouched";
        char expected[256];

        ck_assert_int_eq(settings_text(&source, &node, "x", &text), -EINVAL);
        ck_assert_str_eq(text, "untouched");
        (void)snprintf(expected, sizeof(expected), "f:3:5: error: %s\n",
                       cases[i].message);
        ck_assert_msg(strncmp(print(), expected, strlen(expected)) == 0,
                      "%s\n%s", printed, expected);
        errors_fini(&errors);
    }
}
END_TEST

START_TEST(a_long_name_is_refused)
{
    char text[400] = "${";
    const char *result;
    struct node node;

    memset(text + 2, 'A', 300);
    text[302] = '}';
    node = make(text);
    ck_assert_int_eq(settings_text(&source, &node, "x", &result), -EINVAL);
}
END_TEST

START_TEST(a_nul_is_refused)
{
    const struct node node = {.text = "a\0b", .length = 3};
    const char *text;

    ck_assert_int_eq(settings_text(&source, &node, "x", &text), -EINVAL);
    ck_assert_ptr_nonnull(strstr(print(), "'x' must not contain a NUL"));
}
END_TEST

START_TEST(a_result_is_bounded)
{
    enum {
        TIMES = 3000
    };
    static char text[TIMES * 8 + 1], value[1001];
    const char *result;
    struct node node;

    memset(value, 'v', sizeof(value) - 1);
    ck_assert_int_eq(setenv("BERTH_V", value, 1), 0);
    for (size_t i = 0; i < TIMES; i++) {
        memcpy(text + i * 10 % (sizeof(text) - 11), "${BERTH_V}", 10);
    }
    text[sizeof(text) - 11] = '\0';
    node = make(text);
    ck_assert_int_eq(settings_text(&source, &node, "x", &result), -EINVAL);
    ck_assert_ptr_nonnull(strstr(print(), "'x' is longer than 1MiB"));
}
END_TEST

START_TEST(paths_become_absolute)
{
    static const struct {
        const char *folder, *text, *result;
    } cases[] = {
        {"/etc/berth", "www", "/etc/berth/www"},
        {"/etc/berth", "./www", "/etc/berth/www"},
        {"/etc/berth", ".//./www", "/etc/berth/www"},
        {"/etc/berth", "../www", "/etc/berth/../www"},
        {"/etc/berth", ".www", "/etc/berth/.www"},
        {"/etc/berth", "/srv/www", "/srv/www"},
        {"/etc/berth", "./", "/etc/berth/"},
        {"/", "www", "/www"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        source.folder = cases[i].folder;
        ck_assert_str_eq(settings_path(&source, cases[i].text),
                         cases[i].result);
    }
}
END_TEST

START_TEST(a_place_is_that_of_the_node_or_of_the_file)
{
    const struct node node = {.line = 2, .column = 3, .characters = 4};
    const struct place place = settings_place(&source, &node);
    const struct place file = settings_place(&source, NULL);

    ck_assert_str_eq(place.file, "f");
    ck_assert_uint_eq(place.line, 2);
    ck_assert_uint_eq(place.column, 3);
    ck_assert_uint_eq(place.length, 4);
    ck_assert_str_eq(file.file, "f");
    ck_assert_uint_eq(file.line, 0);
}
END_TEST

UNIT_MAIN_WITH("settings_text",
               set_up,
               tear_down,
               variables_are_substituted,
               a_text_without_variables_is_not_copied,
               what_is_no_variable_is_refused,
               a_long_name_is_refused,
               a_nul_is_refused,
               a_result_is_bounded,
               paths_become_absolute,
               a_place_is_that_of_the_node_or_of_the_file)
