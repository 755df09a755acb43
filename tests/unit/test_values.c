/* SPDX-License-Identifier: MIT */
#include "values.h"

#include <string.h>

#include "capture.h"
#include "document.h"
#include "settings.h"
#include "unit.h"

struct inner {
    int32_t number;
    const char *text;
};

struct outer {
    uint64_t wait_ms;
    const char *path;
    const char *secret;
    int32_t word;
    struct inner group;
    struct inner strict;
    berth_list list;
    berth_list hidden;
    berth_list mappings;
    berth_list pairs;
};

static const char *const words[] = {"true", "edge", NULL};

static const berth_option inner[] = {
    {.name = "number",
     .type = BERTH_INT,
     BERTH_FIELD(struct inner, number),
     .min = 1,
     .max = 9},
    {.name = "text", .type = BERTH_STRING, BERTH_FIELD(struct inner, text)},
    BERTH_OPTIONS_END,
};

static const berth_option strict[] = {
    {.name = "text",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct inner, text)},
    BERTH_OPTIONS_END,
};

static const berth_option item = {.type = BERTH_SIZE, .flags = BERTH_NONE};
static const berth_option hidden = {
    .type = BERTH_STRING,
    .flags = BERTH_SECRET,
};

static const berth_option outer[] = {
    {.name = "secret",
     .type = BERTH_STRING,
     .flags = BERTH_SECRET,
     BERTH_FIELD(struct outer, secret),
     .fallback = "xyzzy"},
    {.name = "wait",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct outer, wait_ms),
     .fallback = "1m30s"},
    {.name = "path", .type = BERTH_PATH, BERTH_FIELD(struct outer, path)},
    {.name = "word",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct outer, word),
     .choices = words},
    {.name = "group",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct outer, group),
     .items = inner},
    {.name = "strict",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct outer, strict),
     .items = strict},
    {.name = "list",
     .type = BERTH_LIST,
     BERTH_FIELD(struct outer, list),
     .items = &item},
    {.name = "hidden",
     .type = BERTH_LIST,
     BERTH_FIELD(struct outer, hidden),
     .items = &hidden},
    {.name = "mappings",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct outer, mappings),
     .max = 5,
     .items = inner,
     .item_size = sizeof(struct inner)},
    {.name = "pairs",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct outer, pairs),
     .min = 1,
     .max = 5},
    BERTH_OPTIONS_END,
};

static struct errors errors;
static struct document *document;

static void begin(void)
{
    errors_init(&errors);
    document = NULL;
}

static void end(void)
{
    document_free(document);
    errors_fini(&errors);
}

static const struct node *parse(const char *text)
{
    ck_assert_int_eq(
        document_parse(text, strlen(text), "f.yaml", &errors, &document), 0);
    return document->root;
}

/* Reads the text into the struct, and expects this to be printed of it. */
static void check(const char *text, const char *expected)
{
    const struct settings_input input = {.node = parse(text), .table = outer};
    const struct settings_source source = {
        .file = "f.yaml",
        .folder = "/folder",
        .errors = &errors,
        .arena = &document->arena,
    };
    const struct values_origin origin = {
        .file = "f.yaml",
        .node = input.node,
    };
    struct outer target = {.path = NULL};
    struct capture capture;
    struct values values = {.stream = capture_begin(&capture)};

    ck_assert_int_eq(settings_apply(&source, &input, &target), 0);
    values_print(&values, outer, &target, &origin);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
}

/* The same in one line. Returns how many secrets are left out. */
static size_t check_line(const char *text, const char *expected)
{
    const struct settings_input input = {.node = parse(text), .table = outer};
    const struct settings_source source = {
        .file = "f.yaml",
        .folder = "/folder",
        .errors = &errors,
        .arena = &document->arena,
    };
    struct outer target = {.path = NULL};
    struct capture capture;
    size_t secrets;

    ck_assert_int_eq(settings_apply(&source, &input, &target), 0);
    ck_assert_uint_eq(errors_count(&errors), 0);
    secrets =
        values_print_line(capture_begin(&capture), outer, &target, input.node);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
    document_free(document);
    document = NULL;
    return secrets;
}

START_TEST(a_line_has_what_was_given)
{
    static const char all[] =
        "{wait: none, path: /folder/x, word: edge, "
        "group: {number: 3, text: \"a\\nb, c: $${d}\"}, strict: {text: \"7\"}, "
        "list: [1KiB, none, 7], mappings: [{number: 1}, {}], "
        "pairs: {a: b, \"c d\": \"true\"}}";

    ck_assert_uint_eq(check_line("{}", "{}"), 0);
    ck_assert_uint_eq(check_line("wait: 90s", "{wait: 1m30s}"), 0);
    ck_assert_uint_eq(
        check_line("{list: [], pairs: {a: b}}", "{list: [], pairs: {a: b}}"),
        0);
    ck_assert_uint_eq(
        check_line("wait: none\n"
                   "path: x\n"
                   "word: edge\n"
                   "group: {number: 3, text: \"a\\nb, c: $${d}\"}\n"
                   "strict: {text: \"7\"}\n"
                   "list: [1024, none, 7]\n"
                   "mappings: [{number: 1}, {}]\n"
                   "pairs: {a: b, c d: \"true\"}\n",
                   all),
        0);
    ck_assert_uint_eq(check_line(all, all), 0); /* it is read back */
}
END_TEST

