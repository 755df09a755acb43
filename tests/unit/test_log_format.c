/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <regex.h>
#include <string.h>

#include "line.h"
#include "unit.h"

/* 2026-11-24 01:53:16.007 UTC. */
static const struct timespec moment = {
    .tv_sec = 1795485196,
    .tv_nsec = 7999999,
};

static const struct log_subject whole = {
    .entry = "echo",
    .peer = "127.0.0.1:4000",
    .connection = 17,
};

static const struct log_field fields[] = {
    {.key = "seconds", .value = "1.500", .is_number = true},
    {.key = "why", .value = "a \"b\""},
};

static struct line made;

/* The line as a text. */
static const char *make(enum log_format format,
                        const struct log_message *message)
{
    static char text[LINE_SIZE + 1];
    const struct log log = {.format = format};

    made = (struct line){.length = 0};
    log_make_line(&log, message, &moment, &made);
    memcpy(text, made.bytes, made.length);
    text[made.length] = '\0';
    return text;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t length = strlen(text);

    return length >= strlen(end) &&
           strcmp(text + length - strlen(end), end) == 0;
}

START_TEST(each_format_has_every_part)
{
    const struct log_message message = {
        .level = LOG_WARNING,
        .subject = &whole,
        .text = "say \"hi\"",
        .fields = fields,
        .field_count = 2,
        .held_back = 5,
    };

    ck_assert_str_eq(make(LOG_TEXT, &message),
                     "2026-11-24 01:53:16.007 warn  echo #17 127.0.0.1:4000: "
                     "say \"hi\" seconds=1.500 why=\"a \\\"b\\\"\" "
                     "[5 more like it held back]\n");
    ck_assert_str_eq(make(LOG_LOGFMT, &message),
                     "time=2026-11-24T01:53:16.007Z level=warn entry=echo "
                     "connection=17 peer=127.0.0.1:4000 msg=\"say \\\"hi\\\"\" "
                     "seconds=1.500 why=\"a \\\"b\\\"\" held_back=5\n");
    ck_assert_str_eq(
        make(LOG_JSON, &message),
        "{\"time\":\"2026-11-24T01:53:16.007Z\",\"level\":\"warn\","
        "\"entry\":\"echo\",\"connection\":17,\"peer\":\"127.0.0.1:4000\","
        "\"msg\":\"say \\\"hi\\\"\",\"seconds\":1.500,"
        "\"why\":\"a \\\"b\\\"\",\"held_back\":5}\n");
}
END_TEST

START_TEST(what_is_not_there_is_left_out)
{
    const struct log_message message = {.level = LOG_ERROR, .text = "x"};

    ck_assert_str_eq(make(LOG_TEXT, &message),
                     "2026-11-24 01:53:16.007 error x\n");
    ck_assert_str_eq(make(LOG_LOGFMT, &message),
                     "time=2026-11-24T01:53:16.007Z level=error msg=\"x\"\n");
    ck_assert_str_eq(make(LOG_JSON, &message),
                     "{\"time\":\"2026-11-24T01:53:16.007Z\","
                     "\"level\":\"error\",\"msg\":\"x\"}\n");
}
END_TEST

START_TEST(colours_are_for_the_time_and_the_level)
{
    const struct log log = {.format = LOG_TEXT, .has_colour = true};
    const struct log_message message = {.level = LOG_ERROR, .text = "x"};
    static const char expected[] = "\033[2m2026-11-24 01:53:16.007\033[0m"
                                   "\033[31m error\033[0m x\n";

    log_make_line(&log, &message, &moment, &made);
    ck_assert_uint_eq(made.length, sizeof(expected) - 1);
    ck_assert_mem_eq(made.bytes, expected, made.length);
}
END_TEST

/* Is it one line with strings, numbers and what stands between them, and with
   no escapes but those of JSON? Python reads the real program's: log.py. */
