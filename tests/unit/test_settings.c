/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "unit.h"

struct route {
    const char *path;
    int32_t status;
    berth_list methods;
};

struct inner {
    uint64_t idle_ms;
    int32_t tries;
};

struct values {
    bool flag;
    int32_t number;
    uint64_t size;
    const char *text;
    const char *root;
    int32_t colour;
    berth_list names, sizes, files, routes, headers;
    struct inner limits;
    const struct node *raw;
};

static const char *const colours[] = {"red", "green", "blue", NULL};

static const berth_option text_item = {.type = BERTH_STRING, .max = 8};
static const berth_option size_item = {.type = BERTH_SIZE};
static const berth_option path_item = {.type = BERTH_PATH};

static const berth_option route_options[] = {
    {.name = "path",
     .type = BERTH_STRING,
     .flags = BERTH_REQUIRED,
     BERTH_FIELD(struct route, path)},
    {.name = "status",
     .type = BERTH_INT,
     BERTH_FIELD(struct route, status),
     .fallback = "200"},
    {.name = "methods",
     .type = BERTH_LIST,
     BERTH_FIELD(struct route, methods),
     .items = &text_item},
    BERTH_OPTIONS_END,
};

static const berth_option limit_options[] = {
    {.name = "idle",
     .type = BERTH_DURATION,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct inner, idle_ms),
     .fallback = "5m"},
    {.name = "tries",
     .type = BERTH_INT,
     BERTH_FIELD(struct inner, tries),
     .fallback = "3",
     .min = 1,
     .max = 9},
    BERTH_OPTIONS_END,
};

static const berth_option options[] = {
    {.name = "flag",
     .type = BERTH_BOOL,
     BERTH_FIELD(struct values, flag),
     .fallback = "true"},
    {.name = "number",
     .type = BERTH_INT,
     BERTH_FIELD(struct values, number),
     .fallback = "7",
     .min = 1,
     .max = 100},
    {.name = "size",
     .type = BERTH_SIZE,
     BERTH_FIELD(struct values, size),
     .fallback = "64KiB"},
    {.name = "text",
     .type = BERTH_STRING,
     .flags = BERTH_NONE,
     BERTH_FIELD(struct values, text)},
    {.name = "root",
     .type = BERTH_PATH,
     BERTH_FIELD(struct values, root),
     .fallback = "./www"},
    {.name = "colour",
     .type = BERTH_ENUM,
     BERTH_FIELD(struct values, colour),
     .choices = colours,
     .fallback = "green"},
    {.name = "names",
     .type = BERTH_LIST,
     BERTH_FIELD(struct values, names),
     .min = 1,
     .max = 3,
     .items = &text_item},
    {.name = "sizes",
     .type = BERTH_LIST,
     BERTH_FIELD(struct values, sizes),
     .items = &size_item},
    {.name = "files",
     .type = BERTH_LIST,
     BERTH_FIELD(struct values, files),
     .items = &path_item},
    {.name = "routes",
     .type = BERTH_MAPPINGS,
     BERTH_FIELD(struct values, routes),
     .items = route_options,
     .item_size = sizeof(struct route)},
    {.name = "headers",
     .type = BERTH_MAPPING,
     BERTH_FIELD(struct values, headers)},
    {.name = "limits",
     .type = BERTH_GROUP,
     BERTH_FIELD(struct values, limits),
     .items = limit_options},
    {.name = "raw", .type = OPTION_NODE, BERTH_FIELD(struct values, raw)},
    BERTH_OPTIONS_END,
};

static struct errors errors;
static struct arena arena;
static struct document *document;
static struct settings_source source;
static struct values values;
static char *printed;

static void set_up(void)
{
    errors_init(&errors);
    arena_init(&arena);
    document = NULL;
    printed = NULL;
    memset(&values, 0, sizeof(values));
    source = (struct settings_source){
        .file = "f",
        .folder = "/etc/berth",
        .errors = &errors,
        .arena = &arena,
    };
}

static void tear_down(void)
{
    document_free(document);
    errors_fini(&errors);
    arena_fini(&arena);
    free(printed);
}

/* The root of the text; what it does not say is told by print(). */
static const struct node *parse(const char *text)
{
    ck_assert_int_eq(
        document_parse(text, strlen(text), "f", &errors, &document), 0);
    return document->root;
}

