/* SPDX-License-Identifier: MIT */
#include "syntax.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

static struct syntax_problem problem;

static void set_up(void)
{
    memset(&problem, 'x', sizeof(problem));
}

static int check(const char *text)
{
    return syntax_check(text, strlen(text), &problem);
}

START_TEST(ordinary_texts_pass)
{
    static const char *const texts[] = {
        "",
        "a: b\n",
        "a: b\r\nc: d\r\n",
        "\t\x01\x7f",
        "%YAML 1.1\n---\na: b\n",
        "a: %TAG\n",
        "a: \xe2\x80\xa7\xe2\x80\xaa\xc2\x84\xc2\x86",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        ck_assert_msg(check(texts[i]) == 0, "%zu: %s", i, problem.text);
    }
}
END_TEST

START_TEST(odd_ends_of_lines_are_refused_with_their_place)
{
    static const struct {
        const char *text;
        size_t line, column;
        const char *name;
    } cases[] = {
        {"\r", 1, 1, "U+000D"},
        {"ab\ncd\re", 2, 3, "U+000D"},
        {"a\r\n\r\r\n", 2, 1, "U+000D"},
        {"\xc3\xa9\xc2\x85", 1, 2, "U+0085"},
        {"\n\n\xe2\x80\xa8", 3, 1, "U+2028"},
        {"\xe2\x82\xac\xe2\x80\xa9", 1, 2, "U+2029"},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_int_eq(check(cases[i].text), -EINVAL);
        ck_assert_uint_eq(problem.line, cases[i].line);
        ck_assert_uint_eq(problem.column, cases[i].column);
        ck_assert_ptr_nonnull(strstr(problem.text, cases[i].name));
    }
}
END_TEST

START_TEST(tag_directives_are_refused_wherever_a_line_begins)
{
    ck_assert_int_eq(check("%TAG ! a\n---\n"), -EINVAL);
    ck_assert_uint_eq(problem.line, 1);
    ck_assert_int_eq(check("a: b\n...\n%TAG"), -EINVAL);
    ck_assert_uint_eq(problem.line, 3);
    ck_assert_uint_eq(problem.column, 1);
}
END_TEST

START_TEST(more_than_a_mebibyte_is_refused)
{
    char *text = calloc(1, SYNTAX_SIZE_MAX + 1);

    ck_assert_ptr_nonnull(text);
    ck_assert_int_eq(syntax_check(text, SYNTAX_SIZE_MAX, &problem), 0);
    ck_assert_int_eq(syntax_check(text, SYNTAX_SIZE_MAX + 1, &problem),
                     -EINVAL);
    ck_assert_uint_eq(problem.line, 0);
    ck_assert_str_eq(problem.text, "larger than 1MiB");
    free(text);
}
END_TEST

START_TEST(a_check_does_not_read_beyond_the_text)
{
    /* The address sanitizer watches the byte behind each of them. */
    static const char *const texts[] = {"\r", "\xc2", "\xe2\x80", "%TA", "\n"};

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        const size_t size = strlen(texts[i]);
        char *copy = malloc(size);

        ck_assert_ptr_nonnull(copy);
        memcpy(copy, texts[i], size);
        ck_assert_int_eq(syntax_check(copy, size, &problem),
                         i == 0 ? -EINVAL : 0);
        free(copy);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_explained)
{
    syntax_explain_byte("a\n\xc3\xa9\xff", 5, 4, &problem);
    ck_assert_str_eq(problem.text, "not UTF-8 (byte 0xff)");
    ck_assert_uint_eq(problem.line, 2);
    ck_assert_uint_eq(problem.column, 2);
    syntax_explain_byte("a\x1b", 2, 1, &problem);
    ck_assert_str_eq(problem.text, "a control character (0x1b)");
    ck_assert_uint_eq(problem.column, 2);
    syntax_explain_byte("a\0b", 3, 1, &problem);
    ck_assert_str_eq(problem.text, "a control character (0x00)");
    syntax_explain_byte("abc", 3, 1000, &problem);
    ck_assert_uint_eq(problem.column, 4);
}
END_TEST

/* Explains a report whose context is at the same place. */
static void explain(const char *text,
                    size_t line,
                    size_t column,
                    const char *message,
                    const char *context)
{
    const struct syntax_report report = {
        .problem = message,
        .line = line,
        .column = column,
        .context = context,
        .context_line = line,
        .context_column = column,
    };

    syntax_explain(&report, text, strlen(text), &problem);
}

START_TEST(addresses_in_brackets_are_recognised)
{
    static const struct {
        const char *text, *hint;
        size_t column, length;
    } cases[] = {
        {"a: [::1]:8080\n", "write \"[::1]:8080\"", 4, 10},
        {"a: [::]:0", "write \"[::]:0\"", 4, 6},
        {"\xc3\xa9: [fe80::1%2]:80 # x", "write \"[fe80::1%2]:80\"", 4, 14},
        {"- \"[::1]:1\", [::2]:2", "write \"[::2]:2\"", 14, 7},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        explain(cases[i].text, 1, 5, "did not find expected key", "");
        ck_assert_str_eq(problem.text, "an address in brackets must be quoted");
        ck_assert_str_eq(problem.hint, cases[i].hint);
        ck_assert_uint_eq(problem.column, cases[i].column);
        ck_assert_uint_eq(problem.length, cases[i].length);
    }
}
END_TEST

