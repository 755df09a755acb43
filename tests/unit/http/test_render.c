/* SPDX-License-Identifier: MIT */
#include "render.h"

#include <string.h>

#include "unit.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"

static char text[512];

static size_t render(const struct http_answer *answer, const char *common)
{
    struct http_span lines = http_span_of(common);
    char *end = render_head(text, answer, lines, DATE);
    size_t size = (size_t)(end - text);

    ck_assert_uint_le(size, render_measure(answer, lines));
    *end = '\0';
    return size;
}

START_TEST(a_head_has_all_lines_in_their_order)
{
    struct http_header fields[] = {
        {{"A", 1}, {"b", 1}},
        {{"C", 1}, {"", 0}},
    };
    struct http_answer answer = {
        .status = 206,
        .type = "text/x",
        .size = UINT64_MAX,
        .fields = fields,
        .field_count = 2,
    };

    (void)render(&answer, "Server: s\r\n");
    ck_assert_str_eq(text, "HTTP/1.1 206 Partial Content\r\nDate: " DATE
                           "\r\nServer: s\r\nContent-Type: text/x\r\n"
                           "Content-Length: 18446744073709551615\r\n"
                           "A: b\r\nC: \r\n");
}
END_TEST

START_TEST(without_a_body_there_is_no_length)
{
    for (unsigned status = 200; status < 600; status++) {
        struct http_answer answer = {.status = status};
        bool has_length;

        (void)render(&answer, "");
        has_length = strstr(text, "\r\nContent-Length: 0\r\n") != NULL;
        ck_assert(has_length == (status != 204 && status != 304));
        ck_assert(has_length == render_has_body(status));
        ck_assert_ptr_null(strstr(text, "Content-Type"));
    }
}
END_TEST

START_TEST(the_date_stands_where_it_is_said)
{
    for (unsigned status = 200; status < 600; status++) {
        struct http_answer answer = {.status = status};

        (void)render(&answer, "");
        ck_assert_mem_eq(text + render_date_offset(status), DATE, DATE_SIZE);
    }
}
END_TEST

START_TEST(every_status_has_a_text)
{
    ck_assert_str_eq(http_status_text(200), "OK");
    ck_assert_str_eq(http_status_text(431), "Request Header Fields Too Large");
    ck_assert_str_eq(http_status_text(505), "HTTP Version Not Supported");
    ck_assert_str_eq(http_status_text(299), "Unknown");
    ck_assert_str_eq(http_status_text(199), "Unknown");
    ck_assert_str_eq(http_status_text(506), "Unknown");
}
END_TEST

UNIT_MAIN("http_render",
          a_head_has_all_lines_in_their_order,
          without_a_body_there_is_no_length,
          the_date_stands_where_it_is_said,
          every_status_has_a_text)
