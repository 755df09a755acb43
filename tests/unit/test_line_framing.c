/* SPDX-License-Identifier: MIT */
#include <berth/line.h>

#include <stdint.h>
#include <stdio.h>

#include "unit.h"

#define COUNT_OF(array_) (sizeof(array_) / sizeof((array_)[0]))
#define TEXT(text_) (text_), sizeof(text_) - 1

/* ------------------------------------------------------------ single calls */

START_TEST(a_line_is_given_without_its_end)
{
    static const struct {
        enum berth_line_end end;
        const char *text;
        size_t size;
        ssize_t used;
        size_t length, end_size;
    } cases[] = {
        {BERTH_LINE_AUTO, TEXT("ab\ncd"), 3, 2, 1},
        {BERTH_LINE_AUTO, TEXT("ab\r\ncd"), 4, 2, 2},
        {BERTH_LINE_AUTO, TEXT("a\rb\n"), 4, 3, 1},
        {BERTH_LINE_AUTO, TEXT("ab\r\r\n"), 5, 3, 2},
        {BERTH_LINE_AUTO, TEXT("\n"), 1, 0, 1},
        {BERTH_LINE_AUTO, TEXT("\r\n"), 2, 0, 2},
        {BERTH_LINE_AUTO, TEXT("a\0b\n"), 4, 3, 1},
        {BERTH_LINE_LF, TEXT("ab\r\n"), 4, 3, 1},
        {BERTH_LINE_LF, TEXT("\n\n"), 1, 0, 1},
        {BERTH_LINE_CRLF, TEXT("ab\r\n"), 4, 2, 2},
        {BERTH_LINE_CRLF, TEXT("a\nb\rc\n\r\n"), 8, 6, 2},
        {BERTH_LINE_CRLF, TEXT("\n\r\r\n"), 4, 2, 2},
        {BERTH_LINE_NUL, TEXT("ab\r\n\0cd"), 5, 4, 1},
        {BERTH_LINE_NUL, TEXT("\0"), 1, 0, 1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        berth_line line = {.data = NULL};

        ck_assert_int_eq(berth_line_next(cases[i].text, cases[i].size,
                                         cases[i].end, 10, &line),
                         cases[i].used);
        ck_assert_ptr_eq(line.data, cases[i].text);
        ck_assert_uint_eq(line.size, cases[i].length);
        ck_assert_uint_eq(line.end_size, cases[i].end_size);
    }
}
END_TEST

START_TEST(the_verdict_is_as_early_as_it_is_sure)
{
    static const struct {
        enum berth_line_end end;
        const char *text;
        size_t size;
        ssize_t used; /* for a line of at most 3 bytes */
    } cases[] = {
        {BERTH_LINE_AUTO, TEXT(""), 0},
        {BERTH_LINE_AUTO, TEXT("abc"), 0},
        {BERTH_LINE_AUTO, TEXT("abc\r"), 0},
        {BERTH_LINE_AUTO, TEXT("abc\r\n"), 5},
        {BERTH_LINE_AUTO, TEXT("abcd"), -EMSGSIZE},
        {BERTH_LINE_AUTO, TEXT("abcd\n"), -EMSGSIZE},
        {BERTH_LINE_AUTO, TEXT("abc\rd"), -EMSGSIZE},
        {BERTH_LINE_AUTO, TEXT("abc\r\r\n"), -EMSGSIZE},
        {BERTH_LINE_LF, TEXT("abc"), 0},
        {BERTH_LINE_LF, TEXT("abc\n"), 4},
        {BERTH_LINE_LF, TEXT("abc\r"), -EMSGSIZE},
        {BERTH_LINE_LF, TEXT("abc\r\n"), -EMSGSIZE},
        {BERTH_LINE_CRLF, TEXT("abc\r"), 0},
        {BERTH_LINE_CRLF, TEXT("ab\r\n"), 4},
        {BERTH_LINE_CRLF, TEXT("abc\n"), -EMSGSIZE},
        {BERTH_LINE_CRLF, TEXT("abc\r\r"), -EMSGSIZE},
        {BERTH_LINE_NUL, TEXT("abc"), 0},
        {BERTH_LINE_NUL, TEXT("abc\r"), -EMSGSIZE},
        {BERTH_LINE_NUL, TEXT("abc\n\0"), -EMSGSIZE},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        berth_line line = {.size = 99};
        ssize_t used = berth_line_next(cases[i].text, cases[i].size,
                                       cases[i].end, 3, &line);

        ck_assert_msg(used == cases[i].used, "%zu: %zd", i, used);
        ck_assert_msg((line.size == 99) == (used <= 0), "%zu", i);
    }
}
END_TEST

START_TEST(the_largest_limit_is_none)
{
    berth_line line;

    ck_assert_int_eq(
        berth_line_next("ab\r", 3, BERTH_LINE_AUTO, SIZE_MAX, &line), 0);
    ck_assert_int_eq(
        berth_line_next("ab\r\n", 4, BERTH_LINE_AUTO, SIZE_MAX, &line), 4);
    ck_assert_int_eq(
        berth_line_next("ab\n", 3, BERTH_LINE_LF, SIZE_MAX - 1, &line), 3);
}
END_TEST

START_TEST(of_a_limit_of_0_only_empty_lines_are_left)
{
    berth_line line;

    ck_assert_int_eq(berth_line_next("\r", 1, BERTH_LINE_AUTO, 0, &line), 0);
    ck_assert_int_eq(berth_line_next("\r\n", 2, BERTH_LINE_AUTO, 0, &line), 2);
    ck_assert_int_eq(berth_line_next("a", 1, BERTH_LINE_AUTO, 0, &line),
                     -EMSGSIZE);
}
END_TEST

START_TEST(skipping_goes_to_behind_the_end)
{
    static const struct {
        const char *text;
        size_t size;
        size_t used;
        enum berth_line_end end;
        bool is_skipping;
    } cases[] = {
        {TEXT("abcdef"), 6, BERTH_LINE_AUTO, true},
        {TEXT("abc\r"), 4, BERTH_LINE_AUTO, true},
        {TEXT("\nab"), 1, BERTH_LINE_AUTO, false},
        {TEXT("abc\r\nde\n"), 5, BERTH_LINE_AUTO, false},
        {TEXT("abc\r"), 4, BERTH_LINE_LF, true},
        {TEXT("abc\n"), 4, BERTH_LINE_CRLF, true},
        {TEXT("abc\r"), 3, BERTH_LINE_CRLF, true},
        {TEXT("\r"), 0, BERTH_LINE_CRLF, true},
        {TEXT("\r\r"), 1, BERTH_LINE_CRLF, true},
        {TEXT("\ra"), 2, BERTH_LINE_CRLF, true},
        {TEXT("\r\nab"), 2, BERTH_LINE_CRLF, false},
        {TEXT("a\r\n"), 3, BERTH_LINE_NUL, true},
        {TEXT("a\r\n\0b"), 4, BERTH_LINE_NUL, false},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool is_skipping = !cases[i].is_skipping;

        ck_assert_msg(berth_line_skip(cases[i].text, cases[i].size,
                                      cases[i].end,
                                      &is_skipping) == cases[i].used,
                      "%zu", i);
        ck_assert_msg(is_skipping == cases[i].is_skipping, "%zu", i);
    }
}
END_TEST

START_TEST(the_rest_loses_what_began_its_end)
{
    static const struct {
        enum berth_line_end end;
        const char *text;
        size_t size, length;
    } cases[] = {
        {BERTH_LINE_AUTO, TEXT("ab"), 2},  {BERTH_LINE_AUTO, TEXT("ab\r"), 2},
        {BERTH_LINE_AUTO, TEXT("\r"), 0},  {BERTH_LINE_AUTO, TEXT("a\r\r"), 2},
        {BERTH_LINE_CRLF, TEXT("a\r"), 1}, {BERTH_LINE_LF, TEXT("a\r"), 2},
        {BERTH_LINE_NUL, TEXT("a\r"), 2},
    };
    berth_line line = {.size = 99};

    ck_assert_uint_eq(berth_line_rest("", 0, BERTH_LINE_AUTO, &line), 0);
    ck_assert_uint_eq(line.size, 99);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ck_assert_uint_eq(
            berth_line_rest(cases[i].text, cases[i].size, cases[i].end, &line),
            cases[i].size);
        ck_assert_uint_eq(line.size, cases[i].length);
        ck_assert_uint_eq(line.end_size, cases[i].size - cases[i].length);
    }
}
END_TEST

