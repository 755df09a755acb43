/* SPDX-License-Identifier: MIT */
#include "unit.h"

#include "line.h"

#include <stdio.h>
#include <string.h>

static void check_line(const struct line *line, const char *text)
{
    ck_assert_msg(line->length == strlen(text) &&
                      memcmp(line->bytes, text, line->length) == 0,
                  "'%.*s' is not '%s'", (int)line->length, line->bytes, text);
}

static void
check_escape(const char *text, enum line_form form, const char *expected)
{
    struct line line = {.limit = LINE_SIZE};

    line_escape(&line, text, form);
    check_line(&line, expected);
    ck_assert(!line.is_cut);
}

static void plain(const char *text, const char *expected)
{
    check_escape(text, LINE_PLAIN, expected);
    check_escape(text, LINE_QUOTED, expected);
}

START_TEST(harmless_text_stays)
{
    plain("", "");
    plain("GET /a?b=c HTTP/1.1 'x' ~", "GET /a?b=c HTTP/1.1 'x' ~");
    plain("gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x9a\xa2",
          "gr\xc3\xbc\xc3\x9f, \xe2\x82\xac, \xf0\x9f\x9a\xa2");
    plain("\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80",
          "\xc2\xa0\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80");
    plain("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf",
          "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
}
END_TEST

START_TEST(every_control_character_is_escaped)
{
    for (int c = 1; c < 0x20; c++) {
        char text[2] = {(char)c, '\0'};
        char expected[8];

        (void)snprintf(expected, sizeof(expected), "\\x%02x", (unsigned)c);
        plain(text, c == '\n' ? "\\n" : expected);
    }
    plain("\x7f", "\\x7f");
}
END_TEST

START_TEST(terminal_sequences_are_disarmed)
{
    plain("\033[2J\033]0;owned\007", "\\x1b[2J\\x1b]0;owned\\x07");
    plain("a\r\nb", "a\\x0d\\nb");
}
END_TEST

START_TEST(c1_controls_are_escaped)
{
    for (int c = 0x80; c < 0xa0; c++) {
        char text[3] = {'\xc2', (char)c, '\0'};
        char expected[16];

        (void)snprintf(expected, sizeof(expected), "\\xc2\\x%02x", (unsigned)c);
        plain(text, expected);
    }
}
END_TEST

START_TEST(what_turns_text_or_breaks_lines_is_escaped)
{
    /* Right-to-left override, left-to-right isolate: not to be seen here. */
    static const char override[] = {'\xe2', '\x80', '\xae', '\0'};
    static const char isolate[] = {'\xe2', '\x81', '\xa6', '\0'};

    plain("\xe2\x80\xa8", "\\xe2\\x80\\xa8"); /* line separator */
    plain("\xe2\x80\xa9", "\\xe2\\x80\\xa9"); /* paragraph separator */
    plain(override, "\\xe2\\x80\\xae");
    plain(isolate, "\\xe2\\x81\\xa6");
    plain("\xe2\x80\xa7", "\xe2\x80\xa7"); /* a dot */
    plain("\xe2\x80\xaf", "\xe2\x80\xaf"); /* a narrow blank */
}
END_TEST

START_TEST(bytes_that_are_not_utf8_are_escaped)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"\x80", "\\x80"},                            /* nothing before it */
        {"\xbfz", "\\xbfz"},                          /* the same */
        {"\xc3", "\\xc3"},                            /* cut */
        {"\xe2\x82", "\\xe2\\x82"},                   /* cut */
        {"\xf0\x9f\x9a", "\\xf0\\x9f\\x9a"},          /* cut */
        {"\xe2\x82z", "\\xe2\\x82z"},                 /* broken off */
        {"\xcaz", "\\xcaz"},                          /* half a newline */
        {"\xc0\xaf", "\\xc0\\xaf"},                   /* overlong */
        {"\xc1\x8a", "\\xc1\\x8a"},                   /* overlong newline */
        {"\xe0\x80\x8a", "\\xe0\\x80\\x8a"},          /* the same */
        {"\xe0\x9f\xbf", "\\xe0\\x9f\\xbf"},          /* overlong */
        {"\xf0\x8f\xbf\xbf", "\\xf0\\x8f\\xbf\\xbf"}, /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},          /* a surrogate */
        {"\xed\xbf\xbf", "\\xed\\xbf\\xbf"},          /* a surrogate */
        {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
        {"\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80"}, /* the same */
        {"\xfe\xff", "\\xfe\\xff"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        plain(cases[i].text, cases[i].expected);
    }
}
END_TEST