START_TEST(a_line_counts_the_secrets_that_it_lacks)
{
    ck_assert_uint_eq(
        check_line("{secret: abc, word: edge, hidden: [a, b], pairs: {a: b}}",
                   "{word: edge, pairs: {a: b}}"),
        2);
}
END_TEST

START_TEST(what_is_not_given_is_a_default_or_a_comment)
{
    check("{}", "wait: 1m30s # default\n"
                "word: true # default\n"
                "group: # default\n"
                "  # number: not given\n"
                "  # text: not given\n"
                "list: [] # default\n"
                "mappings: [] # default\n"
                "# secret: not given\n"
                "# path: not given\n"
                "# strict: not given\n"
                "# hidden: not given\n"
                "# pairs: not given\n");
}
END_TEST

START_TEST(what_is_given_has_its_line)
{
    check("path: a b\n"
          "wait: none\n"
          "word: edge\n"
          "group: {number: 3,\n"
          "  text: none}\n"
          "strict:\n"
          "  text: \"0660\"\n"
          "list: [1024,\n"
          "  none]\n"
          "mappings:\n"
          "  - {}\n"
          "  - number: 4\n"
          "pairs:\n"
          "  yes: $$1\n",
          "wait: none # f.yaml:2\n"
          "path: \"/folder/a b\" # f.yaml:1\n"
          "word: edge # f.yaml:3\n"
          "group: # f.yaml:4\n"
          "  number: 3 # f.yaml:4\n"
          "  text: \"none\" # f.yaml:5\n"
          "strict: # f.yaml:6\n"
          "  text: \"0660\" # f.yaml:7\n"
          "list: # f.yaml:8\n"
          "  - 1KiB # f.yaml:8\n"
          "  - none # f.yaml:9\n"
          "mappings: # f.yaml:10\n"
          "  - {}\n"
          "    # number: not given\n"
          "    # text: not given\n"
          "  - number: 4 # f.yaml:12\n"
          "    # text: not given\n"
          "pairs: # f.yaml:13\n"
          "  \"yes\": \"$$1\" # f.yaml:14\n"
          "# secret: not given\n"
          "# hidden: not given\n");
}
END_TEST

START_TEST(secrets_are_never_printed)
{
    check("secret: sesame\n"
          "hidden: [sesame]\n",
          "wait: 1m30s # default\n"
          "word: true # default\n"
          "group: # default\n"
          "  # number: not given\n"
          "  # text: not given\n"
          "list: [] # default\n"
          "mappings: [] # default\n"
          "# secret: given, and secret\n"
          "# path: not given\n"
          "# strict: not given\n"
          "# hidden: given, and secret\n"
          "# pairs: not given\n");
}
END_TEST

START_TEST(a_fallback_mapping_is_asked_second)
{
    const struct node *root = parse("one: {number: 2}\ntwo:\n  text: x\n");
    const struct values_origin origin = {
        .file = "a\nb",
        .node = node_find(root, "two"),
        .fallback = node_find(root, "one"),
    };
    const struct inner target = {.number = 2, .text = "x"};
    struct capture capture;
    struct values values = {.stream = capture_begin(&capture)};

    values_print(&values, inner, &target, &origin);
    ck_assert_str_eq(capture_end(&capture), "number: 2 # a\\nb:1\n"
                                            "text: x # a\\nb:3\n");
    capture_free(&capture);
}
END_TEST

START_TEST(what_no_file_says_was_said_by_the_command_line)
{
    const struct values_origin origin = {.file = "f.yaml"};
    const struct inner target = {.text = "x"};
    struct capture capture;
    struct values values = {.stream = capture_begin(&capture)};

    values_print_item(&values, strict, &target, &origin);
    ck_assert_str_eq(capture_end(&capture), "- text: x # command line\n");
    capture_free(&capture);
}
END_TEST

START_TEST(a_value_may_stand_for_its_mapping)
{
    const struct values_origin origin = {
        .file = "f.yaml",
        .node = parse("\n\nx"),
    };
    const struct inner target = {.text = "x"};
    struct capture capture;
    struct values values = {.stream = capture_begin(&capture)};

    values_print_item(&values, strict, &target, &origin);
    ck_assert_str_eq(capture_end(&capture), "- text: x # f.yaml:3\n");
    capture_free(&capture);
}
END_TEST

UNIT_MAIN_WITH("values",
               begin,
               end,
               what_is_not_given_is_a_default_or_a_comment,
               what_is_given_has_its_line,
               secrets_are_never_printed,
               a_fallback_mapping_is_asked_second,
               what_no_file_says_was_said_by_the_command_line,
               a_value_may_stand_for_its_mapping,
               a_line_has_what_was_given,
               a_line_counts_the_secrets_that_it_lacks)