static int apply(const char *text)
{
    const struct settings_input input = {
        .node = parse(text),
        .table = options,
    };

    return settings_apply(&source, &input, &values);
}

/* The errors without source lines: "f:1:2: error: text\n  hint: ...\n". */
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

static void check_refused(const char *text, const char *message)
{
    ck_assert_int_eq(apply(text), -EINVAL);
    ck_assert_str_eq(print(), message);
}

START_TEST(nothing_given_fills_the_fallbacks)
{
    ck_assert_int_eq(apply(""), 0);
    ck_assert(values.flag);
    ck_assert_int_eq(values.number, 7);
    ck_assert_uint_eq(values.size, 65536);
    ck_assert_ptr_null(values.text);
    ck_assert_str_eq(values.root, "/etc/berth/www");
    ck_assert_int_eq(values.colour, 1);
    ck_assert_uint_eq(values.names.count, 0);
    ck_assert_ptr_null(values.names.items);
    ck_assert_uint_eq(values.limits.idle_ms, 300000);
    ck_assert_int_eq(values.limits.tries, 3);
    ck_assert_ptr_null(values.raw);
    ck_assert_uint_eq(errors_count(&errors), 0);
}
END_TEST

START_TEST(an_empty_value_gives_nothing)
{
    const struct node *root = parse("settings:\n");
    const struct settings_input input = {
        .node = root->first,
        .table = options,
    };

    ck_assert_int_eq(settings_apply(&source, &input, &values), 0);
    ck_assert_int_eq(values.number, 7);
}
END_TEST

START_TEST(what_is_given_is_stored)
{
    ck_assert_int_eq(apply("flag: false\n"
                           "number: 42\n"
                           "size: 1MiB\n"
                           "text: hello\n"
                           "root: /srv\n"
                           "colour: blue\n"
                           "limits: {idle: none}\n"),
                     0);
    ck_assert(!values.flag);
    ck_assert_int_eq(values.number, 42);
    ck_assert_uint_eq(values.size, 1048576);
    ck_assert_str_eq(values.text, "hello");
    ck_assert_str_eq(values.root, "/srv");
    ck_assert_int_eq(values.colour, 2);
    ck_assert_uint_eq(values.limits.idle_ms, 0);
    ck_assert_int_eq(values.limits.tries, 3);
}
END_TEST

START_TEST(quotes_do_not_make_a_type)
{
    ck_assert_int_eq(apply("number: \"42\"\nflag: 'false'\ntext: \"none\"\n"),
                     0);
    ck_assert_int_eq(values.number, 42);
    ck_assert(!values.flag);
    ck_assert_str_eq(values.text, "none");
}
END_TEST

START_TEST(none_is_nothing)
{
    ck_assert_int_eq(apply("text: none\n"), 0);
    ck_assert_ptr_null(values.text);
}
END_TEST

START_TEST(lists_of_scalars_are_stored_in_order)
{
    const char *const *names;
    const uint64_t *sizes;
    const char *const *files;

    ck_assert_int_eq(apply("names: [b, a]\nsizes: [1KiB, 2]\nfiles: [x, /y]\n"),
                     0);
    names = values.names.items;
    sizes = values.sizes.items;
    files = values.files.items;
    ck_assert_uint_eq(values.names.count, 2);
    ck_assert_str_eq(names[0], "b");
    ck_assert_str_eq(names[1], "a");
    ck_assert_uint_eq(values.sizes.count, 2);
    ck_assert_uint_eq(sizes[0], 1024);
    ck_assert_uint_eq(sizes[1], 2);
    ck_assert_str_eq(files[0], "/etc/berth/x");
    ck_assert_str_eq(files[1], "/y");
}
END_TEST

START_TEST(lists_of_mappings_are_stored_with_their_fallbacks)
{
    const struct route *routes;

    ck_assert_int_eq(
        apply("routes:\n"
              "  - path: /a\n"
              "  - {path: /b, status: 404, methods: [GET, PUT]}\n"),
        0);
    routes = values.routes.items;
    ck_assert_uint_eq(values.routes.count, 2);
    ck_assert_str_eq(routes[0].path, "/a");
    ck_assert_int_eq(routes[0].status, 200);
    ck_assert_uint_eq(routes[0].methods.count, 0);
    ck_assert_str_eq(routes[1].path, "/b");
    ck_assert_int_eq(routes[1].status, 404);
    ck_assert_str_eq(((const char *const *)routes[1].methods.items)[1], "PUT");
}
END_TEST

