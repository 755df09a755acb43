/* SPDX-License-Identifier: MIT */
#include "berth-load/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "unit.h"

#define OK "HTTP/1.1 200 OK\r\n"
#define HELLO OK "Content-Length: 5\r\n\r\nhello"
#define CHUNKS                                                                 \
    OK "Transfer-Encoding: chunked\r\n\r\n"                                    \
       "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nX: y\r\n\r\n"

static struct reply reply;
static struct reply_model model;
static const char *why;

static void fini(void)
{
    reply_reset(&reply);
    reply_model_fini(&model);
}

/* All of it in pieces of so many bytes. Returns the answers, or -errno. */
static int take(const char *text, size_t size, size_t piece)
{
    size_t done = 0;
    int count = 0;

    while (done < size) {
        const size_t left = size - done;
        size_t used = 0;
        /* The heap, so that a look beyond the piece is seen. */
        const size_t length = left < piece ? left : piece;
        char *bytes = malloc(length);
        int n;

        ck_assert_ptr_nonnull(bytes);
        memcpy(bytes, text + done, length);
        n = reply_take(&reply, &model, bytes, length, &used, &why);
        free(bytes);
        if (n < 0) {
            return n;
        }
        ck_assert(n == 1 || used == length);
        count += n;
        done += used;
    }
    return count;
}

static int take_text(const char *text)
{
    return take(text, strlen(text), strlen(text));
}

static void learn(const char *text)
{
    fini();
    ck_assert_int_eq(take_text(text), 1);
    ck_assert(model.is_known);
}

START_TEST(the_first_one_is_learned)
{
    learn(HELLO);
    ck_assert_uint_eq(model.status, 200);
    ck_assert_uint_eq(model.size, 5);
    ck_assert_int_eq(memcmp(model.body, "hello", 5), 0);
}
END_TEST

/* Whole, byte by byte, and in all sizes between. */
static void check_pieces(const char *text, int count)
{
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        ck_assert_int_eq(take(text, strlen(text), piece), count);
        ck_assert_int_eq(reply_end(&reply, &model, &why), 0);
    }
}

START_TEST(answers_come_in_any_pieces)
{
    learn(HELLO);
    check_pieces(HELLO HELLO HELLO, 3);
    check_pieces(CHUNKS CHUNKS, 2);
    check_pieces(HELLO CHUNKS HELLO, 3);
}
END_TEST

START_TEST(chunks_are_learned_too)
{
    learn(CHUNKS);
    ck_assert_uint_eq(model.size, 5);
    check_pieces(HELLO, 1);
}
END_TEST

