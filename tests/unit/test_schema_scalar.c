/* SPDX-License-Identifier: MIT */
#include "schema_scalar.h"

#include <string.h>

#include "capture.h"
#include "unit.h"

/* Without blanks, and within an object: {"anyOf":[...]} */
static void check(const berth_option *option,
                  void (*print)(struct json *json, const berth_option *option),
                  const char *expected)
{
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};
    char *to, *from;

    json_begin(&json, '{');
    print(&json, option);
    json_end(&json, '}');
    (void)capture_end(&capture);
    to = capture.text;
    for (from = capture.text; *from != '\0'; from++) {
        if (*from != ' ' && *from != '\n') {
            *to++ = *from;
        }
    }
    *to = '\0';
    ck_assert_str_eq(capture.text, expected);
    capture_free(&capture);
}

#define REF(name_) "{\"$ref\":\"#/definitions/" name_ "\"}"
#define ANY(of_) "{\"anyOf\":[" of_ "," REF("variable") "]}"

START_TEST(numbers_may_be_texts)
{
    check(&(berth_option){.type = BERTH_INT, .min = -1, .max = 5},
          schema_scalar_print,
          ANY("{\"type\":\"integer\",\"minimum\":-1,\"maximum\":5}," REF(
              "number")));
    check(&(berth_option){.type = BERTH_INT, .flags = BERTH_NONE},
          schema_scalar_print,
          ANY("{\"type\":\"integer\"}," REF("number") ",{\"enum\":[\"none\"]"
                                                      "}"));
}
END_TEST

START_TEST(sizes_may_be_plain_bytes)
{
    check(&(berth_option){.type = BERTH_SIZE}, schema_scalar_print,
          ANY("{\"type\":\"integer\",\"minimum\":0}," REF("size")));
    check(&(berth_option){.type = BERTH_SIZE, .min = 4, .max = INT64_MAX},
          schema_scalar_print,
          ANY("{\"type\":\"integer\",\"minimum\":4}," REF("size")));
}
END_TEST

START_TEST(a_duration_of_zero_needs_no_unit)
{
    check(&(berth_option){.type = BERTH_DURATION}, schema_scalar_print,
          ANY(REF("duration") ",{\"enum\":[0,\"0\"]}"));
    check(&(berth_option){.type = BERTH_DURATION, .min = 1, .max = 5},
          schema_scalar_print, ANY(REF("duration")));
    check(&(berth_option){.type = OPTION_MICROSECONDS}, schema_scalar_print,
          ANY(REF("microseconds") ",{\"enum\":[0,\"0\"]}"));
}
END_TEST

START_TEST(words_are_what_yaml_makes_of_them)
{
    static const char *const words[] = {"a", "1.1", "null", "true", NULL};

    check(&(berth_option){.type = BERTH_ENUM, .choices = words},
          schema_scalar_print,
          ANY("{\"enum\":[\"a\",1.1,\"1.1\",null,\"null\",true,\"true\"]}"));
    check(&(berth_option){.type = BERTH_BOOL}, schema_scalar_print,
          ANY("{\"enum\":[true,\"true\",false,\"false\"]}"));
}
END_TEST

START_TEST(texts_are_measured_in_bytes)
{
    check(&(berth_option){.type = BERTH_STRING}, schema_scalar_print,
          ANY(REF("text")));
    check(&(berth_option){.type = BERTH_PATH, .min = 5, .max = 9},
          schema_scalar_print,
          ANY("{\"type\":[\"string\",\"number\",\"boolean\"],"
              "\"minLength\":2,\"maxLength\":9}"));
}
END_TEST

START_TEST(defaults_have_types)
{
    static const char *const words[] = {"a", NULL};

    check(&(berth_option){.type = BERTH_INT, .fallback = "7"},
          schema_scalar_default, "{\"default\":7}");
    check(&(berth_option){.type = BERTH_INT,
                          .flags = BERTH_NONE,
                          .fallback = "none"},
          schema_scalar_default, "{\"default\":\"none\"}");
    check(&(berth_option){.type = BERTH_BOOL}, schema_scalar_default,
          "{\"default\":false}");
    check(&(berth_option){.type = BERTH_SIZE, .fallback = "1"},
          schema_scalar_default, "{\"default\":\"1\"}");
    check(&(berth_option){.type = BERTH_ENUM, .choices = words},
          schema_scalar_default, "{\"default\":\"a\"}");
    check(&(berth_option){.type = BERTH_PATH}, schema_scalar_default, "{}");
    check(&(berth_option){.type = BERTH_INT,
                          .flags = BERTH_REQUIRED,
                          .fallback = "7"},
          schema_scalar_default, "{}");
}
END_TEST

START_TEST(all_that_is_referred_to_is_defined)
{
    static const char *const names[] = {
        "\"number\": {",   "\"size\": {", "\"duration\": {",
        "\"variable\": {", "\"text\": {",
    };
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};

    json_begin(&json, '{');
    schema_scalar_define(&json);
    json_end(&json, '}');
    (void)capture_end(&capture);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        ck_assert_ptr_nonnull(strstr(capture.text, names[i]));
    }
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("schema_scalar",
          numbers_may_be_texts,
          sizes_may_be_plain_bytes,
          a_duration_of_zero_needs_no_unit,
          words_are_what_yaml_makes_of_them,
          texts_are_measured_in_bytes,
          defaults_have_types,
          all_that_is_referred_to_is_defined)