static bool is_json(const char *text)
{
    static const char pattern[] = "^[{](\"([^\"\\[:cntrl:]]|\\\\[\"\\nu])*\""
                                  "|[:,.0-9])*[}]\n$";
    regex_t regex;
    int result;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    result = regexec(&regex, text, 0, NULL, 0);
    regfree(&regex);
    return result == 0;
}

START_TEST(what_is_no_json_is_found)
{
    ck_assert(is_json("{\"a\":\"b\\\"\\\\\"}\n"));
    ck_assert(!is_json("{\"a\":\"b\\x00\"}\n"));
    ck_assert(!is_json("{\"a\":\"b\"\"}\n"));
    ck_assert(!is_json("{\"a\":\"\t\"}\n"));
    ck_assert(!is_json("{\"a\":\"b}\n"));
    ck_assert(!is_json("{\"a\":\"b\"}\n{}\n"));
}
END_TEST

START_TEST(every_byte_makes_valid_json)
{
    for (int byte = 1; byte < 256; byte++) {
        const char text[] = {(char)byte, '"', (char)byte, '\0'};
        const struct log_subject subject = {.entry = text, .peer = text};
        const struct log_field field = {.key = "k", .value = text};
        const struct log_message message = {
            .level = LOG_INFO,
            .subject = &subject,
            .text = text,
            .fields = &field,
            .field_count = 1,
        };

        ck_assert(is_json(make(LOG_JSON, &message)));
    }
}
END_TEST

/* Each part is as long as anybody could wish, and needs the longest escapes. */
static void check_endless(enum log_format format, const char *end)
{
    static char endless[3 * LINE_SIZE];
    struct log_field many[LOG_FIELDS_MAX];
    const struct log_subject subject = {
        .entry = endless,
        .peer = endless,
        .connection = UINT64_MAX,
    };
    const struct log_message message = {
        .level = LOG_WARNING,
        .subject = &subject,
        .text = endless,
        .fields = many,
        .field_count = LOG_FIELDS_MAX,
        .held_back = UINT32_MAX,
    };
    const char *line;

    memset(endless, 1, sizeof(endless) - 1);
    for (size_t i = 0; i < LOG_FIELDS_MAX; i++) {
        many[i] = (struct log_field){
            .key = "abcdefghijklmnopqrstuvwx",
            .value = endless,
        };
    }
    line = make(format, &message);
    ck_assert_ptr_nonnull(strstr(line, "... [cut]"));
    ck_assert_msg(ends_with(line, end), "%s", line);
    ck_assert(!made.is_cut);
    ck_assert_uint_gt(made.length, LINE_SIZE / 2);
    ck_assert(format != LOG_JSON || is_json(line));
}

START_TEST(only_the_message_is_cut)
{
    check_endless(LOG_TEXT, "\\x01\" [4294967295 more like it held back]\n");
    check_endless(LOG_LOGFMT, "\\x01\" held_back=4294967295\n");
    check_endless(LOG_JSON, "\\u0001\",\"held_back\":4294967295}\n");
}
END_TEST

/* The longest message that is whole, and one byte more. */
START_TEST(a_message_is_cut_where_the_room_ends)
{
    static char text[LINE_SIZE];
    const struct log_message message = {.level = LOG_INFO, .text = text};
    const size_t around = strlen(make(LOG_JSON, &message));
    size_t longest = 0;

    while (strstr(make(LOG_JSON, &message), "[cut]") == NULL) {
        ck_assert_uint_eq(made.length, around + longest);
        text[longest] = 'x';
        longest++;
        ck_assert_uint_lt(longest, sizeof(text));
    }
    ck_assert_uint_gt(longest, LINE_SIZE - 200);
    ck_assert(is_json(make(LOG_JSON, &message)));
}
END_TEST

UNIT_MAIN("log_format",
          each_format_has_every_part,
          what_is_not_there_is_left_out,
          colours_are_for_the_time_and_the_level,
          what_is_no_json_is_found,
          every_byte_makes_valid_json,
          only_the_message_is_cut,
          a_message_is_cut_where_the_room_ends)