START_TEST(other_brackets_are_not_taken_for_addresses)
{
    static const char *const texts[] = {
        "a: [x]:80",     "a: [::1]",     "a: [::1]:x",
        "a: \"[::1]:80", "a: '[::1]:80", "a: [::1 ]:80",
    };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        explain(texts[i], 1, 1, "did not find expected key", "");
        ck_assert_str_eq(problem.text, "a key is expected here");
    }
}
END_TEST

START_TEST(indicators_at_the_begin_of_a_text_are_to_be_quoted)
{
    static const char indicators[] = "*&!@`%";

    for (size_t i = 0; indicators[i] != '\0'; i++) {
        char text[] = "a: ?x:80 y";
        char expected[] = "write \"?x:80\"";

        text[3] = indicators[i];
        expected[7] = indicators[i];
        explain(text, 1, 4, "something", "while scanning an alias");
        ck_assert_str_eq(problem.hint, expected);
        ck_assert_uint_eq(problem.column, 4);
        ck_assert_uint_eq(problem.length, 5);
    }
}
END_TEST

START_TEST(tabs_and_variables_are_recognised)
{
    explain("a:\n\tb: c\n", 2, 1, "found character that cannot start any token",
            "while scanning for the next token");
    ck_assert_str_eq(problem.text, "a tab is used for indentation");
    ck_assert_uint_eq(problem.line, 2);
    explain("a: b\n  c\n", 2, 1, "found a tab character that violates", "");
    ck_assert_str_eq(problem.text, "a tab is used for indentation");
    explain("{a: ${B}}", 1, 6, "did not find expected ',' or '}'", "");
    ck_assert_str_eq(problem.text,
                     "a variable between { } or [ ] must be quoted");
    ck_assert_uint_eq(problem.column, 5);
}
END_TEST

START_TEST(a_message_points_at_what_began_where_that_says_more)
{
    const struct syntax_report report = {
        .problem = "did not find expected ',' or ']'",
        .line = 3,
        .column = 1,
        .context = "while parsing a flow sequence",
        .context_line = 1,
        .context_column = 4,
    };
    const char text[] = "a: [1,\n 2\nb: 3\n";

    syntax_explain(&report, text, sizeof(text) - 1, &problem);
    ck_assert_str_eq(problem.text,
                     "the list that begins here is not closed by ']'");
    ck_assert_uint_eq(problem.line, 1);
    ck_assert_uint_eq(problem.column, 4);
}
END_TEST

START_TEST(what_is_not_known_is_told_in_libyamls_words)
{
    explain("a", 1, 1, "found a monster", "while sleeping");
    ck_assert_str_eq(problem.text,
                     "not valid YAML: found a monster while sleeping");
    ck_assert_str_eq(problem.hint, "");
    explain("a", 1, 1, "found a monster", NULL);
    ck_assert_str_eq(problem.text, "not valid YAML: found a monster");
    explain("a", 1, 1, NULL, NULL);
    ck_assert_str_eq(problem.text, "not valid YAML: ");
}
END_TEST

START_TEST(places_outside_of_the_text_do_no_harm)
{
    explain("", 1, 1, "x", "while scanning an alias");
    explain("", 100, 100, "x", "while scanning an alias");
    explain("a\nb", 3, 1, "x", "while scanning an alias");
    explain("a\nb\n", 2, 5, "x", "while scanning an alias");
    explain("a\n\xff\xfe", 2, 9, "x", "while scanning an alias");
    ck_assert_uint_eq(problem.line, 2);
    ck_assert_uint_eq(problem.column, 9);
}
END_TEST

START_TEST(the_end_of_a_last_line_without_newline_is_in_that_line)
{
    explain("a:\n  [\xc3\xa4", 3, 1, "did not find expected node content", "");
    ck_assert_uint_eq(problem.line, 2);
    ck_assert_uint_eq(problem.column, 5);
    explain("a:\n  [\n", 3, 1, "did not find expected node content", "");
    ck_assert_uint_eq(problem.line, 3);
    ck_assert_uint_eq(problem.column, 1);
}
END_TEST

UNIT_MAIN_WITH("syntax",
               set_up,
               NULL,
               ordinary_texts_pass,
               odd_ends_of_lines_are_refused_with_their_place,
               tag_directives_are_refused_wherever_a_line_begins,
               more_than_a_mebibyte_is_refused,
               a_check_does_not_read_beyond_the_text,
               bytes_that_are_no_text_are_explained,
               addresses_in_brackets_are_recognised,
               other_brackets_are_not_taken_for_addresses,
               indicators_at_the_begin_of_a_text_are_to_be_quoted,
               tabs_and_variables_are_recognised,
               a_message_points_at_what_began_where_that_says_more,
               what_is_not_known_is_told_in_libyamls_words,
               places_outside_of_the_text_do_no_harm,
               the_end_of_a_last_line_without_newline_is_in_that_line)