/* -------------------------------------------------------------- at a split */

/* ck_assert() writes to a pipe each time: too slow for what runs so often. */
static void must(bool is_true, const char *what)
{
    if (!is_true) {
        ck_abort_msg("not true: %s", what);
    }
}

#define INPUT_MAX 32
#define STORY_MAX 256

/* What came of an input, as text: '(' line ')' for each line, '!' for each
   that was too long. */
struct story {
    char text[STORY_MAX];
    size_t size;
};

static void tell(struct story *story, const char *data, size_t size)
{
    must(story->size + size + 2 < STORY_MAX, "a short story");
    story->text[story->size++] = '(';
    memcpy(story->text + story->size, data, size);
    story->size += size;
    story->text[story->size++] = ')';
}

static void tell_too_long(struct story *story)
{
    must(story->size + 1 < STORY_MAX, "a short story");
    story->text[story->size++] = '!';
}

struct question {
    enum berth_line_end end;
    size_t max_line;
    char input[INPUT_MAX];
    size_t size;
};

static bool ends_at(const struct question *question, size_t from, size_t at)
{
    const char *input = question->input;

    switch (question->end) {
    case BERTH_LINE_NUL:
        return input[at] == '\0';
    case BERTH_LINE_CRLF:
        return input[at] == '\n' && at > from && input[at - 1] == '\r';
    default:
        return input[at] == '\n';
    }
}