START_TEST(only_quoted_text_has_quotes_escaped)
{
    check_escape("a\"b\\c", LINE_PLAIN, "a\"b\\c");
    check_escape("a\"b\\c", LINE_QUOTED, "a\\\"b\\\\c");
    check_escape("\"", LINE_QUOTED, "\\\"");
    check_escape("\xe2z\"", LINE_QUOTED, "\\xe2z\\\"");
}
END_TEST

START_TEST(json_has_escapes_of_its_own)
{
    static const char override[] = {'\xe2', '\x80', '\xae', '\0'};

    check_escape("", LINE_JSON, "");
    check_escape("a/b \xe2\x82\xac \xf0\x9f\x9a\xa2", LINE_JSON,
                 "a/b \xe2\x82\xac \xf0\x9f\x9a\xa2");
    check_escape("a\"b\\c", LINE_JSON, "a\\\"b\\\\c");
    check_escape("a\r\nb\tc", LINE_JSON, "a\\u000d\\nb\\u0009c");
    check_escape("\x1b[A\x7f", LINE_JSON, "\\u001b[A\\u007f");
    check_escape("\xc2\x9b", LINE_JSON, "\\u009b");
    check_escape("\xe2\x80\xa8", LINE_JSON, "\\u2028");
    check_escape(override, LINE_JSON, "\\u202e");
}
END_TEST

/* Half a pair of surrogates would be no text: many readers refuse it. */
START_TEST(json_tells_bytes_that_are_not_utf8)
{
    check_escape("\x80z", LINE_JSON, "\\\\x80z");
    check_escape("\xed\xa0\x80", LINE_JSON, "\\\\xed\\\\xa0\\\\x80");
    check_escape("\xe2\x82", LINE_JSON, "\\\\xe2\\\\x82");
    check_escape("\xff\"", LINE_JSON, "\\\\xff\\\"");
}
END_TEST

START_TEST(a_part_is_added_whole_or_not_at_all)
{
    struct line line = {.limit = 5};

    line_put(&line, "abc", 3);
    line_put(&line, "def", 3);
    check_line(&line, "abc");
    ck_assert(line.is_cut);
    line_put_text(&line, "x"); /* would fit, but would stand out of order */
    check_line(&line, "abc");
}
END_TEST

START_TEST(a_line_can_be_full_to_the_byte)
{
    struct line line = {.limit = 5};

    line_put_text(&line, "abcde");
    check_line(&line, "abcde");
    ck_assert(!line.is_cut);
    line_put_text(&line, "");
    ck_assert(!line.is_cut);
    line_format(&line, "%d", 1);
    ck_assert(line.is_cut);
    check_line(&line, "abcde");
}
END_TEST

START_TEST(no_character_is_cut_in_two)
{
    for (size_t limit = 0; limit < 4; limit++) {
        struct line euro = {.limit = limit};
        struct line control = {.limit = limit};
        struct line quote = {.limit = limit < 2 ? limit : 1};

        line_escape(&euro, "\xe2\x82\xac", LINE_PLAIN);
        ck_assert_uint_eq(euro.length, limit == 3 ? 3 : 0);
        ck_assert(euro.is_cut == (limit < 3));
        line_escape(&control, "\033", LINE_PLAIN);
        ck_assert_uint_eq(control.length, 0);
        line_escape(&quote, "\"", LINE_QUOTED);
        ck_assert_uint_eq(quote.length, 0);
        quote.is_cut = false;
        line_escape(&quote, "\xff\x1b", LINE_JSON);
        ck_assert_uint_eq(quote.length, 0);
    }
}
END_TEST

START_TEST(a_huge_text_stays_below_the_limit)
{
    static char text[3 * LINE_SIZE];
    struct line line = {.limit = LINE_SIZE};

    memset(text, 0x1b, sizeof(text) - 1);
    line_escape(&line, text, LINE_PLAIN);
    ck_assert(line.is_cut);
    ck_assert_uint_eq(line.length, LINE_SIZE);
}
END_TEST

START_TEST(formats_numbers)
{
    struct line line = {.limit = LINE_SIZE};

    line_format(&line, "%d-%s", 17, "x");
    line_format(&line, "%c", '!');
    check_line(&line, "17-x!");
}
END_TEST

UNIT_MAIN("line",
          harmless_text_stays,
          every_control_character_is_escaped,
          terminal_sequences_are_disarmed,
          c1_controls_are_escaped,
          what_turns_text_or_breaks_lines_is_escaped,
          bytes_that_are_not_utf8_are_escaped,
          only_quoted_text_has_quotes_escaped,
          json_has_escapes_of_its_own,
          json_tells_bytes_that_are_not_utf8,
          a_part_is_added_whole_or_not_at_all,
          a_line_can_be_full_to_the_byte,
          no_character_is_cut_in_two,
          a_huge_text_stays_below_the_limit,
          formats_numbers)
