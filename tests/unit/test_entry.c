/* SPDX-License-Identifier: MIT */
#include "entry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

struct local {
    unsigned char bytes[100];
};

static struct loop loop;
static struct log server_log = {.fd = -1};
static uint64_t clock_ms = 1000;
static const berth_host host = {.size = sizeof(host)};
static const int settings = 7;

static struct entry entry;
static struct watch watch;
static char calls[16]; /* i(nit) f(ini) t(ick) r(eopen), in order */
static int init_result;

static void note(const char *call, const berth_entry *told)
{
    ck_assert_ptr_eq(told, &entry.head);
    ck_assert_uint_lt(strlen(calls), sizeof(calls) - 1);
    (void)strncat(calls, call, sizeof(calls) - strlen(calls) - 1);
}

static int note_init(berth_entry *told, berth_error *error)
{
    note("i", told);
    ck_assert_uint_eq(error->size, sizeof(*error));
    ck_assert_ptr_null(error->option);
    ck_assert_str_eq(error->text, "");
    if (init_result < 0) {
        return berth_refuse(error, "root", init_result, "no %s", "folder");
    }
    return init_result;
}

static void note_fini(berth_entry *told)
{
    note("f", told);
    ck_assert_ptr_nonnull(told->local);
}

static void note_tick(berth_entry *told)
{
    note("t", told);
}

static void note_reopen(berth_entry *told)
{
    ck_assert_uint_eq(watch.crumb->sequence % 2, 1); /* its time is taken */
    note("r", told);
}

static const berth_protocol noted =
    BERTH_PROTOCOL_INIT(.name = "noted",
                        .state_size = 24,
                        .local_size = sizeof(struct local),
                        .init = note_init,
                        .fini = note_fini,
                        .on_tick = note_tick,
                        .on_reopen = note_reopen);
static const berth_protocol plain = BERTH_PROTOCOL_INIT(.name = "plain");

static uint64_t tell_time(void *arg)
{
    (void)arg;
    return clock_ms;
}

/* A loop that never waits: there is always more to do. */
static bool be_busy(void *arg)
{
    (void)arg;
    return true;
}

static void take_turn(void)
{
    loop.is_busy = true;
    ck_assert_int_eq(loop_turn(&loop), 0);
}

static void set_up(void)
{
    watch_init(&watch, 0, NULL);
    ck_assert_int_eq(loop_open(&loop, tell_time, NULL, be_busy, NULL), 0);
}

static void tear_down(void)
{
    loop_close(&loop);
}

static void begin(const berth_protocol *protocol, const struct limits *limits)
{
    struct entry_parts parts = {
        .name = "greeter",
        .protocol = protocol,
        .counter_count = 3,
        .settings = &settings,
        .limits = limits,
        .host = &host,
        .connections =
            (struct connections *)(void *)&clock_ms, /* never looked at */
        .loop = &loop,
        .watch = &watch,
        .log = &server_log,
    };

    memset(&entry, 0xff, sizeof(entry));
    ck_assert_int_eq(entry_init(&entry, &parts), 0);
}

START_TEST(an_entry_is_what_it_was_made_of)
{
    const struct limits limits = {.idle_ms = 5, .connections = 6};

    begin(&noted, &limits);
    ck_assert_ptr_eq(entry.head.host, &host);
    ck_assert_ptr_eq(entry.head.settings, &settings);
    ck_assert_str_eq(entry.head.name, "greeter");
    ck_assert_ptr_eq(entry.service.protocol, &noted);
    ck_assert_uint_eq(entry.limits.idle_ms, 5);
    ck_assert_uint_eq(entry.limits.connections, 6);
    ck_assert_ptr_eq(entry.connections, &clock_ms);
    ck_assert_ptr_eq(entry.loop, &loop);
    ck_assert_ptr_eq(entry.log, &server_log);
    ck_assert(!entry.logs_access);
    ck_assert_uint_eq(entry.open, 0);
    ck_assert(!entry.is_started);
    ck_assert(!timer_is_set(&entry.source.timer));
    ck_assert_str_eq(calls, ""); /* init is entry_start()'s */
    entry_fini(&entry);
}
END_TEST

