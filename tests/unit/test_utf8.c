/* SPDX-License-Identifier: MIT */
#include "utf8.h"

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

START_TEST(characters_of_every_length_are_read)
{
    static const struct {
        const char *text;
        size_t size;
        uint32_t number;
    } cases[] = {
        {"", 1, 0},
        {"a", 1, 'a'},
        {"\x7f", 1, 0x7f},
        {"\xc2\x80x", 2, 0x80},
        {"\xdf\xbf", 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 0x800},
        {"\xed\x9f\xbf", 3, 0xd7ff},
        {"\xee\x80\x80", 3, 0xe000},
        {"\xf0\x90\x80\x80", 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 0x10ffff},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t number = 1;

        ck_assert_uint_eq(utf8_decode(cases[i].text, SIZE_MAX, &number),
                          cases[i].size);
        ck_assert_uint_eq(number, cases[i].number);
    }
}
END_TEST

START_TEST(what_is_no_character_is_refused)
{
    static const char *const cases[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xc2x",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xe2\x82(",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x90\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80",
        "\xff",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint32_t number = 1234;

        ck_assert_uint_eq(utf8_decode(cases[i], SIZE_MAX, &number), 0);
        ck_assert_uint_eq(number, 1234);
    }
}
END_TEST

/* What lies behind the bytes is not looked at. */
START_TEST(a_character_that_is_cut_is_none)
{
    uint32_t number = 7;

    ck_assert_uint_eq(utf8_decode("\xe2\x82\xac", 2, &number), 0);
    ck_assert_uint_eq(number, 7);
    ck_assert_uint_eq(utf8_decode("\xe2\x82\xac", 3, &number), 3);
    ck_assert_uint_eq(number, 0x20ac);
    ck_assert_uint_eq(utf8_decode("a\x82", 1, &number), 1);
}
END_TEST

UNIT_MAIN("utf8",
          characters_of_every_length_are_read,
          what_is_no_character_is_refused,
          a_character_that_is_cut_is_none)
