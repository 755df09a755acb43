/* SPDX-License-Identifier: MIT */
#include "body.h"

#include <stdio.h>
#include <string.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))

/* What came out, and how it ended: a phase, or a status. */
struct decoded {
    char text[128];
    size_t size;
    size_t used;
    int end;
};

/* In pieces of at most `step` bytes. */
static struct decoded
decode(struct body *body, const char *data, size_t size, size_t step)
{
    struct decoded decoded = {.end = BODY_DATA};

    while (decoded.used < size && body->phase < BODY_TRAILER) {
        size_t left = size - decoded.used;
        struct http_span piece;
        ssize_t used = body_decode(body, data + decoded.used,
                                   left < step ? left : step, &piece);

        if (used < 0) {
            decoded.end = (int)used;
            return decoded;
        }
        ck_assert_int_gt(used, 0);
        ck_assert_uint_le(decoded.size + piece.size, sizeof(decoded.text));
        if (piece.size > 0) {
            memcpy(decoded.text + decoded.size, piece.data, piece.size);
        }
        decoded.size += piece.size;
        decoded.used += (size_t)used;
    }
    decoded.end = body->phase;
    return decoded;
}

static struct decoded decode_chunks(const char *data, size_t step)
{
    struct body body;

    body_begin(&body, true, 0, 100);
    return decode(&body, data, strlen(data), step);
}

START_TEST(a_sized_body_ends_where_it_was_said)
{
    for (size_t step = 1; step < 9; step++) {
        struct body body;
        struct decoded decoded;

        body_begin(&body, false, 5, 100);
        decoded = decode(&body, "helloGET /", 10, step);
        ck_assert_int_eq(decoded.end, BODY_DONE);
        ck_assert_uint_eq(decoded.used, 5);
        ck_assert_mem_eq(decoded.text, "hello", 5);
    }
}
END_TEST

START_TEST(chunks_come_out_the_same_however_they_are_cut)
{
    static const char data[] = "5\r\nhello\r\n00A ; a=\"b;c\"; d \r\n, chunked "
                               "\r\n1\r\n!\r\n0;e\r\nX: y\r\n\r\n";

    for (size_t step = 1; step < sizeof(data); step++) {
        struct decoded decoded = decode_chunks(data, step);

        ck_assert_int_eq(decoded.end, BODY_TRAILER);
        ck_assert_uint_eq(decoded.size, 16);
        ck_assert_mem_eq(decoded.text, "hello, chunked !", 16);
        ck_assert_str_eq(data + decoded.used, "X: y\r\n\r\n");
    }
}
END_TEST

START_TEST(what_is_no_chunk_is_refused)
{
    static const char *const cases[] = {
        "\r\n",          "\n",
        "x\r\n",         "-1\r\n",
        "+1\r\n",        " 1\r\n",
        "1 \r\n",        "1\t\r\n",
        "1\n",           "1\ra",
        "1,2\r\n",       "0x1\r\n",
        "1;\r\n",        "1; \r\n",
        "1;=\r\n",       "1;a\n",
        "1;a\rb",        "1;a\x01\r\n",
        "1;a\x7f\r\n",   "1 x\r\n",
        "1\r\na\n",      "1\r\nab",
        "1\r\na\rb",     "0\n",
        "1\r\na\r\n0\n", "0000000000000000\r\n",
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        for (size_t step = 1; step < 4; step++) {
            ck_assert_msg(decode_chunks(cases[i], step).end == -400, "%s",
                          cases[i]);
        }
    }
}
END_TEST

START_TEST(the_sum_of_all_chunks_is_bounded)
{
    struct body body;

    ck_assert_int_eq(decode_chunks("64\r\n", 9).end, BODY_DATA);
    ck_assert_int_eq(decode_chunks("65\r\n", 9).end, -413);
    ck_assert_int_eq(decode_chunks("fffffffffffffff\r\n", 99).end, -413);
    body_begin(&body, true, 0, 3);
    ck_assert_int_eq(decode(&body, "2\r\nab\r\n2\r\n", 10, 99).end, -413);
    body_begin(&body, true, 0, 3);
    ck_assert_int_eq(decode(&body, "2\r\nab\r\n1\r\nc\r\n0\r\n", 16, 99).end,
                     BODY_TRAILER);
}
END_TEST

START_TEST(extensions_are_bounded)
{
    struct body body;
    char data[5000] = "1;";
    struct decoded decoded;

    memset(data + 2, 'a', sizeof(data) - 2);
    body_begin(&body, true, 0, 100);
    decoded = decode(&body, data, sizeof(data), 99);
    ck_assert_int_eq(decoded.end, -400);
    ck_assert_uint_gt(decoded.used, 4000);
}
END_TEST

UNIT_MAIN("http_body",
          a_sized_body_ends_where_it_was_said,
          chunks_come_out_the_same_however_they_are_cut,
          what_is_no_chunk_is_refused,
          the_sum_of_all_chunks_is_bounded,
          extensions_are_bounded)