START_TEST(its_log_is_the_servers_at_a_level_of_its_own)
{
    const struct limits limits = {0};
    const struct log_scope scope = {.level = LOG_DEBUG, .access = true};
    struct entry_parts parts = {
        .name = "greeter",
        .protocol = &plain,
        .limits = &limits,
        .loop = &loop,
        .watch = &watch,
        .log = &server_log,
        .log_scope = &scope,
    };

    ck_assert(!log_is_wanted(&server_log, LOG_INFO));
    ck_assert_int_eq(entry_init(&entry, &parts), 0);
    ck_assert(log_is_wanted(entry.log, LOG_DEBUG));
    ck_assert_ptr_eq(entry.log->base, &server_log);
    ck_assert(entry.logs_access);
    entry_fini(&entry);
}
END_TEST

START_TEST(a_connection_leads_to_its_entry)
{
    const struct limits limits = {0};
    berth_conn conn = {.entry = &entry.head};

    begin(&plain, &limits);
    ck_assert_ptr_eq(entry_of(&conn), &entry);
    entry_fini(&entry);
}
END_TEST

/* The high mark is a quarter of limits.output, the low one a quarter of that. */
START_TEST(the_marks_follow_from_the_limit_of_output)
{
    const struct limits limits = {.output = 1048576};
    const struct limits none = {.output = 0};

    begin(&plain, &limits);
    ck_assert_uint_eq(entry.output_cap, 1048576);
    ck_assert_uint_eq(entry.high_mark, 262144);
    ck_assert_uint_eq(entry.low_mark, 65536);
    entry_fini(&entry);
    begin(&plain, &none);
    ck_assert_uint_eq(entry.output_cap, SIZE_MAX);
    ck_assert_uint_eq(entry.high_mark, SIZE_MAX);
    ck_assert_uint_le(entry.low_mark, entry.high_mark);
    entry_fini(&entry);
}
END_TEST

START_TEST(a_read_takes_what_may_be_left_or_queued)
{
    static const struct {
        struct limits limits;
        size_t size;
    } cases[] = {
        {{.input = 1000}, 1000}, /* little is to be kept */
        {{.input = 65535, .output = 1048576}, 65535},
        {{.input = 65536, .output = 1048576}, 262144},
        {{.input = 65536, .output = 400000}, 100000},
        {{.input = 65536, .output = 65536}, 65536},
        {{.input = 100000, .output = 65536}, 100000},
        {{.input = 1048576}, ENTRY_READ_SIZE},
        {{.input = 65536}, ENTRY_READ_SIZE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        begin(&plain, &cases[i].limits);
        ck_assert_uint_eq(entry.read_size, cases[i].size);
        entry_fini(&entry);
    }
}
END_TEST

START_TEST(local_is_zeroed_and_as_large_as_asked)
{
    const struct limits limits = {0};
    struct local *local;

    begin(&noted, &limits);
    local = entry.head.local;
    ck_assert_ptr_nonnull(local);
    for (size_t i = 0; i < sizeof(local->bytes); i++) {
        ck_assert_uint_eq(local->bytes[i], 0);
    }
    memset(local->bytes, 0xff, sizeof(local->bytes));
    entry_fini(&entry);
}
END_TEST

START_TEST(without_local_there_is_none)
{
    const struct limits limits = {0};

    begin(&plain, &limits);
    ck_assert_ptr_null(entry.head.local);
    entry_fini(&entry);
}
END_TEST

START_TEST(counters_begin_with_zero)
{
    const struct limits limits = {0};

    begin(&plain, &limits);
    ck_assert_uint_eq(entry.counter_count, 3);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(entry.account->counters[i].value, 0);
        entry.account->counters[i].value = UINT64_MAX;
    }
    entry_fini(&entry);
}
END_TEST

START_TEST(states_are_zeroed_and_as_large_as_asked)
{
    const struct limits limits = {0};
    unsigned char *state;

    begin(&noted, &limits);
    for (int round = 0; round < 2; round++) {
        state = slab_take(&entry.service.states);
        ck_assert_ptr_nonnull(state);
        for (size_t i = 0; i < 24; i++) {
            ck_assert_uint_eq(state[i], 0);
        }
        memset(state, 0xff, 24);
        slab_give(&entry.service.states, state);
    }
    entry_fini(&entry);
}
END_TEST