START_TEST(mappings_of_strings_are_stored_in_order)
{
    const berth_pair *pairs;

    ck_assert_int_eq(apply("headers: {X-B: 1, X-A: \"\", none: none}\n"), 0);
    pairs = values.headers.items;
    ck_assert_uint_eq(values.headers.count, 3);
    ck_assert_str_eq(pairs[0].key, "X-B");
    ck_assert_str_eq(pairs[0].value, "1");
    ck_assert_str_eq(pairs[1].value, "");
    ck_assert_str_eq(pairs[2].value, "none");
}
END_TEST

START_TEST(empty_lists_and_mappings_are_empty)
{
    ck_assert_int_eq(apply("sizes: []\nroutes: []\nheaders: {}\nlimits: {}\n"),
                     0);
    ck_assert_uint_eq(values.sizes.count, 0);
    ck_assert_ptr_null(values.sizes.items);
    ck_assert_uint_eq(values.routes.count, 0);
    ck_assert_uint_eq(values.headers.count, 0);
}
END_TEST

START_TEST(a_node_is_stored_as_it_is)
{
    ck_assert_int_eq(apply("raw: [a, {b: c}]\n"), 0);
    ck_assert_ptr_eq(values.raw, document->root->first);
}
END_TEST

START_TEST(kept_values_are_the_defaults)
{
    const struct settings_input input = {
        .node = parse("limits: {tries: 5}\nsize: 1\n"),
        .table = options,
        .is_kept = true,
    };

    values = (struct values){
        .number = 1000,
        .limits = {.idle_ms = 77, .tries = 88},
    };
    ck_assert_int_eq(settings_apply(&source, &input, &values), 0);
    ck_assert_int_eq(values.number, 1000);
    ck_assert_uint_eq(values.size, 1);
    ck_assert_uint_eq(values.limits.idle_ms, 77);
    ck_assert_int_eq(values.limits.tries, 5);
    ck_assert_ptr_null(values.root);
}
END_TEST

START_TEST(wrong_values_are_told_with_their_names)
{
    check_refused("number: 101\n"
                  "flag: yes\n"
                  "limits: {idle: 30}\n"
                  "routes:\n"
                  "  - path: a\n"
                  "    methods: [GET, much too long]\n"
                  "    status: x\n"
                  "colour: gren\n",
                  "f:1:9: error: 'number' must be between 1 and 100\n"
                  "f:2:7: error: 'flag' must be true or false\n"
                  "  hint: write true\n"
                  "f:3:16: error: 'limits.idle' needs a unit\n"
                  "  hint: did you mean 30s?\n"
                  "f:6:20: error: 'routes[0].methods[1]' must be at most 8 "
                  "bytes long\n"
                  "f:7:13: error: 'routes[0].status' must be a whole number\n"
                  "f:8:9: error: 'colour' must be red, green or blue\n"
                  "  hint: did you mean green?\n");
    ck_assert_int_eq(values.number, 7);
}
END_TEST

START_TEST(wrong_kinds_are_told)
{
    check_refused("number: [1]\n"
                  "text: {a: b}\n"
                  "names: a\n"
                  "routes: {a: b}\n"
                  "headers: [a]\n"
                  "limits: 3\n",
                  "f:1:9: error: 'number' must be one value, not a list\n"
                  "f:2:7: error: 'text' must be one value, not a mapping\n"
                  "f:3:8: error: 'names' must be a list ([...]), not a text\n"
                  "f:4:9: error: 'routes' must be a list of mappings, not a "
                  "mapping\n"
                  "f:5:10: error: 'headers' must be a mapping (key: value), "
                  "not a list\n"
                  "f:6:9: error: 'limits' must be a mapping (key: value), not "
                  "a text\n");
}
END_TEST