START_TEST(a_body_may_be_empty)
{
    learn(OK "content-length:  0 \r\n\r\n");
    check_pieces(OK "Content-Length: 0\r\n\r\n", 1);
    check_pieces(OK "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1);
    learn("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n");
    check_pieces("HTTP/1.1 304 Not Modified\r\n\r\n", 1);
}
END_TEST

START_TEST(an_interim_answer_is_none)
{
    learn("HTTP/1.1 100 Continue\r\n\r\n" HELLO);
    check_pieces("HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" HELLO, 1);
}
END_TEST

START_TEST(a_body_may_end_with_the_connection)
{
    learn(HELLO);
    ck_assert_int_eq(take_text(OK "\r\nhel"), 0);
    ck_assert_int_eq(take_text("lo"), 0);
    ck_assert_int_eq(reply_end(&reply, &model, &why), 1);
    ck_assert(reply.is_last);
}
END_TEST

START_TEST(the_last_one_is_known)
{
    learn(HELLO);
    ck_assert(!reply.is_last);
    ck_assert_int_eq(
        take_text(OK "Connection: close\r\nContent-Length: 5\r\n\r\nhello"), 1);
    ck_assert(reply.is_last);
    ck_assert_int_eq(take_text(HELLO), 1);
    ck_assert(!reply.is_last);
}
END_TEST

static void check_other(const char *text)
{
    learn(HELLO);
    ck_assert_int_eq(take_text(text), -EBADMSG);
    ck_assert_str_ne(why, "");
}

START_TEST(another_answer_is_seen)
{
    check_other(OK "Content-Length: 5\r\n\r\nhellO");
    check_other(OK "Content-Length: 4\r\n\r\nhell");
    check_other(OK "Content-Length: 6\r\n\r\nhello!");
    check_other("HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nhello");
    check_other(OK "Transfer-Encoding: chunked\r\n\r\n6\r\nhello!");
    check_other(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n\r\n");
    check_other(OK "Content-Length: 0\r\n\r\n");
}
END_TEST

static void check_malformed(const char *text)
{
    learn(HELLO);
    for (size_t piece = 1; piece <= strlen(text); piece++) {
        reply_reset(&reply);
        ck_assert_int_eq(take(text, strlen(text), piece), -EPROTO);
    }
}

START_TEST(what_is_no_answer_is_seen)
{
    check_malformed("GET / HTTP/1.1\r\n\r\n");
    check_malformed("HTTP/1.1 2 0 OK\r\n\r\n");
    check_malformed("HTTP/1.1 099 OK\r\n\r\n");
    check_malformed("HTTP/1.1\r\n\r\n");
    check_malformed(OK "Content-Length: 5x\r\n\r\n");
    check_malformed(OK "Content-Length: \r\n\r\n");
    check_malformed(OK "Content-Length: 99999999999999999999\r\n\r\n");
    check_malformed(OK "no colon\r\n\r\n");
    check_malformed(OK "A: b\nContent-Length: 5\r\n\r\n");
    check_malformed(OK "Transfer-Encoding: chunked\r\n\r\nx\r\n");
    check_malformed(OK "Transfer-Encoding: chunked\r\n\r\n1\r\nhe");
    check_malformed(OK "Transfer-Encoding: chunked\r\n\r\n"
                       "fffffffffffffffff\r\n");
}
END_TEST

START_TEST(the_end_within_an_answer_is_seen)
{
    static const char text[] = HELLO;

    for (size_t size = 1; size < sizeof(text) - 1; size++) {
        learn(HELLO);
        ck_assert_int_eq(take(text, size, size), 0);
        ck_assert_int_eq(reply_end(&reply, &model, &why), -EPROTO);
    }
}
END_TEST

/* Endless heads, trailers and extensions are refused in bounded memory. */
static void check_endless(const char *begin, char byte)
{
    static char many[2 * REPLY_HEAD_MAX];
    int error = take_text(begin);

    memset(many, byte, sizeof(many));
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(take(many, sizeof(many), 1000), -EPROTO);
    reply_reset(&reply);
}

START_TEST(nothing_is_endless)
{
    learn(HELLO);
    check_endless(OK "A: ", 'a');
    check_endless(OK "Transfer-Encoding: chunked\r\n\r\n1;", 'a');
    check_endless(OK "Transfer-Encoding: chunked\r\n\r\n0\r\nA: ", 'a');
}
END_TEST

START_TEST(a_large_body_is_learned)
{
    static char text[3000000];
    const int size =
        snprintf(text, sizeof(text), OK "Content-Length: 2900000\r\n\r\n");

    memset(text + size, 'x', 2900000);
    ck_assert_int_eq(take(text, (size_t)size + 2900000, 65536), 1);
    ck_assert_uint_eq(model.size, 2900000);
    ck_assert_int_eq(take(text, (size_t)size + 2900000, 1000), 1);
    text[2000000] = 'y';
    ck_assert_int_eq(take(text, (size_t)size + 2900000, 65536), -EBADMSG);
}
END_TEST

UNIT_MAIN_WITH("load.reply",
               NULL,
               fini,
               the_first_one_is_learned,
               answers_come_in_any_pieces,
               chunks_are_learned_too,
               a_body_may_be_empty,
               an_interim_answer_is_none,
               a_body_may_end_with_the_connection,
               the_last_one_is_known,
               another_answer_is_seen,
               what_is_no_answer_is_seen,
               the_end_within_an_answer_is_seen,
               nothing_is_endless,
               a_large_body_is_learned)