/* The model: it sees the whole input, a byte after the other. */
static void tell_one(const struct question *question,
                     struct story *story,
                     size_t from,
                     size_t to)
{
    bool may_have_cr =
        question->end == BERTH_LINE_AUTO || question->end == BERTH_LINE_CRLF;

    if (may_have_cr && to > from && question->input[to - 1] == '\r') {
        to--;
    }
    if (to - from > question->max_line) {
        tell_too_long(story);
    } else {
        tell(story, question->input + from, to - from);
    }
}

static struct story expect(const struct question *question)
{
    struct story story = {.size = 0};
    size_t from = 0;

    for (size_t at = 0; at < question->size; at++) {
        if (ends_at(question, from, at)) {
            tell_one(question, &story, from, at);
            from = at + 1;
        }
    }
    if (from < question->size) {
        tell_one(question, &story, from, question->size);
    }
    return story;
}

/* A connection: it keeps what is left unused, and a flag. */
struct reader {
    const struct question *question;
    struct story story;
    char kept[INPUT_MAX];
    size_t size;
    bool is_skipping;
};

/* As on_data, with memory that ends where the bytes do. */
static size_t take(struct reader *reader, const char *data, size_t size)
{
    const struct question *question = reader->question;
    berth_line line;
    ssize_t used;

    if (reader->is_skipping) {
        return berth_line_skip(data, size, question->end, &reader->is_skipping);
    }
    used =
        berth_line_next(data, size, question->end, question->max_line, &line);
    if (used == -EMSGSIZE) {
        tell_too_long(&reader->story);
        return berth_line_skip(data, size, question->end, &reader->is_skipping);
    }
    if (used > 0) {
        tell(&reader->story, line.data, line.size);
        must((size_t)used == line.size + line.end_size, "all is used");
    }
    return (size_t)used;
}

static size_t offer(struct reader *reader)
{
    char *data = malloc(reader->size);
    size_t used;

    must(data != NULL, "memory");
    memcpy(data, reader->kept, reader->size);
    used = take(reader, data, reader->size);
    free(data);
    must(used <= reader->size, "no more than there is");
    reader->size -= used;
    memmove(reader->kept, reader->kept + used, reader->size);
    return used;
}