START_TEST(states_in_use_are_freed_with_the_entry)
{
    const struct limits limits = {0};

    begin(&plain, &limits); /* a size of 0 is fine */
    ck_assert_ptr_nonnull(slab_take(&entry.service.states));
    ck_assert_ptr_ne(slab_take(&entry.service.states),
                     slab_take(&entry.service.states));
    entry_fini(&entry);
    ck_assert(list_is_empty(&entry.service.states.blocks));
}
END_TEST

START_TEST(start_runs_init_and_stop_runs_fini)
{
    const struct limits limits = {0};
    berth_error error;

    memset(&error, 0xff, sizeof(error));
    begin(&noted, &limits);
    ck_assert_int_eq(entry_start(&entry, &error), 0);
    ck_assert_str_eq(calls, "i");
    entry_stop(&entry);
    ck_assert_str_eq(calls, "if");
    entry_fini(&entry);
    ck_assert_str_eq(calls, "if");
}
END_TEST

START_TEST(what_init_refuses_is_handed_on)
{
    const struct limits limits = {0};
    berth_error error;

    memset(&error, 0xff, sizeof(error));
    begin(&noted, &limits);
    init_result = -ENOENT;
    ck_assert_int_eq(entry_start(&entry, &error), -ENOENT);
    ck_assert_str_eq(error.option, "root");
    ck_assert_str_eq(error.text, "no folder");
    entry_fini(&entry);
    ck_assert_str_eq(calls, "i");
}
END_TEST

START_TEST(reopening_is_told_each_time)
{
    const struct limits limits = {0};

    begin(&noted, &limits);
    entry_reopen(&entry);
    entry_reopen(&entry);
    ck_assert_str_eq(calls, "rr");
    entry_fini(&entry);
}
END_TEST

START_TEST(a_protocol_without_callbacks_starts_reopens_and_stops)
{
    const struct limits limits = {0};
    berth_error error;

    memset(&error, 0xff, sizeof(error));
    begin(&plain, &limits);
    ck_assert_int_eq(entry_start(&entry, &error), 0);
    ck_assert_str_eq(error.text, "");
    entry_reopen(&entry);
    entry_stop(&entry);
    entry_fini(&entry);
}
END_TEST

START_TEST(the_entrys_timer_is_its_tick)
{
    const struct limits limits = {0};

    begin(&noted, &limits);
    loop_set_timer(&loop, &entry.source, 100);
    clock_ms += 99;
    take_turn();
    ck_assert_str_eq(calls, "");
    clock_ms += 1;
    take_turn();
    ck_assert_str_eq(calls, "t");
    clock_ms += 1000;
    take_turn();
    ck_assert_str_eq(calls, "t"); /* once */
    entry_stop(&entry);
    entry_fini(&entry);
}
END_TEST

START_TEST(a_stopped_entry_ticks_no_more)
{
    const struct limits limits = {0};

    begin(&noted, &limits);
    loop_set_timer(&loop, &entry.source, 100);
    entry_stop(&entry);
    ck_assert(!timer_is_set(&entry.source.timer));
    clock_ms += 1000;
    take_turn();
    ck_assert_str_eq(calls, "f");
    entry_fini(&entry);
}
END_TEST

UNIT_MAIN_WITH("entry",
               set_up,
               tear_down,
               an_entry_is_what_it_was_made_of,
               its_log_is_the_servers_at_a_level_of_its_own,
               a_connection_leads_to_its_entry,
               the_marks_follow_from_the_limit_of_output,
               a_read_takes_what_may_be_left_or_queued,
               local_is_zeroed_and_as_large_as_asked,
               without_local_there_is_none,
               counters_begin_with_zero,
               states_are_zeroed_and_as_large_as_asked,
               states_in_use_are_freed_with_the_entry,
               start_runs_init_and_stop_runs_fini,
               what_init_refuses_is_handed_on,
               reopening_is_told_each_time,
               a_protocol_without_callbacks_starts_reopens_and_stops,
               the_entrys_timer_is_its_tick,
               a_stopped_entry_ticks_no_more)