START_TEST(wrong_kinds_of_items_are_told)
{
    check_refused("names: [[a], {b: c}]\n"
                  "routes: [a, [b]]\n"
                  "headers: {a: [b], c: {d: e}}\n",
                  "f:1:9: error: 'names[0]' must be one value, not a list\n"
                  "f:1:14: error: 'names[1]' must be one value, not a "
                  "mapping\n"
                  "f:2:10: error: 'routes[0]' must be a mapping (key: value), "
                  "not a text\n"
                  "f:2:13: error: 'routes[1]' must be a mapping (key: value), "
                  "not a list\n"
                  "f:3:14: error: 'headers.a' must be one value, not a list\n"
                  "f:3:22: error: 'headers.c' must be one value, not a "
                  "mapping\n");
}
END_TEST

START_TEST(a_missing_value_is_told)
{
    check_refused("number:\ntext:\nnames:\nheaders: {a: }\nsizes: [1, ]\n",
                  "f:1:8: error: 'number' has no value\n"
                  "f:2:6: error: 'text' has no value\n"
                  "  hint: write \"\" for an empty text\n"
                  "f:3:7: error: 'names' has no value\n"
                  "f:4:14: error: 'headers.a' has no value\n"
                  "  hint: write \"\" for an empty text\n");
}
END_TEST

START_TEST(the_number_of_items_is_checked)
{
    check_refused("names: []\n",
                  "f:1:8: error: 'names' must be between 1 and 3 items long\n");
    tear_down();
    set_up();
    check_refused("names: [a, b, c, d]\n",
                  "f:1:8: error: 'names' must be between 1 and 3 items long\n");
}
END_TEST

START_TEST(unknown_keys_are_told_with_the_nearest)
{
    check_refused("numbr: 1\n"
                  "limits: {idel: 3s, x: 1}\n"
                  "routes: [{path: a, stat: 1}]\n",
                  "f:1:1: error: unknown key 'numbr'\n"
                  "  hint: did you mean 'number'?\n"
                  "f:2:10: error: unknown key 'limits.idel'\n"
                  "  hint: did you mean 'idle'?\n"
                  "f:2:20: error: unknown key 'limits.x'\n"
                  "  hint: the keys here are idle, tries\n"
                  "f:3:20: error: unknown key 'routes[0].stat'\n"
                  "  hint: did you mean 'status'?\n");
}
END_TEST

START_TEST(a_prefix_is_put_before_names)
{
    const struct settings_input input = {
        .node = parse("{a: b, number: x}\n"),
        .table = options,
        .prefix = "listen",
    };

    ck_assert_int_eq(settings_apply(&source, &input, &values), -EINVAL);
    ck_assert_ptr_nonnull(strstr(print(), "unknown key 'listen.a'\n"));
    ck_assert_ptr_nonnull(strstr(printed, "'listen.number' must be"));
}
END_TEST

START_TEST(a_node_that_is_no_mapping_is_told)
{
    const struct settings_input input = {
        .node = parse("[a]\n"),
        .table = options,
        .prefix = "settings",
    };

    ck_assert_int_eq(settings_apply(&source, &input, &values), -EINVAL);
    ck_assert_str_eq(print(), "f:1:1: error: 'settings' must be a mapping "
                              "(key: value), not a list\n");
}
END_TEST

START_TEST(what_is_required_must_be_given)
{
    check_refused("routes: [{status: 3}, {}]\n",
                  "f:1:10: error: 'routes[0].path' is missing\n"
                  "f:1:23: error: 'routes[1].path' is missing\n");
}
END_TEST

START_TEST(what_is_missing_is_told_at_the_place_given)
{
    const struct settings_input input = {
        .at = parse("a: b\nc: d\n")->first->next,
        .table = route_options,
    };
    struct route route = {.path = NULL};

    ck_assert_int_eq(settings_apply(&source, &input, &route), -EINVAL);
    ck_assert_str_eq(print(), "f:2:4: error: 'path' is missing\n");
    ck_assert_int_eq(route.status, 200);
}
END_TEST

START_TEST(a_key_that_is_there_twice_counts_once)
{
    /* The tree has told it. */
    ck_assert_int_eq(apply("number: 1\nnumber: x\n"), 0);
    ck_assert_int_eq(values.number, 1);
    ck_assert_uint_eq(errors_count(&errors), 1);
}
END_TEST

