/* SPDX-License-Identifier: MIT */
#include "json.h"

#include "capture.h"
#include "unit.h"

static void check_text(const char *text, const char *expected)
{
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};

    json_text(&json, text);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
}

START_TEST(texts_are_escaped)
{
    check_text("", "\"\"\n");
    check_text("a/b", "\"a/b\"\n");
    check_text("\"\\", "\"\\\"\\\\\"\n");
    check_text("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"\n");
    check_text("\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\"\n");
    check_text("\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2",
               "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\xa2\"\n");
}
END_TEST

START_TEST(what_is_no_utf8_is_replaced_byte_by_byte)
{
    check_text("a\xff\xc3", "\"a\xef\xbf\xbd\xef\xbf\xbd\"\n");
    check_text("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n");
}
END_TEST

START_TEST(values_are_set_apart)
{
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};

    json_begin(&json, '{');
    json_key(&json, "a");
    json_number(&json, INT64_MIN);
    json_key_begin(&json, "b", '[');
    json_bool(&json, true);
    json_bool(&json, false);
    json_raw(&json, "1.5");
    json_begin(&json, '{');
    json_end(&json, '}');
    json_begin(&json, '[');
    json_end(&json, ']');
    json_end(&json, ']');
    json_key_text(&json, "\"", "d");
    json_key_number(&json, "e", 7);
    json_end(&json, '}');
    ck_assert_str_eq(capture_end(&capture), "{\n"
                                            "  \"a\": -9223372036854775808,\n"
                                            "  \"b\": [\n"
                                            "    true,\n"
                                            "    false,\n"
                                            "    1.5,\n"
                                            "    {},\n"
                                            "    []\n"
                                            "  ],\n"
                                            "  \"\\\"\": \"d\",\n"
                                            "  \"e\": 7\n"
                                            "}\n");
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("json",
          texts_are_escaped,
          what_is_no_utf8_is_replaced_byte_by_byte,
          values_are_set_apart)
