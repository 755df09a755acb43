/* SPDX-License-Identifier: MIT */
#include "pending.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
#define HEAD_SIZE (sizeof(head) - 1)

START_TEST(a_head_is_collected_up_to_its_end)
{
    for (size_t cut = 1; cut < HEAD_SIZE; cut++) {
        struct pending *pending = pending_new();
        bool is_complete = false;
        char rest[sizeof(head) + 8];

        (void)snprintf(rest, sizeof(rest), "%sGET /", head + cut);
        ck_assert_int_eq(
            pending_collect(pending, HEAD_SIZE, head, cut, &is_complete),
            (ssize_t)cut);
        ck_assert(!is_complete);
        ck_assert_int_eq(pending_collect(pending, HEAD_SIZE, rest, strlen(rest),
                                         &is_complete),
                         (ssize_t)(HEAD_SIZE - cut));
        ck_assert(is_complete);
        ck_assert_uint_eq(pending->text.size, HEAD_SIZE);
        ck_assert_mem_eq(pending->text.data, head, HEAD_SIZE);
        pending_free(pending);
    }
}
END_TEST

START_TEST(one_byte_too_many_is_told_apart)
{
    struct pending *pending = pending_new();
    bool is_complete = false;

    ck_assert_int_eq(
        pending_collect(pending, HEAD_SIZE - 1, head, HEAD_SIZE, &is_complete),
        -431);
    pending_free(pending);
    pending = pending_new();
    ck_assert_int_eq(pending_collect(pending, 10, head, 10, &is_complete), 10);
    ck_assert_int_eq(pending_collect(pending, 10, head + 10, 1, &is_complete),
                     -414);
    pending_free(pending);
}
END_TEST

START_TEST(a_trailer_section_comes_behind_the_head)
{
    static const char trailer[] = "A: b\r\n\r\nGET /";
    struct pending *pending = pending_new();
    bool is_complete = false;

    ck_assert_int_eq(store_add(&pending->text, head, HEAD_SIZE), 0);
    pending->head_size = HEAD_SIZE;
    pending->scan.first = 16;
    pending_begin_trailer(pending);
    ck_assert_int_eq(pending_collect(pending, 100, trailer, 3, &is_complete),
                     3);
    ck_assert(!is_complete);
    ck_assert_int_eq(pending_collect(pending, 100, trailer + 3,
                                     strlen(trailer) - 3, &is_complete),
                     5);
    ck_assert(is_complete);
    ck_assert_mem_eq(pending->text.data, head, HEAD_SIZE);
    ck_assert_mem_eq(pending->text.data + HEAD_SIZE, "A: b\r\n\r\n",
                     pending->text.size - HEAD_SIZE);
    pending_free(pending);
}
END_TEST

START_TEST(a_store_keeps_what_it_has_when_it_grows)
{
    struct store store = {0};

    for (int i = 0; i < 5000; i++) {
        char byte = (char)i;

        ck_assert_int_eq(store_add(&store, &byte, 1), 0);
    }
    ck_assert_uint_eq(store.size, 5000);
    for (int i = 0; i < 5000; i++) {
        ck_assert_int_eq(store.data[i], (char)i);
    }
    free(store.data);
}
END_TEST

UNIT_MAIN("http_pending",
          a_head_is_collected_up_to_its_end,
          one_byte_too_many_is_told_apart,
          a_trailer_section_comes_behind_the_head,
          a_store_keeps_what_it_has_when_it_grows)
