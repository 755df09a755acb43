/* SPDX-License-Identifier: MIT */
#include "berth-fuzz/feed.h"

#include <string.h>

#include <berth/protocol.h>

#include "unit.h"

#define MARK "\xc1"

static struct feed feed;

/* The text's NUL is not part of it. */
static void decode(const char *text, size_t size)
{
    ck_assert_int_eq(feed_decode(&feed, (const uint8_t *)text, size), 0);
}

#define DECODE(text_) decode((text_), sizeof(text_) - 1)

static void tear_down(void)
{
    feed_fini(&feed);
}

static const struct step *step(size_t index)
{
    ck_assert_uint_lt(index, feed.transcript.count);
    return &feed.transcript.steps[index];
}

static void check_sent(size_t index, const char *text, size_t size)
{
    ck_assert_int_eq((int)step(index)->kind, STEP_SEND);
    ck_assert_uint_eq(step(index)->size, size);
    ck_assert_mem_eq(step(index)->bytes, text, size);
}

START_TEST(plain_bytes_are_sent)
{
    DECODE("GET /\r\n\0\xff");
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "GET /\r\n\0\xff", 9);
    ck_assert_uint_eq(feed.transcript.sent, 9);
    ck_assert_int_eq((int)feed.manner.kind, MANNER_ALIKE);
}
END_TEST

START_TEST(nothing_is_a_peer_that_does_nothing)
{
    DECODE("");
    ck_assert_uint_eq(feed.transcript.count, 0);
}
END_TEST

START_TEST(a_mark_and_a_letter_are_an_act)
{
    DECODE("a" MARK "|b" MARK "e");
    ck_assert_uint_eq(feed.transcript.count, 3);
    check_sent(0, "a", 1);
    check_sent(1, "b", 1);
    ck_assert_int_eq((int)step(2)->kind, STEP_END);
    ck_assert_uint_eq(feed.transcript.sent, 2);
}
END_TEST

START_TEST(two_marks_are_a_byte)
{
    DECODE("a" MARK MARK "e");
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "a" MARK "e", 3);
}
END_TEST

START_TEST(a_mark_that_means_nothing_is_sent)
{
    DECODE("a" MARK "?" MARK);
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "a" MARK "?" MARK, 4);
}
END_TEST

START_TEST(an_act_without_its_number_is_sent)
{
    DECODE("a" MARK "t");
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "a" MARK "t", 3);
}
END_TEST

START_TEST(cuts_without_bytes_are_none)
{
    DECODE(MARK "|" MARK "|a" MARK "|" MARK "|");
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "a", 1);
}
END_TEST

START_TEST(manners_are_of_the_whole)
{
    DECODE("a" MARK "E" MARK "T" MARK "Hb");
    ck_assert_uint_eq(feed.transcript.count, 1);
    check_sent(0, "ab", 2);
    ck_assert_int_eq((int)feed.manner.kind, MANNER_ALIKE);
    ck_assert_int_eq((int)feed.manner.trigger, SELECTOR_EDGE);
    ck_assert_int_eq((int)feed.manner.kernel, MANNER_TAKES_ONE);
    ck_assert(feed.manner.is_tight);
}
END_TEST

START_TEST(a_flood_begins_where_it_stands)
{
    DECODE("abc" MARK "F\x03"
           "d");
    ck_assert_int_eq((int)feed.manner.kind, MANNER_FLOOD);
    ck_assert_uint_eq(feed.manner.number, 3);
    ck_assert_uint_eq(feed.manner.choice, 1);
    ck_assert_int_ne(manner_flood(feed.manner.choice), '\0');
}
END_TEST

START_TEST(who_sends_much_is_served_quickly)
{
    DECODE("a" MARK "M" MARK "T" MARK "H" MARK "E");
    ck_assert_int_eq((int)feed.manner.kind, MANNER_REPEAT);
    ck_assert_int_eq((int)feed.manner.trigger, SELECTOR_EDGE);
    ck_assert_int_eq((int)feed.manner.kernel, MANNER_TAKES_ALL);
    ck_assert(!feed.manner.is_tight);
}
END_TEST

START_TEST(an_end_may_come_with_the_bytes)
{
    DECODE("abc" MARK "x");
    ck_assert_int_eq((int)feed.manner.kind, MANNER_END);
    ck_assert_uint_eq(feed.manner.number, 3);
}
END_TEST

START_TEST(an_allocation_is_counted_from_one)
{
    DECODE(MARK "A"
                "\0");
    ck_assert_int_eq((int)feed.manner.kind, MANNER_ALLOC);
    ck_assert_uint_eq(feed.manner.number, 1);
}
END_TEST

START_TEST(a_variant_is_a_number)
{
    DECODE(MARK "V\x07"
                "a");
    ck_assert_uint_eq(feed.variant, 7);
    ck_assert_uint_eq(feed.transcript.count, 1);
}
END_TEST

START_TEST(steps_have_a_bound)
{
    static const char cut[] = {'a', (char)FEED_MARK, '|'};
    static char text[FEED_MAX];

    for (size_t i = 0; i + sizeof(cut) <= sizeof(text); i += sizeof(cut)) {
        memcpy(text + i, cut, sizeof(cut));
    }
    decode(text, sizeof(text));
    ck_assert_uint_eq(feed.transcript.count, FEED_STEPS_MAX);
}
END_TEST

static void check_any(uint8_t first, uint8_t second)
{
    const uint8_t bytes[] = {FEED_MARK, first, second};
    size_t least = first == FEED_MARK ? 2 : 0;

    if (feed_decode(&feed, bytes, sizeof(bytes)) < 0 ||
        feed.transcript.sent > sizeof(bytes) || feed.transcript.sent < least) {
        ck_abort_msg("%u %u: %zu", first, second, feed.transcript.sent);
    }
    feed_fini(&feed);
}

