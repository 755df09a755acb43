/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include <string.h>

#include "unit.h"

static const enum columns_table tables[] = {
    COLUMNS_STATUS, COLUMNS_ENTRIES, COLUMNS_WORKERS, COLUMNS_CONNECTIONS};

START_TEST(every_column_has_a_name_of_its_own)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        size_t count = 0;
        const struct table_column *columns = columns_get(tables[t], &count);

        ck_assert_uint_gt(count, 0);
        ck_assert_uint_le(count, TABLE_COLUMNS_MAX);
        for (size_t i = 0; i < count; i++) {
            ck_assert_ptr_nonnull(columns[i].name);
            for (size_t j = 0; j < i; j++) {
                ck_assert_str_ne(columns[i].name, columns[j].name);
            }
        }
    }
}
END_TEST

START_TEST(names_tell_the_unit)
{
    for (size_t t = 0; t < sizeof(tables) / sizeof(tables[0]); t++) {
        size_t count = 0;
        const struct table_column *columns = columns_get(tables[t], &count);

        for (size_t i = 0; i < count; i++) {
            const char *name = columns[i].name;

            ck_assert_int_eq(columns[i].type == TABLE_SECONDS,
                             strstr(name, "_seconds") != NULL);
            ck_assert_int_eq(columns[i].type == TABLE_BYTES,
                             strncmp(name, "bytes_", 6) == 0);
            ck_assert_int_eq(columns[i].type == TABLE_MS,
                             strstr(name, "_ms") != NULL);
        }
    }
}
END_TEST

UNIT_MAIN("columns", every_column_has_a_name_of_its_own, names_tell_the_unit)
