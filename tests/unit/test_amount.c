/* SPDX-License-Identifier: MIT */
#include "amount.h"

#include "unit.h"

static char text[AMOUNT_TEXT_MAX];

START_TEST(counts_have_a_letter)
{
    static const struct {
        uint64_t count;
        const char *text;
    } cases[] = {
        {0, "0"},         {999, "999"},      {1000, "1.0k"},
        {1999, "1.9k"},   {9999, "9.9k"},    {10000, "10k"},
        {999999, "999k"}, {1000000, "1.0M"}, {UINT64_MAX, "18E"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        amount_print_count(text, cases[i].count);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(bytes_have_binary_units)
{
    static const struct {
        uint64_t bytes;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1023, "1023"},
        {1024, "1.0 KiB"},
        {1536, "1.5 KiB"},
        {UINT64_C(10) << 10, "10 KiB"},
        {(UINT64_C(1) << 20) - 1, "1023 KiB"},
        {UINT64_C(5) << 40, "5.0 TiB"},
        {UINT64_MAX, "15 EiB"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        amount_print_bytes(text, cases[i].bytes);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(nanoseconds_go_up_to_seconds)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } cases[] = {
        {0, "0 ns"},
        {850, "850 ns"},
        {1250, "1.2 us"},
        {35000000, "35 ms"},
        {UINT64_C(4100000000), "4.1 s"},
        {UINT64_C(7200000000000), "7200 s"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        amount_print_ns(text, cases[i].ns);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(seconds_have_two_units)
{
    static const struct {
        uint64_t seconds;
        const char *text;
    } cases[] = {
        {0, "0s"},
        {59, "59s"},
        {60, "1m"},
        {90, "1m30s"},
        {3600, "1h"},
        {3605, "1h"},
        {3665, "1h1m"},
        {86400 + 7200, "1d2h"},
        {UINT64_MAX, "213503982334601d7h"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        amount_print_seconds(text, cases[i].seconds);
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

UNIT_MAIN("amount",
          counts_have_a_letter,
          bytes_have_binary_units,
          nanoseconds_go_up_to_seconds,
          seconds_have_two_units)
