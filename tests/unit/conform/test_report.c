/* SPDX-License-Identifier: MIT */
#include "berth-conform/report.h"

#include <stdlib.h>
#include <string.h>

#include "capture.h"
#include "unit.h"

static const struct check half_close = {
    .name = "half-close",
    .why = "Who has said all shuts its side.",
};
static const struct check urgent = {
    .name = "urgent",
    .why = "It disturbs nothing.",
};

/* One that passed, one that did with a note, one that failed, one skipped. */
static void print(enum report_format format, struct capture *capture)
{
    struct report report = {
        .format = format,
        .stream = capture_begin(capture),
        .address = "[::1]:8080",
        .profile = PROFILE_LINE,
    };
    struct verdict passed = {.kind = VERDICT_PASS};
    struct verdict noted = {.kind = VERDICT_PASS};
    struct verdict failed = {.kind = VERDICT_PASS};
    struct verdict skipped = {.kind = VERDICT_PASS};

    verdict_note(&noted, "200 at once");
    verdict_expect(&failed, "27 bytes");
    (void)verdict_fail(&failed, "\"\\x00\"");
    verdict_skip(&skipped, "no server any more");
    report_begin(&report, 4);
    report_add(&report, &half_close, &passed);
    report_add(&report, &half_close, &noted);
    report_add(&report, &half_close, &failed);
    report_add(&report, &urgent, &skipped);
    report_end(&report);
}

START_TEST(people_see_what_failed)
{
    struct capture capture;

    print(REPORT_TEXT, &capture);
    ck_assert_str_eq(capture_end(&capture),
                     "[::1]:8080, profile line\n"
                     "\n"
                     "pass  half-close\n"
                     "pass  half-close        200 at once\n"
                     "FAIL  half-close\n"
                     "      Who has said all shuts its side.\n"
                     "      expected  27 bytes\n"
                     "      got       \"\\x00\"\n"
                     "skip  urgent            no server any more\n"
                     "\n"
                     "2 passed, 1 failed, 1 skipped\n");
    capture_free(&capture);
}
END_TEST

START_TEST(programs_read_tap)
{
    struct capture capture;

    print(REPORT_TAP, &capture);
    ck_assert_str_eq(capture_end(&capture),
                     "1..4\n"
                     "ok 1 - half-close\n"
                     "ok 2 - half-close\n"
                     "#   200 at once\n"
                     "not ok 3 - half-close\n"
                     "#   why      Who has said all shuts its side.\n"
                     "#   expected 27 bytes\n"
                     "#   got      \"\\x00\"\n"
                     "ok 4 - urgent # SKIP no server any more\n");
    capture_free(&capture);
}
END_TEST

/* Without the blanks and line ends that are there for people. */
static void squeeze(const char *text, char *squeezed, size_t size)
{
    size_t length = 0;
    bool is_quoted = false;

    for (; *text != '\0' && length + 1 < size; text++) {
        is_quoted = is_quoted != (*text == '"');
        if (is_quoted || strchr(" \n", *text) == NULL) {
            squeezed[length++] = *text;
        }
    }
    squeezed[length] = '\0';
}

START_TEST(programs_read_json)
{
    struct capture capture;
    char text[2048];

    print(REPORT_JSON, &capture);
    squeeze(capture_end(&capture), text, sizeof(text));
    /* What is quoted in it is quoted once more. */
    ck_assert_str_eq(
        text, "{\"address\":\"[::1]:8080\",\"profile\":\"line\",\"checks\":["
              "{\"name\":\"half-close\",\"why\":\"Who has said all shuts its "
              "side.\",\"verdict\":\"pass\"},"
              "{\"name\":\"half-close\",\"why\":\"Who has said all shuts its "
              "side.\",\"verdict\":\"pass\",\"note\":\"200 at once\"},"
              "{\"name\":\"half-close\",\"why\":\"Who has said all shuts its "
              "side.\",\"verdict\":\"fail\",\"expected\":\"27 bytes\",\"got\":"
              "\"\\\"\\\\x00\\\"\"},"
              "{\"name\":\"urgent\",\"why\":\"It disturbs nothing.\","
              "\"verdict\":\"skip\",\"note\":\"no server any more\"}],"
              "\"passed\":2,\"failed\":1,\"skipped\":1}");
    capture_free(&capture);
}
END_TEST

START_TEST(the_list_has_each_check_within_80_columns)
{
    struct capture capture;
    size_t count;
    const struct check *checks = checks_all(&count);
    const char *line;

    report_list(capture_begin(&capture));
    line = capture_end(&capture);
    for (size_t i = 0; i < count; i++) {
        char begin[64];

        (void)snprintf(begin, sizeof(begin), "%s ", checks[i].name);
        ck_assert_msg(strncmp(line, begin, strlen(begin)) == 0, "%s", begin);
        do {
            ck_assert_uint_le(strcspn(line, "\n"), 80);
            line += strcspn(line, "\n") + 1;
        } while (*line == ' ');
    }
    ck_assert_str_eq(line, "");
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("conform.report",
          people_see_what_failed,
          programs_read_tap,
          programs_read_json,
          the_list_has_each_check_within_80_columns)