START_TEST(secrets_are_never_shown)
{
    static const berth_option table[] = {
        {.name = "token",
         .type = BERTH_STRING,
         .flags = BERTH_SECRET,
         .width = sizeof(const char *),
         .max = 3},
        {.name = "pin",
         .type = BERTH_SIZE,
         .flags = BERTH_SECRET,
         .offset = 8,
         .width = 8},
        BERTH_OPTIONS_END,
    };
    const struct settings_input input = {
        .node = parse("token: hunter2\npin: 1234K\n"),
        .table = table,
    };
    uint64_t target[2] = {0};
    size_t size = 0;
    FILE *stream = open_memstream(&printed, &size);

    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(settings_apply(&source, &input, target), -EINVAL);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    ck_assert_uint_eq(errors_count(&errors), 2);
    ck_assert_ptr_null(strstr(printed, "hunter2"));
    ck_assert_ptr_null(strstr(printed, "1234"));
}
END_TEST

START_TEST(variables_are_substituted_in_values)
{
    ck_assert_int_eq(setenv("BERTH_T", "12", 1), 0);
    ck_assert_int_eq(apply("number: ${BERTH_T}\n"
                           "root: ./${BERTH_T}/x\n"
                           "names: [\"${BERTH_T}\", \"$$\"]\n"
                           "headers: {a: \"${BERTH_T}\"}\n"),
                     0);
    ck_assert_int_eq(values.number, 12);
    ck_assert_str_eq(values.root, "/etc/berth/12/x");
    ck_assert_str_eq(((const char *const *)values.names.items)[0], "12");
    ck_assert_str_eq(((const char *const *)values.names.items)[1], "$");
    ck_assert_str_eq(((const berth_pair *)values.headers.items)[0].value, "12");
}
END_TEST

START_TEST(an_unset_variable_is_told)
{
    ck_assert_int_eq(unsetenv("BERTH_T"), 0);
    check_refused("limits: {idle: \"${BERTH_T}\"}\n",
                  "f:1:16: error: the environment variable 'BERTH_T' is not "
                  "set\n"
                  "  hint: set it, or write ${BERTH_T:-DEFAULT}\n");
}
END_TEST

START_TEST(a_nul_in_a_value_is_refused)
{
    check_refused("text: \"a\\0b\"\n",
                  "f:1:7: error: 'text' must not contain a NUL\n");
}
END_TEST

START_TEST(long_and_deep_names_are_cut)
{
    char text[2000] = "";

    memset(text, 'k', 1000);
    memcpy(text + 1000, ": 1\n", 5);
    ck_assert_int_eq(apply(text), -EINVAL);
    ck_assert_uint_lt(strcspn(print(), "\n"), 200);
}
END_TEST

START_TEST(a_hundred_thousand_unknown_keys_are_refused_quickly)
{
    enum {
        KEYS = 49000
    };
    char *text = malloc((size_t)KEYS * 16);
    size_t length = 0;

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < KEYS; i++) {
        length += (size_t)sprintf(text + length, "k%zu: 1\n", i);
    }
    ck_assert_int_eq(apply(text), -EINVAL);
    ck_assert_uint_eq(errors_count(&errors), KEYS);
    free(text);
}
END_TEST

UNIT_MAIN_WITH("settings",
               set_up,
               tear_down,
               nothing_given_fills_the_fallbacks,
               an_empty_value_gives_nothing,
               what_is_given_is_stored,
               quotes_do_not_make_a_type,
               none_is_nothing,
               lists_of_scalars_are_stored_in_order,
               lists_of_mappings_are_stored_with_their_fallbacks,
               mappings_of_strings_are_stored_in_order,
               empty_lists_and_mappings_are_empty,
               a_node_is_stored_as_it_is,
               kept_values_are_the_defaults,
               wrong_values_are_told_with_their_names,
               wrong_kinds_are_told,
               wrong_kinds_of_items_are_told,
               a_missing_value_is_told,
               the_number_of_items_is_checked,
               unknown_keys_are_told_with_the_nearest,
               a_prefix_is_put_before_names,
               a_node_that_is_no_mapping_is_told,
               what_is_required_must_be_given,
               what_is_missing_is_told_at_the_place_given,
               a_key_that_is_there_twice_counts_once,
               secrets_are_never_shown,
               variables_are_substituted_in_values,
               an_unset_variable_is_told,
               a_nul_in_a_value_is_refused,
               long_and_deep_names_are_cut,
               a_hundred_thousand_unknown_keys_are_refused_quickly)
