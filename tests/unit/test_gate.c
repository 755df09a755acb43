/* SPDX-License-Identifier: MIT */
#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define COUNT 3

static enum berth_verdict sniff_all(const char *data, size_t size)
{
    (void)data;
    (void)size;
    return BERTH_YES;
}

static struct plugin plugins[COUNT];
static struct config_listener listeners[COUNT];
static struct config_entry entries[COUNT];
static struct config config;
static struct gate gate;
static struct errors errors;
static char *printed;

static void set_up(void)
{
    static const char *const names[COUNT] = {"one", "two", "three"};

    for (size_t i = 0; i < COUNT; i++) {
        plugins[i] = (struct plugin){.protocol = {.name = names[i]}};
        listeners[i] = (struct config_listener){
            .entry = i,
            .next = i + 1 < COUNT ? &listeners[i + 1] : NULL,
            .place = {.file = "x.yaml", .line = i + 1, .column = 5},
        };
        entries[i] = (struct config_entry){
            .name = names[i],
            .plugin = &plugins[i],
            .limits = {.input = 1000 - i, .output = 4096, .idle_ms = 5},
        };
    }
    config = (struct config){
        .entries = entries, .entry_count = COUNT, .sniff_timeout_ms = 70};
    errors_init(&errors);
    printed = NULL;
}

static void tear_down(void)
{
    errors_fini(&errors);
    free(printed);
}

static void begin(void)
{
    const struct entry_parts parts = {.name = "nobody"};

    ck_assert_int_eq(gate_init(&gate, &config, listeners, &parts), 0);
}

static const char *check(void)
{
    size_t size;
    FILE *stream = open_memstream(&printed, &size);

    gate_check(&gate, listeners, &errors);
    errors_print(&errors, stream);
    ck_assert_int_eq(fclose(stream), 0);
    return printed;
}

START_TEST(a_gate_stands_for_the_entries_behind_it)
{
    plugins[1].protocol.sniff = sniff_all;
    begin();
    ck_assert_str_eq(gate.entry.head.name, "one+two+three");
    ck_assert_ptr_eq(gate.entry.service.protocol, sniff_protocol());
    ck_assert_ptr_eq(gate.entry.head.settings, &gate.settings);
    ck_assert_uint_eq(gate.settings.count, COUNT);
    ck_assert_uint_eq(gate.settings.timeout_ms, 70);
    ck_assert_str_eq(gate.candidates[2].entry, "three");
    ck_assert(gate.candidates[0].sniff == NULL);
    ck_assert(gate.candidates[1].sniff == sniff_all);
    gate_fini(&gate);
}
END_TEST

START_TEST(no_entry_is_offered_more_than_it_allows)
{
    begin();
    ck_assert_uint_eq(gate.settings.most, 998);
    ck_assert_uint_eq(gate.entry.limits.input, 998);
    ck_assert_uint_eq(gate.entry.limits.idle_ms, 0); /* it has its own time */
    gate_fini(&gate);
}
END_TEST

START_TEST(entries_that_cannot_have_connections_are_warned_of)
{
    plugins[1].protocol.sniff = sniff_all;
    begin();
    ck_assert_str_eq(
        check(),
        "x.yaml:1:5: warning: 'one' has no connections here: its plugin does "
        "not tell from the first bytes what is its own, and others follow it\n"
        "  hint: make it the last one of the entries at this address\n");
    gate_fini(&gate);
}
END_TEST

START_TEST(entries_that_claim_the_same_are_warned_of)
{
    plugins[0].protocol.sniff = sniff_all;
    plugins[1].protocol.sniff = sniff_all;
    begin();
    ck_assert_str_eq(
        check(),
        "x.yaml:2:5: warning: 'one' and 'two' both claim connections that "
        "begin with 'GET ' (HTTP): 'one' has them, it is first in the list\n"
        "  hint: give one of them an address of its own\n");
    ck_assert_uint_eq(errors_count(&errors), 0);
    gate_fini(&gate);
}
END_TEST

UNIT_MAIN_WITH("gate",
               set_up,
               tear_down,
               a_gate_stands_for_the_entries_behind_it,
               no_entry_is_offered_more_than_it_allows,
               entries_that_cannot_have_connections_are_warned_of,
               entries_that_claim_the_same_are_warned_of)
