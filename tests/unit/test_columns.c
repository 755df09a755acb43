/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include <string.h>

#include "unit.h"

static const enum columns_table tables[] = {
    COLUMNS_STATUS, COLUMNS_ENTRIES, COLUMNS_WORKERS, COLUMNS_CONNECTIONS};

static size_t
count_names(const struct table_column *columns, size_t count, const char *name)
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        found += strcmp(columns[i].name, name) == 0;
    }
    return found;
}

START_TEST(every_column_has_a_name_of_its_own)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        size_t count = 0;
        const struct table_column *columns = columns_get(tables[t], &count);

        ck_assert_uint_gt(count, 0);
        ck_assert_uint_le(count, TABLE_COLUMNS_MAX);
        for (size_t i = 0; i < count; i++) {
            ck_assert_uint_eq(count_names(columns, count, columns[i].name), 1);
        }
    }
}
END_TEST

static void expect_unit(const struct table_column *column)
{
    const bool has_seconds = strstr(column->name, "_seconds") != NULL;
    const bool has_bytes = strncmp(column->name, "bytes_", 6) == 0;
    const bool has_ms = strstr(column->name, "_ms") != NULL;

    ck_assert_int_eq(column->type == TABLE_SECONDS, has_seconds);
    ck_assert_int_eq(column->type == TABLE_BYTES, has_bytes);
    ck_assert_int_eq(column->type == TABLE_MS, has_ms);
}

START_TEST(names_tell_the_unit)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        size_t count = 0;
        const struct table_column *columns = columns_get(tables[t], &count);

        for (size_t i = 0; i < count; i++) {
            expect_unit(&columns[i]);
        }
    }
}
END_TEST

UNIT_MAIN("columns", every_column_has_a_name_of_its_own, names_tell_the_unit)