/* Each byte, and some behind it. */
START_TEST(any_bytes_can_be_decoded)
{
    for (unsigned first = 0; first < 256; first++) {
        for (unsigned second = 0; second < 256; second += 5) {
            check_any((uint8_t)first, (uint8_t)second);
        }
    }
}
END_TEST

/* ------------------------------------------------------------- round trips */

static void round_trip(const struct step *steps, size_t count)
{
    struct transcript transcript = {.count = count};
    uint8_t bytes[256];
    size_t size;

    transcript.steps = calloc(count, sizeof(*steps));
    ck_assert_ptr_nonnull(transcript.steps);
    memcpy(transcript.steps, steps, count * sizeof(*steps));
    size = feed_encode(&transcript, 0, bytes, sizeof(bytes));
    free(transcript.steps);
    ck_assert_int_eq(feed_decode(&feed, bytes, size), 0);
    ck_assert_uint_eq(feed.transcript.count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq((int)step(i)->kind, (int)steps[i].kind);
        ck_assert_uint_eq(step(i)->number, steps[i].number);
        if (steps[i].kind == STEP_SEND) {
            check_sent(i, steps[i].bytes, steps[i].size);
        }
    }
}

START_TEST(a_transcript_comes_back)
{
    static char hello[] = "hello\n", odd[] = "a" MARK "e|" MARK;
    const struct step steps[] = {
        {.kind = STEP_WINDOW, .number = 10},
        {.kind = STEP_SEND, .bytes = hello, .size = 6},
        {.kind = STEP_SEND, .bytes = odd, .size = 5},
        {.kind = STEP_WAIT, .number = 30000},
        {.kind = STEP_WINDOW, .number = SIZE_MAX},
        {.kind = STEP_STOP, .number = BERTH_RELOAD},
        {.kind = STEP_STOP, .number = BERTH_EXIT},
        {.kind = STEP_END},
        {.kind = STEP_RESET},
    };

    round_trip(steps, sizeof(steps) / sizeof(steps[0]));
}
END_TEST

START_TEST(what_is_expected_is_left_out)
{
    struct step steps[] = {{.kind = STEP_EOF},
                           {.kind = STEP_END},
                           {.kind = STEP_CLOSED},
                           {.kind = STEP_OPEN}};
    const struct transcript transcript = {.steps = steps, .count = 4};
    uint8_t bytes[16];

    ck_assert_uint_eq(feed_encode(&transcript, 0, bytes, sizeof(bytes)), 2);
    ck_assert_mem_eq(bytes, MARK "e", 2);
}
END_TEST

START_TEST(a_number_becomes_the_next_larger_one)
{
    const uint64_t times[] = {0, 1, 33, 61000, 300001, 86400000};
    const uint64_t sizes[] = {0, 1, 127, 128, 1025, 100000};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        struct step steps[] = {{.kind = STEP_WAIT, .number = times[i]},
                               {.kind = STEP_WINDOW, .number = sizes[i]}};
        const struct transcript transcript = {.steps = steps, .count = 2};
        uint8_t bytes[16];
        size_t size = feed_encode(&transcript, 0, bytes, sizeof(bytes));

        ck_assert_int_eq(feed_decode(&feed, bytes, size), 0);
        ck_assert_uint_eq(feed.transcript.count, 2);
        ck_assert_uint_ge(step(1)->number, sizes[i]);
        ck_assert_uint_le(step(1)->number, sizes[i] + 1024);
        if (times[i] <= 19200000) {
            ck_assert_uint_ge(step(0)->number, times[i]);
            ck_assert_uint_le(step(0)->number, (times[i] + 1) * 2);
        }
        feed_fini(&feed);
    }
}
END_TEST

START_TEST(what_has_no_room_is_cut_off)
{
    static char text[] = "hello";
    struct step steps[] = {{.kind = STEP_SEND, .bytes = text, .size = 5}};
    const struct transcript transcript = {.steps = steps, .count = 1};
    uint8_t bytes[8] = {0};

    ck_assert_uint_eq(feed_encode(&transcript, 3, bytes, 5), 5);
    ck_assert_mem_eq(bytes, MARK "V\x03he\0", 6);
}
END_TEST

/* ------------------------------------------------------------------ chosen */

START_TEST(whatever_is_chosen_means_something)
{
    for (uint32_t random = 0; random < 200; random++) {
        uint8_t bytes[FEED_ACT_MAX] = {0};
        size_t size = feed_choose(random, bytes);

        ck_assert_int_eq(feed_decode(&feed, bytes, size), 0);
        if (size < 2 || size > FEED_ACT_MAX || feed.transcript.sent != 0) {
            ck_abort_msg("%u", random);
        }
        feed_fini(&feed);
    }
}
END_TEST

UNIT_MAIN_WITH("feed",
               NULL,
               tear_down,
               plain_bytes_are_sent,
               nothing_is_a_peer_that_does_nothing,
               a_mark_and_a_letter_are_an_act,
               two_marks_are_a_byte,
               a_mark_that_means_nothing_is_sent,
               an_act_without_its_number_is_sent,
               cuts_without_bytes_are_none,
               manners_are_of_the_whole,
               a_flood_begins_where_it_stands,
               who_sends_much_is_served_quickly,
               an_end_may_come_with_the_bytes,
               an_allocation_is_counted_from_one,
               a_variant_is_a_number,
               steps_have_a_bound,
               any_bytes_can_be_decoded,
               a_transcript_comes_back,
               what_is_expected_is_left_out,
               a_number_becomes_the_next_larger_one,
               what_has_no_room_is_cut_off,
               whatever_is_chosen_means_something)
