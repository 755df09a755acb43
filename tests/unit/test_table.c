/* SPDX-License-Identifier: MIT */
#include "table.h"

#include "capture.h"
#include "unit.h"

static const struct table_column columns[] = {
    {"name", "NAME", TABLE_WORD},
    {"count", "COUNT", TABLE_NUMBER},
    {"bytes_in", "IN", TABLE_BYTES},
    {"age_seconds", "AGE", TABLE_SECONDS},
    {"detail", NULL, TABLE_WORD},
    {"cpu_ms", "CPU", TABLE_MS},
    {"waits_for", "WAITS FOR", TABLE_WORD},
};

#define COUNT (sizeof(columns) / sizeof(columns[0]))

static const struct table_value first[COUNT] = {
    {.text = "echo"}, {.number = 7},    {.number = 1536},  {.number = 90},
    {.text = "1:2"},  {.number = 1250}, {.text = "bytes"},
};

static const struct table_value second[COUNT] = {
    {.text = "\xc3\xa4\tb\\\n\x1b[m"},
    {.number = TABLE_NONE},
    {.number = 0},
    {.number = 5},
    {.text = NULL},
    {.number = 7},
    {.text = NULL},
};

/* All rows in a format, as a text that is to be freed. */
static void print(struct capture *capture, enum table_format format, int rows)
{
    struct json json = {.stream = capture_begin(capture)};
    struct table table;

    ck_assert_int_eq(table_begin(&table, format, &json, columns, COUNT), 0);
    if (rows > 0) {
        table_row(&table, first);
    }
    if (rows > 1) {
        table_row(&table, second);
    }
    ck_assert_int_eq(table_end(&table), 0);
    (void)capture_end(capture);
}

static void expect(enum table_format format, int rows, const char *expected)
{
    struct capture capture;

    print(&capture, format, rows);
    ck_assert_str_eq(capture.text, expected);
    capture_free(&capture);
}

START_TEST(for_people_it_is_aligned)
{
    expect(TABLE_TEXT, 2,
           "NAME             COUNT       IN    AGE      CPU  WAITS FOR\n"
           "echo                 7  1.5 KiB  1m30s  1.250 s  bytes\n"
           "\xc3\xa4\\x09b\\\\n\\x1b[m      -        0     5s  0.007 s  -\n");
}
END_TEST

START_TEST(for_people_an_empty_one_is_its_titles)
{
    expect(TABLE_TEXT, 0, "NAME  COUNT  IN  AGE  CPU  WAITS FOR\n");
}
END_TEST

START_TEST(tsv_has_every_column_and_one_line_a_row)
{
    expect(TABLE_TSV, 2,
           "name\tcount\tbytes_in\tage_seconds\tdetail\tcpu_ms\twaits_for\n"
           "echo\t7\t1536\t90\t1:2\t1250\tbytes\n"
           "\xc3\xa4\\tb\\\\\\n\\x1b[m\t\t0\t5\t\t7\t\n");
}
END_TEST

START_TEST(json_is_an_array_of_objects)
{
    expect(TABLE_JSON, 0, "[]\n");
    expect(TABLE_JSON, 2,
           "[\n"
           "  {\n"
           "    \"name\": \"echo\",\n"
           "    \"count\": 7,\n"
           "    \"bytes_in\": 1536,\n"
           "    \"age_seconds\": 90,\n"
           "    \"detail\": \"1:2\",\n"
           "    \"cpu_ms\": 1250,\n"
           "    \"waits_for\": \"bytes\"\n"
           "  },\n"
           "  {\n"
           "    \"name\": \"\xc3\xa4\\tb\\\\\\n\\u001b[m\",\n"
           "    \"count\": null,\n"
           "    \"bytes_in\": 0,\n"
           "    \"age_seconds\": 5,\n"
           "    \"detail\": null,\n"
           "    \"cpu_ms\": 7,\n"
           "    \"waits_for\": null\n"
           "  }\n"
           "]\n");
}
END_TEST

static void expect_record(enum table_format format, const char *expected)
{
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};

    table_print_record(format, &json, columns, 3, first);
    ck_assert_str_eq(capture_end(&capture), expected);
    capture_free(&capture);
}

START_TEST(a_record_is_a_line_for_each_value)
{
    expect_record(TABLE_TEXT, "NAME   echo\n"
                              "COUNT  7\n"
                              "IN     1.5 KiB\n");
    expect_record(TABLE_TSV, "name\tcount\tbytes_in\necho\t7\t1536\n");
    expect_record(TABLE_JSON, "{\n"
                              "  \"name\": \"echo\",\n"
                              "  \"count\": 7,\n"
                              "  \"bytes_in\": 1536\n"
                              "}\n");
}
END_TEST

START_TEST(negative_numbers_are_as_they_are)
{
    static const struct table_column column = {"x", "X", TABLE_BYTES};
    const struct table_value value = {.number = -5};
    struct capture capture;
    struct json json = {.stream = capture_begin(&capture)};

    table_print_record(TABLE_TEXT, &json, &column, 1, &value);
    ck_assert_str_eq(capture_end(&capture), "X  -5\n");
    capture_free(&capture);
}
END_TEST

UNIT_MAIN("table",
          for_people_it_is_aligned,
          for_people_an_empty_one_is_its_titles,
          tsv_has_every_column_and_one_line_a_row,
          json_is_an_array_of_objects,
          a_record_is_a_line_for_each_value,
          negative_numbers_are_as_they_are)
