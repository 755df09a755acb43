/* SPDX-License-Identifier: MIT */
#include "scalar.h"

#include <string.h>

#include "capture.h"
#include "document.h"
#include "settings.h"
#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static void check(const char *text, bool is_text, const char *expected)
{
    struct capture capture;

    scalar_print(capture_begin(&capture), text, is_text);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
}

START_TEST(what_needs_no_quotes_has_none)
{
    static const char *const plain[] = {
        "a",
        "127.0.0.1:8080",
        "unix:/run/a-b_c.sock",
        "/x",
        "64KiB",
        "1m30s",
        "./my",
        "a:b",
        "text/html",
    };

    for (size_t i = 0; i < COUNT_OF(plain); i++) {
        check(plain[i], true, plain[i]);
    }
    check("true", false, "true");
    check("none", false, "none");
    check("-5", false, "-5");
    check("0660", false, "0660");
}
END_TEST

START_TEST(what_would_be_something_else_is_quoted)
{
    check("", true, "\"\"");
    check("a b", true, "\"a b\"");
    check("a:", true, "\"a:\"");
    check("#", false, "\"#\"");
    check("*:80", false, "\"*:80\"");
    check("[::1]:80", false, "\"[::1]:80\"");
    check("-", false, "\"-\"");
    check("a\"\\\n", true, "\"a\\\"\\\\\\n\"");
    check("\x01\t", true, "\"\\u0001\\u0009\"");
    check("\xe2\x80\xa8", true, "\"\\u2028\"");
    check("\xc3\xa9", true, "\"\xc3\xa9\"");
    check("\xff", true, "\"\\uFFFD\"");
}
END_TEST

START_TEST(a_text_that_looks_like_another_type_is_quoted)
{
    static const char *const words[] = {
        "true", "False", "yes", "NO",  "on",  "off",  "null", "none", "y",
        "0660", "1",     "-1",  "1.5", "1e3", "0x1f", "0o17", ".inf", "nan",
    };
    char expected[32];

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        (void)snprintf(expected, sizeof(expected), "\"%s\"", words[i]);
        check(words[i], true, expected);
    }
}
END_TEST

START_TEST(a_dollar_is_no_variable)
{
    struct capture capture;

    check("$5 ${HOME}", true, "\"$$5 $${HOME}\"");
    scalar_print_key(capture_begin(&capture), "$a");
    ck_assert_str_eq(capture_end(&capture), "\"$a\"");
    capture_free(&capture);
}
END_TEST

START_TEST(keys_that_look_like_another_type_are_quoted)
{
    struct capture capture;
    FILE *stream = capture_begin(&capture);

    scalar_print_key(stream, "X-Frame");
    scalar_print_key(stream, "yes");
    scalar_print_key(stream, "1");
    scalar_print_key(stream, "");
    ck_assert_str_eq(capture_end(&capture), "X-Frame\"yes\"\"1\"\"\"");
    capture_free(&capture);
}
END_TEST

/* Prints it as the value of a key, and reads that file. */
static void check_round(const char *text)
{
    struct capture capture;
    struct errors errors;
    struct document *document;
    const char *read;
    FILE *stream = capture_begin(&capture);
    struct settings_source source = {.errors = &errors};

    (void)fputs("- a: ", stream);
    scalar_print(stream, text, true);
    (void)fputs(" # comment\n", stream);
    (void)capture_end(&capture);
    errors_init(&errors);
    ck_assert_int_eq(
        document_parse(capture.text, capture.size, "f", &errors, &document), 0);
    source.arena = &document->arena;
    ck_assert_int_eq(
        settings_text(&source, document->root->first->first, "a", &read), 0);
    ck_assert_str_eq(read, text);
    document_free(document);
    errors_fini(&errors);
    capture_free(&capture);
}

START_TEST(every_character_is_read_back)
{
    for (uint32_t number = 1; number < 0x110000;
         number += number < 0x3000 ? 1 : 0x0ff1) {
        char text[16] = "a";

        if (number < 0x80) {
            text[1] = (char)number;
        } else if (number < 0x800) {
            text[1] = (char)(0xc0 | number >> 6);
            text[2] = (char)(0x80 | (number & 0x3f));
        } else if (number < 0x10000) {
            text[1] = (char)(0xe0 | number >> 12);
            text[2] = (char)(0x80 | (number >> 6 & 0x3f));
            text[3] = (char)(0x80 | (number & 0x3f));
        } else {
            text[1] = (char)(0xf0 | number >> 18);
            text[2] = (char)(0x80 | (number >> 12 & 0x3f));
            text[3] = (char)(0x80 | (number >> 6 & 0x3f));
            text[4] = (char)(0x80 | (number & 0x3f));
        }
        if (number < 0xd800 || number > 0xdfff) {
            check_round(text);
            check_round(text + 1);
        }
    }
}
END_TEST

START_TEST(numbers_are_those_of_json)
{
    static const char *const good[] = {"0", "-1", "10", "1.5", "-0.25"};
    static const char *const bad[] = {"",    "-",   "01", "1.", ".5",
                                      "1e3", "0x1", "1a", "+1"};

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        ck_assert_msg(scalar_is_number(good[i]), "%s", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        ck_assert_msg(!scalar_is_number(bad[i]), "%s", bad[i]);
    }
}
END_TEST

UNIT_MAIN("scalar",
          what_needs_no_quotes_has_none,
          what_would_be_something_else_is_quoted,
          a_text_that_looks_like_another_type_is_quoted,
          a_dollar_is_no_variable,
          keys_that_look_like_another_type_are_quoted,
          every_character_is_read_back,
          numbers_are_those_of_json)
