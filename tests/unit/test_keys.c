/* SPDX-License-Identifier: MIT */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "option.h"
#include "unit.h"

/* The tables and the sizes of what they fill. */
static const struct {
    enum keys_table table;
    size_t size;
} tables[] = {
    {KEYS_TOP, sizeof(struct keys_top)},
    {KEYS_ENTRY, sizeof(struct keys_entry)},
    {KEYS_LISTENER, sizeof(struct keys_listener)},
    {KEYS_LIMITS, sizeof(struct limits)},
    {KEYS_LOG, sizeof(struct keys_log)},
    {KEYS_ENTRY_LOG, sizeof(struct keys_log)},
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

/* A copy in which what plugins may not have is a text of the same width. */
static void copy_table(const berth_option *table, berth_option *copy)
{
    for (; table->name != NULL; table++, copy++) {
        *copy = *table;
        if (option_is_node(copy)) {
            copy->type = BERTH_STRING;
            copy->items = NULL;
        } else if (copy->type == OPTION_MICROSECONDS) {
            copy->type = BERTH_DURATION;
        }
    }
    *copy = (berth_option)BERTH_OPTIONS_END;
}

START_TEST(the_tables_are_as_good_as_those_of_plugins)
{
    for (size_t i = 0; i < TABLES; i++) {
        berth_option copy[OPTION_TABLE_MAX + 1];
        char why[512] = "";

        copy_table(keys_get(tables[i].table), copy);
        ck_assert_msg(option_check(copy, tables[i].size, why, sizeof(why)) == 0,
                      "%zu: %s", i, why);
    }
}
END_TEST

START_TEST(every_key_is_described_in_one_line)
{
    for (size_t i = 0; i < TABLES; i++) {
        const berth_option *option = keys_get(tables[i].table);

        for (; option->name != NULL; option++) {
            ck_assert_ptr_nonnull(option->help);
            ck_assert_uint_gt(strlen(option->help), 5);
            ck_assert_ptr_null(strchr(option->help, '\n'));
            ck_assert_int_ne(option->help[strlen(option->help) - 1], '.');
        }
    }
}
END_TEST

/* The index of a choice of an enumeration. */
static int choice(enum keys_table table, const char *name, const char *value)
{
    const berth_option *option = option_find(keys_get(table), name);
    int index = 0;

    ck_assert_ptr_nonnull(option);
    while (strcmp(option->choices[index], value) != 0) {
        index++;
        ck_assert_ptr_nonnull(option->choices[index]);
    }
    return index;
}

START_TEST(choices_are_in_the_order_of_their_enumerations)
{
    ck_assert_int_eq(choice(KEYS_LOG, "level", "error"), LOG_ERROR);
    ck_assert_int_eq(choice(KEYS_LOG, "level", "warning"), LOG_WARNING);
    ck_assert_int_eq(choice(KEYS_LOG, "level", "info"), LOG_INFO);
    ck_assert_int_eq(choice(KEYS_LOG, "level", "debug"), LOG_DEBUG);
    ck_assert_int_eq(choice(KEYS_LOG, "format", "auto"), LOG_AUTO);
    ck_assert_int_eq(choice(KEYS_LOG, "format", "text"), LOG_TEXT);
    ck_assert_int_eq(choice(KEYS_LOG, "format", "logfmt"), LOG_LOGFMT);
    ck_assert_int_eq(choice(KEYS_LOG, "format", "json"), LOG_JSON);
    ck_assert_int_eq(choice(KEYS_TOP, "trigger", "level"), KEYS_TRIGGER_LEVEL);
    ck_assert_int_eq(choice(KEYS_TOP, "trigger", "edge"), KEYS_TRIGGER_EDGE);
}
END_TEST

START_TEST(the_backlog_is_the_same_with_and_without_a_mapping)
{
    const berth_option *option =
        option_find(keys_get(KEYS_LISTENER), "backlog");

    ck_assert_int_eq(strtol(option->fallback, NULL, 10), KEYS_BACKLOG);
}
END_TEST

START_TEST(limits_are_the_same_at_both_levels)
{
    ck_assert_ptr_eq(option_find(keys_get(KEYS_TOP), "limits")->items,
                     keys_get(KEYS_LIMITS));
    ck_assert_ptr_eq(option_find(keys_get(KEYS_ENTRY), "limits")->items,
                     keys_get(KEYS_LIMITS));
    ck_assert_ptr_eq(option_find(keys_get(KEYS_TOP), "log")->items,
                     keys_get(KEYS_LOG));
}
END_TEST

START_TEST(lists_name_the_tables_of_their_mappings)
{
    const berth_option *protocols =
        option_find(keys_get(KEYS_TOP), "protocols");
    const berth_option *listen = option_find(keys_get(KEYS_ENTRY), "listen");

    ck_assert_uint_eq(protocols->type, OPTION_ENTRIES);
    ck_assert_ptr_eq(protocols->items, keys_get(KEYS_ENTRY));
    ck_assert_uint_eq(listen->type, OPTION_LISTEN);
    ck_assert_ptr_eq(listen->items, keys_get(KEYS_LISTENER));
    ck_assert_uint_eq(option_find(keys_get(KEYS_ENTRY), "settings")->type,
                      OPTION_SETTINGS);
    ck_assert_ptr_nonnull(option_find(keys_get(KEYS_ENTRY), KEYS_PLUGIN));
}
END_TEST

START_TEST(an_entry_has_of_the_log_what_is_not_the_whole_logs)
{
    const berth_option *log = keys_get(KEYS_ENTRY_LOG);

    ck_assert_ptr_eq(option_find(keys_get(KEYS_ENTRY), "log")->items, log);
    ck_assert_ptr_null(option_find(log, "file"));
    ck_assert_ptr_null(option_find(log, "format"));
    ck_assert_ptr_eq(option_find(log, "level"),
                     option_find(keys_get(KEYS_LOG), "level"));
    ck_assert_ptr_eq(option_find(log, "access"),
                     option_find(keys_get(KEYS_LOG), "access"));
}
END_TEST

UNIT_MAIN("keys",
          the_tables_are_as_good_as_those_of_plugins,
          every_key_is_described_in_one_line,
          choices_are_in_the_order_of_their_enumerations,
          the_backlog_is_the_same_with_and_without_a_mapping,
          limits_are_the_same_at_both_levels,
          lists_name_the_tables_of_their_mappings,
          an_entry_has_of_the_log_what_is_not_the_whole_logs)