static void receive(struct reader *reader, const char *data, size_t size)
{
    memcpy(reader->kept + reader->size, data, size);
    reader->size += size;
    while (reader->size > 0 && offer(reader) > 0) {
    }
    /* No more than a longest line and a CR. */
    must(reader->size <= reader->question->max_line + 1, "few bytes kept");
    must(!reader->is_skipping || reader->size <= 1, "none kept");
}

static void finish(struct reader *reader)
{
    berth_line line;

    if (!reader->is_skipping &&
        berth_line_rest(reader->kept, reader->size, reader->question->end,
                        &line) > 0) {
        tell(&reader->story, line.data, line.size);
    }
}

static void check_story(const struct question *question,
                        const struct story *story,
                        size_t cut)
{
    const struct story expected = expect(question);

    if (story->size == expected.size &&
        memcmp(story->text, expected.text, story->size) == 0) {
        return;
    }
    for (size_t i = 0; i < question->size; i++) {
        (void)printf("%02x ", (unsigned char)question->input[i]);
    }
    (void)printf("\n");
    ck_abort_msg("end %d, at most %zu, cut at %zu: expected %.*s, got %.*s",
                 (int)question->end, question->max_line, cut,
                 (int)expected.size, expected.text, (int)story->size,
                 story->text);
}

/* Whole (cut at 0), in two, and byte by byte (cut at the size). */
static void check_at_every_split(const struct question *question)
{
    for (size_t cut = 0; cut <= question->size; cut++) {
        struct reader reader = {.question = question};
        bool is_byte_wise = cut == question->size;

        for (size_t at = 0; at < question->size;) {
            size_t piece = is_byte_wise ? 1
                           : at < cut   ? cut
                                        : question->size - at;

            receive(&reader, question->input + at, piece);
            at += piece;
        }
        finish(&reader);
        check_story(question, &reader.story, cut);
    }
}

static void check_every_end(struct question *question, size_t longest)
{
    for (int end = BERTH_LINE_AUTO; end <= BERTH_LINE_NUL; end++) {
        question->end = (enum berth_line_end)end;
        for (size_t max_line = 0; max_line <= longest; max_line++) {
            question->max_line = max_line;
            check_at_every_split(question);
        }
    }
}

static const char alphabet[] = {'a', '\r', '\n', '\0'};

/* Two bits of the number are a byte. */
static void spell(struct question *question, size_t number)
{
    for (size_t i = 0; i < question->size; i++) {
        question->input[i] = alphabet[number >> (2 * i) & 3];
    }
}

START_TEST(every_short_input_means_the_same_at_every_split)
{
    for (size_t size = 0; size <= 5; size++) {
        size_t count = (size_t)1 << (2 * size);

        for (size_t number = 0; number < count; number++) {
            struct question question = {.size = size};

            spell(&question, number);
            check_every_end(&question, 4);
        }
    }
}
END_TEST

static uint32_t roll(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

START_TEST(longer_inputs_mean_the_same_at_every_split)
{
    uint32_t seed = 1;

    for (int i = 0; i < 300; i++) {
        struct question question = {.size = 6 + roll(&seed) % 24};
        /* The more of the letter there are, the longer are the lines. */
        uint32_t letters = 4 + roll(&seed) % 12;

        for (size_t k = 0; k < question.size; k++) {
            uint32_t choice = roll(&seed) % letters;

            question.input[k] = alphabet[choice < 4 ? choice : 0];
        }
        check_every_end(&question, 9);
    }
}
END_TEST

UNIT_MAIN("line_framing",
          a_line_is_given_without_its_end,
          the_verdict_is_as_early_as_it_is_sure,
          the_largest_limit_is_none,
          of_a_limit_of_0_only_empty_lines_are_left,
          skipping_goes_to_behind_the_end,
          the_rest_loses_what_began_its_end,
          every_short_input_means_the_same_at_every_split,
          longer_inputs_mean_the_same_at_every_split)
